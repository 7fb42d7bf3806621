const media = (ui, clip, query) => `/api/media/${encodeURIComponent(ui.data.workspace)}/${encodeURIComponent(clip.assetId)}${query}`
const length_of = s => s < 60 ? `${s < 10 ? Number(s.toFixed(1)) : Math.round(s)} s` : `${Math.floor(s / 60)}:${String(Math.round(s % 60)).padStart(2, "0")}`

/** The film is fetched when somebody points at it, not before. */
const play = (ui, part, clip) => {
  if (part.film || matchMedia("(prefers-reduced-motion: reduce)").matches) return
  const film = part.film = el("video")
  film.muted = film.loop = film.playsInline = true; film.src = media(ui, clip, "")
  film.onplaying = () => part.node.classList.add("playing")
  part.pic.insertBefore(film, part.length)
  film.play().catch(() => {})
}

const stop = part => {
  if (!part.film) return
  part.film.pause(); part.film.removeAttribute("src"); part.film.load(); part.film.remove()
  part.film = null; part.node.classList.remove("playing")
}

const build_clip = (ui, clip) => {
  const part = { node: el("div", "clip"), pic: el("div", "pic"), img: el("img"), length: el("span", "length"), foot: el("div", "foot"), film: null }
  const arrow = el("div", "play"); arrow.append(el("i"))
  part.title = el("b", "cut grow"); part.stars = el("span", "stars")
  part.heart = button("♥", event => { event.stopPropagation(); ui.favour(clip.id) }, "heart")
  part.img.loading = "lazy"; part.img.decoding = "async"; part.img.alt = ""; part.img.onload = () => { part.img.classList.add("here"); part.pic.style.setProperty("--poster", `url("${part.img.src}")`) }
  part.img.src = media(ui, clip, "?w=320")
  part.node.tabIndex = 0; part.node.setAttribute("role", "button")
  part.node.onclick = () => { stop(part); ui.open(clip.id) }
  part.node.onkeydown = event => { if (event.target === part.node && (event.key === "Enter" || event.key === " ")) { event.preventDefault(); ui.open(clip.id) } }
  part.node.onpointerenter = event => { if (event.pointerType !== "touch") play(ui, part, clip) }
  part.node.onpointerleave = () => stop(part)
  part.pic.append(part.img, part.length, arrow, part.heart)
  part.foot.append(part.title, part.stars)
  part.node.append(part.pic, part.foot)
  return part
}

const draw_clip = (ui, part, clip) => {
  const who = clip.influencerName ? `${clip.influencerName} · ` : ""
  put(part.title, "textContent", who + clip.title); put(part.length, "textContent", length_of(clip.seconds))
  put(part.stars, "textContent", "★".repeat(clip.rating))
  part.node.classList.toggle("faved", clip.favourite)
  part.node.setAttribute("aria-label", `Play ${who}${clip.title}, ${length_of(clip.seconds)}`)
  part.heart.classList.toggle("gone", !ui.data.canEdit && !clip.favourite); part.heart.disabled = !ui.data.canEdit
  part.heart.setAttribute("aria-label", clip.favourite ? "No favourite any more" : "Make it a favourite"); part.heart.setAttribute("aria-pressed", String(clip.favourite))
}

const draw_clips = ui => {
  const keep = new Set(ui.items.map(clip => clip.id))
  for (const [id, part] of ui.parts) if (!keep.has(id)) { stop(part); part.node.remove(); ui.parts.delete(id) }
  ui.items.forEach((clip, n) => {
    let part = ui.parts.get(clip.id)
    if (!part) ui.parts.set(clip.id, part = build_clip(ui, clip))
    if (ui.grid.children[n] !== part.node) ui.grid.insertBefore(part.node, ui.grid.children[n] ?? null)
    draw_clip(ui, part, clip)
  })
}

const build_clips = root => {
  const ui = { grid: el("div", "grid"), more: el("div", "more"), error: el("div", "bad gone"), parts: new Map(), items: [], next: null, busy: false, first: "" }
  ui.grid.setAttribute("role", "list"); ui.grid.setAttribute("aria-label", "Videos"); ui.error.setAttribute("role", "alert")
  root.replaceChildren(ui.error, ui.grid, ui.more)
  ui.say = error => { put(ui.error, "textContent", error?.message ?? ""); ui.error.classList.toggle("gone", !error) }
  ui.favour = async id => {
    const clip = ui.items.find(one => one.id === id), to = !clip.favourite
    clip.favourite = to; draw_clips(ui)
    try { await send(`/api/videos/${encodeURIComponent(id)}?workspace=${encodeURIComponent(ui.data.workspace)}`, { favourite: to }, ui.data.workspace, "PUT"); ui.say(null) }
    catch (error) { clip.favourite = !to; draw_clips(ui); ui.say(error) }
  }
  ui.load = async () => {
    if (ui.busy || !ui.next) return
    ui.busy = true
    try {
      const asked = new URLSearchParams({ workspace: ui.data.workspace, take: 60, cursor: ui.next, ...ui.data.asked }), page = await api(`/api/videos?${asked}`)
      ui.items = ui.items.concat(page.data); ui.next = page.nextCursor; draw_clips(ui); ui.say(null)
    } catch (error) { ui.say(error) }
    finally { ui.busy = false }
  }
  ui.watch = new IntersectionObserver(seen => { if (seen.some(one => one.isIntersecting)) ui.load() }, { rootMargin: "600px" })
  ui.watch.observe(ui.more)
  return ui
}

const mounted = new WeakMap()

export default function ({ data, parentElement, setTriggerValue }) {
  const ui = mounted.get(parentElement) ?? build_clips(parentElement.querySelector(".root"))
  mounted.set(parentElement, ui)
  ui.data = data
  ui.open = id => setTriggerValue("opened", { id, at: Date.now() })
  const first = JSON.stringify(data.first)
  if (first !== ui.first) { ui.first = first; ui.items = data.first.data.map(clip => ({ ...clip })); ui.next = data.first.nextCursor }
  draw_clips(ui)
  return () => { for (const part of ui.parts.values()) stop(part); ui.watch.disconnect(); mounted.delete(parentElement) }
}
