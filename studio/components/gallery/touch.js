// Arranging a board: where dragged pictures would go, and lifting them by finger, which browsers do not do by themselves.
const HOLD_MS = 350, SLACK = 10, EDGE = 80

/** The tile under a point and on which side of its middle the point is. */
const spot_at = (ui, x, y) => {
  const node = ui.space.getRootNode().elementFromPoint(x, y)?.closest?.(".tile"), part = [...ui.parts.values()].find(one => one.node === node)
  if (!part) return null
  const box = node.getBoundingClientRect()
  return { index: part.index, after: x > box.left + box.width / 2 }
}

/** A long press lifts what is chosen (or this tile), moving shows where it would go, letting go puts it there. */
const lift_by_touch = (ui, part) => {
  part.node.addEventListener("pointerdown", event => {
    put(part.node, "draggable", ui.arranging() && event.pointerType === "mouse")  // else a long press begins the browser's own drag
    if (event.pointerType === "mouse" || !event.isPrimary || !ui.arranging() || event.target.closest("button")) return
    ui.hold?.end()
    ui.hold = hold(ui, part, event)
  })
  part.node.addEventListener("touchmove", event => { if (ui.hold?.ghost && event.cancelable) event.preventDefault() }, { passive: false })
  part.node.addEventListener("contextmenu", event => { if (ui.hold) event.preventDefault() })
}

const hold = (ui, part, begun) => {
  const held = { x: begun.clientX, y: begun.clientY, ghost: null, spot: null }
  let frame = 0
  const show = () => {
    held.ghost.style.transform = `translate(${held.x}px,${held.y}px)`
    held.spot = spot_at(ui, held.x, held.y)
    ui.mark_drop(held.spot)
  }
  const scroll = () => {
    const view = ui.scroller.getBoundingClientRect(), top = Math.max(0, view.top), foot = Math.min(innerHeight, view.bottom)
    const by = held.y < top + EDGE ? held.y - top - EDGE : held.y > foot - EDGE ? held.y - foot + EDGE : 0
    if (by) { ui.scroller.scrollTop += by / 5; show() }
    frame = requestAnimationFrame(scroll)
  }
  const lift = () => {
    ui.focus = part.index  // keeps the tile in the page however far people go: its touches end with it
    ui.dragged = ui.chosen_or(part.index)
    held.ghost = el("div", "ghost")
    held.ghost.append(Object.assign(el("img"), { src: part.img.src, alt: "" }))
    if (ui.dragged.length > 1) held.ghost.append(el("span", "badge", String(ui.dragged.length)))
    ui.root.append(held.ghost); ui.mark_lifted()
    navigator.vibrate?.(15)
    show(); scroll()
  }
  const moved = event => {
    if (event.pointerId !== begun.pointerId) return
    if (!held.ghost) { if (Math.hypot(event.clientX - held.x, event.clientY - held.y) > SLACK) held.end(); return }
    held.x = event.clientX; held.y = event.clientY; show()
  }
  const up = event => {
    if (event.pointerId !== begun.pointerId) return
    const { ghost, spot } = held
    if (ghost) quiet_click(ui)
    if (ghost && spot && event.type === "pointerup") { held.end(true); ui.drop(spot) } else held.end()
  }
  const key = event => { if (event.key === "Escape") held.end() }
  held.end = keep => {
    clearTimeout(timer); cancelAnimationFrame(frame)
    for (const [name, listen] of listeners) document.removeEventListener(name, listen)
    held.ghost?.remove(); ui.hold = null
    if (!keep) { ui.dragged = null; ui.mark_drop(null) }
    ui.mark_lifted()
  }
  const listeners = [["pointermove", moved], ["pointerup", up], ["pointercancel", up], ["keydown", key]], timer = setTimeout(lift, HOLD_MS)
  for (const [name, listen] of listeners) document.addEventListener(name, listen)
  return held
}

/** The click that follows a finger's lift opens nothing. */
const quiet_click = ui => {
  const stop = event => { event.stopPropagation(); event.preventDefault() }
  ui.space.addEventListener("click", stop, { capture: true, once: true })
  setTimeout(() => ui.space.removeEventListener("click", stop, { capture: true }), 300)
}
