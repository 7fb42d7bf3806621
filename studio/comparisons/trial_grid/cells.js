/** A cell of the grid. @typedef {{ n: number, asset_id: string, score: number | null, words: string }} TrialPlace */

/** @typedef {{ title: string, note: string, places: TrialPlace[] }} TrialRow */

/** @typedef {{ title: string, name: string, lines: string[], marks: [word: string, tone: string][] }} TrialColumn */

/** @typedef {[row: number, column: number]} CellAddress */

/**
 * The next cell with a picture in a direction; null: there is none up to the edge.
 *
 * @param {TrialRow[]} rows
 * @param {CellAddress} from
 * @param {CellAddress} direction
 * @param {(place: TrialPlace) => boolean} isDrawn
 * @returns {CellAddress | null}
 */
export const nextDrawn = (rows, from, direction, isDrawn) => {
  let [row, column] = from
  for (;;) {
    row += direction[0]
    column += direction[1]
    const place = rows[row]?.places[column]
    if (!place) return null
    if (isDrawn(place)) return [row, column]
  }
}

/**
 * What a cell says to screen readers.
 *
 * @param {TrialColumn} column
 * @param {TrialRow} row
 * @param {TrialPlace} place
 */
export const placeText = (column, row, place) =>
  `${column.name}: ${row.title}, ${row.note}${place.words ? `, ${place.words}` : ""}`
