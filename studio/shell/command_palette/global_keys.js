import { meaningOf } from "./key_meaning.js"
import { GO_TO } from "./keys.js"

/** Keys pressed in one of these are its own: letters are typed there, or choose an entry. */
const OWN_KEYS = [
  "input:not([type=checkbox], [type=radio], [type=range], [type=button], [type=submit], [type=file], [type=color])",
  "textarea",
  "select",
  "[contenteditable]:not([contenteditable=false])",
  "[role=combobox]",
  "[role=listbox]",
  "[role=menu]",
].join(",")
/** How long G waits for its letter. */
const AFTER_G_MS = 1500

/**
 * @typedef {object} GlobalActs
 * @property {() => void} openPalette
 * @property {() => void} openKeys
 * @property {() => void} search
 * @property {() => void} makeNew
 * @property {(file: string) => boolean} go false: this person has no such page
 * @property {() => boolean} isOff
 */

/**
 * Hears every key before the page does (capture, on the window), so that a letter that is switched off, or that follows
 * G, reaches nobody else.
 */
export class GlobalKeys {
  /** @param {GlobalActs} acts */
  constructor(acts) {
    this.acts = acts
    /** When G was pressed last, in ms since the page was opened. Never is not 0: on a new page that is a moment ago. */
    this.pressedGAt = -Infinity
    this.listening = new AbortController()
    window.addEventListener("keydown", event => this.onKey(event), { capture: true, signal: this.listening.signal })
  }

  close() {
    this.listening.abort()
  }

  /** @param {KeyboardEvent} event */
  onKey(event) {
    const { acts } = this
    if (event.isComposing || event.defaultPrevented) return
    const isAfterG = event.timeStamp - this.pressedGAt < AFTER_G_MS
    const meaning = meaningOf(event, {
      isTyping: isForField(event),
      isCovered: isCovered(),
      isOff: acts.isOff(),
      isMac: isMac(),
      isAfterG: isAfterG && !event.repeat,
    })
    if (event.key !== "Shift") this.pressedGAt = -Infinity
    if (!meaning || !this.act(meaning, event)) return
    event.stopImmediatePropagation()
    if (meaning !== "swallow") event.preventDefault()
  }

  /**
   * Whether it was done.
   *
   * @param {import("./key_meaning.js").Meaning} meaning
   * @param {KeyboardEvent} event
   */
  act(meaning, event) {
    const { acts } = this
    if (meaning === "go") {
      const file = GO_TO[event.key.toLowerCase()]
      return Boolean(file && acts.go(file))
    }
    if (meaning === "g") this.pressedGAt = event.timeStamp
    else if (meaning === "palette") acts.openPalette()
    else if (meaning === "keys") acts.openKeys()
    else if (meaning === "search") acts.search()
    else if (meaning === "new") acts.makeNew()
    return true
  }
}

/** @param {Event} event */
const isForField = event => event.composedPath().some(node => node instanceof Element && node.matches(OWN_KEYS))

/** A dialog lies over the page: letters are not for what is under it. */
const isCovered = () => document.querySelector("[role=dialog], [role=alertdialog], dialog[open]") !== null

export const isMac = () => /Mac|iPhone|iPad/.test(navigator.platform)

/**
 * The first field to search in that can be seen; components keep theirs in shadow roots.
 *
 * @param {string} word that the name or hint of Streamlit's fields begins with: "Search"
 * @returns {HTMLInputElement | undefined}
 */
export const searchField = word =>
  fieldsOf(document).find(field => {
    const isNamed = [field.placeholder, field.getAttribute("aria-label") ?? ""].some(text => text.startsWith(word))
    return (field.type === "search" || isNamed) && !field.disabled && field.checkVisibility()
  })

/** @param {Document | ShadowRoot} tree @returns {HTMLInputElement[]} */
const fieldsOf = tree =>
  [...tree.querySelectorAll("*")].flatMap(node => {
    if (node instanceof HTMLInputElement) return [node]
    return node.shadowRoot ? fieldsOf(node.shadowRoot) : []
  })
