/** @typedef {{ left: number, right: number, top: number, height: number }} LineageBox */

/**
 * The line from the right of one box to the left of another, inside a frame; null: the second does not stand further
 * right.
 *
 * @param {LineageBox} from
 * @param {LineageBox} to
 * @param {{ left: number, top: number }} frame
 */
export const curveBetween = (from, to, frame) => {
  if (to.left <= from.right) return null
  const x1 = from.right - frame.left
  const y1 = from.top + from.height / 2 - frame.top
  const x2 = to.left - frame.left
  const y2 = to.top + to.height / 2 - frame.top
  const half = (x2 - x1) / 2
  return `M${x1},${y1} C${x1 + half},${y1} ${x2 - half},${y2} ${x2},${y2}`
}
