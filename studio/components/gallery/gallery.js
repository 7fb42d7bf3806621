const STARS = 5

const build_tile = (ui, tile) => {
  const part = { node: el("div", "tile"), pic: el("div", "pic"), img: el("img"), tick: button("✓", null, "tick"), badges: el("div", "badges"),
    foot: el("div", "foot"), text: el("div", "text"), stars: el("div", "stars") }
  part.img.loading = "lazy"; part.img.decoding = "async"
  part.img.onload = () => part.img.classList.add("here")
  part.node.tabIndex = -1; part.node.setAttribute("role", "listitem"); part.tick.tabIndex = -1
  part.tick.onclick = event => { event.stopPropagation(); ui.toggle(tile.id, event.shiftKey) }
  part.node.onclick = event => ui.data.selectable && (event.ctrlKey || event.metaKey || event.shiftKey) ? ui.toggle(tile.id, event.shiftKey) : ui.open(tile.id)
  part.node.onfocus = () => { ui.focus = tile.id; ui.rove() }
  for (let n = 1; n <= STARS; n++) {
    const star = button("★", event => { event.stopPropagation(); ui.rate(tile.id, n) })
    star.tabIndex = -1; star.setAttribute("aria-label", `${n} ${n === 1 ? "star" : "stars"}`)
    part.stars.append(star)
  }
  part.pic.append(part.img, part.tick, part.badges)
  part.foot.append(part.text, part.stars)
  part.node.append(part.pic, part.foot)
  return part
}

const draw_tile = (ui, part, tile) => {
  if (part.src !== tile.src) { part.src = tile.src; part.img.classList.remove("here"); part.img.src = tile.src }
  put(part.img, "alt", tile.alt); part.node.setAttribute("aria-label", tile.alt); put(part.node, "title", tile.caption || tile.alt)
  part.node.classList.toggle("dim", tile.dim)
  part.node.classList.toggle("on", ui.selected.has(tile.id))
  part.tick.classList.toggle("gone", !ui.data.selectable)
  part.tick.setAttribute("aria-label", ui.selected.has(tile.id) ? "Deselect" : "Select")
  put(part.text, "textContent", tile.caption); part.text.classList.toggle("gone", !tile.caption)
  const marks = tile.badges.map(([word, tone]) => `${word}|${tone}`).join()
  if (part.marks !== marks) { part.marks = marks; part.badges.replaceChildren(...tile.badges.map(([word, tone]) => el("span", `badge ${tone}`, word))) }
  part.stars.classList.toggle("gone", !ui.data.ratable)
  ;[...part.stars.children].forEach((star, n) => star.classList.toggle("lit", n < tile.rating))
  part.foot.classList.toggle("gone", !tile.caption && !ui.data.ratable)
}

const draw_grid = ui => {
  const keep = new Set(ui.tiles.map(tile => tile.id))
  for (const [id, part] of ui.parts) if (!keep.has(id)) { part.node.remove(); ui.parts.delete(id) }
  ui.tiles.forEach((tile, n) => {
    let part = ui.parts.get(tile.id)
    if (!part) ui.parts.set(tile.id, part = build_tile(ui, tile))
    if (ui.grid.children[n] !== part.node) ui.grid.insertBefore(part.node, ui.grid.children[n] ?? null)
    draw_tile(ui, part, tile)
  })
  const waiting = Math.max(0, ui.data.expected - ui.tiles.length)
  while (ui.grid.children.length > ui.tiles.length + waiting) ui.grid.lastChild.remove()
  while (ui.grid.children.length < ui.tiles.length + waiting) ui.grid.append(el("div", "wait"))
  ui.grid.classList.toggle("choosing", ui.selected.size > 0)
  ui.rove()
}

const columns = grid => getComputedStyle(grid).gridTemplateColumns.split(" ").length

const keys = (ui, event) => {
  const at = ui.tiles.findIndex(tile => tile.id === ui.focus)
  if (at < 0 || event.target.closest?.(".stars")) return
  const move = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: columns(ui.grid), ArrowUp: -columns(ui.grid), Home: -at, End: ui.tiles.length - 1 - at }[event.key]
  const id = ui.focus
  if (move !== undefined) ui.parts.get(ui.tiles[Math.min(ui.tiles.length - 1, Math.max(0, at + move))].id).node.focus()
  else if (event.key === "Enter") ui.open(id)
  else if (event.key === " " && ui.data.selectable) ui.toggle(id, false)
  else if (event.key === "Escape" && ui.selected.size) { ui.selected.clear(); ui.told() ; draw_grid(ui) }
  else if (ui.data.ratable && /^[0-5]$/.test(event.key)) ui.rate(id, Number(event.key))
  else return
  event.preventDefault(); event.stopPropagation()
}

