import { clamp } from "./numbers.js"

/**
 * How far a key moves in a grid of `count` tiles, from the one at `at`; undefined when the key moves nothing.
 *
 * @param {string} key
 * @param {{ at: number, columns: number, count: number }} grid
 * @returns {number | undefined}
 */
export const gridStep = (key, { at, columns, count }) => {
  switch (key) {
    case "ArrowRight":
      return 1
    case "ArrowLeft":
      return -1
    case "ArrowDown":
      return columns
    case "ArrowUp":
      return -columns
    case "Home":
      return -at
    case "End":
      return count - 1 - at
  }
}

/**
 * The tile a key moves to: never beyond the first or the last.
 *
 * @param {string} key
 * @param {{ at: number, columns: number, count: number }} grid
 * @returns {number | undefined}
 */
export const gridTarget = (key, grid) => {
  const step = gridStep(key, grid)
  return step === undefined ? undefined : clamp(grid.at + step, 0, grid.count - 1)
}

/**
 * How many columns a CSS grid has now.
 *
 * @param {HTMLElement} grid
 */
export const columnsOf = grid => getComputedStyle(grid).gridTemplateColumns.split(" ").length
