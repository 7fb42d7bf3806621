import { button, el, focusedNear } from "../../ui/shared/dom.js"

/** A button that opens a small panel over everything; Esc or a click elsewhere closes it, and the focus comes back. */
export class PopoverButton {
  /**
   * @param {string} label
   * @param {() => Node[]} build the panel's content, each time it opens
   * @param {{ className?: string, ariaLabel?: string, role?: "menu" | "dialog" }} [options]
   */
  constructor(label, build, { className = "", ariaLabel = "", role = "dialog" } = {}) {
    this.build = build
    this.button = button(label, () => this.toggle(), className)
    this.button.setAttribute("aria-haspopup", role)
    if (ariaLabel) this.button.setAttribute("aria-label", ariaLabel)
    this.panel = el("div", "popover")
    this.panel.popover = "auto"
    this.panel.setAttribute("role", role)
    this.panel.setAttribute("aria-label", ariaLabel || label)
    this.panel.onkeydown = event => this.onKey(event)
    this.panel.addEventListener("toggle", () => {
      this.button.setAttribute("aria-expanded", String(this.isOpen))
      if (!this.isOpen && !focusedNear(this.button)) this.button.focus()
    })
    this.node = el("span", "popover-button")
    this.node.append(this.button, this.panel)
  }

  get isOpen() {
    return this.panel.matches(":popover-open")
  }

  toggle() {
    if (this.isOpen) this.close()
    else this.open()
  }

  open() {
    this.panel.replaceChildren(...this.build())
    this.panel.showPopover()
    this.place()
    /** @type {HTMLElement | null} */
    const first = this.panel.querySelector("[data-first], button, input, textarea, select")
    first?.focus()
  }

  close() {
    if (this.isOpen) this.panel.hidePopover()
  }

  /** Under the button, or over it where there is more room. */
  place() {
    const at = this.button.getBoundingClientRect()
    const { offsetWidth, offsetHeight } = this.panel
    const isRoomToTheRight = at.left + offsetWidth < window.innerWidth - 8
    const left = isRoomToTheRight ? at.left : Math.max(8, at.right - offsetWidth)
    const isBelow = at.bottom + offsetHeight + 8 < window.innerHeight || at.top < offsetHeight
    this.panel.style.left = `${left}px`
    this.panel.style.top = `${isBelow ? at.bottom + 4 : at.top - offsetHeight - 4}px`
  }

  /** @param {KeyboardEvent} event */
  onKey(event) {
    if (event.key === "Escape") {
      // The panel alone: the dialog around it stays.
      event.preventDefault()
      event.stopPropagation()
      this.close()
      this.button.focus()
      return
    }
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
    if (!step || this.panel.getAttribute("role") !== "menu") return
    const items = [...this.panel.querySelectorAll("button")]
    const focused = focusedNear(this.panel)
    const at = focused instanceof HTMLButtonElement ? items.indexOf(focused) : -1
    items[(at + step + items.length) % items.length]?.focus()
    event.preventDefault()
  }
}

/**
 * @param {PopoverButton} menu
 * @param {string} text
 * @param {() => unknown} run
 */
export const menuItem = (menu, text, run) => {
  const item = button(
    text,
    () => {
      menu.close()
      run()
    },
    "quiet item",
  )
  item.setAttribute("role", "menuitem")
  return item
}
