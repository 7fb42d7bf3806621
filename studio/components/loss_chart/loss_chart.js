const PAD = { left: 50, right: 10, top: 12, bottom: 22 }
const COLORS = ["#8b5cf6", "#e08700", "#0ea371", "#3b82f6", "#e5484d", "#8a8f98"]
const KEPT = "studio-loss-chart"

const svg = (tag, attributes = {}) => {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag)
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value)
  return node
}

/** Exponential mean with the start corrected, as TensorBoard does it. */
const smoothed = (points, weight) => {
  let mean = 0, norm = 0
  return points.map(([step, loss]) => { mean = mean * weight + loss * (1 - weight); norm = norm * weight + (1 - weight); return [step, mean / norm] })
}

/** At most `most` points, evenly: a browser cannot show more than it has pixels. */
const thin = (points, most) => points.length <= most ? points
  : Array.from({ length: most }, (_, n) => points[Math.round(n * (points.length - 1) / (most - 1))])

const figures = value => value === 0 ? "0" : value >= 100 ? value.toFixed(0) : value >= 1 ? value.toFixed(2) : value >= 0.001 ? value.toPrecision(3) : value.toExponential(1)

/** About `n` round numbers in [from, to]. */
const ticks = (from, to, n) => {
  const rough = (to - from) / n || 1, power = 10 ** Math.floor(Math.log10(rough))
  const by = power * ([1, 2, 5].find(one => one * power >= rough) ?? 10)
  const first = Math.ceil(from / by - 1e-9)
  return Array.from({ length: Math.max(0, Math.floor(to / by + 1e-9) - first + 1) }, (_, k) => (first + k) * by)
}

const log_ticks = (from, to) => {
  const found = []
  for (let power = Math.floor(Math.log10(from)); power <= Math.log10(to); power++)
    for (const one of [1, 2, 5]) if (one * 10 ** power >= from && one * 10 ** power <= to) found.push(one * 10 ** power)
  return found.length > 1 ? found : ticks(from, to, 4)
}

const load_set = () => { try { return JSON.parse(localStorage.getItem(KEPT)) ?? {} } catch { return {} } }
const keep_set = set => { try { localStorage.setItem(KEPT, JSON.stringify(set)) } catch { /* a private window */ } }

const shown = ui => ui.lines.filter(line => !line.hidden && line.points.length)

const scale_of = ui => {
  const lines = shown(ui), log = ui.set.log
  const drawn = lines.flatMap(line => [...line.soft, ...(ui.set.raw ? line.points : [])]).map(point => point[1]).filter(value => !log || value > 0)
  const sorted = drawn.sort((a, b) => a - b)
  const low = sorted[0] ?? 0, high = sorted[Math.floor((sorted.length - 1) * 0.995)] ?? 1
  const x1 = Math.max(1, ...lines.map(line => Math.max(line.steps, line.points.at(-1)[0])))
  if (log) return { y0: low * 0.92, y1: Math.max(high * 1.08, low * 1.2), x1 }
  const pad = (high - low || Math.abs(high) || 1) * 0.08
  return { y0: Math.max(0, low - pad), y1: high + pad, x1 }
}

const map_of = ui => {
  const width = ui.box.clientWidth || 600, height = ui.data.height, area = scale_of(ui), log = ui.set.log
  const up = value => log ? Math.log(Math.max(value, area.y0)) : value
  const share = loss => (up(Math.min(loss, area.y1)) - up(area.y0)) / (up(area.y1) - up(area.y0))
  return {
    width, height, area,
    x: step => PAD.left + (width - PAD.left - PAD.right) * step / area.x1,
    y: loss => PAD.top + (height - PAD.top - PAD.bottom) * (1 - Math.max(0, share(loss))),
    step: px => Math.max(0, (px - PAD.left) / (width - PAD.left - PAD.right)) * area.x1,
  }
}

