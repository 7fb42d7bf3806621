// The gallery: talks to /api by itself, so that nothing people do here waits for a page to run again.
const TAKE = 60, MOST_AT_ONCE = 5000
const EMPTY = { q: "", rating: 0, favourite: false, influencer: "", lora: "", size: "", source: "", from: "", until: "" }
const fresh_key = () => `${Date.now()}-${Math.random().toString(36).slice(2)}`
const memory_of = data => `studio:gallery:${data.workspace}:${data.board || ""}`
const recall = data => { try { return JSON.parse(sessionStorage.getItem(memory_of(data))) ?? {} } catch { return {} } }

const query_of = (data, query) => {
  const said = new URLSearchParams({ workspace: data.workspace })
  if (data.board) said.set("board", data.board)
  for (const [key, value] of Object.entries(query)) if (value) said.set(key, value)
  return said
}

const build_browse = (root, data) => {
  const saved = recall(data), first_order = data.board ? "board" : "newest"
  const ui = { root, data, items: [], parts: new Map(), pool: [], selected: new Set(), query: { ...EMPTY, order: first_order, ...saved.query }, tile: Number(localStorage.getItem("studio:tile")) || 180,
    focus: null, anchor: null, next: null, busy: false, turn: 0, total: null, totalMore: false, all: 0, similar: null, warm: false, dragged: null, cols: 1, row: 1 }
  ui.head = el("div", "head"); ui.space = el("div", "space"); ui.told = el("span", "muted told"); ui.note = el("div", "note gone"); ui.toast = el("div", "toast gone")
  ui.space.setAttribute("role", "list"); ui.space.setAttribute("aria-label", "Pictures")
  ui.bar = build_bar(ui); ui.chosen = Object.assign(() => ui.items.filter(item => ui.selected.has(item.id)), build_chosen(ui))
  ui.head.append(ui.bar.node, ui.told, ui.chosen.node, ui.note)
  root.replaceChildren(ui.head, ui.space, ui.toast)
  ui.scroller = scroller_of(root)
  ui.redraw = () => { draw_window(ui); draw_chosen(ui) }
  ui.address = () => query_of(ui.data, ui.query)
  ui.ask = path => api(`${path}${path.includes("?") ? "&" : "?"}workspace=${encodeURIComponent(ui.data.workspace)}`)
  ui.say = error => { if (error.name !== "AbortError") { ui.note.textContent = error.message; ui.note.className = "note bad" } }
  ui.hush = () => { ui.note.className = "note gone" }
  let seen = 0, counting = 0
  // The first screen of pictures comes first: what counts a long list waits for it.
  ui.count_soon = () => { clearTimeout(counting); if (ui.next && ui.total === null) counting = setTimeout(() => ui.count(), ui.warm ? 60 : 1500) }
  ui.painted = () => { if (!ui.warm && ++seen >= Math.min(ui.cols, ui.items.length)) { ui.warm = true; ui.redraw(); ui.count_soon() } }
  ui.rove = () => { const at = ui.focus ?? 0; for (const part of ui.parts.values()) put(part.node, "tabIndex", part.index === at ? 0 : -1) }
  ui.arranging = () => Boolean(ui.data.canEdit && ui.data.board && ui.query.order === "board" && !ui.similar)
  Object.assign(ui, loading(ui), choosing(ui), acting(ui), arranging(ui))
  ui.space.onkeydown = event => keys(ui, event)
  root.onkeydown = event => { if (event.key === "/" && !event.target.closest?.("input,select")) { event.preventDefault(); ui.bar.search.focus() } }
  let frame = 0
  const moved = () => { frame ||= requestAnimationFrame(() => { frame = 0; draw_window(ui) }) }
  document.addEventListener("scroll", moved, true)
  const sized = new ResizeObserver(moved); sized.observe(ui.space)
  ui.end = () => { document.removeEventListener("scroll", moved, true); sized.disconnect(); ui.close_menu?.(); ui.remember() }
  ui.remember = (opened = "") => sessionStorage.setItem(memory_of(ui.data), JSON.stringify({ query: ui.query, opened, n: ui.items.length, top: opened ? ui.scroller.scrollTop : 0 }))
  ui.sync()
  if (data.similar) { ui.similar = data.similar; ui.load({}) }
  else if (saved.opened && saved.n) ui.load({ take: Math.min(200, Math.max(TAKE, saved.n)) }).then(() => { ui.scroller.scrollTop = saved.top; const at = ui.items.findIndex(item => item.id === saved.opened); if (at >= 0) ui.go(at) })
  else if (ui.plain() && data.first) ui.take_page(data.first, true)
  else ui.load({})
  ui.remember()
  return ui
}

