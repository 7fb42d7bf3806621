import { el, focusedNear } from "../../ui/shared/dom.js"

/** A box that hangs on a button: closed by Esc, by a press elsewhere, and by `close`. One at a time. */
export class Panel {
  /** @param {HTMLElement} root */
  constructor(root) {
    this.root = root
    /** @type {HTMLElement | null} */
    this.box = null
    /** @type {HTMLElement | null} */
    this.anchor = null
    this.listening = new AbortController()
  }

  get isOpen() {
    return this.box !== null
  }

  close() {
    this.box?.remove()
    this.box = null
    this.anchor?.setAttribute("aria-expanded", "false")
    this.anchor = null
    this.listening.abort()
  }

  /**
   * @param {HTMLElement} anchor the button it hangs on
   * @param {Node[]} nodes
   * @param {{ role: "menu" | "dialog", label: string }} as
   */
  open(anchor, nodes, { role, label }) {
    this.close()
    const box = el("div", role === "menu" ? "panel menu" : "panel")
    box.setAttribute("role", role)
    box.setAttribute("aria-label", label)
    box.append(...nodes)
    box.onkeydown = event => this.onKey(event, box, role)
    this.root.append(box)
    this.box = box
    this.anchor = anchor
    anchor.setAttribute("aria-expanded", "true")
    this.place(box, anchor)
    /** @type {HTMLElement | null} */
    const first = box.querySelector("button, select, input")
    first?.focus()
    this.listening = new AbortController()
    const { signal } = this.listening
    const onPointerDown = (/** @type {PointerEvent} */ event) => {
      const path = event.composedPath()
      if (!path.includes(box) && !path.includes(anchor)) this.close()
    }
    // After the press that opened it, which would close it.
    setTimeout(() => document.addEventListener("pointerdown", onPointerDown, { signal }))
  }

  /**
   * @param {HTMLElement} box
   * @param {HTMLElement} anchor
   */
  place(box, anchor) {
    const frame = this.root.getBoundingClientRect()
    const at = anchor.getBoundingClientRect()
    const left = Math.min(at.left - frame.left, frame.width - box.offsetWidth)
    box.style.left = `${Math.max(0, left)}px`
    box.style.top = `${at.bottom - frame.top + 4}px`
  }

  /**
   * @param {KeyboardEvent} event
   * @param {HTMLElement} box
   * @param {string} role
   */
  onKey(event, box, role) {
    event.stopPropagation()
    const step = role === "menu" ? { ArrowDown: 1, ArrowUp: -1 }[event.key] : undefined
    if (step) {
      const items = [...box.querySelectorAll("button")]
      const focused = focusedNear(box)
      const at = focused instanceof HTMLButtonElement ? items.indexOf(focused) : -1
      items[(at + step + items.length) % items.length]?.focus()
      event.preventDefault()
    } else if (event.key === "Escape") {
      const { anchor } = this
      this.close()
      anchor?.focus()
    }
  }
}
