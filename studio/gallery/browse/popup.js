import { el } from "../../ui/shared/dom.js"

/** A small panel under a button; one at a time, gone with Esc or a click elsewhere. */
export class Popup {
  /** @param {HTMLElement} root what the panel stands in */
  constructor(root) {
    this.root = root
    /** @type {(() => void) | null} */
    this.closeOpen = null
  }

  close() {
    this.closeOpen?.()
  }

  /**
   * Whether a button's panel is open.
   *
   * @param {HTMLElement} anchor
   */
  isOpen(anchor) {
    return anchor.getAttribute("aria-expanded") === "true"
  }

  /**
   * @param {HTMLElement} anchor
   * @param {() => HTMLElement[]} build
   */
  toggle(anchor, build) {
    if (this.isOpen(anchor)) this.close()
    else this.open(anchor, build())
  }

  /**
   * @param {HTMLElement} anchor
   * @param {HTMLElement[]} content
   */
  open(anchor, content) {
    this.close()
    const box = el("div", "menu")
    box.setAttribute("role", "dialog")
    box.append(...content)
    const onPointerDown = (/** @type {PointerEvent} */ event) => {
      const path = event.composedPath()
      if (!path.includes(box) && !path.includes(anchor)) this.close()
    }
    this.closeOpen = () => {
      box.remove()
      document.removeEventListener("pointerdown", onPointerDown, true)
      this.closeOpen = null
      anchor.setAttribute("aria-expanded", "false")
    }
    box.onkeydown = event => {
      event.stopPropagation()
      if (event.key !== "Escape") return
      this.close()
      anchor.focus()
    }
    this.root.append(box)
    anchor.setAttribute("aria-expanded", "true")
    this.placeUnder(anchor, box)
    document.addEventListener("pointerdown", onPointerDown, true)
    const first = /** @type {HTMLElement | null} */ (box.querySelector("input,button,select"))
    first?.focus()
  }

  /**
   * @param {HTMLElement} anchor
   * @param {HTMLElement} box
   */
  placeUnder(anchor, box) {
    const at = anchor.getBoundingClientRect()
    const frame = this.root.getBoundingClientRect()
    box.style.top = `${at.bottom - frame.top + 4}px`
    box.style.left = `${Math.max(0, Math.min(at.left - frame.left, frame.width - box.offsetWidth))}px`
  }
}