const loading = ui => ({
  plain: () => !ui.similar && Object.entries(EMPTY).every(([key, value]) => (ui.query[key] || value) === value) && ui.query.order === (ui.data.board ? "board" : "newest"),
  sync: () => {
    ui.bar.search.value = ui.query.q; ui.bar.rating.value = String(ui.query.rating); ui.bar.heart.classList.toggle("lit", ui.query.favourite)
    const set = ["influencer", "lora", "size", "source", "from", "until"].filter(name => ui.query[name]).length
    put(ui.bar.filters, "textContent", set ? `Filters · ${set}` : "Filters"); ui.bar.filters.classList.toggle("lit", set > 0)
  },
  set: change => { Object.assign(ui.query, change); ui.similar = null; ui.sync(); ui.choose_none(); ui.load({}); ui.remember() },
  clear: () => ui.set({ ...EMPTY }),
  resize: side => { ui.tile = side; localStorage.setItem("studio:tile", side); ui.redraw() },
  take_page: (page, first) => {
    ui.items = first ? page.data : ui.items.concat(page.data); ui.next = page.nextCursor
    if (first) { ui.focus = ui.anchor = null; ui.total = ui.next ? null : ui.items.length; ui.totalMore = false; if (ui.next) ui.count_soon() }
    ui.redraw(); ui.tell()
  },
  load: async ({ take = TAKE } = {}) => {
    const turn = ++ui.turn
    ui.busy = true
    try {
      const page = ui.similar ? await ui.ask(`/api/pictures/${ui.similar.id}/similar?take=120`) : await api(`/api/pictures?${ui.address()}&take=${take}`)
      if (turn !== ui.turn) return
      ui.hush(); ui.take_page({ nextCursor: null, ...page }, true)
    } catch (error) { if (turn === ui.turn) ui.say(error) }
    finally { if (turn === ui.turn) { ui.busy = false; ui.redraw() } }
  },
  more: async () => {
    if (ui.busy || !ui.next) return
    const turn = ui.turn
    ui.busy = true
    try { const page = await api(`/api/pictures?${ui.address()}&take=120&cursor=${encodeURIComponent(ui.next)}`); if (turn === ui.turn) ui.take_page(page, false) }
    catch (error) { ui.say(error) }
    finally { if (turn === ui.turn) { ui.busy = false; draw_window(ui) } }
  },
  count: async () => {
    const turn = ui.turn
    try { const found = await api(`/api/pictures/count?${ui.address()}`); if (turn === ui.turn) { ui.total = found.total; ui.totalMore = found.more; ui.tell(); draw_chosen(ui) } } catch (error) { ui.say(error) }
  },
  tell: () => {
    const n = ui.items.length, words = ui.total === 1 && !ui.totalMore ? "picture" : "pictures"
    const text = ui.similar ? (n ? `${n} similar ${n === 1 ? "picture" : "pictures"}` : "Nothing here looks like this picture.") : n || ui.data.board && ui.plain() ? `${count_of(ui)} ${words}` : "No picture matches. Take a filter away to see more."
    ui.told.replaceChildren(el("span", "", text))
    if (ui.similar) ui.told.append(button("Back to all", () => { ui.similar = null; ui.load({}) }, "quiet"))
    else if (!ui.plain()) ui.told.append(button("Clear filters", ui.clear, "quiet"))
  },
  alike: () => { const one = ui.chosen()[0] ?? ui.items[ui.focus]; if (!one) return; ui.similar = one; ui.choose_none(); ui.load({}) },
})

