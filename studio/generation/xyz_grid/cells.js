/** @typedef {{ title: string, labels: string[] }} GridAxis */

/** @type {GridAxis} */
const NO_AXIS = { title: "", labels: [""] }

/**
 * The three axes; one that is not used has a single place without a word.
 *
 * @param {GridAxis[]} axes
 * @returns {[x: GridAxis, y: GridAxis, z: GridAxis]}
 */
export const threeAxes = ([x = NO_AXIS, y = NO_AXIS, z = NO_AXIS]) => [x, y, z]

/**
 * The number of a cell: x runs fastest, then y, then z.
 *
 * @param {{ i: number, j: number, k: number }} place
 * @param {GridAxis[]} axes x, y
 */
export const cellNumber = ({ i, j, k }, [x, y]) => i + x.labels.length * (j + y.labels.length * k)

/**
 * px of a cell so that all columns fit beside each other.
 *
 * @param {number} width px
 * @param {number} columns
 */
export const fittingSide = (width, columns) => Math.max(72, Math.min(220, Math.floor((width - 110) / columns) - 7))

/** What stands where the axes meet. @param {GridAxis} x @param {GridAxis} y */
export const cornerText = (x, y) => (y.title ? `${y.title} ↓  ${x.title} →` : x.title)
