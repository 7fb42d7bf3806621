import { messageOf, send } from "../../ui/shared/api.js"
import { button, el } from "../../ui/shared/dom.js"
import { SAY_EVENT, UNDO_EVENT } from "../../ui/shared/undo_offer.js"
import { tr } from "../../ui/shared/words.js"
import { Countdown } from "./countdown.js"

/** @import { UndoOffer } from "../../ui/shared/undo_offer.js" */

const SHOWN_MS = 10_000
const DONE_MS = 4_000
const MOST = 3
const KEPT = "studio-undo-toasts"
const TYPING = "input, textarea, select, [contenteditable]"

/**
 * Toasts with an undo. There is one of these a tab, kept by the window: the badges that show it are drawn anew on each
 * page, and what was offered stays over that. A page that is loaded again gets them back for the rest of their time.
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
    /** @type {Map<string, { offer: UndoOffer, workspace: string, countdown: Countdown }>} */
    this.openById = new Map()
    /** @type {KeptOffer[]} */
    this.kept = takeKept()
    document.addEventListener(UNDO_EVENT, event => this.offer(/** @type {CustomEvent<UndoOffer>} */ (event).detail))
    document.addEventListener(SAY_EVENT, event => this.say(/** @type {CustomEvent<string>} */ (event).detail))
    window.addEventListener("keydown", event => this.onKey(event))
    window.addEventListener("pagehide", () => this.keep())
  }

  /** Whose offers are shown from now on. @param {string} workspace */
  follow(workspace) {
    this.workspace = workspace
    const kept = this.kept.filter(offer => offer.workspace === workspace)
    this.kept = []
    for (const { offer, left } of kept) this.offer(offer, left)
  }

  /** For the page that is loaded next in this tab. */
  keep() {
    const kept = [...this.openById.values()].map(({ offer, workspace, countdown }) => {
      countdown.pause()
      return { offer, workspace, left: countdown.left, at: Date.now() }
    })
    sessionStorage.setItem(KEPT, JSON.stringify(kept))
  }

  /** @param {string} text */
  say(text) {
    const node = el("div", "toast row")
    const close = button("×", () => node.remove(), "quiet")
    close.setAttribute("aria-label", tr("Close"))
    node.append(el("span", "grow", text), close)
    this.node.append(node)
    window.setTimeout(() => node.remove(), DONE_MS)
  }

  /** @param {UndoOffer} offer @param {number} [left] how long it stays, in ms */
  offer(offer, left = SHOWN_MS) {
    const { id, text } = offer
    if (this.shownIds.has(id)) return
    this.shownIds.add(id)
    const { workspace } = this
    const { path, body } = offer.request ?? { path: `/api/history/${encodeURIComponent(id)}/undo`, body: {} }
    const node = el("div", "toast row")
    const words = el("span", "grow", text)
    const countdown = new Countdown(left, () => this.drop(id, node))
    const undo = button(tr("Undo"), () => press(), "quiet")
    const close = button("×", () => this.drop(id, node), "quiet")
    close.setAttribute("aria-label", tr("Close"))
    const press = async () => {
      if (undo.disabled) return
      undo.disabled = true
      this.undoById.delete(id)
      this.openById.delete(id)
      countdown.stop()
      try {
        await send(path, body, workspace)
        // It keeps its size: a second press must not reach what lies behind it
        node.style.minWidth = `${node.offsetWidth}px`
        node.style.minHeight = `${node.offsetHeight}px`
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
    this.openById.set(id, { offer, workspace, countdown })
    this.node.append(node)
    while (this.node.children.length > MOST) this.node.firstElementChild?.remove()
    countdown.resume()
  }

  /** @param {string} id @param {HTMLElement} node */
  drop(id, node) {
    this.undoById.delete(id)
    this.openById.delete(id)
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

/** @typedef {{ offer: UndoOffer, workspace: string, left: number, at: number }} KeptOffer */

/** What the page before has kept, with the time that is left of it. @returns {KeptOffer[]} */
export const takeKept = (storage = sessionStorage, now = Date.now()) => {
  const kept = /** @type {KeptOffer[]} */ (JSON.parse(storage.getItem(KEPT) ?? "[]"))
  storage.removeItem(KEPT)
  return kept
    .map(offer => ({ ...offer, left: offer.left - Math.max(0, now - offer.at) }))
    .filter(({ left }) => left > 0)
}

/** The toasts of this tab. @returns {UndoToasts} */
export const undoToasts = () => {
  window.__studioUndoToasts ??= new UndoToasts()
  return /** @type {UndoToasts} */ (window.__studioUndoToasts)
}
