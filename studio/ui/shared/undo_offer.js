/**
 * What a toast with an undo says: `id` of the undo entry (POST /api/history/{id}/undo), `text` of what was done.
 * `request`: what undoes it instead, where there is no entry; then `id` is only a name of its own.
 *
 * @typedef {{ id: string, text: string, request?: { path: string, body: object } }} UndoOffer
 */

/** The event on `document` with which anything in the page offers an undo: its `detail` is an UndoOffer. */
export const UNDO_EVENT = "studio:undo"

/** The event with which anything in the page tells something that cannot be undone: its `detail` is the text. */
export const SAY_EVENT = "studio:say"

/** Shows a sentence in the same place for a moment. @param {string} text */
export const say = text => {
  document.dispatchEvent(new CustomEvent(SAY_EVENT, { detail: text }))
}

/** Shows the toast with the undo, whoever calls; the same offer is shown once. @param {UndoOffer} offer */
export const offerUndo = offer => {
  document.dispatchEvent(new CustomEvent(UNDO_EVENT, { detail: offer }))
}
