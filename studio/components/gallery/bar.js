// Above the grid: search and filters, and while something is chosen, what can be done with it.
const RATINGS = [["0", "Any rating"], ["5", "★★★★★"], ["4", "★★★★ and up"], ["3", "★★★ and up"], ["2", "★★ and up"], ["1", "★ and up"]]
const HELP = "Words of the prompt, or terms: seed:123  model:starter  lora:bella-v1  influencer:\"Bella\"  board:\"Summer\"  rating:>=4  from:2026-11-01  until:2026-11-30  size:portrait  is:favourite  -without  \"exact words\""
const KEYS = [["← → ↑ ↓", "move"], ["Enter", "open"], ["Space", "choose; with Shift a whole range"], ["Ctrl A", "choose all that is shown"], ["0 to 5", "rate"], ["F", "favourite"], ["C", "compare 2 to 4 chosen"], ["S", "find similar"], ["B", "put on a board"], ["Del", "delete"], ["Ctrl Z", "undo"], ["Alt ← → ↑ ↓", "move on its board; with Home or End to its start or end"], ["/", "search"], ["Esc", "choose none"]]

const field = (label, control) => { const box = el("label", "field"); box.append(el("span", "muted", label), control); return box }

const select = (options, onpick, label) => {
  const node = el("select")
  node.setAttribute("aria-label", label)
  node.fill = (list, value = node.value) => { node.replaceChildren(...list.map(([key, text]) => Object.assign(el("option", "", text), { value: key }))); node.value = value }
  node.fill(options); node.onchange = () => onpick(node.value)
  return node
}

/** A small panel under a button; one at a time, gone with Esc or a click elsewhere. */
const menu = (ui, anchor, content) => {
  ui.close_menu?.()
  const box = el("div", "menu")
  box.setAttribute("role", "dialog"); box.append(...content)
  const out = event => { if (!event.composedPath().includes(box) && !event.composedPath().includes(anchor)) ui.close_menu() }
  ui.close_menu = () => { box.remove(); document.removeEventListener("pointerdown", out, true); ui.close_menu = null; anchor.setAttribute("aria-expanded", "false") }
  box.onkeydown = event => { event.stopPropagation(); if (event.key === "Escape") { ui.close_menu(); anchor.focus() } }
  ui.root.append(box); anchor.setAttribute("aria-expanded", "true")
  const at = anchor.getBoundingClientRect(), frame = ui.root.getBoundingClientRect()
  box.style.top = `${at.bottom - frame.top + 4}px`
  box.style.left = `${Math.max(0, Math.min(at.left - frame.left, frame.width - box.offsetWidth))}px`
  document.addEventListener("pointerdown", out, true)
  box.querySelector("input,button,select")?.focus()
}

const toggle = (ui, anchor, make) => anchor.getAttribute("aria-expanded") === "true" ? ui.close_menu() : menu(ui, anchor, make())

const build_bar = ui => {
  const bar = el("div", "row bar-row"), search = el("input", "grow search"), part = { search }
  search.type = "search"; search.placeholder = ui.data.board ? "Search on this board" : "Search prompts, or seed: lora: rating: …"; search.title = HELP
  search.setAttribute("aria-label", "Search")
  let timer = 0
  search.oninput = () => { clearTimeout(timer); timer = setTimeout(() => ui.set({ q: search.value.trim() }), 250) }
  search.onkeydown = event => { event.stopPropagation(); if (event.key === "Enter") { clearTimeout(timer); ui.set({ q: search.value.trim() }) } else if (event.key === "ArrowDown") ui.go(0) }
  part.rating = select(RATINGS, value => ui.set({ rating: Number(value) }), "Rating")
  part.heart = button("♥", () => ui.set({ favourite: !ui.query.favourite }), "toggle"); part.heart.title = "Favourites only"; part.heart.setAttribute("aria-label", "Favourites only")
  part.filters = button("Filters", () => toggle(ui, part.filters, () => filter_panel(ui)))
  part.more = button("⋯", () => toggle(ui, part.more, () => more_panel(ui)), "quiet"); part.more.setAttribute("aria-label", "More")
  bar.append(search, part.rating, part.heart, part.filters, part.more)
  part.node = bar
  return part
}

const filter_panel = ui => {
  const who = select([["", "All"]], value => ui.set({ influencer: value }), "Influencer"), lora = select([["", "All"]], value => ui.set({ lora: value }), "LoRA")
  ui.ask("/api/pictures/facets").then(found => { who.fill([["", "All"], ...found.influencers], ui.query.influencer); lora.fill([["", "All"], ...found.loras], ui.query.lora) }).catch(ui.say)
  const pick = (name, options, label) => { const node = select(options, value => ui.set({ [name]: value }), label); node.value = ui.query[name] || ""; return field(label, node) }
  const day = (name, label) => { const node = el("input"); node.type = "date"; node.value = ui.query[name] || ""; node.onchange = () => ui.set({ [name]: node.value }); return field(label, node) }
  const box = el("div", "fields")
  box.append(field("Influencer", who), field("LoRA", lora), pick("size", [["", "Any"], ["square", "Square"], ["portrait", "Portrait"], ["landscape", "Landscape"]], "Shape"),
    pick("source", [["", "All"], ["made", "Made here"], ["imported", "Imported"]], "Source"), day("from", "From"), day("until", "Until"),
    pick("order", [...(ui.data.board ? [["board", "As arranged"]] : []), ["newest", "Newest first"], ["oldest", "Oldest first"], ["best", "Best rated first"]], "Order"))
  const clear = button("Clear filters", () => { ui.close_menu(); ui.clear() }, "quiet")
  return [box, clear]
}

