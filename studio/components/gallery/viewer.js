// One picture large on its own page: zoom, the one before and after it in the list people came from, stars by key.
const list_of = data => {
  try { const saved = JSON.parse(sessionStorage.getItem(`studio:gallery:${data.workspace}:${data.board || ""}`)) ?? {}; return saved.query ?? {} } catch { return {} }
}

const address_of = data => {
  const said = new URLSearchParams({ workspace: data.workspace })
  if (data.board) said.set("board", data.board)
  for (const [key, value] of Object.entries(list_of(data))) if (value) said.set(key, value)
  return said
}

const build_viewer = root => {
  const ui = { root, area: el("div", "view"), img: el("img"), note: el("p", "bad gone"), around: {}, turn: 0 }
  ui.before = button("‹", () => ui.step("before"), "step"); ui.after = button("›", () => ui.step("after"), "step")
  ui.before.setAttribute("aria-label", "Picture before (←)"); ui.after.setAttribute("aria-label", "Picture after (→)")
  ui.img.draggable = false; ui.img.decoding = "async"
  const pane = el("div", "pane")
  pane.append(ui.img); ui.area.append(pane, ui.before, ui.after); root.replaceChildren(ui.area, ui.note)
  ui.note.setAttribute("role", "alert")
  ui.say = text => { ui.note.textContent = text; ui.note.classList.toggle("gone", !text) }
  ui.zoom = zoomer(ui.area, () => [ui.img], event => event.ctrlKey)  // else the wheel scrolls the page
  ui.img.ondblclick = () => ui.zoom.toggle()
  ui.step = side => {
    if (!ui.known) { ui.wanted = side; return }  // the neighbours are on their way
    const next = ui.around[side]
    if (!next) return
    ui.show(next); ui.around = {}; ui.known = false; ui.arrows(); ui.moved({ id: next.id, at: Date.now() }); ui.look(next.id)
  }
  ui.show = item => { ui.zoom.reset(); ui.say(""); ui.id = item.id; const src = large(ui.data.workspace, item); if (ui.img.getAttribute("src") !== src) { ui.img.src = src; ui.img.alt = item.prompt } }
  ui.arrows = () => { ui.before.classList.toggle("gone", !ui.around.before); ui.after.classList.toggle("gone", !ui.around.after) }
  ui.look = async id => {
    const turn = ++ui.turn, path = `/api/pictures/${id}/around?`
    const found = await api(path + address_of(ui.data)).catch(() => api(`${path}workspace=${encodeURIComponent(ui.data.workspace)}`)).catch(() => ({}))
    if (turn !== ui.turn) return
    ui.around = found; ui.known = true; ui.arrows()
    for (const one of [found.before, found.after]) if (one) new Image().src = large(ui.data.workspace, one)
    const side = ui.wanted
    ui.wanted = null
    if (side) ui.step(side)
  }
  ui.act = async act => {
    try { await send(`/api/pictures/acts?workspace=${encodeURIComponent(ui.data.workspace)}`, { ...act, pictureIds: [ui.id] }, ui.data.workspace); ui.say(""); ui.changed({ at: Date.now() }) }
    catch (error) { ui.say(error.message) }
  }
  ui.key = event => {
    const at = event.composedPath()[0], key = event.key.toLowerCase()
    if (event.ctrlKey || event.metaKey || event.altKey || at instanceof Element && at.closest("input,textarea,select,[contenteditable],[role=dialog],[role=slider],[role=radiogroup]")) return
    if (ui.zoom.zoomed() && key.startsWith("arrow")) ui.zoom.push({ arrowleft: 60, arrowright: -60 }[key] ?? 0, { arrowup: 60, arrowdown: -60 }[key] ?? 0)
    else if (key === "arrowleft") ui.step("before")
    else if (key === "arrowright") ui.step("after")
    else if (key === "z") ui.zoom.toggle()
    else if (ui.data.canEdit && key === "f") ui.act({ kind: "favourite", favourite: !ui.data.favourite })
    else if (ui.data.canEdit && /^[0-5]$/.test(key)) ui.act({ kind: "rate", rating: Number(key) })
    else return
    event.preventDefault()
  }
  document.addEventListener("keydown", ui.key)
  return ui
}

const mounted = new WeakMap()

export default function ({ data, parentElement, setTriggerValue }) {
  const known = mounted.get(parentElement), ui = known ?? build_viewer(parentElement.querySelector(".root"))
  mounted.set(parentElement, ui)
  ui.data = data
  ui.moved = value => setTriggerValue("moved", value)
  ui.changed = value => setTriggerValue("changed", value)
  ui.area.style.aspectRatio = `${data.width} / ${data.height}`
  if (ui.id !== data.id || !known) { ui.show(data); ui.around = {}; ui.known = false; ui.wanted = null; ui.arrows(); ui.look(data.id) }
  return () => { document.removeEventListener("keydown", ui.key); mounted.delete(parentElement) }
}