const choosing = ui => ({
  toggle: (index, range) => {
    const on = !ui.selected.has(ui.items[index].id), from = range && ui.anchor !== null ? ui.anchor : index
    for (let n = Math.min(from, index); n <= Math.max(from, index); n++) on || range ? ui.selected.add(ui.items[n].id) : ui.selected.delete(ui.items[n].id)
    ui.all = 0; ui.anchor = ui.focus = index; ui.redraw()
  },
  choose_all: filter => { ui.items.forEach(item => ui.selected.add(item.id)); ui.all = filter && (ui.next || ui.total > ui.items.length) ? MOST_AT_ONCE : 0; ui.redraw()
    if (ui.all && (ui.totalMore || ui.total > MOST_AT_ONCE)) { ui.note.textContent = `At most ${MOST_AT_ONCE.toLocaleString("en")} at once: an act is on the first ${MOST_AT_ONCE.toLocaleString("en")} of this list.`; ui.note.className = "note" } },
  choose_none: () => { ui.selected.clear(); ui.all = 0; ui.hush(); ui.redraw() },
  chosen_or: index => ui.selected.has(ui.items[index].id) ? ui.chosen().map(item => item.id) : [ui.items[index].id],
  go: index => {
    if (!ui.items.length) return
    ui.focus = Math.min(ui.items.length - 1, Math.max(0, index)); draw_window(ui); show_index(ui, ui.focus); draw_window(ui)
    ui.parts.get(ui.items[ui.focus].id)?.node.focus({ preventScroll: true })
  },
  open: index => { ui.remember(ui.items[index].id); ui.opened({ id: ui.items[index].id, at: Date.now() }) },
  animate: () => {
    const most = ui.data.filmsAtOnce
    if (ui.all || ui.selected.size > most) return ui.say(new Error(`At most ${most} pictures become videos at once. Choose fewer.`))
    ui.hush(); ui.animated({ ids: ui.chosen().map(item => item.id), at: Date.now() })
  },
  compare: () => { const some = ui.chosen(); if (some.length >= 2 && some.length <= 4) compare(ui.root, ui.data.workspace, some) },
})

const APPLY = {
  rate: (ui, act, hit) => ui.items.forEach(item => { if (hit(item)) item.rating = act.rating }),
  favourite: (ui, act, hit) => ui.items.forEach(item => { if (hit(item)) item.favourite = act.favourite }),
  delete: (ui, act, hit) => drop_items(ui, hit), "board-remove": (ui, act, hit) => drop_items(ui, hit), "board-move": (ui, act, hit) => drop_items(ui, hit),
}
const drop_items = (ui, hit) => { const n = ui.items.length; ui.items = ui.items.filter(item => !hit(item)); if (ui.total !== null && !ui.totalMore) ui.total -= n - ui.items.length; if (ui.focus >= ui.items.length) ui.focus = ui.items.length ? ui.items.length - 1 : null }

