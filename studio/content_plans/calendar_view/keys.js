import { focusedNear } from "../../ui/shared/dom.js"
import { undoLast } from "./actions.js"
import { openEntryMenu } from "./menu.js"

/** @import { CalendarView } from "./calendar.js" */

/** @type {Record<string, number>} */
const STEPS_OF_KEYS = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }

/**
 * Arrows go from entry to entry, Enter opens, M is the menu, Ctrl Z takes the last move back.
 *
 * @param {CalendarView} view
 * @param {KeyboardEvent} event
 */
export const onCalendarKey = (view, event) => {
  if ((event.ctrlKey || event.metaKey) && event.key === "z" && view.lastAct) {
    event.preventDefault()
    undoLast(view)
    return
  }
  /** @type {HTMLElement | null | undefined} */
  const here = focusedNear(view.root)?.closest("[data-spot]")
  if (!here) return
  if (actOnEntryKey(view, here, event.key)) event.preventDefault()
}

/**
 * Whether the key means something on an entry.
 *
 * @param {CalendarView} view
 * @param {HTMLElement} here
 * @param {string} key
 */
const actOnEntryKey = (view, here, key) => {
  const id = here.dataset.spot ?? ""
  const entry = view.entries.get(id)
  const step = STEPS_OF_KEYS[key]
  if (step) {
    /** @type {HTMLElement[]} */
    const all = [...view.root.querySelectorAll("[data-spot]")].filter(node => node instanceof HTMLElement)
    all[all.indexOf(here) + step]?.focus()
  } else if (key === "Enter") view.open(id)
  else if ((key === "m" || key === "ContextMenu") && view.data.canEdit && entry) openEntryMenu(view, entry, here)
  else return false
  return true
}

/**
 * The panel that was closed leaves the focus to the entry it was opened from: that was drawn anew meanwhile.
 *
 * @param {HTMLElement} root
 * @param {Event} event
 */
export const focusClosed = (root, event) => {
  if (document.activeElement !== document.body || !(event instanceof CustomEvent)) return
  /** @type {HTMLElement | null} */
  const entry = root.querySelector(`[data-spot="${CSS.escape(event.detail.id)}"]`)
  entry?.focus({ preventScroll: true })
}
