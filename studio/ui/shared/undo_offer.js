/** What a toast with an undo says: `id` of the undo entry (POST /api/history/{id}/undo), `text` of what was done. */
/** @typedef {{ id: string, text: string }} UndoOffer */

/** The event on `document` with which anything in the page offers an undo: its `detail` is an UndoOffer. */
export const UNDO_EVENT = "studio:undo"

/** Shows the toast with the undo, whoever calls; the same offer is shown once. @param {UndoOffer} offer */
export const offerUndo = offer => {
  document.dispatchEvent(new CustomEvent(UNDO_EVENT, { detail: offer }))
}
