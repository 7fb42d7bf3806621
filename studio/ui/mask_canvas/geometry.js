import { clamp } from "../shared/numbers.js"

/** @typedef {{ x: number, y: number }} CanvasPoint */
/** @typedef {{ x: number, y: number, width: number, height: number }} Rectangle */
/** @typedef {{ width: number, height: number }} Size */

/**
 * The rectangle between two corners, whichever way it was drawn.
 *
 * @param {CanvasPoint} a
 * @param {CanvasPoint} b
 * @returns {Rectangle}
 */
export const rectangleBetween = (a, b) => ({
  x: Math.min(a.x, b.x),
  y: Math.min(a.y, b.y),
  width: Math.abs(a.x - b.x),
  height: Math.abs(a.y - b.y),
})

/**
 * A rectangle as people type it, in percent; each number is brought into 0 to 100.
 *
 * @param {string[]} typed left, top, width, height
 * @param {Size} size px
 * @returns {Rectangle}
 */
export const rectangleFromPercent = (typed, { width, height }) => {
  const [x, y, w, h] = typed.map(text => clamp(Number(text) || 0, 0, 100) / 100)
  return { x: x * width, y: y * height, width: w * width, height: h * height }
}

/**
 * A point of the page on the canvas.
 *
 * @param {{ clientX: number, clientY: number }} event
 * @param {{ left: number, top: number, width: number, height: number }} box of the canvas on the page
 * @param {Size} size of the canvas
 * @returns {CanvasPoint}
 */
export const pointOnCanvas = ({ clientX, clientY }, box, size) => ({
  x: ((clientX - box.left) * size.width) / box.width,
  y: ((clientY - box.top) * size.height) / box.height,
})

/** Width of a fresh brush, px of the canvas. @param {Size} size */
export const firstBrush = ({ width, height }) => Math.round(Math.max(width, height) / 12)

/** @param {Size} size */
export const widestBrush = ({ width, height }) => Math.round(Math.max(width, height) / 3)