const acting = ui => ({
  rate: (index, stars) => { const ids = ui.chosen_or(index); ui.act({ kind: "rate", rating: ui.items[index].rating === stars ? 0 : stars }, ids) },
  favour: index => ui.act({ kind: "favourite", favourite: !ui.items[index].favourite }, ui.chosen_or(index)),
  act: async (act, ids) => {
    if (!ui.data.canEdit) return
    const some = ids ?? [...ui.selected], all = Boolean(ui.all) && (!ids || ids.length > 1), hits = new Set(some), quiet = some.length === 1 && !all && (act.kind === "rate" || act.kind === "favourite")
    if (!some.length) return
    const undo_local = quiet ? ui.items.map(item => [item, item.rating, item.favourite]) : null
    if (quiet) { APPLY[act.kind](ui, act, item => hits.has(item.id)); ui.redraw() }
    try {
      const done = await api(`/api/pictures/acts?${ui.address()}${all ? "&all=true" : ""}`, { method: "POST", headers: { "content-type": "application/json", "idempotency-key": fresh_key() }, body: JSON.stringify({ ...act, pictureIds: all ? [] : some }) })
      if (!quiet) { APPLY[act.kind]?.(ui, act, item => all || hits.has(item.id)); ui.choose_none(); if (all) ui.load({}) }
      ui.offer(done); ui.redraw(); ui.tell()
    } catch (error) { undo_local?.forEach(([item, rating, favourite]) => Object.assign(item, { rating, favourite })); ui.redraw(); ui.say(error) }
  },
  offer: done => {
    ui.done = done
    ui.toast.replaceChildren(el("span", "grow", done.said), button("Undo", () => ui.undo(done), "quiet"), button("×", () => ui.toast.classList.add("gone"), "quiet"))
    ui.toast.lastChild.setAttribute("aria-label", "Close"); ui.toast.setAttribute("role", "status"); ui.toast.className = "toast row"
    clearTimeout(ui.leave); ui.leave = setTimeout(() => ui.toast.classList.add("gone"), 20000)
  },
  undo: async done => {
    if (!done) return
    try { await send(`/api/pictures/acts/${done.id}/undo?workspace=${encodeURIComponent(ui.data.workspace)}`, {}, ui.data.workspace); ui.done = null; ui.toast.classList.add("gone"); await ui.load({ take: Math.min(200, Math.max(TAKE, ui.items.length + done.count)) }) }
    catch (error) { ui.say(error) }
  },
  boards: async (anchor, kind) => {
    if (anchor.getAttribute("aria-expanded") === "true") return ui.close_menu()
    const pick = id => { ui.close_menu(); ui.act({ kind, boardId: id, ...(kind === "board-move" ? { fromBoardId: ui.data.board } : {}) }) }
    try {
      const { data } = await ui.ask("/api/boards"), list = el("div", "list"), name = el("input", "grow"), make = el("div", "row"), told = el("span", "bad")
      list.append(...data.filter(board => board.id !== ui.data.board).map(board => button(`${board.name} · ${board.count}${board.more ? "+" : ""}`, () => pick(board.id), "quiet")))
      const create = async () => { try { pick((await send("/api/boards", { name: name.value }, ui.data.workspace)).id) } catch (error) { told.textContent = error.message } }
      name.placeholder = "New board"; name.setAttribute("aria-label", "Name of a new board"); name.onkeydown = event => { if (event.key === "Enter") create() }
      make.append(name, button("Create", create)); menu(ui, anchor, [list, make, told])
    } catch (error) { ui.say(error) }
  },
  zip: async recipe => {
    ui.close_menu?.()
    const all = Boolean(ui.all), told = el("span", "grow", "Packing the pictures …")
    try {
      const job = await api(`/api/pictures/archive?${ui.address()}${all ? "&all=true" : ""}`, { method: "POST", headers: { "content-type": "application/json", "idempotency-key": fresh_key() }, body: JSON.stringify({ pictureIds: all ? [] : [...ui.selected], withRecipe: recipe, name: "pictures" }) })
      ui.toast.replaceChildren(told); ui.toast.className = "toast row"; clearTimeout(ui.leave)
      const stop = poll(async () => {
        const [now] = (await ui.ask(`/api/jobs/live?id=${job.id}`)).data
        if (now.state === "completed") {
          const link = el("a", "", `Download ${bytes(now.result.bytes)}`)
          link.href = `/api/media/${encodeURIComponent(ui.data.workspace)}/${now.result.asset_id}?download=1`
          ui.toast.replaceChildren(el("span", "grow", `${now.result.pictures} pictures packed.`), link, button("×", () => ui.toast.classList.add("gone"), "quiet")); stop()
        } else if (["failed", "cancelled"].includes(now.state)) { stop(); ui.toast.classList.add("gone"); ui.say(new Error(now.errorMessage || "The ZIP was cancelled.")) }
        else if (now.total) told.textContent = `Packing ${now.done} of ${now.total} pictures …`
      }, 1000)
    } catch (error) { ui.say(error) }
  },
})

