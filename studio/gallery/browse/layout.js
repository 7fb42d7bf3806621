/** px between tiles. */
const GAP = 8

/**
 * A grid of squares. `side` and `rowHeight` in px, the latter with the gap below.
 *
 * @typedef {{ columns: number, side: number, rowHeight: number }} GridLayout
 */

/**
 * As many columns of at least `leastSide` as fit, two at least, made to fill `width`.
 *
 * @param {number} width
 * @param {number} leastSide
 * @returns {GridLayout}
 */
export const gridLayout = (width, leastSide) => {
  const columns = Math.max(2, Math.floor((width + GAP) / (leastSide + GAP)))
  const side = (width - GAP * (columns - 1)) / columns
  return { columns, side, rowHeight: side + GAP }
}

/**
 * px of all rows together, with the gap below the last.
 *
 * @param {number} count
 * @param {GridLayout} layout
 */
const rowsHeight = (count, { columns, rowHeight }) => Math.ceil(count / columns) * rowHeight

/**
 * @param {number} count
 * @param {GridLayout} layout
 */
export const gridHeight = (count, layout) => Math.max(0, Math.ceil(rowsHeight(count, layout) - GAP))

/**
 * Where a tile stands, in whole px.
 *
 * @param {number} index
 * @param {GridLayout} layout
 */
export const tileOffset = (index, { columns, rowHeight }) => {
  const column = index % columns
  const row = (index - column) / columns
  return { x: Math.round(column * rowHeight), y: Math.round(row * rowHeight) }
}

/**
 * The tiles in view: from `first` to before `last`, whole rows, the first row at least.
 *
 * @param {object} view edges in px below the top of the grid
 * @param {number} view.top
 * @param {number} view.bottom
 * @param {number} view.margin px that are drawn beyond each edge
 * @param {GridLayout} layout
 * @param {number} count
 */
export const visibleRange = ({ top, bottom, margin }, { columns, rowHeight }, count) => {
  const first = Math.max(0, Math.floor((top - margin) / rowHeight)) * columns
  const last = Math.min(count, Math.max(columns, Math.ceil((bottom + margin) / rowHeight) * columns))
  return { first, last }
}

/**
 * The places to draw, in order: those in view, and the kept one wherever it is.
 *
 * @param {{ first: number, last: number }} range
 * @param {number | null} kept
 */
export const placesToDraw = ({ first, last }, kept) => {
  const places = []
  for (let place = first; place < last; place++) places.push(place)
  if (kept === null) return places
  if (kept < first) places.unshift(kept)
  else if (kept >= last) places.push(kept)
  return places
}

/**
 * Whether the end of the grid is less than two screens away.
 *
 * @param {{ bottom: number, height: number }} view px
 * @param {GridLayout} layout
 * @param {number} count
 */
export const isNearEnd = ({ bottom, height }, layout, count) => bottom + 2 * height > rowsHeight(count, layout)

/**
 * The thumbnail that is sharp at `side` CSS px, of those the API makes.
 *
 * @param {number} side
 * @param {number} pixelRatio device px per CSS px
 */
export const thumbnailWidth = (side, pixelRatio) => {
  const wanted = side * (pixelRatio || 1)
  if (wanted <= 176) return 160
  return wanted <= 420 ? 320 : 640
}

/**
 * How far to scroll, in px, so that a row is seen whole.
 *
 * @param {{ top: number, bottom: number }} row
 * @param {{ top: number, bottom: number }} view
 */
export const scrollIntoView = (row, view) => {
  if (row.top < view.top) return row.top - view.top
  return row.bottom > view.bottom ? row.bottom - view.bottom : 0
}