const more_panel = ui => {
  const sizes = el("div", "row"), acts = el("div", "list"), keys = el("div", "keys")
  for (const [name, side] of [["Small", 110], ["Medium", 180], ["Large", 280]]) sizes.append(button(name, () => { ui.close_menu(); ui.resize(side) }, ui.tile === side ? "main" : ""))
  for (const [key, does] of KEYS) keys.append(el("kbd", "", key), el("span", "", does))
  acts.append(el("span", "muted", "…"))
  if (ui.data.canEdit) ui.ask("/api/pictures/acts?take=8").then(answer => {
    acts.replaceChildren(...answer.data.map(act => {
      const line = el("div", "row"), undo = button(act.undoneAt ? "Undone" : "Undo", () => { ui.close_menu(); ui.undo(act) }, "quiet")
      undo.disabled = Boolean(act.undoneAt)
      line.append(el("span", "grow", act.said), undo)
      return line
    }))
    if (!answer.data.length) acts.append(el("span", "muted", "Nothing yet."))
  }).catch(ui.say)
  const parts = [el("b", "", "Size of the pictures"), sizes]
  if (ui.data.canEdit) parts.push(el("b", "", "What you did last"), acts)
  return [...parts, el("b", "", "Keys"), keys]
}

const build_chosen = ui => {
  const bar = el("div", "row chosen gone"), told = el("b"), part = { node: bar, told }
  const act = (text, onclick, title) => { const node = button(text, onclick); if (title) node.title = title; return node }
  part.all = act("", () => ui.choose_all(true))
  part.rate = act("Rate", () => toggle(ui, part.rate, () => [5, 4, 3, 2, 1, 0].map(n => button(n ? "★".repeat(n) : "No rating", () => { ui.close_menu(); ui.act({ kind: "rate", rating: n }) }, "quiet"))))
  part.heart = act("♥", () => ui.act({ kind: "favourite", favourite: !ui.chosen().every(item => item.favourite) }), "Favourite (F)"); part.heart.setAttribute("aria-label", "Favourite")
  part.board = act("Board", () => ui.boards(part.board, "board-add"), "Put on a board (B)")
  part.move = act("Move", () => ui.boards(part.move, "board-move"), "Move to another board")
  part.off = act("Take off", () => ui.act({ kind: "board-remove", boardId: ui.data.board }), "Take off this board; the pictures stay in the gallery")
  part.compare = act("Compare", () => ui.compare(), "Compare 2 to 4 pictures (C)")
  part.similar = act("Similar", () => ui.alike(), "Find pictures that look like this one (S)")
  part.zip = act("ZIP", () => toggle(ui, part.zip, () => [button("Pictures", () => ui.zip(false), "quiet"), button("Pictures with their recipes inside", () => ui.zip(true), "quiet")]), "Download as ZIP, with a manifest")
  part.film = act("Animate", () => ui.animate(), "A video of each picture")
  part.del = act("Delete", () => ui.act({ kind: "delete" }))
  bar.append(told, part.all, part.rate, part.heart, part.board, part.move, part.off, part.compare, part.similar, part.film, part.zip, part.del, el("span", "grow"), act("Choose none", () => ui.choose_none()))
  return part
}

const draw_chosen = ui => {
  const { chosen: part, data } = ui, n = ui.all ? Math.min(ui.all, ui.total ?? ui.all) : ui.selected.size
  part.node.classList.toggle("gone", !n)
  ui.told.classList.toggle("gone", Boolean(n))
  if (!n) return
  put(part.told, "textContent", ui.all ? `All ${count_of(ui)} chosen` : `${n.toLocaleString("en")} chosen`)
  const more = !ui.all && data.canEdit && !ui.similar && (ui.total ?? 0) > ui.selected.size
  put(part.all, "textContent", `Choose all ${count_of(ui)}`)
  part.all.classList.toggle("gone", !more)
  for (const one of [part.rate, part.heart, part.board, part.film, part.zip, part.del]) one.classList.toggle("gone", !data.canEdit)
  for (const one of [part.move, part.off]) one.classList.toggle("gone", !data.canEdit || !data.board)
  part.compare.classList.toggle("gone", ui.all || n < 2 || n > 4); part.similar.classList.toggle("gone", ui.all || n !== 1)
}

const count_of = ui => ui.total === null ? "…" : ui.totalMore ? `${ui.total.toLocaleString("en")}+` : ui.total.toLocaleString("en")
