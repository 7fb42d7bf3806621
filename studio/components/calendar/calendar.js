const VIEWS = { dayGridMonth: "Month", timeGridWeek: "Week", listMonth: "List" }
const NARROW = 640
const mounted = new WeakMap()

const tell = (ui, words, { bad = false, undo = "" } = {}) => {
  ui.last = undo || ui.last
  if (bad) ui.said.setAttribute("role", "alert"); else ui.said.setAttribute("role", "status")
  ui.said.className = `said row ${bad ? "bad" : ""}`
  ui.said.replaceChildren(el("span", "grow", words))
  if (undo) ui.said.append(button("Undo", () => ui.undo()))
  ui.said.append(button("✕", () => ui.said.classList.add("gone"), "quiet"))
}

const ask = (ui, [from, to]) => api(`/api/content-plans/calendar?${new URLSearchParams({ workspace: ui.data.workspace, from, to, zone: ui.data.zone, ...ui.data.filters })}`)

const read = async (ui, from, to) => {
  ui.range = [from, to]
  const found = await ask(ui, ui.range)
  ui.text = JSON.stringify(found)
  ui.spots = new Map([...found.data, ...found.undated].map(spot => [spot.id, spot]))
  ui.undated = found.undated
  draw_undated(ui)
  draw_legend(ui)
  return found.data.map(spot => ({ id: spot.id, title: spot.title, start: spot.wall, editable: ui.data.canEdit && spot.movable, extendedProps: { spot } }))
}

/** Draws anew only what others, or the clock, have changed: nobody loses the plan they stand on. */
const look_again = async ui => {
  if (ui.opened || !ui.range || ui.root.querySelector(".fc-event-dragging, .fc-event-mirror")) return
  const range = ui.range, found = await ask(ui, range)
  if (range === ui.range && JSON.stringify(found) !== ui.text) ui.calendar.refetchEvents()
}

const move = async (ui, spot, wall, zone, undone = () => {}) => {
  try {
    const act = await send(`/api/content-plans/${spot.id}/move`, { localTime: wall, timeZone: zone }, ui.data.workspace)
    tell(ui, [act.said, act.note].filter(Boolean).join(" "), { undo: act.id })
  } catch (error) {
    undone()
    tell(ui, error.message, { bad: true })
  }
  ui.calendar.refetchEvents()
}

/** On a whole day a plan keeps its own hour by its own clock; on an hour it takes that hour of the calendar's zone. */
const dropped = (ui, spot, event, days) => {
  if (!days) return [as_wall(event.start), ui.data.zone]
  const day = as_wall(event.start).slice(0, 10)
  if (!spot.wall) return [`${day}T${ui.data.hour ?? "18:00"}`, ""]
  const step = Math.round((as_date(`${day}T00:00:00`) - as_date(`${spot.wall.slice(0, 10)}T00:00:00`)) / 86400000)
  return [later(spot.ownWall, { days: step }), ""]
}

