const PAD = { left: 46, right: 8, top: 22, bottom: 22 }
const svg = (tag, attributes = {}) => {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag)
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value)
  return node
}

/** Exponential mean with the start corrected, as TensorBoard does it. */
const smoothed = (points, weight = 0.9) => {
  let mean = 0, norm = 0
  return points.map(([step, loss]) => { mean = mean * weight + loss * (1 - weight); norm = norm * weight + (1 - weight); return [step, mean / norm] })
}

/** At most `most` points, evenly: a browser cannot show more than it has pixels. */
const thin = (points, most) => points.length <= most ? points
  : Array.from({ length: most }, (_, n) => points[Math.round(n * (points.length - 1) / (most - 1))])

const figures = value => value >= 100 ? value.toFixed(0) : value >= 1 ? value.toFixed(2) : value >= 0.01 ? value.toFixed(3) : value.toExponential(1)

const scale_of = ui => {
  const sorted = ui.points.map(point => point[1]).sort((a, b) => a - b)
  const low = sorted[0], high = sorted[Math.floor((sorted.length - 1) * 0.99)]
  const pad = (high - low || Math.abs(high) || 1) * 0.08
  return { y0: Math.max(0, low - pad), y1: high + pad, x1: Math.max(ui.data.steps, ui.points.at(-1)[0], 1) }
}

const draw_chart = ui => {
  ui.none.classList.toggle("gone", ui.points.length > 0); ui.tip.classList.toggle("gone", ui.points.length === 0)
  ui.svg.classList.toggle("gone", ui.points.length === 0)
  if (!ui.points.length) return
  const width = ui.box.clientWidth || 600, height = ui.data.height, area = scale_of(ui)
  const x = step => PAD.left + (width - PAD.left - PAD.right) * step / area.x1
  const y = loss => PAD.top + (height - PAD.top - PAD.bottom) * (1 - (Math.min(loss, area.y1) - area.y0) / (area.y1 - area.y0))
  const path = points => points.map(([step, loss], n) => `${n ? "L" : "M"}${x(step).toFixed(1)} ${y(loss).toFixed(1)}`).join("")
  ui.map = { x, y, width, height, area }
  ui.svg.setAttribute("viewBox", `0 0 ${width} ${height}`); ui.svg.setAttribute("height", height)
  const parts = [0, 0.5, 1].flatMap(share => {
    const loss = area.y0 + (area.y1 - area.y0) * share, label = svg("text", { x: PAD.left - 6, y: y(loss) + 4, "text-anchor": "end" })
    label.textContent = figures(loss)
    return [svg("line", { class: "axis", x1: PAD.left, x2: width - PAD.right, y1: y(loss), y2: y(loss) }), label]
  })
  for (const share of [0, 0.5, 1]) {
    const step = Math.round(area.x1 * share), label = svg("text", { x: x(step), y: height - 6, "text-anchor": share === 1 ? "end" : share ? "middle" : "start" })
    label.textContent = share === 1 ? `step ${step}` : String(step)
    parts.push(label)
  }
  for (const step of ui.data.marks) parts.push(svg("line", { class: "mark", x1: x(step), x2: x(step), y1: PAD.top, y2: height - PAD.bottom }))
  ui.cursor = svg("line", { class: "cursor", y1: PAD.top, y2: height - PAD.bottom, x1: -9, x2: -9 })
  ui.soft = smoothed(ui.points)
  parts.push(svg("path", { class: "raw", d: path(thin(ui.points, width)) }), svg("path", { class: "smooth", d: path(thin(ui.soft, width)) }), ui.cursor)
  ui.svg.replaceChildren(...parts)
  tell(ui, ui.points.length - 1)
}

const tell = (ui, n) => {
  const [step, loss] = ui.points[n]
  put(ui.tip, "textContent", `step ${step} · loss ${figures(ui.soft[n][1])} (raw ${figures(loss)})`)
  ui.svg.setAttribute("aria-label", `Loss over ${ui.points.length} steps, now ${figures(ui.soft.at(-1)[1])}`)
}

const build_chart = root => {
  const ui = { box: el("div", "chart"), svg: svg("svg", { role: "img" }), tip: el("div", "tip"), none: el("div", "none muted", "The first figures come after a few steps."), points: [] }
  ui.box.append(ui.svg, ui.tip, ui.none); root.replaceChildren(ui.box)
  ui.svg.onpointermove = event => {
    const step = (event.offsetX - PAD.left) / (ui.map.width - PAD.left - PAD.right) * ui.map.area.x1
    let n = ui.points.findIndex(point => point[0] >= step)
    if (n < 0) n = ui.points.length - 1
    ui.cursor.setAttribute("x1", ui.map.x(ui.points[n][0])); ui.cursor.setAttribute("x2", ui.map.x(ui.points[n][0])); tell(ui, n)
  }
  ui.svg.onpointerleave = () => draw_chart(ui)
  ui.watch = new ResizeObserver(() => draw_chart(ui)); ui.watch.observe(ui.box)
  return ui
}

const more = async ui => {
  const last = ui.points.at(-1)?.[0] ?? 0
  const answer = await api(`${ui.data.poll}&after=${last}`)
  const fresh = answer.data.filter(point => point.step > last)
  if (fresh.length) { ui.points.push(...fresh.map(point => [point.step, point.loss])); draw_chart(ui) }
}

const mounted = new WeakMap()

export default function ({ data, parentElement }) {
  const ui = mounted.get(parentElement) ?? build_chart(parentElement.querySelector(".root"))
  mounted.set(parentElement, ui)
  if (!(data.poll && ui.points.length > data.points.length && ui.data?.poll === data.poll)) ui.points = [...data.points]
  ui.data = data
  draw_chart(ui)
  ui.stop?.(); ui.stop = data.poll ? poll(() => more(ui), 2000) : null
  return () => { ui.stop?.(); ui.watch.disconnect(); mounted.delete(parentElement) }
}
