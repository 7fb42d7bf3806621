const FINAL_STATES = ["completed", "failed", "cancelled"]

const cell_of = (ui, n) => {
  const td = el("td"), pic = button("", () => { const id = ui.cells[n]?.id; if (id) ui.open(id) }, "cell")
  const img = el("img"); img.loading = "lazy"; img.decoding = "async"; img.alt = ""
  img.onload = () => img.classList.add("here")
  pic.append(img); pic.disabled = true
  td.append(pic)
  ui.parts.set(n, { pic, img })
  return td
}

const build_tables = ui => {
  const [x, y, z] = [0, 1, 2].map(at => ui.data.axes[at] ?? { title: "", labels: [""] })
  ui.parts.clear()
  const tables = z.labels.map((sheet, k) => {
    const block = el("div", "sheet"), scroll = el("div", "scroll"), table = el("table"), head = el("tr")
    if (z.title) block.append(el("div", "which", `${z.title}: ${sheet}`))
    const corner = el("th", "corner", y.title ? `${y.title} ↓  ${x.title} →` : x.title)
    head.append(corner, ...x.labels.map(label => { const th = el("th", "", label); th.scope = "col"; return th }))
    table.append(head)
    y.labels.forEach((label, j) => {
      const row = el("tr"), th = el("th", "side", label)
      th.scope = "row"
      row.append(th, ...x.labels.map((_, i) => cell_of(ui, i + x.labels.length * (j + y.labels.length * k))))
      table.append(row)
    })
    scroll.append(table); block.append(scroll)
    return block
  })
  ui.box.replaceChildren(...tables)
}

const draw_cells = ui => {
  for (const [n, part] of ui.parts) {
    const cell = ui.cells[n]
    part.pic.disabled = !cell
    part.pic.classList.toggle("wait", !cell && Boolean(ui.data.poll))
    if (!cell) continue
    if (part.src !== cell.src) { part.src = cell.src; part.img.src = cell.src }
    put(part.img, "alt", cell.alt); put(part.pic, "title", cell.alt)
  }
}

const build_view = root => {
  const ui = { box: el("div"), parts: new Map(), cells: {}, axes: "", stop: null, polled: "" }
  const bar = el("label", "row bar-size"), size = Object.assign(el("input"), { type: "range", min: 64, max: 320, value: 140 })
  size.oninput = () => ui.box.style.setProperty("--side", `${size.value}px`)
  bar.append(el("span", "muted", "Size"), size)
  root.replaceChildren(bar, ui.box)
  /** As large as all columns fit beside each other, until somebody says otherwise. */
  ui.fit = () => {
    const columns = ui.data.axes[0].labels.length
    size.value = Math.max(72, Math.min(220, Math.floor((root.clientWidth - 110) / columns) - 7))
    ui.box.style.setProperty("--side", `${size.value}px`)
  }
  return ui
}

const fill_cells = async ui => {
  const answer = await api(ui.data.poll)
  answer.data.forEach(row => {
    ui.cells[row.n] ??= { id: row.id, alt: row.prompt, src: `/api/media/${encodeURIComponent(ui.data.workspace)}/${row.assetId}?w=320` }
  })
  draw_cells(ui)
  if (FINAL_STATES.includes(answer.state)) { ui.stop?.(); ui.stop = null; ui.filled({ at: Date.now() }) }
}

const mounted = new WeakMap()

export default function ({ data, parentElement, setTriggerValue }) {
  const ui = mounted.get(parentElement) ?? build_view(parentElement.querySelector(".root"))
  mounted.set(parentElement, ui)
  ui.data = data
  ui.box.style.setProperty("--ratio", data.ratio)
  ui.cells = { ...(data.poll && data.poll === ui.polled ? ui.cells : {}), ...data.cells }
  const axes = JSON.stringify(data.axes)
  if (ui.axes !== axes) { ui.axes = axes; ui.fit(); build_tables(ui) }
  ui.open = id => setTriggerValue("opened", { id, at: Date.now() })
  ui.filled = value => setTriggerValue("filled", value)
  draw_cells(ui)
  if (data.poll !== ui.polled || !data.poll) { ui.stop?.(); ui.stop = null; ui.polled = data.poll; if (data.poll) ui.stop = poll(() => fill_cells(ui), 1500) }
  return () => { ui.stop?.(); mounted.delete(parentElement) }
}
