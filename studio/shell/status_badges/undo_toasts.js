import { messageOf, send } from "../../ui/shared/api.js"
import { button, el } from "../../ui/shared/dom.js"
import { UNDO_EVENT } from "../../ui/shared/undo_offer.js"
import { tr } from "../../ui/shared/words.js"
import { Countdown } from "./countdown.js"

/** @import { UndoOffer } from "../../ui/shared/undo_offer.js" */

const SHOWN_MS = 10_000
const DONE_MS = 4_000
const MOST = 3
const TYPING = "input, textarea, select, [contenteditable]"

/**
 * Toasts with an undo. There is one of these a tab, kept by the window: the badges that show it are drawn anew on each
 * page, and what was offered stays over that.
 */
export class UndoToasts {
  constructor() {
    this.node = el("div", "undo-toasts")
    this.node.setAttribute("role", "status")
    this.workspace = ""
    /** Called once something was undone. @type {(id: string) => void} */
    this.onUndone = () => {}
    /** @type {Set<string>} */
    this.shownIds = new Set()
    /** What Ctrl+Z does, the newest last. @type {Map<string, () => void>} */
    this.undoById = new Map()
    document.addEventListener(UNDO_EVENT, event => this.offer(/** @type {CustomEvent<UndoOffer>} */ (event).detail))
    window.addEventListener("keydown", event => this.onKey(event))
  }

  /** @param {UndoOffer} offer */
  offer({ id, text }) {
    if (this.shownIds.has(id)) return
    this.shownIds.add(id)
    const { workspace } = this
    const node = el("div", "toast row")
    const words = el("span", "grow", text)
    const countdown = new Countdown(SHOWN_MS, () => this.drop(id, node))
    const undo = button(tr("Undo"), () => press(), "quiet")
    const close = button("×", () => this.drop(id, node), "quiet")
    close.setAttribute("aria-label", tr("Close"))
    const press = async () => {
      if (undo.disabled) return
      undo.disabled = true
      this.undoById.delete(id)
      countdown.stop()
      try {
        await send(`/api/history/${encodeURIComponent(id)}/undo`, {}, workspace)
        words.textContent = tr("Undone.")
        undo.remove()
        this.onUndone(id)
        window.setTimeout(() => this.drop(id, node), DONE_MS)
      } catch (error) {
        words.textContent = messageOf(error)
        words.setAttribute("role", "alert")
        undo.remove()
      }
    }
    for (const type of ["pointerenter", "focusin"]) node.addEventListener(type, () => countdown.pause())
    for (const type of ["pointerleave", "focusout"])
      node.addEventListener(type, () => {
        if (!node.matches(":hover, :focus-within")) countdown.resume()
      })
    node.append(words, undo, close)
    this.undoById.set(id, press)
    this.node.append(node)
    while (this.node.children.length > MOST) this.node.firstElementChild?.remove()
    countdown.resume()
  }

  /** @param {string} id @param {HTMLElement} node */
  drop(id, node) {
    this.undoById.delete(id)
    node.remove()
  }

  /** Ctrl+Z undoes the newest, where nobody else has a meaning for it. @param {KeyboardEvent} event */
  onKey(event) {
    const isUndo = event.key === "z" && (event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey
    const [target] = event.composedPath()
    if (!isUndo || event.defaultPrevented || (target instanceof Element && target.matches(TYPING))) return
    const newest = [...this.undoById.values()].at(-1)
    if (!newest) return
    event.preventDefault()
    newest()
  }
}

/** The toasts of this tab. @returns {UndoToasts} */
export const undoToasts = () => {
  window.__studioUndoToasts ??= new UndoToasts()
  return /** @type {UndoToasts} */ (window.__studioUndoToasts)
}