const axes = ({ area, width, height, x, y }, log) => {
  const parts = []
  for (const loss of log ? log_ticks(area.y0, area.y1) : ticks(area.y0, area.y1, 4)) {
    const label = svg("text", { x: PAD.left - 6, y: y(loss) + 4, "text-anchor": "end" })
    label.textContent = figures(loss)
    parts.push(svg("line", { class: "axis", x1: PAD.left, x2: width - PAD.right, y1: y(loss), y2: y(loss) }), label)
  }
  for (const step of ticks(0, area.x1, width < 480 ? 3 : 6)) {
    const last = x(step) > width - 40, label = svg("text", { x: last ? width - PAD.right : x(step), y: height - 6, "text-anchor": last ? "end" : step ? "middle" : "start" })
    label.textContent = step ? String(step) : "step 0"
    parts.push(label)
  }
  return parts
}

const draw_chart = ui => {
  const lines = shown(ui), any = ui.lines.some(line => line.points.length)
  for (const [node, gone] of [[ui.none, any], [ui.tip, !lines.length], [ui.svg, !any], [ui.tools, !any]]) node.classList.toggle("gone", gone)
  if (!any) return
  for (const line of lines) line.soft = smoothed(line.points, ui.set.smooth)
  const map = ui.map = map_of(ui)
  const path = points => points.filter(point => !ui.set.log || point[1] > 0)
    .map(([step, loss], n) => `${n ? "L" : "M"}${map.x(step).toFixed(1)} ${map.y(loss).toFixed(1)}`).join("")
  ui.svg.setAttribute("viewBox", `0 0 ${map.width} ${map.height}`); ui.svg.setAttribute("height", map.height)
  const parts = axes(map, ui.set.log)
  for (const line of lines) for (const step of line.marks)
    if (lines.length === 1) parts.push(svg("line", { class: "mark", x1: map.x(step), x2: map.x(step), y1: PAD.top, y2: map.height - PAD.bottom }))
  for (const kind of ["raw", "smooth"]) for (const line of lines) {
    if (kind === "raw" && !ui.set.raw) continue
    const faded = ui.bright && ui.bright !== line ? " faded" : ""
    parts.push(svg("path", { class: kind + faded, stroke: line.color, d: path(thin(kind === "raw" ? line.points : line.soft, map.width)) }))
  }
  ui.cursor = svg("line", { class: "cursor", y1: PAD.top, y2: map.height - PAD.bottom, x1: -9, x2: -9 })
  ui.svg.replaceChildren(...parts, ui.cursor)
  tell(ui)
}

/** The figures at the cursor, or at the end of each line. */
const tell = ui => {
  const lines = shown(ui)
  if (!lines.length) return
  const at = ui.at, map = ui.map
  const found = lines.map(line => {
    let n = at == null ? line.points.length - 1 : line.points.findIndex(point => point[0] >= at)
    return { line, n, step: line.points[n]?.[0] }
  }).filter(one => one.n >= 0)
  if (at != null) for (const side of ["x1", "x2"]) ui.cursor.setAttribute(side, map.x(found[0]?.step ?? at))
  const several = ui.lines.length > 1
  const rows = found.map(({ line, n }) => {
    const row = el("div", "one"), dot = el("span", "dot"), values = `${figures(line.soft[n][1])} (raw ${figures(line.points[n][1])})`
    dot.style.background = line.color
    row.append(...(several ? [dot, el("span", "cut", line.name)] : []), el("span", "", several ? values : `step ${line.points[n][0]} · loss ${values}`))
    return row
  })
  if (several) rows.unshift(el("div", "step", at == null ? "At the end" : `Step ${Math.round(at)}`))
  ui.tip.replaceChildren(...rows)
  const left = at != null && map.x(at) > map.width * 0.5
  ui.tip.style.left = left ? `${PAD.left + 4}px` : ""; ui.tip.style.right = left ? "" : `${PAD.right + 2}px`
  ui.svg.setAttribute("aria-label", `Loss over steps. ${ui.tip.innerText.replaceAll("\n", ", ")}. Arrow keys move along the steps.`)
}

const move_by = (ui, key, far) => {
  const steps = [...new Set(shown(ui).flatMap(line => line.points.map(point => point[0])))].sort((a, b) => a - b)
  const now = ui.at == null ? steps.length - 1 : Math.max(0, steps.findIndex(step => step >= ui.at))
  const by = far ? Math.max(10, Math.round(steps.length / 20)) : 1
  const to = { ArrowLeft: now - by, ArrowRight: now + by, Home: 0, End: steps.length - 1 }[key]
  if (to === undefined) return false
  ui.at = steps[Math.min(steps.length - 1, Math.max(0, to))]
  tell(ui)
  return true
}

