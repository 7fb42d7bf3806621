/** @import { Point } from "./curves.js" */

/** px around the curves. */
export const PADDING = { left: 50, right: 10, top: 12, bottom: 22 }

/**
 * What the axes reach: losses from `low` to `high`, steps from 0 to `steps`.
 *
 * @typedef {{ low: number, high: number, steps: number }} Extent
 */

/**
 * @param {number} value
 * @returns {string}
 */
export const figures = value => {
  if (value === 0) return "0"
  if (value >= 100) return value.toFixed(0)
  if (value >= 1) return value.toFixed(2)
  return value >= 0.001 ? value.toPrecision(3) : value.toExponential(1)
}

/**
 * About `n` round numbers in [from, to].
 *
 * @param {number} from
 * @param {number} to
 * @param {number} n
 */
export const ticks = (from, to, n) => {
  const rough = (to - from) / n || 1
  const power = 10 ** Math.floor(Math.log10(rough))
  const by = power * ([1, 2, 5].find(factor => factor * power >= rough) ?? 10)
  // A billionth of a tick either way: an end that is a round number itself counts.
  const first = Math.ceil(from / by - 1e-9)
  const count = Math.max(0, Math.floor(to / by + 1e-9) - first + 1)
  return Array.from({ length: count }, (_, k) => (first + k) * by)
}

/**
 * 1, 2 and 5 of each power of ten in [from, to]; where that is fewer than two, as on an even axis.
 *
 * @param {number} from above 0
 * @param {number} to
 */
export const logTicks = (from, to) => {
  const found = []
  for (let power = Math.floor(Math.log10(from)); power <= Math.log10(to); power++) {
    for (const factor of [1, 2, 5]) {
      const value = factor * 10 ** power
      if (value >= from && value <= to) found.push(value)
    }
  }
  return found.length > 1 ? found : ticks(from, to, 4)
}

/**
 * What the axes must reach to show the curves. The dearest half percent of losses may leave the top.
 *
 * @param {{ drawn: Point[][], steps: number[], log: boolean }} curves `steps`: how far each curve may come
 * @returns {Extent}
 */
export const extentOf = ({ drawn, steps, log }) => {
  const losses = drawn
    .flat()
    .map(([, loss]) => loss)
    .filter(loss => !log || loss > 0)
    .sort((a, b) => a - b)
  const low = losses[0] ?? 0
  const high = losses[Math.floor((losses.length - 1) * 0.995)] ?? 1
  const last = Math.max(1, ...steps)
  if (log) return { low: low * 0.92, high: Math.max(high * 1.08, low * 1.2), steps: last }
  const room = (high - low || Math.abs(high) || 1) * 0.08
  return { low: Math.max(0, low - room), high: high + room, steps: last }
}

/** Between figures and px of the drawing. */
export class ChartScale {
  /**
   * @param {{ width: number, height: number }} size px
   * @param {Extent} extent
   * @param {boolean} log whether losses stand by their logarithm
   */
  constructor({ width, height }, extent, log) {
    this.width = width
    this.height = height
    this.extent = extent
    this.log = log
  }

  get innerWidth() {
    return this.width - PADDING.left - PADDING.right
  }

  get innerHeight() {
    return this.height - PADDING.top - PADDING.bottom
  }

  /** @param {number} step */
  x(step) {
    return PADDING.left + (this.innerWidth * step) / this.extent.steps
  }

  /** @param {number} loss */
  y(loss) {
    return PADDING.top + this.innerHeight * (1 - Math.max(0, this.share(loss)))
  }

  /** The step under a px. @param {number} x */
  step(x) {
    return Math.max(0, (x - PADDING.left) / this.innerWidth) * this.extent.steps
  }

  /** How high a loss stands, 0 to 1; what is above the axis stands at its top. @param {number} loss */
  share(loss) {
    const { low, high } = this.extent
    const up = (/** @type {number} */ value) => (this.log ? Math.log(Math.max(value, low)) : value)
    return (up(Math.min(loss, high)) - up(low)) / (up(high) - up(low))
  }

  /**
   * The path of a curve; on a logarithmic axis what is 0 is left out.
   *
   * @param {Point[]} points
   */
  path(points) {
    return points
      .filter(([, loss]) => !this.log || loss > 0)
      .map(([step, loss], n) => `${n ? "L" : "M"}${this.x(step).toFixed(1)} ${this.y(loss).toFixed(1)}`)
      .join("")
  }
}
