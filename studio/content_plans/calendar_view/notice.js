import { button, el } from "../../ui/shared/dom.js"
import { tr } from "../../ui/shared/words.js"

/** What was done, with its undo, or what went wrong. */
export class Notice {
  constructor() {
    this.node = el("div", "said row gone")
    this.node.setAttribute("aria-live", "polite")
  }

  /**
   * @param {string} text
   * @param {() => void} [undo]
   */
  tell(text, undo) {
    this.show("status", text, undo)
  }

  /** @param {string} text */
  warn(text) {
    this.show("alert", text)
  }

  /**
   * @param {"status" | "alert"} role
   * @param {string} text
   * @param {() => void} [undo]
   */
  show(role, text, undo) {
    this.node.setAttribute("role", role)
    this.node.className = `said row ${role === "alert" ? "bad" : ""}`
    this.node.replaceChildren(el("span", "grow", text))
    if (undo) this.node.append(button(tr("Undo"), undo))
    const close = button("✕", () => this.node.classList.add("gone"), "quiet")
    close.setAttribute("aria-label", tr("Close"))
    this.node.append(close)
  }
}
