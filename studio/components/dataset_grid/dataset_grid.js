const FIRST = 36, PAGE = 60, ROWS = 15
const WORDS = { too_small: "too small", low_resolution: "small", blurred: "blurred", dark: "dark", bright: "bright", flat: "no contrast", clipped: "burnt out",
  near_duplicates: "look-alike", several_faces: "faces", uncaptioned: "no caption", without_trigger: "no trigger", unmeasured: "not measured" }

const build_tile = ui => {
  const part = { node: el("div", "tile"), pic: el("div", "pic"), img: el("img"), tick: button("✓", null, "tick"), badges: el("div", "badges"), text: el("div", "text") }
  part.img.decoding = "async"
  part.img.onload = () => part.img.classList.add("here")
  part.node.setAttribute("role", "listitem"); part.node.tabIndex = -1; part.tick.tabIndex = -1
  part.tick.onclick = event => { event.stopPropagation(); ui.toggle(part.id, event.shiftKey) }
  part.node.onclick = event => ui.data.selectable && (event.ctrlKey || event.metaKey || event.shiftKey) ? ui.toggle(part.id, event.shiftKey) : ui.open(part.id)
  part.node.onfocus = () => { ui.focus = part.id; ui.rove() }
  part.pic.append(part.img, part.tick, part.badges)
  part.node.append(part.pic, part.text)
  return part
}

const draw_tile = (ui, part, tile) => {
  part.id = part.node.dataset.id = tile.id
  const src = `/api/media/${encodeURIComponent(ui.data.workspace)}/${tile.assetId}?w=320`
  if (part.src !== src) { part.src = src; part.img.classList.remove("here"); part.img.removeAttribute("src"); ui.near.unobserve(part.node); if (ui.eager > 0) { ui.eager--; part.img.src = src } else ui.near.observe(part.node) }
  put(part.img, "alt", tile.name)
  part.node.setAttribute("aria-label", [tile.name, ...tile.reasons.map(one => one[1])].join(", "))
  put(part.node, "title", [tile.caption || tile.name, ...tile.reasons.map(one => `• ${one[1]}`)].join("\n"))
  part.node.classList.toggle("out", !tile.included)
  part.node.classList.toggle("on", ui.selected.has(tile.id))
  part.tick.classList.toggle("gone", !ui.data.selectable)
  part.tick.setAttribute("aria-label", ui.selected.has(tile.id) ? "Deselect" : "Select")
  const marks = [...(tile.included ? [] : [["left out", ""]]), ...(tile.cropped ? [["cropped", ""]] : []), ...(tile.masked ? [["masked", ""]] : []),
    ...tile.reasons.slice(0, 3).map(one => [WORDS[one[0]] ?? one[0], one[2] ? "bad" : "warn"])]
  const said = marks.join("|")
  if (part.marks !== said) { part.marks = said; part.badges.replaceChildren(...marks.map(([word, tone]) => el("span", `badge ${tone}`, word))) }
  put(part.text, "textContent", tile.caption)
}

/** `from`: tiles before it are there already, as they should be. */
const draw = (ui, from = 0) => {
  const keep = from ? null : new Set(ui.tiles.map(tile => tile.id))
  if (keep) for (const [id, part] of ui.parts) if (!keep.has(id)) { ui.near.unobserve(part.node); part.node.remove(); ui.parts.delete(id) }
  ui.tiles.slice(from).forEach((tile, i) => {
    const n = from + i
    let part = ui.parts.get(tile.id)
    if (!part) ui.parts.set(tile.id, part = build_tile(ui))
    if (ui.grid.children[n] !== part.node) ui.grid.insertBefore(part.node, ui.grid.children[n] ?? null)
    draw_tile(ui, part, tile)
  })
  if (!from) mark(ui)
  put(ui.end, "textContent", ui.error || (ui.tiles.length ? "" : ui.loading ? "Loading…" : "No picture here."))
}

/** What changes with the selection alone. */
const mark = ui => {
  for (const [id, part] of ui.parts) {
    part.node.classList.toggle("on", ui.selected.has(id))
    part.tick.setAttribute("aria-label", ui.selected.has(id) ? "Deselect" : "Select")
  }
  ui.grid.classList.toggle("choosing", ui.selected.size > 0)
  ui.rove()
}

const draw_chips = ui => {
  const chips = ui.data.filters.filter(([key, , n]) => n !== 0 || key === "" || key === ui.filter).map(([key, label, n, tone]) => {
    const chip = button(label, () => ui.choose(key), `${tone} ${key === ui.filter ? "on" : ""}`)
    chip.setAttribute("aria-pressed", key === ui.filter)
    if (n !== null) chip.append(" ", el("b", "", n.toLocaleString("en")))
    return chip
  })
  const all = button("Choose all", () => { ui.tiles.forEach(tile => ui.selected.add(tile.id)); ui.whole = true; mark(ui); ui.told() }, "quiet")
  if (ui.data.selectable && ui.tiles.length) { const box = el("span", "say"); box.append(all); chips.push(box) }
  ui.chips.replaceChildren(...chips)
}

