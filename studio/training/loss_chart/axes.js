import { tr } from "../../ui/shared/words.js"
import { figures, logTicks, PADDING, ticks } from "./scale.js"

/** @import { ChartScale } from "./scale.js" */

/**
 * @template {keyof SVGElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, string | number>} [attributes]
 */
export const svg = (tag, attributes = {}) => {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag)
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, String(value))
  return node
}

/**
 * @param {ChartScale} scale
 * @returns {SVGElement[]}
 */
export const buildAxes = scale => [...buildLossAxis(scale), ...buildStepAxis(scale)]

/** @param {ChartScale} scale */
const buildLossAxis = scale => {
  const { low, high } = scale.extent
  const values = scale.log ? logTicks(low, high) : ticks(low, high, 4)
  return values.flatMap(loss => {
    const y = scale.y(loss)
    const label = svg("text", { x: PADDING.left - 6, y: y + 4, "text-anchor": "end" })
    label.textContent = figures(loss)
    return [svg("line", { class: "axis", x1: PADDING.left, x2: scale.width - PADDING.right, y1: y, y2: y }), label]
  })
}

/** @param {ChartScale} scale */
const buildStepAxis = scale =>
  ticks(0, scale.extent.steps, scale.width < 480 ? 3 : 6).map(step => {
    const isLast = scale.x(step) > scale.width - 40
    const anchor = step ? "middle" : "start"
    const label = svg("text", {
      x: isLast ? scale.width - PADDING.right : scale.x(step),
      y: scale.height - 6,
      "text-anchor": isLast ? "end" : anchor,
    })
    label.textContent = step ? String(step) : tr("step {step}", { step })
    return label
  })