const arranging = ui => ({
  mark_drop: spot => { for (const part of ui.parts.values()) { const here = spot?.index === part.index; part.node.classList.toggle("before", here && !spot.after); part.node.classList.toggle("after", here && spot.after) } },
  mark_lifted: () => { const ids = new Set(ui.hold ? ui.dragged : []); for (const part of ui.parts.values()) part.node.classList.toggle("lifted", ids.has(ui.items[part.index]?.id)) },
  drop: ({ index, after }) => {
    const ids = ui.dragged, from = index + (after ? 1 : 0), next = ui.items.slice(from).find(item => !ids.includes(item.id))
    ui.dragged = null; ui.mark_drop(null)
    if (next || !ui.next) ui.arrange(ids, next?.id ?? null)
    else ui.say(new Error("Scroll down to the end of the board first."))
  },
  arrange: async (ids, before) => {
    if (!ids?.length || ids.includes(before)) return
    const moving = ui.items.filter(item => ids.includes(item.id)), rest = ui.items.filter(item => !ids.includes(item.id)), at = before ? rest.findIndex(item => item.id === before) : rest.length, was = ui.items
    ui.items = [...rest.slice(0, at), ...moving, ...rest.slice(at)]; ui.redraw()
    try { ui.offer(await send(`/api/boards/${ui.data.board}/order?workspace=${encodeURIComponent(ui.data.workspace)}`, { pictureIds: moving.map(item => item.id), before }, ui.data.workspace)) }
    catch (error) { ui.items = was; ui.redraw(); ui.say(error) }
  },
  shift: step => {
    const item = ui.items[ui.focus], to = Math.min(ui.items.length - 1, Math.max(0, ui.focus + step))
    if (!ui.arranging() || !item || to === ui.focus) return
    const before = to < ui.focus ? ui.items[to].id : ui.items[to + 1]?.id ?? null
    if (before === null && ui.next) return ui.say(new Error("Scroll down to the end of the board first."))
    ui.arrange([item.id], before); ui.go(to)
  },
})

const keys = (ui, event) => {
  const at = ui.focus ?? 0, key = event.key, lower = key.toLowerCase(), move = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: ui.cols, ArrowUp: -ui.cols, Home: -at, End: ui.items.length - 1 - at }[key]
  if (!ui.items.length || event.target.closest?.(".stars")) return
  if (event.altKey && move !== undefined) ui.shift(move)
  else if (event.ctrlKey || event.metaKey) { if (lower === "a") ui.choose_all(false); else if (lower === "z") ui.undo(ui.done); else return }
  else if (move !== undefined) { const to = Math.min(ui.items.length - 1, Math.max(0, at + move)); if (event.shiftKey) { ui.anchor ??= at; ui.selected.add(ui.items[at].id); const anchor = ui.anchor; ui.toggle(to, true); ui.anchor = anchor } ; ui.go(to) }
  else if (key === "Enter") ui.open(at)
  else if (key === " ") ui.toggle(at, event.shiftKey)
  else if (key === "Escape") ui.similar ? (ui.similar = null, ui.load({})) : ui.choose_none()
  else if (lower === "c") ui.compare()
  else if (lower === "s") ui.alike()
  else if (!ui.data.canEdit) return
  else if (/^[0-5]$/.test(key)) ui.act({ kind: "rate", rating: Number(key) }, ui.chosen_or(at))
  else if (lower === "f") ui.favour(at)
  else if (lower === "b") { if (!ui.selected.size) ui.toggle(at, false); ui.boards(ui.chosen.board, "board-add") }
  else if (key === "Delete") ui.act({ kind: "delete" }, ui.chosen_or(at))
  else return
  event.preventDefault(); event.stopPropagation()
}

const mounted = new WeakMap()

export default function ({ data, parentElement, setTriggerValue }) {
  const known = mounted.get(parentElement), ui = known ?? build_browse(parentElement.querySelector(".root"), data)
  mounted.set(parentElement, ui)
  ui.opened = value => setTriggerValue("opened", value)
  ui.animated = value => setTriggerValue("animated", value)
  ui.data = data
  if (data.offer && ui.offered !== data.offer.id) { ui.offered = data.offer.id; ui.offer(data.offer) }
  return () => { ui.end(); mounted.delete(parentElement) }
}
