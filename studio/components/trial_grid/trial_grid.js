const url = (ui, asset, width) => `/api/media/${encodeURIComponent(ui.data.workspace)}/${encodeURIComponent(asset)}${width ? `?w=${width}` : ""}`

const asset_of = (ui, place) => place.asset_id || ui.filled.get(place.n) || ""

const head_cell = column => {
  const node = el("div", "head")
  const title = el("div", "name", column.title)
  column.marks.forEach(([word, tone]) => title.append(el("span", `mark ${tone}`, word)))
  node.append(title, ...column.lines.map(line => el("div", "muted line", line)))
  return node
}

const build_place = (ui, r, c) => {
  const node = button("", () => show(ui, r, c), "place")
  const part = { node, pic: el("div", "pic"), img: el("img"), bar: el("div", "score"), fill: el("i"), words: el("div", "words muted") }
  part.img.loading = "lazy"; part.img.decoding = "async"; part.img.alt = ""
  part.img.onload = () => part.img.classList.add("here")
  part.bar.append(part.fill); part.pic.append(part.img)
  node.append(part.pic, part.bar, part.words)
  return part
}

const draw_place = (ui, part, r, c) => {
  const row = ui.data.rows[r], place = row.places[c], asset = asset_of(ui, place)
  const src = asset ? url(ui, asset, 320) : ""
  if (part.src !== src) { part.src = src; part.img.classList.remove("here"); if (src) part.img.src = src; else part.img.removeAttribute("src") }
  put(part.node, "disabled", !asset)
  part.node.classList.toggle("empty", !asset); part.node.classList.toggle("waiting", !asset && !!ui.data.poll)
  part.node.setAttribute("aria-label", `${ui.data.columns[c].name}: ${row.title}, ${row.note}${place.words ? `, ${place.words}` : ""}`)
  part.bar.classList.toggle("gone", place.score === null)
  if (place.score !== null) part.fill.style.width = `${Math.round(place.score * 100)}%`
  put(part.words, "textContent", place.words); part.words.classList.toggle("gone", !place.words)
}

const draw_all = ui => {
  const { columns, rows } = ui.data
  const shape = JSON.stringify([columns, rows.map(row => [row.title, row.note])])
  if (ui.shape !== shape) {
    ui.shape = shape; ui.places.clear()
    ui.grid.style.setProperty("--n", columns.length)
    ui.grid.replaceChildren(el("div", "corner"), ...columns.map(head_cell))
    rows.forEach((row, r) => {
      const label = el("div", "label")
      label.append(el("div", "prompt", row.title), el("div", "muted line", row.note))
      ui.grid.append(label)
      columns.forEach((_, c) => { const part = build_place(ui, r, c); ui.places.set(`${r}:${c}`, part); ui.grid.append(part.node) })
    })
  }
  rows.forEach((row, r) => row.places.forEach((_, c) => draw_place(ui, ui.places.get(`${r}:${c}`), r, c)))
}

const show = (ui, r, c) => {
  const { columns, rows } = ui.data, place = rows[r]?.places[c], asset = place && asset_of(ui, place)
  if (!asset) return false
  ui.at = [r, c]
  ui.large.src = url(ui, asset); ui.large.alt = `${columns[c].name}: ${rows[r].title}`
  put(ui.title, "textContent", columns[c].name); put(ui.prompt, "textContent", `${rows[r].title} · ${rows[r].note}`)
  put(ui.figures, "textContent", place.words.split("\n").join(" · "))
  ui.strip.replaceChildren(...columns.map((column, i) => {
    const small = asset_of(ui, rows[r].places[i])
    const one = button("", () => show(ui, r, i), i === c ? "on" : "")
    one.setAttribute("aria-label", column.name); one.title = column.name; one.disabled = !small
    if (small) { const img = el("img"); img.src = url(ui, small, 160); img.alt = ""; one.append(img) }
    return one
  }))
  if (!ui.dialog.open) ui.dialog.showModal()
  return true
}

/** To the next drawn cell in that direction. */
const step = (ui, dr, dc) => {
  let [r, c] = ui.at
  do { r += dr; c += dc } while (ui.data.rows[r]?.places[c] && !asset_of(ui, ui.data.rows[r].places[c]))
  show(ui, r, c)
}

const build_dialog = ui => {
  ui.dialog = el("dialog"); ui.large = el("img", "large"); ui.title = el("div", "name"); ui.prompt = el("div", "muted"); ui.figures = el("div", "muted")
  ui.strip = el("div", "strip")
  const nav = (text, label, dr, dc) => { const one = button(text, () => step(ui, dr, dc), "nav"); one.setAttribute("aria-label", label); return one }
  const close = button("✕", () => ui.dialog.close(), "close"); close.setAttribute("aria-label", "Close")
  const middle = el("div", "middle")
  middle.append(nav("‹", "Previous checkpoint", 0, -1), ui.large, nav("›", "Next checkpoint", 0, 1))
  const words = el("div", "about"); words.append(ui.title, ui.prompt, ui.figures)
  ui.dialog.append(close, middle, words, ui.strip, el("div", "muted hint", "← → checkpoint · ↑ ↓ prompt · Esc closes"))
  ui.dialog.onclick = event => { if (event.target === ui.dialog) ui.dialog.close() }
  ui.dialog.onkeydown = event => {
    const move = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key]
    if (!move) return
    event.preventDefault(); event.stopPropagation(); step(ui, ...move)
  }
}

const fill_places = async ui => {
  const answer = await api(ui.data.poll)
  answer.data.forEach(cell => ui.filled.set(cell.n, cell.assetId))
  draw_all(ui)
  if (["completed", "failed", "cancelled"].includes(answer.state)) { ui.stop?.(); ui.stop = null; ui.done({ at: Date.now() }) }
}

const mounted = new WeakMap()

export default function ({ data, parentElement, setTriggerValue }) {
  let ui = mounted.get(parentElement)
  if (!ui) {
    ui = { places: new Map(), filled: new Map(), stop: null, polled: "", at: [0, 0] }
    ui.scroll = el("div", "scroll"); ui.grid = el("div", "cells"); ui.scroll.append(ui.grid)
    build_dialog(ui)
    parentElement.querySelector(".root").replaceChildren(ui.scroll, ui.dialog)
    mounted.set(parentElement, ui)
  }
  ui.data = data
  ui.done = value => setTriggerValue("filled", value)
  ui.grid.style.setProperty("--ratio", data.ratio)
  draw_all(ui)
  if (data.poll !== ui.polled) { ui.stop?.(); ui.stop = null; ui.polled = data.poll; if (data.poll) ui.stop = poll(() => fill_places(ui), 1500) }
  return () => { ui.stop?.(); mounted.delete(parentElement) }
}
