import { clamp } from "../../ui/shared/numbers.js"

/** px of the whole picture. @typedef {[x: number, y: number, width: number, height: number]} CropBox */

/** The picture, and the least px of a side. @typedef {{ width: number, height: number, least: number }} CropFrame */

/** Width by height; 0: free. @typedef {number} CropShape */

/**
 * As wide and high as the shape allows within (w, h).
 *
 * @param {number} w
 * @param {number} h
 * @param {CropShape} shape
 * @returns {[width: number, height: number]}
 */
const shaped = (w, h, shape) => {
  if (!shape) return [w, h]
  return w / h > shape ? [h * shape, h] : [w, w / shape]
}

/**
 * A box brought inside the picture, its sides at least as long as they may be, in the chosen shape.
 *
 * @param {CropBox} box
 * @param {CropFrame} frame
 * @param {CropShape} shape
 * @returns {CropBox}
 */
export const fitted = ([x, y, width, height], frame, shape) => {
  const leastWidth = Math.min(frame.least, frame.width)
  const leastHeight = Math.min(frame.least, frame.height)
  let w = clamp(width, leastWidth, frame.width)
  let h = clamp(height, leastHeight, frame.height)
  if (shape) {
    const [shapedWidth, shapedHeight] = shaped(w, h, shape)
    const grow = Math.max(1, leastWidth / shapedWidth, leastHeight / shapedHeight)
    const shrink = Math.min(1, frame.width / (shapedWidth * grow), frame.height / (shapedHeight * grow))
    w = shapedWidth * grow * shrink
    h = shapedHeight * grow * shrink
  }
  return [clamp(x, 0, frame.width - w), clamp(y, 0, frame.height - h), w, h]
}

/**
 * In whole px, not beyond the picture.
 *
 * @param {CropBox} box
 * @param {CropFrame} frame
 * @returns {CropBox}
 */
export const rounded = ([x, y, w, h], frame) => {
  const left = Math.round(x)
  const top = Math.round(y)
  return [left, top, Math.min(Math.round(w), frame.width - left), Math.min(Math.round(h), frame.height - top)]
}

/**
 * Whether a box is the whole picture.
 *
 * @param {CropBox} box
 * @param {CropFrame} frame
 */
export const isWhole = (box, frame) => {
  const [x, y, w, h] = rounded(box, frame)
  return x === 0 && y === 0 && w === frame.width && h === frame.height
}

/** A corner: 1 is right, or low. @typedef {{ name: string, right: 0 | 1, low: 0 | 1 }} CropCorner */

/**
 * A box whose corner was pulled by (dx, dy); the opposite corner stays.
 *
 * @param {CropBox} box
 * @param {{ corner: CropCorner, dx: number, dy: number }} pull
 * @param {CropFrame} frame
 * @param {CropShape} shape
 * @returns {CropBox}
 */
export const pulled = ([x, y, w, h], { corner, dx, dy }, frame, shape) => {
  const wide = clamp(corner.right ? w + dx : w - dx, frame.least, corner.right ? frame.width - x : x + w)
  const high = clamp(corner.low ? h + dy : h - dy, frame.least, corner.low ? frame.height - y : y + h)
  const [nw, nh] = shaped(wide, high, shape)
  return [corner.right ? x : x + w - nw, corner.low ? y : y + h - nh, nw, nh]
}

/** @type {Record<string, [x: number, y: number]>} */
const CROP_ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }

/**
 * What an arrow makes of a box: a hundredth of the picture further, with Alt 1 px, with Shift another size. null: no
 * arrow.
 *
 * @param {CropBox} box
 * @param {{ key: string, shiftKey: boolean, altKey: boolean }} event
 * @param {CropFrame} frame
 * @param {CropShape} shape
 * @returns {CropBox | null}
 */
export const keyed = ([x, y, w, h], { key, shiftKey, altKey }, frame, shape) => {
  const arrow = CROP_ARROWS[key]
  if (!arrow) return null
  const step = altKey ? 1 : Math.max(1, Math.round(frame.width / 100))
  const dx = arrow[0] * step
  const dy = arrow[1] * step
  if (!shiftKey) return [x + dx, y + dy, w, h]
  // In a shape both sides change, whichever arrow it was.
  return [x, y, w + (dx || (shape ? dy * shape : 0)), h + (dy || (shape ? dx / shape : 0))]
}

/**
 * The box in another shape, about as large as before.
 *
 * @param {CropBox} box
 * @param {CropFrame} frame
 * @param {CropShape} shape
 * @returns {CropBox}
 */
export const reshaped = ([x, y, w, h], frame, shape) => {
  const side = Math.sqrt(w * h)
  const width = side * Math.sqrt(shape)
  const height = side / Math.sqrt(shape)
  return fitted([x + (w - width) / 2, y, Math.min(frame.width, width), Math.min(frame.height, height)], frame, shape)
}

/**
 * A square around a face, with room for hair and shoulders.
 *
 * @param {number[]} face x, y, width, height as shares of the picture
 * @param {CropFrame} frame
 * @returns {CropBox}
 */
export const aroundFace = ([fx, fy, fw, fh], frame) => {
  const { width, height, least } = frame
  const side = Math.min(width, height, Math.max(2.4 * fh * height, 2.4 * fw * width, least))
  return fitted([(fx + fw / 2) * width - side / 2, (fy + fh * 0.55) * height - side / 2, side, side], frame, 1)
}
