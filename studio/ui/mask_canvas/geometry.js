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

/** Narrowest brush, px of the canvas. */
export const NARROWEST_BRUSH = 4

/**
 * The next wider (`by` 1) or narrower (-1) brush: a fifth more or less, at least a pixel.
 *
 * @param {number} brush
 * @param {1 | -1} by
 * @param {Size} size of the canvas
 */
export const nextBrush = (brush, by, size) => {
  const step = Math.max(1, Math.round(brush / 5))
  return Math.min(Math.max(brush + by * step, NARROWEST_BRUSH), widestBrush(size))
}
