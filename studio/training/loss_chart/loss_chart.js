import { api } from "../../ui/shared/api.js"
import { button, el } from "../../ui/shared/dom.js"
import { mountable } from "../../ui/shared/mount.js"
import { poll } from "../../ui/shared/polling.js"
import { tr } from "../../ui/shared/words.js"
import { buildAxes, svg } from "./axes.js"
import { readingAt, smoothed, stepAfterKey, stepsOf, thinned } from "./curves.js"
import { ChartScale, extentOf, figures, PADDING } from "./scale.js"
import { loadSettings, saveSettings } from "./settings.js"

/** @import { Point } from "./curves.js" */

/**
 * What `studio.training.loss_chart.loss_chart` sends of a run.
 *
 * @typedef {object} LineData
 * @property {string} name
 * @property {Point[]} points
 * @property {number} steps that the run will have
 * @property {number[]} marks steps
 * @property {string} poll address of further points; empty: the run has ended
 */

/** @typedef {{ lines: LineData[], height: number }} LossChartData */
/** @typedef {LineData & { smooth: Point[], hidden: boolean, color: string }} Line */

const COLORS = Array.from({ length: 6 }, (_, place) => `var(--series-${place + 1})`)
const POLL_MS = 2000

class LossChart {
  /**
   * @param {HTMLElement} root
   * @param {LossChartData} data
   */
  constructor(root, data) {
    this.data = data
    this.settings = loadSettings()
    /** @type {Line[]} */
    this.lines = []
    /** The line pointed at in the legend. @type {Line | null} */
    this.highlighted = null
    /** The step under the cursor; null: none. @type {number | null} */
    this.at = null
    /** @type {(() => void) | null} */
    this.stopPolling = null
    this.box = el("div", "chart")
    this.svg = svg("svg", { role: "img", tabindex: "0" })
    this.cursor = svg("line")
    this.tip = el("div", "tip")
    this.tools = el("div", "tools")
    this.legend = el("div", "legend")
    this.none = el("div", "none muted", tr("The first figures come after a few steps."))
    this.scale = this.newScale()
    this.tip.setAttribute("aria-live", "polite")
    this.box.append(this.svg, this.tip, this.none)
    root.replaceChildren(this.box, this.legend, this.tools)
    this.buildTools()
    this.svg.onpointermove = event => {
      this.at = this.scale.step(event.offsetX)
      this.describe()
    }
    this.svg.onpointerleave = () => this.leave()
    this.svg.onblur = () => this.leave()
    this.svg.onkeydown = event => this.onKey(event)
    this.resizing = new ResizeObserver(() => this.draw())
    this.resizing.observe(this.box)
  }

  buildTools() {
    const { settings, tools } = this
    const changed = () => {
      saveSettings(settings)
      this.draw()
    }
    const value = el("output", "", settings.smooth.toFixed(2))
    const range = el("input")
    Object.assign(range, { type: "range", min: "0", max: "0.99", step: "0.01", value: String(settings.smooth) })
    range.oninput = () => {
      settings.smooth = Number(range.value)
      value.textContent = settings.smooth.toFixed(2)
      changed()
    }
    const smoothing = el("label", "", tr("Smoothing"))
    smoothing.append(range, value)
    tools.append(
      smoothing,
      buildSwitch(tr("Raw values"), settings.raw, on => {
        settings.raw = on
        changed()
      }),
      buildSwitch(tr("Log scale"), settings.log, on => {
        settings.log = on
        changed()
      }),
    )
  }

  /** @param {ComponentRun<LossChartData>} run */
  update({ data }) {
    this.data = data
    this.lines = data.lines.map((line, n) => this.takeLine(line, n))
    this.drawLegend()
    this.draw()
    this.stopPolling?.()
    this.stopPolling = data.lines.some(line => line.poll) ? poll(() => this.readMore(), POLL_MS) : null
  }

  close() {
    this.stopPolling?.()
    this.resizing.disconnect()
  }

  /**
   * A line as it is drawn. What was polled since stays when the page runs again with older figures.
   *
   * @param {LineData} line
   * @param {number} n
   * @returns {Line}
   */
  takeLine(line, n) {
    const old = this.lines.find(known => known.name === line.name && known.poll === line.poll)
    const points = old && line.poll && old.points.length > line.points.length ? old.points : [...line.points]
    return { ...line, points, smooth: [], hidden: old?.hidden ?? false, color: COLORS[n % COLORS.length] }
  }

  async readMore() {
    for (const line of this.lines) {
      if (!line.poll) continue
      const last = line.points.at(-1)?.[0] ?? 0
      /** @type {{ step: number, loss: number }[]} */
      const rows = (await api(`${line.poll}&after=${last}`)).data
      const fresh = rows.filter(row => row.step > last)
      if (!fresh.length) continue
      for (const { step, loss } of fresh) line.points.push([step, loss])
      this.draw()
    }
  }

  get shownLines() {
    return this.lines.filter(line => !line.hidden && line.points.length)
  }

  newScale() {
    const { raw, log } = this.settings
    const lines = this.shownLines
    const extent = extentOf({
      drawn: lines.flatMap(line => (raw ? [line.smooth, line.points] : [line.smooth])),
      steps: lines.map(line => Math.max(line.steps, line.points.at(-1)?.[0] ?? 0)),
      log,
    })
    return new ChartScale({ width: this.box.clientWidth || 600, height: this.data.height }, extent, log)
  }

