const STEPS = [
  ["A day earlier", { days: -1 }], ["A day later", { days: 1 }], ["A week earlier", { days: -7 }], ["A week later", { days: 7 }],
  ["An hour earlier", { minutes: -60 }], ["An hour later", { minutes: 60 }],
]

/** Everything the mouse can do by dragging, for keys and fingers. */
const open_menu = (ui, spot, from) => {
  close_menu(ui)
  const box = el("div", "menu"), act = run => () => { close_menu(ui); run() }
  box.setAttribute("role", "menu")
  const add = (word, run) => { const one = button(word, act(run), "quiet"); one.setAttribute("role", "menuitem"); box.append(one) }
  add("Open", () => ui.open(spot.id))
  if (spot.wall) {
    for (const [word, step] of STEPS) add(word, () => ui.move(spot, later(spot.ownWall, step), ""))
    add("Take off the calendar", () => ui.move(spot, null, ""))
  } else add("Tomorrow", () => ui.move(spot, `${later(wall_now(ui.data.zone), { days: 1 }).slice(0, 10)}T18:00`, ""))
  const frame = ui.root.getBoundingClientRect(), at = from.getBoundingClientRect()
  box.style.left = `${Math.max(0, Math.min(at.left - frame.left, frame.width - 200))}px`
  box.style.top = `${at.bottom - frame.top + 4}px`
  box.onkeydown = event => {
    const all = [...box.children], here = all.indexOf(ui.root.getRootNode().activeElement)
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      all[(here + (event.key === "ArrowDown" ? 1 : -1) + all.length) % all.length].focus()
      event.preventDefault()
    } else if (event.key === "Escape") { close_menu(ui); from.focus?.() }
    event.stopPropagation()
  }
  ui.root.append(box)
  ui.opened = box
  box.firstChild.focus()
  ui.away = event => { if (!event.composedPath().includes(box)) close_menu(ui) }
  setTimeout(() => document.addEventListener("pointerdown", ui.away))
}

const close_menu = ui => {
  ui.opened?.remove()
  ui.opened = null
  if (ui.away) document.removeEventListener("pointerdown", ui.away)
  ui.away = null
}

/** Arrows go from plan to plan, Enter opens, M is the menu. */
const keys = (ui, event) => {
  const here = ui.root.getRootNode().activeElement?.closest?.("[data-spot]")
  if ((event.ctrlKey || event.metaKey) && event.key === "z" && ui.last) { event.preventDefault(); ui.undo(); return }
  if (!here) return
  const all = [...ui.root.querySelectorAll("[data-spot]")], at = all.indexOf(here)
  const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key]
  const spot = ui.spots.get(here.dataset.spot)
  if (step) { all[at + step]?.focus(); event.preventDefault() }
  else if (event.key === "Enter") { ui.open(here.dataset.spot); event.preventDefault() }
  else if ((event.key === "m" || event.key === "ContextMenu") && ui.data.canEdit && spot?.movable) { open_menu(ui, spot, here); event.preventDefault() }
}
