import { clamp } from "../shared/numbers.js"

/** @typedef {{ width: number, height: number }} Area */

/**
 * How a picture lies on the stage: `zoom` 1 shows all of it, `x` and `y` are the px that its upper left corner is moved
 * from where it would be centred.
 *
 * @typedef {{ zoom: number, x: number, y: number }} View
 */

export const MOST_ZOOM = 8
/** A small picture is enlarged so far to fill the stage. */
const MOST_ENLARGED = 6

/** @type {View} */
export const WHOLE = { zoom: 1, x: 0, y: 0 }

/**
 * Size in px at which all of a picture is on the stage.
 *
 * @param {Area} picture
 * @param {Area} stage
 * @returns {Area}
 */
export const fittedSize = (picture, stage) => {
  const scale = Math.min(stage.width / picture.width, stage.height / picture.height, MOST_ENLARGED)
  return { width: picture.width * scale, height: picture.height * scale }
}

/**
 * Keeps the picture on the stage: centred where it is smaller, without a gap at its edges where it is larger.
 *
 * @param {View} view
 * @param {Area} fitted
 * @param {Area} stage
 * @returns {View}
 */
export const keptOnStage = ({ zoom, x, y }, fitted, stage) => {
  const along = (/** @type {number} */ size, /** @type {number} */ room, /** @type {number} */ offset) => {
    const slack = (size - room) / 2
    return slack <= 0 ? 0 : clamp(offset, -slack, slack)
  }
  return {
    zoom,
    x: along(fitted.width * zoom, stage.width, x),
    y: along(fitted.height * zoom, stage.height, y),
  }
}

/**
 * The view after zooming, with the point under the pointer where it was.
 *
 * @param {View} view
 * @param {number} factor
 * @param {{ x: number, y: number }} at px from the middle of the stage
 * @returns {View}
 */
export const zoomedAt = (view, factor, at) => {
  const zoom = clamp(view.zoom * factor, 1, MOST_ZOOM)
  const ratio = zoom / view.zoom
  return { zoom, x: at.x - (at.x - view.x) * ratio, y: at.y - (at.y - view.y) * ratio }
}