const options = ui => ({
  timeZone: "UTC", now: () => wall_now(ui.data.zone), nowIndicator: true, firstDay: 1, locale: "en-gb",
  initialView: ui.root.clientWidth < NARROW ? "listMonth" : "dayGridMonth",
  headerToolbar: { left: "prev,next today", center: "title", right: Object.keys(VIEWS).join(",") },
  buttonText: { today: "Today", ...VIEWS }, views: Object.fromEntries(Object.entries(VIEWS).map(([name, word]) => [name, { buttonText: word }])),
  height: "auto", dayMaxEvents: 3, eventDisplay: "block", displayEventEnd: false, defaultTimedEventDuration: "00:30",
  slotMinTime: "00:00", scrollTime: "08:00", slotEventOverlap: false, allDaySlot: false, listDayFormat: { weekday: "long", day: "numeric", month: "short" }, listDaySideFormat: false,
  eventTimeFormat: { hour: "2-digit", minute: "2-digit", hour12: false }, slotLabelFormat: { hour: "2-digit", minute: "2-digit", hour12: false },
  noEventsContent: "Nothing is planned here.", moreLinkClick: "popover", fixedMirrorParent: ui.root,
  eventInteractive: true, editable: ui.data.canEdit, eventDurationEditable: false, droppable: ui.data.canEdit, selectable: ui.data.canEdit, selectMirror: true,
  longPressDelay: 350, unselectAuto: false,
  events: (range, ok, bad) => read(ui, as_wall(range.start), as_wall(range.end)).then(ok).catch(error => { tell(ui, error.message, { bad: true }); bad(error) }),
  eventContent: ({ event }) => ({ domNodes: [spot_content(ui, event.extendedProps.spot)] }),
  eventDidMount: ({ el: box, event }) => {
    const spot = event.extendedProps.spot
    box.dataset.spot = event.id; box.tabIndex = 0
    box.setAttribute("aria-label", spoken(ui.data, spot)); box.title = spoken(ui.data, spot)
    box.style.setProperty("--spot", colour_of(ui.data, spot))
  },
  loading: busy => {
    if (busy) ui.focused = ui.root.getRootNode().activeElement?.closest?.("[data-spot]")?.dataset.spot
    else if (ui.focused) { const id = ui.focused; ui.focused = ""; requestAnimationFrame(() => ui.root.querySelector(`[data-spot="${id}"]`)?.focus()) }
  },
  // a week scrolls to its working hours; months and lists are as long as they are. Not while FullCalendar draws.
  datesSet: ({ view }) => {
    const height = view.type === "timeGridWeek" ? 720 : "auto"
    if (ui.height !== height) setTimeout(() => { ui.height = height; ui.calendar?.setOption("height", height) })
  },
  eventClick: ({ event, jsEvent }) => { jsEvent.preventDefault(); ui.open(event.id) },
  eventDrop: ({ event, revert, view }) => {
    const spot = event.extendedProps.spot
    move(ui, spot, ...dropped(ui, spot, event, view.type === "dayGridMonth"), revert)
  },
  eventReceive: ({ event, view }) => {
    const spot = event.extendedProps.spot
    const to = dropped(ui, spot, event, view.type === "dayGridMonth")
    event.remove()
    move(ui, spot, ...to)
  },
  select: ({ start, end, view }) => {
    ui.trigger("chosen", { start: as_wall(start), end: as_wall(end), days: view.type === "dayGridMonth" })
    ui.calendar.unselect()
  },
})

const build = async (root, data) => {
  const ui = { root, data, spots: new Map(), undated: [], last: "", opened: null, trigger: () => {} }
  ui.said = el("div", "said row gone"); ui.said.setAttribute("aria-live", "polite")
  const body = el("div", "body"), side = el("div", "side"), box = el("div", "cal")
  ui.count = el("b", "", "Not scheduled"); ui.list = el("div", "ideas")
  side.append(ui.count, ui.list)
  ui.legend = el("div", "legend muted")
  body.append(box, side)
  root.replaceChildren(ui.said, body, ui.legend)
  ui.open = id => ui.trigger("opened", { id })
  ui.menu = (spot, from) => open_menu(ui, spot, from)
  ui.move = (spot, wall, zone) => move(ui, spot, wall, zone)
  ui.undo = async () => {
    const id = ui.last
    ui.last = ""
    try {
      await send(`/api/content-plans/acts/${id}/undo`, {}, ui.data.workspace)
      tell(ui, "Taken back.")
    } catch (error) { tell(ui, error.message, { bad: true }) }
    ui.calendar.refetchEvents()
  }
  root.onkeydown = event => keys(ui, event)
  try { await library(data.lib) } catch (error) { tell(ui, error.message, { bad: true }); return ui }
  ui.calendar = new window.FullCalendar.Calendar(box, options(ui))
  ui.calendar.render()
  if (data.canEdit) ui.drag = draggable(ui)
  ui.stop = poll(() => look_again(ui), 15000)
  root.dataset.ready = "yes"
  return ui
}

const refresh = (ui, data) => {
  const before = ui.data
  ui.data = data
  if (!ui.calendar || JSON.stringify(before) === JSON.stringify(data)) return
  ui.calendar.refetchEvents()
  if (before.zone !== data.zone) ui.calendar.setOption("now", () => wall_now(data.zone))
}

export default function ({ data, parentElement, setTriggerValue }) {
  const known = mounted.get(parentElement) ?? build(parentElement.querySelector(".root"), data)
  mounted.set(parentElement, known)
  known.then(ui => { ui.trigger = setTriggerValue; refresh(ui, data) })
  return () => { known.then(ui => { ui.stop?.(); ui.drag?.destroy(); ui.calendar?.destroy() }); mounted.delete(parentElement) }
}