  draw() {
    const lines = this.shownLines
    const isEmpty = !this.lines.some(line => line.points.length)
    this.none.classList.toggle("gone", !isEmpty)
    this.tip.classList.toggle("gone", !lines.length)
    this.svg.classList.toggle("gone", isEmpty)
    this.tools.classList.toggle("gone", isEmpty)
    if (isEmpty) return
    for (const line of lines) line.smooth = smoothed(line.points, this.settings.smooth)
    const scale = this.newScale()
    this.scale = scale
    this.svg.setAttribute("viewBox", `0 0 ${scale.width} ${scale.height}`)
    this.svg.setAttribute("height", String(scale.height))
    this.cursor = verticalLine("cursor", -9, scale)
    const marks = lines.length === 1 ? lines[0].marks : []
    this.svg.replaceChildren(
      ...buildAxes(scale),
      ...marks.map(step => verticalLine("mark", scale.x(step), scale)),
      ...(this.settings.raw ? lines.map(line => this.buildPath(line, "raw")) : []),
      ...lines.map(line => this.buildPath(line, "smooth")),
      this.cursor,
    )
    this.describe()
  }

  /**
   * @param {Line} line
   * @param {"raw" | "smooth"} kind
   */
  buildPath(line, kind) {
    const faded = this.highlighted && this.highlighted !== line ? " faded" : ""
    const points = thinned(kind === "raw" ? line.points : line.smooth, this.scale.width)
    return svg("path", { class: kind + faded, stroke: line.color, d: this.scale.path(points) })
  }

  /** The figures at the cursor, or at the end of each line. */
  describe() {
    const { at, scale, tip } = this
    const lines = this.shownLines
    if (!lines.length) return
    const readings = lines.map(line => readingAt(line, at)).filter(reading => reading !== null)
    if (at !== null) this.moveCursor(scale.x(readings[0]?.step ?? at))
    const isComparison = this.lines.length > 1
    const rows = readings.map(reading => this.buildReading(reading, isComparison))
    if (isComparison)
      rows.unshift(el("div", "step", at === null ? tr("At the end") : tr("Step {step}", { step: Math.round(at) })))
    tip.replaceChildren(...rows)
    const isFar = at !== null && scale.x(at) > scale.width * 0.5
    tip.style.left = isFar ? `${PADDING.left + 4}px` : ""
    tip.style.right = isFar ? "" : `${PADDING.right + 2}px`
    // innerText has line breaks between the rows, textContent has none.
    const spoken = tip.innerText.replaceAll("\n", ", ")
    this.svg.setAttribute(
      "aria-label",
      tr("Loss over steps. {values}. Arrow keys move along the steps.", { values: spoken }),
    )
  }

  /** @param {number} x px */
  moveCursor(x) {
    for (const side of ["x1", "x2"]) this.cursor.setAttribute(side, String(x))
  }

  /**
   * @param {{ curve: Line, step: number, raw: number, smooth: number }} reading
   * @param {boolean} isComparison
   */
  buildReading({ curve, step, raw, smooth }, isComparison) {
    const row = el("div", "one")
    const values = tr("{smooth} (raw {raw})", { smooth: figures(smooth), raw: figures(raw) })
    if (isComparison) {
      const dot = el("span", "dot")
      dot.style.background = curve.color
      row.append(dot, el("span", "cut", curve.name), el("span", "", values))
    } else row.append(el("span", "", tr("step {step} · loss {values}", { step, values })))
    return row
  }

  leave() {
    this.at = null
    this.draw()
  }

  /** @param {KeyboardEvent} event */
  onKey(event) {
    const steps = stepsOf(this.shownLines.map(line => line.points))
    const step = stepAfterKey(event.key, { steps, at: this.at, far: event.shiftKey })
    if (step === undefined) return
    this.at = step
    this.describe()
    event.preventDefault()
  }

  drawLegend() {
    this.legend.classList.toggle("gone", this.lines.length < 2)
    this.legend.replaceChildren(...this.lines.map(line => this.buildLegendEntry(line)))
  }

  /** @param {Line} line */
  buildLegendEntry(line) {
    const entry = button("", () => {
      line.hidden = !line.hidden
      entry.setAttribute("aria-pressed", String(!line.hidden))
      this.draw()
    })
    const dot = el("span", "dot")
    dot.style.cssText = `background:${line.color};width:10px;height:10px;border-radius:50%;flex:none`
    entry.append(dot, el("span", "cut", line.name))
    entry.title = tr("Show or hide")
    entry.setAttribute("aria-pressed", String(!line.hidden))
    const highlight = (/** @type {Line | null} */ highlighted) => () => {
      this.highlighted = highlighted
      this.draw()
    }
    entry.onpointerenter = highlight(line)
    entry.onfocus = highlight(line)
    entry.onpointerleave = highlight(null)
    entry.onblur = highlight(null)
    return entry
  }
}

/**
 * @param {string} text
 * @param {boolean} on
 * @param {(on: boolean) => void} onChange
 */
const buildSwitch = (text, on, onChange) => {
  const label = el("label")
  const input = Object.assign(el("input"), { type: "checkbox", checked: on })
  input.oninput = () => onChange(input.checked)
  label.append(input, text)
  return label
}

/**
 * @param {string} className
 * @param {number} x px
 * @param {ChartScale} scale
 */
const verticalLine = (className, x, scale) =>
  svg("line", { class: className, x1: x, x2: x, y1: PADDING.top, y2: scale.height - PADDING.bottom })

export default mountable((root, /** @type {ComponentRun<LossChartData>} */ { data }) => new LossChart(root, data))
