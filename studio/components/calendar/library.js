/** A vendored library, once a page. It comes as a script: components are modules made of blobs and cannot import. */
const library = src => (window.__studio_libraries ??= {})[src] ??= new Promise((ok, bad) => {
  const script = document.createElement("script")
  script.src = src
  script.onload = () => ok()
  script.onerror = () => { delete window.__studio_libraries[src]; bad(new Error("The calendar could not be loaded. Load the page again.")) }
  document.head.append(script)
})

/** What the clock of `zone` shows now, as FullCalendar reads it: a time without an offset. */
const wall_now = zone => {
  const parts = Object.fromEntries(new Intl.DateTimeFormat("en-CA", {
    timeZone: zone, hourCycle: "h23", year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit",
  }).formatToParts(new Date()).map(part => [part.type, part.value]))
  return `${parts.year}-${parts.month}-${parts.day}T${parts.hour}:${parts.minute}:${parts.second}`
}

/** Times without an offset are read as UTC here, so that no browser's own zone can move them. */
const as_date = wall => new Date(`${wall.slice(0, 19)}Z`)
const as_wall = date => date.toISOString().slice(0, 16)
const later = (wall, { days = 0, minutes = 0 }) => as_wall(new Date(as_date(wall).getTime() + (days * 1440 + minutes) * 60000))