const tool = (ui, text, type, change, more = {}) => {
  const label = el("label", "", type === "range" ? text : undefined), input = Object.assign(el("input"), { type, ...more })
  input.oninput = () => { change(input); keep_set(ui.set); draw_chart(ui) }
  label.append(input, ...(type === "range" ? [] : [text]))
  ui.tools.append(label)
  return { label, input }
}

const build_chart = root => {
  const ui = { box: el("div", "chart"), svg: svg("svg", { role: "img", tabindex: "0" }), tip: el("div", "tip"), tools: el("div", "tools"), legend: el("div", "legend"),
    none: el("div", "none muted", "The first figures come after a few steps."), lines: [], set: { smooth: 0.9, raw: true, log: false, ...load_set() } }
  ui.tip.setAttribute("aria-live", "polite")
  ui.box.append(ui.svg, ui.tip, ui.none); root.replaceChildren(ui.box, ui.legend, ui.tools)
  const said = el("output", "", ui.set.smooth.toFixed(2))
  tool(ui, "Smoothing", "range", input => { ui.set.smooth = Number(input.value); said.textContent = ui.set.smooth.toFixed(2) },
    { min: "0", max: "0.99", step: "0.01", value: String(ui.set.smooth) }).label.append(said)
  tool(ui, "Raw values", "checkbox", input => { ui.set.raw = input.checked }, { checked: ui.set.raw })
  tool(ui, "Log scale", "checkbox", input => { ui.set.log = input.checked }, { checked: ui.set.log })
  ui.svg.onpointermove = event => { ui.at = ui.map.step(event.offsetX); tell(ui) }
  ui.svg.onpointerleave = () => { ui.at = null; draw_chart(ui) }
  ui.svg.onblur = ui.svg.onpointerleave
  ui.svg.onkeydown = event => { if (move_by(ui, event.key, event.shiftKey)) event.preventDefault() }
  ui.watch = new ResizeObserver(() => draw_chart(ui)); ui.watch.observe(ui.box)
  return ui
}

const draw_legend = ui => {
  ui.legend.classList.toggle("gone", ui.lines.length < 2)
  ui.legend.replaceChildren(...ui.lines.map(line => {
    const entry = button("", () => { line.hidden = !line.hidden; entry.setAttribute("aria-pressed", String(!line.hidden)); draw_chart(ui) })
    const dot = el("span", "dot"); dot.style.background = line.color; dot.style.cssText += ";width:10px;height:10px;border-radius:50%;flex:none"
    entry.append(dot, el("span", "cut", line.name)); entry.title = "Show or hide"
    entry.setAttribute("aria-pressed", String(!line.hidden))
    entry.onpointerenter = entry.onfocus = () => { ui.bright = line; draw_chart(ui) }
    entry.onpointerleave = entry.onblur = () => { ui.bright = null; draw_chart(ui) }
    return entry
  }))
}

const more = async ui => {
  for (const line of ui.lines.filter(one => one.poll)) {
    const last = line.points.at(-1)?.[0] ?? 0
    const fresh = (await api(`${line.poll}&after=${last}`)).data.filter(point => point.step > last)
    if (fresh.length) { line.points.push(...fresh.map(point => [point.step, point.loss])); draw_chart(ui) }
  }
}

const mounted = new WeakMap()

/** What was polled since stays when the page runs again with older figures. */
const taken = (ui, line, n) => {
  const old = ui.lines.find(one => one.name === line.name && one.poll === line.poll)
  const points = old && line.poll && old.points.length > line.points.length ? old.points : [...line.points]
  return { ...line, points, soft: [], hidden: old?.hidden ?? false, color: COLORS[n % COLORS.length] }
}

export default function ({ data, parentElement }) {
  const ui = mounted.get(parentElement) ?? build_chart(parentElement.querySelector(".root"))
  mounted.set(parentElement, ui)
  ui.data = data
  ui.lines = data.lines.map((line, n) => taken(ui, line, n))
  draw_legend(ui); draw_chart(ui)
  ui.stop?.(); ui.stop = data.lines.some(line => line.poll) ? poll(() => more(ui), 2000) : null
  return () => { ui.stop?.(); ui.watch.disconnect(); mounted.delete(parentElement) }
}