const load_page = async (ui, fresh, take = fresh ? FIRST : PAGE) => {
  if (ui.loading && !fresh) return
  const turn = ++ui.turn
  let from = 0
  ui.loading = true
  const query = new URLSearchParams({ workspace: ui.data.workspace, filter: ui.filter, take, side: ui.data.side, counted: false })
  if (!fresh && ui.next) query.set("cursor", ui.next)
  try {
    const answer = await api(`/api/datasets/${ui.data.dataset}/pictures?${query}`)
    if (turn !== ui.turn) return
    from = fresh ? 0 : ui.tiles.length
    ui.tiles = fresh ? answer.data : ui.tiles.concat(answer.data)
    ui.next = answer.nextCursor; ui.error = ""
    if (ui.whole && !fresh) answer.data.forEach(tile => ui.selected.add(tile.id))
  } catch (error) { if (turn === ui.turn) ui.error = error.message }
  if (turn !== ui.turn) return
  ui.loading = false
  ui.eager = ROWS // the first rows of what comes are asked for at once, the rest when they come near
  draw(ui, from)
  if (fresh) draw_chips(ui)
  ui.watch()
}

const columns = grid => getComputedStyle(grid).gridTemplateColumns.split(" ").length

const keys = (ui, event) => {
  const at = ui.tiles.findIndex(tile => tile.id === ui.focus)
  if (at < 0) return
  const move = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: columns(ui.grid), ArrowUp: -columns(ui.grid), Home: -at, End: ui.tiles.length - 1 - at }[event.key]
  if (move !== undefined) ui.parts.get(ui.tiles[Math.min(ui.tiles.length - 1, Math.max(0, at + move))].id).node.focus()
  else if (event.key === "Enter") ui.open(ui.focus)
  else if (event.key === " ") ui.toggle(ui.focus, false)
  else if (event.key === "Escape" && ui.selected.size) { ui.selected.clear(); ui.whole = false; mark(ui); ui.told() }
  else return
  event.preventDefault(); event.stopPropagation()
}

const build = root => {
  const ui = { chips: el("div", "chips"), grid: el("div", "grid"), end: el("div", "end muted"), parts: new Map(), tiles: [], selected: new Set(),
    filter: "", next: null, stamp: null, round: null, focus: null, last: null, whole: false, loading: false, error: "", turn: 0, eager: ROWS }
  ui.grid.setAttribute("role", "list"); ui.chips.setAttribute("role", "group"); ui.chips.setAttribute("aria-label", "Show")
  root.replaceChildren(ui.chips, ui.grid, ui.end)
  ui.rove = () => {
    const id = ui.parts.has(ui.focus) ? ui.focus : ui.tiles[0]?.id
    for (const [one, part] of ui.parts) put(part.node, "tabIndex", one === id ? 0 : -1)
  }
  // the browser's own lazy loading fetches four screens ahead: too much for a set of thousands
  ui.near = new IntersectionObserver(entries => entries.forEach(({ isIntersecting, target }) => {
    const part = isIntersecting && ui.parts.get(target.dataset.id)
    if (part) { ui.near.unobserve(target); part.img.src = part.src }
  }), { rootMargin: "300px" })
  let timer = 0
  ui.told = () => { clearTimeout(timer); timer = setTimeout(() => ui.state({ ids: [...ui.selected], whole: ui.whole, filter: ui.filter, round: ui.round }), 120) }
  ui.toggle = (id, range) => {
    if (!ui.data.selectable) return
    const on = !ui.selected.has(id), order = ui.tiles.map(tile => tile.id)
    const from = range && ui.last ? order.indexOf(ui.last) : order.indexOf(id), to = order.indexOf(id)
    order.slice(Math.min(from, to), Math.max(from, to) + 1).forEach(one => on ? ui.selected.add(one) : ui.selected.delete(one))
    ui.last = id; ui.whole = false
    mark(ui); ui.told()
  }
  ui.choose = filter => {
    ui.filter = filter; ui.next = null
    if (ui.selected.size) { ui.selected.clear(); ui.whole = false; ui.told() }
    draw_chips(ui)
    return load_page(ui, true)
  }
  const seen = new IntersectionObserver(entries => { if (entries.some(one => one.isIntersecting) && ui.next) load_page(ui, false) }, { rootMargin: "400px" })
  ui.watch = () => { seen.unobserve(ui.end); seen.observe(ui.end) }
  ui.stop = () => { seen.disconnect(); ui.near.disconnect() }
  ui.grid.onkeydown = event => keys(ui, event)
  return ui
}

const mounted = new WeakMap()

export default function ({ data, parentElement, setTriggerValue, setStateValue }) {
  const ui = mounted.get(parentElement) ?? build(parentElement.querySelector(".root"))
  mounted.set(parentElement, ui)
  ui.data = data
  ui.open = id => setTriggerValue("opened", { id, at: Date.now() })
  ui.state = value => setStateValue("selected", value)
  if (ui.round !== data.round) { ui.round = data.round; ui.selected.clear(); ui.whole = false }
  if (ui.stamp !== data.stamp) {
    const shown = ui.stamp === null ? 0 : ui.tiles.length
    ui.stamp = data.stamp
    if (ui.filter || shown > data.first.length) load_page(ui, true, Math.min(500, Math.max(FIRST, shown)))
    else { ui.turn++; ui.loading = false; ui.tiles = data.first; ui.next = data.next }
  }
  draw(ui); draw_chips(ui); ui.watch()
  return () => { ui.stop(); mounted.delete(parentElement) }
}
