// A grid of any length: only the rows near the window are in the page, and their nodes are used again as people scroll.
const GAP = 8

const scroller_of = node => {
  for (let at = node; at; at = at.parentElement ?? at.getRootNode().host)
    if (at instanceof Element && /auto|scroll/.test(getComputedStyle(at).overflowY)) return at
  return document.scrollingElement
}

const thumb_width = side => { const need = side * (window.devicePixelRatio || 1); return need <= 176 ? 160 : need <= 420 ? 320 : 640 }

const build_tile = ui => {
  const part = { node: el("div", "tile"), img: el("img"), tick: button("✓", null, "tick"), heart: button("♥", null, "heart"), badge: el("span", "badge"), stars: el("div", "stars") }
  part.img.decoding = "async"; part.img.draggable = false
  part.img.onload = () => { part.img.classList.add("here"); ui.painted() }
  part.node.setAttribute("role", "listitem"); part.tick.tabIndex = part.heart.tabIndex = -1
  const id = () => ui.items[part.index]?.id
  part.tick.onclick = event => { event.stopPropagation(); ui.toggle(part.index, event.shiftKey) }
  part.heart.onclick = event => { event.stopPropagation(); ui.favour(part.index) }
  part.node.onclick = event => event.ctrlKey || event.metaKey || event.shiftKey || ui.selected.size && event.pointerType === "touch" ? ui.toggle(part.index, event.shiftKey) : ui.open(part.index)
  part.node.onfocus = () => { ui.focus = part.index; ui.rove() }
  for (let n = 1; n <= 5; n++) {
    const star = button("★", event => { event.stopPropagation(); ui.rate(part.index, n) })
    star.tabIndex = -1; star.setAttribute("aria-label", `${n} ${n === 1 ? "star" : "stars"}`)
    part.stars.append(star)
  }
  part.node.ondragstart = event => { if (!ui.arranging()) return event.preventDefault(); ui.dragged = ui.chosen_or(part.index); event.dataTransfer.effectAllowed = "move"; event.dataTransfer.setData("text/plain", id()) }
  part.node.ondragover = event => { if (ui.dragged) { event.preventDefault(); ui.mark_drop(spot_at(ui, event.clientX, event.clientY)) } }
  part.node.ondrop = event => { const spot = ui.dragged && spot_at(ui, event.clientX, event.clientY); if (spot) { event.preventDefault(); ui.drop(spot) } }
  part.node.ondragend = () => { ui.dragged = null; ui.mark_drop(null) }
  lift_by_touch(ui, part)
  part.node.append(part.img, part.tick, part.heart, part.badge, part.stars)
  return part
}

const draw_tile = (ui, part, index, item, side) => {
  const { data } = ui, src = `/api/media/${encodeURIComponent(data.workspace)}/${encodeURIComponent(item.assetId)}?w=${thumb_width(side)}`
  part.index = index
  if (part.src !== src) { part.src = src; part.img.classList.remove("here"); part.img.src = src }
  const col = index % ui.cols, row = (index - col) / ui.cols
  put(part.node.style, "transform", `translate(${Math.round(col * (side + GAP))}px,${Math.round(row * (side + GAP))}px)`)
  put(part.node.style, "width", `${side}px`); put(part.node.style, "height", `${side}px`)
  const name = item.prompt || "Picture without a prompt"
  if (part.node.title !== name) { part.node.title = name; part.img.alt = name; part.node.setAttribute("aria-label", name) }
  part.node.setAttribute("aria-posinset", index + 1)
  const on = ui.selected.has(item.id)
  part.node.classList.toggle("on", on); part.node.classList.toggle("faved", item.favourite); part.node.classList.toggle("rated", item.rating > 0)
  part.node.classList.toggle("lifted", Boolean(ui.hold?.ghost && ui.dragged?.includes(item.id)))
  put(part.node, "draggable", ui.arranging())
  part.tick.setAttribute("aria-label", on ? "Deselect" : "Select")
  part.heart.setAttribute("aria-label", item.favourite ? "No favourite any more" : "Make it a favourite")
  for (const one of [part.tick, part.heart, part.stars]) if (!data.canEdit !== !one.isConnected) data.canEdit ? part.node.append(one) : one.remove()
  const said = item.distance !== undefined ? `${64 - item.distance} of 64 alike` : item.gate !== "open" && item.gate ? item.gate : item.source === "imported" ? "imported" : ""
  const passes = scored(item) && !(item.identityScore < item.identityLine - 1e-9)
  put(part.badge, "textContent", said || (scored(item) ? `ID ${item.identityScore.toFixed(2)}` : ""))
  part.badge.classList.toggle("good", !said && passes)
  part.badge.classList.toggle("short", scored(item) && !passes)
  part.badge.classList.toggle("gone", !part.badge.textContent)
  for (let n = 0; n < 5; n++) part.stars.children[n].classList.toggle("lit", n < item.rating)
}

const scored = item => typeof item.identityScore === "number"

/** Draws what the window shows and a margin around it. */
const draw_window = ui => {
  const width = ui.space.clientWidth
  if (!width) return
  ui.cols = Math.max(2, Math.floor((width + GAP) / (ui.tile + GAP)))
  const side = (width - GAP * (ui.cols - 1)) / ui.cols, row = side + GAP
  ui.row = row
  const rows = Math.ceil(ui.items.length / ui.cols)
  put(ui.space.style, "height", `${Math.max(0, Math.ceil(rows * row - GAP))}px`)
  const view = ui.scroller.getBoundingClientRect(), top = ui.space.getBoundingClientRect().top, margin = ui.warm ? view.height : 0
  const above = Math.max(0, view.top) - top, below = Math.min(view.bottom, innerHeight) - top
  const first = Math.max(0, Math.floor((above - margin) / row)) * ui.cols
  const last = Math.min(ui.items.length, Math.max(ui.cols, Math.ceil((below + margin) / row) * ui.cols))
  const wanted = []
  for (let n = first; n < last; n++) wanted.push(n)
  if (ui.focus !== null && ui.focus < ui.items.length && (ui.focus < first || ui.focus >= last) && ui.parts.has(ui.items[ui.focus].id)) ui.focus < first ? wanted.unshift(ui.focus) : wanted.push(ui.focus)
  const keep = new Set(wanted.map(n => ui.items[n].id))
  for (const [id, part] of ui.parts) if (!keep.has(id)) { ui.parts.delete(id); part.node.remove(); if (ui.pool.length < 60) ui.pool.push(part) }
  wanted.forEach((n, place) => {
    const item = ui.items[n]
    let part = ui.parts.get(item.id)
    if (!part) { part = ui.pool.pop() ?? build_tile(ui); ui.parts.set(item.id, part) }
    draw_tile(ui, part, n, item, side)
    if (ui.space.children[place] !== part.node) ui.space.insertBefore(part.node, ui.space.children[place] ?? null)
  })
  ui.space.classList.toggle("choosing", ui.selected.size > 0)
  ui.rove()
  if (ui.next && below + 2 * view.height > rows * row) ui.more()
}

const show_index = (ui, index) => {
  const row = Math.floor(index / ui.cols) * ui.row, view = ui.scroller.getBoundingClientRect(), top = ui.space.getBoundingClientRect().top + row
  const head = Math.max(0, view.top) + ui.head.offsetHeight + 8
  if (top < head) ui.scroller.scrollTop -= head - top
  else if (top + ui.row > Math.min(view.bottom, innerHeight)) ui.scroller.scrollTop += top + ui.row - Math.min(view.bottom, innerHeight)
}
