import { button, el } from "./dom.js"
import { tr } from "./words.js"

/** A toast with an undo stays as long. */
const OFFER_MS = 20_000

/** What was just done, at the foot of the page. */
export class Toast {
  constructor() {
    this.node = el("div", "toast gone")
    this.node.setAttribute("role", "status")
    /** @type {number | undefined} */
    this.timer = undefined
  }

  hide() {
    this.node.classList.add("gone")
  }

  /**
   * Shows something until it is replaced or closed.
   *
   * @param {...HTMLElement} content
   */
  show(...content) {
    clearTimeout(this.timer)
    this.node.replaceChildren(...content)
    this.node.className = "toast row"
  }

  /**
   * Shows a sentence with its undo for a while.
   *
   * @param {string} text
   * @param {() => void} undo
   */
  offerUndo(text, undo) {
    this.show(el("span", "grow", text), button(tr("Undo"), undo, "quiet"), this.buildClose())
    this.timer = window.setTimeout(() => this.hide(), OFFER_MS)
  }

  buildClose() {
    const close = button("×", () => this.hide(), "quiet")
    close.setAttribute("aria-label", tr("Close"))
    return close
  }
}
