import { mountable } from "../shared/mount.js"
import { offerUndo } from "../shared/undo_offer.js"

/** @import { UndoOffer } from "../shared/undo_offer.js" */

/** What `studio.ui.undo_toast.show_undo_toasts` sends. @typedef {{ offers: UndoOffer[] }} UndoToastData */

class UndoToastSender {
  /** @param {ComponentRun<UndoToastData>} run */
  update({ data }) {
    for (const offer of data.offers) offerUndo(offer)
  }

  close() {}
}

export default mountable((_, /** @type {ComponentRun<UndoToastData>} */ _run) => new UndoToastSender())
