const EMPTY_WORDS = { dataset: "No dataset", run: "Not trained here", lora: "No LoRA", picture: "No pictures yet", clip: "No videos yet" }

const build_node = (ui, node) => {
  const box = el("div", `node${node.focus ? " focus" : ""}${node.gone ? " gone-since" : ""}`), text = el("button", "name"), thumbs = el("div", "thumbs")
  text.type = "button"
  text.append(el("b", "cut", node.title), el("span", "muted cut", [node.detail, node.gone ? "deleted" : ""].filter(Boolean).join(" · ")))
  text.title = node.focus ? node.title : `Lineage of ${node.title}`
  text.onclick = () => ui.choose(node, node.focus)
  for (const id of node.thumbs) { const img = el("img"); img.loading = "lazy"; img.alt = ""; img.src = `/api/media/${encodeURIComponent(ui.data.workspace)}/${id}?w=160`; thumbs.append(img) }
  const open = button("↗", () => ui.choose(node, true), "quiet")
  open.title = "Open its page"; open.setAttribute("aria-label", `Open ${node.title}`)
  box.append(thumbs, text, open)
  ui.nodes.set(node.id, box)
  return box
}

/** Many pictures or videos are one box of thumbnails with one line to it. */
const build_group = (ui, nodes) => {
  const box = el("div", "node group")
  for (const node of nodes) {
    const open = button("", () => ui.choose(node, true)), img = el("img")
    img.loading = "lazy"; img.alt = ""; img.src = `/api/media/${encodeURIComponent(ui.data.workspace)}/${node.thumbs[0]}?w=160`
    open.title = [node.title, node.detail].filter(Boolean).join(" · "); open.setAttribute("aria-label", `Open ${node.title}`)
    open.append(img); box.append(open); ui.nodes.set(node.id, box)
  }
  return box
}

const draw_lines = ui => {
  const frame = ui.body.getBoundingClientRect(), paths = [], drawn = new Set()
  ui.svg.setAttribute("viewBox", `0 0 ${frame.width} ${frame.height}`); ui.svg.setAttribute("width", frame.width); ui.svg.setAttribute("height", frame.height)
  for (const [left, right] of ui.data.edges) {
    const from = ui.nodes.get(left)?.getBoundingClientRect(), to = ui.nodes.get(right)?.getBoundingClientRect()
    if (!from || !to || to.left <= from.right) continue
    const x1 = from.right - frame.left, y1 = from.top + from.height / 2 - frame.top, x2 = to.left - frame.left, y2 = to.top + to.height / 2 - frame.top, half = (x2 - x1) / 2
    const shape = `M${x1},${y1} C${x1 + half},${y1} ${x2 - half},${y2} ${x2},${y2}`
    if (drawn.has(shape)) continue
    drawn.add(shape)
    const path = document.createElementNS("http://www.w3.org/2000/svg", "path")
    path.setAttribute("d", shape)
    paths.push(path)
  }
  ui.svg.replaceChildren(...paths)
}

const draw = ui => {
  ui.nodes.clear()
  ui.columns.replaceChildren(...ui.data.columns.map(column => {
    const box = el("div", "column"), hidden = column.count - column.nodes.length
    box.append(el("div", "muted title", `${column.title}${column.count ? ` · ${column.count.toLocaleString("en")}${column.more ? "+" : ""}` : ""}`))
    box.append(...["picture", "clip"].includes(column.noun) && column.nodes.length > 1 ? [build_group(ui, column.nodes)] : column.nodes.map(node => build_node(ui, node)))
    if (!column.nodes.length) box.append(el("div", "none muted", EMPTY_WORDS[column.noun]))
    if (hidden > 0) box.append(el("div", "muted rest", `and ${hidden.toLocaleString("en")}${column.more ? "+" : ""} more`))
    return box
  }))
  requestAnimationFrame(() => draw_lines(ui))
}

const mounted = new WeakMap()

export default function ({ data, parentElement, setTriggerValue }) {
  let ui = mounted.get(parentElement)
  if (!ui) {
    const root = parentElement.querySelector(".root")
    ui = { body: el("div", "body"), columns: el("div", "columns"), svg: document.createElementNS("http://www.w3.org/2000/svg", "svg"), nodes: new Map() }
    ui.svg.setAttribute("aria-hidden", "true"); ui.body.append(ui.svg, ui.columns); root.replaceChildren(ui.body)
    ui.watch = new ResizeObserver(() => draw_lines(ui)); mounted.set(parentElement, ui)
  }
  ui.data = data
  ui.choose = (node, page) => setTriggerValue("chosen", { noun: node.noun, id: node.id, page, at: Date.now() })
  draw(ui); ui.watch.observe(ui.body)
  return () => { ui.watch.disconnect(); mounted.delete(parentElement) }
}
