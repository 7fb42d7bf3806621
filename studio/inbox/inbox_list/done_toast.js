import { button, el } from "../../ui/shared/dom.js"
import { tr } from "../../ui/shared/words.js"

const SHOWN_MS = 10_000

/** What was just done, with its undo, or why it was not. */
export class DoneToast {
  /** @param {() => void} onUndo */
  constructor(onUndo) {
    this.onUndo = onUndo
    this.node = el("div", "toast row gone")
    /** @type {number | undefined} */
    this.timer = undefined
  }

  /** @param {string} text @param {boolean} canUndo */
  say(text, canUndo) {
    this.show("status", text, canUndo ? [button(tr("Undo"), this.onUndo, "quiet")] : [])
    this.timer = window.setTimeout(() => this.hide(), SHOWN_MS)
  }

  /** Stays until it is closed or something else is said. @param {string} text */
  warn(text) {
    this.show("alert", text, [])
  }

  hide() {
    this.node.classList.add("gone")
  }

  /**
   * @param {"status" | "alert"} role
   * @param {string} text
   * @param {HTMLElement[]} buttons
   */
  show(role, text, buttons) {
    clearTimeout(this.timer)
    const close = button("×", () => this.hide(), "quiet")
    close.setAttribute("aria-label", tr("Close"))
    this.node.className = `toast row ${role === "alert" ? "bad" : ""}`
    this.node.setAttribute("role", role)
    this.node.replaceChildren(el("span", "grow", text), ...buttons, close)
  }
}