/** Stars that Python has not confirmed yet stay as given, and are told again with the next ones. */
const keep_unsaved = ui => ui.tiles.forEach(tile => {
  if (ui.unsaved.get(tile.id) === tile.rating) ui.unsaved.delete(tile.id)
  else if (ui.unsaved.has(tile.id)) tile.rating = ui.unsaved.get(tile.id)
})

const build_gallery = root => {
  const ui = { grid: el("div", "grid"), parts: new Map(), tiles: [], selected: new Set(), unsaved: new Map(), round: null, focus: null, last: null, stop: null, polled: "" }
  ui.grid.setAttribute("role", "list")
  root.replaceChildren(ui.grid)
  ui.rove = () => {
    const id = ui.parts.has(ui.focus) ? ui.focus : ui.tiles[0]?.id
    for (const [one, part] of ui.parts) put(part.node, "tabIndex", one === id ? 0 : -1)
  }
  let timer = 0
  ui.told = () => { clearTimeout(timer); timer = setTimeout(() => ui.state({ ids: [...ui.selected], round: ui.round }), 120) }
  ui.toggle = (id, range) => {
    if (!ui.data.selectable) return
    const on = !ui.selected.has(id), order = ui.tiles.map(tile => tile.id)
    const from = range && ui.last ? order.indexOf(ui.last) : order.indexOf(id), to = order.indexOf(id)
    order.slice(Math.min(from, to), Math.max(from, to) + 1).forEach(one => on ? ui.selected.add(one) : ui.selected.delete(one))
    ui.last = id
    draw_grid(ui); ui.told()
  }
  ui.rate = (id, stars) => {
    const tile = ui.tiles.find(one => one.id === id)
    const ids = ui.selected.has(id) ? [...ui.selected] : [id]
    const now = tile.rating === stars ? 0 : stars
    ids.forEach(one => ui.unsaved.set(one, now))
    ui.tiles.forEach(one => { if (ids.includes(one.id)) one.rating = now })
    draw_grid(ui)
    ui.rated({ stars: [...ui.unsaved], at: Date.now() })
  }
  ui.grid.onkeydown = event => keys(ui, event)
  return ui
}

/** A row of the API -> a tile; what Python said of it already wins. */
const tile_of = (ui, row) => ui.tiles.find(tile => tile.id === row.id) ?? {
  id: row.id, src: `/api/media/${encodeURIComponent(ui.data.workspace)}/${row.assetId}?w=${ui.data.thumb}`, alt: row.prompt,
  caption: row.step ? `step ${row.step}` : "", rating: row.rating ?? 0, badges: [], dim: false,
}

const fill = async ui => {
  const answer = await api(ui.data.poll)
  if (answer.data.length !== ui.tiles.length) { ui.tiles = answer.data.map(row => tile_of(ui, row)); draw_grid(ui) }
  if (["completed", "failed", "cancelled"].includes(answer.state)) { ui.stop?.(); ui.stop = null; ui.filled({ at: Date.now() }) }
}

const mounted = new WeakMap()

export default function ({ data, parentElement, setTriggerValue, setStateValue }) {
  const ui = mounted.get(parentElement) ?? build_gallery(parentElement.querySelector(".root"))
  mounted.set(parentElement, ui)
  ui.data = data
  ui.grid.style.setProperty("--size", `${data.size}px`); ui.grid.style.setProperty("--ratio", data.ratio)
  if (ui.round !== data.round) { ui.round = data.round; ui.selected.clear() }
  if (!(data.poll && data.poll === ui.polled && ui.tiles.length > data.tiles.length)) { ui.tiles = data.tiles.map(tile => ({ ...tile })); keep_unsaved(ui) }
  const here = new Set(ui.tiles.map(tile => tile.id))
  ;[...ui.selected].forEach(id => { if (!here.has(id)) ui.selected.delete(id) })
  ui.open = id => setTriggerValue("opened", { id, at: Date.now() })
  ui.rated = value => setTriggerValue("rated", value)
  ui.filled = value => setTriggerValue("filled", value)
  ui.state = value => setStateValue("selected", value)
  draw_grid(ui)
  if (data.poll !== ui.polled || !data.poll) { ui.stop?.(); ui.stop = null; ui.polled = data.poll; if (data.poll) ui.stop = poll(() => fill(ui), 1000) }
  return () => { ui.stop?.(); mounted.delete(parentElement) }
}
