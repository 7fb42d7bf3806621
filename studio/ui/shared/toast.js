import { button, el } from "./dom.js"
import { tr } from "./words.js"

/** A toast with an undo stays as long. */
const OFFER_MS = 20_000

const SECOND_PRESS_MS = 500

/** What was just done, at the foot of the page. */
export class Toast {
  constructor() {
    this.node = el("div", "toast gone")
    this.node.setAttribute("role", "status")
    /** @type {number | undefined} */
    this.timer = undefined
  }

  /** For a moment it stays where it was, unseen: a second press must not reach what lies behind it. */
  hide() {
    clearTimeout(this.timer)
    this.node.classList.add("leaving")
    this.timer = window.setTimeout(() => this.node.classList.add("gone"), SECOND_PRESS_MS)
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
    const once = button(
      tr("Undo"),
      () => {
        once.disabled = true
        undo()
      },
      "quiet",
    )
    this.show(el("span", "grow", text), once, this.buildClose())
    this.timer = window.setTimeout(() => this.hide(), OFFER_MS)
  }

  buildClose() {
    const close = button("×", () => this.hide(), "quiet")
    close.setAttribute("aria-label", tr("Close"))
    return close
  }
}
