import { button, el, focusedNear } from "../../ui/shared/dom.js"
import { tomorrow } from "./entry.js"
import { later, wallNow } from "./wall_time.js"

/** @import { CalendarEntry } from "./entry.js" */
/** @import { CalendarView } from "./calendar.js" */

/** px that the menu may need to its right. */
const WIDTH = 200

/** @type {[text: string, step: { days?: number, minutes?: number }][]} */
const STEPS = [
  ["A day earlier", { days: -1 }],
  ["A day later", { days: 1 }],
  ["A week earlier", { days: -7 }],
  ["A week later", { days: 7 }],
  ["An hour earlier", { minutes: -60 }],
  ["An hour later", { minutes: 60 }],
]

/** Everything the mouse can do by dragging, for keys and fingers. */
export class EntryMenu {
  /** @param {CalendarView} view */
  constructor(view) {
    this.view = view
    /** @type {HTMLElement | null} */
    this.box = null
    this.listening = new AbortController()
  }

  get isOpen() {
    return this.box !== null
  }

  close() {
    this.box?.remove()
    this.box = null
    this.listening.abort()
  }

  /**
   * @param {CalendarEntry} entry
   * @param {HTMLElement} anchor
   */
  open(entry, anchor) {
    this.close()
    const box = el("div", "menu")
    box.setAttribute("role", "menu")
    box.append(...this.buildItems(entry))
    box.onkeydown = event => this.onKey(event, box, anchor)
    const frame = this.view.root.getBoundingClientRect()
    const at = anchor.getBoundingClientRect()
    box.style.left = `${Math.max(0, Math.min(at.left - frame.left, frame.width - WIDTH))}px`
    box.style.top = `${at.bottom - frame.top + 4}px`
    this.view.root.append(box)
    this.box = box
    box.querySelector("button")?.focus()
    this.listening = new AbortController()
    const { signal } = this.listening
    const onPointerDown = (/** @type {PointerEvent} */ event) => {
      if (!event.composedPath().includes(box)) this.close()
    }
    // After the press that opened the menu, which would close it.
    setTimeout(() => document.addEventListener("pointerdown", onPointerDown, { signal }))
  }

  /** @param {CalendarEntry} entry */
  buildItems(entry) {
    const { view } = this
    const item = (/** @type {string} */ text, /** @type {() => void} */ run) => {
      const choose = () => {
        this.close()
        run()
      }
      const node = button(text, choose, "quiet")
      node.setAttribute("role", "menuitem")
      return node
    }
    const open = item("Open", () => view.open(entry.id))
    if (!entry.wall) {
      return [open, item("Tomorrow", () => view.move(entry, { wall: tomorrow(wallNow(view.data.zone)), zone: "" }))]
    }
    return [
      open,
      ...STEPS.map(([text, step]) =>
        item(text, () => view.move(entry, { wall: later(entry.ownWall, step), zone: "" })),
      ),
      item("Take off the calendar", () => view.move(entry, { wall: null, zone: "" })),
    ]
  }

  /**
   * @param {KeyboardEvent} event
   * @param {HTMLElement} box
   * @param {HTMLElement} anchor
   */
  onKey(event, box, anchor) {
    const items = [...box.querySelectorAll("button")]
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
    if (step) {
      const focused = focusedNear(box)
      const at = focused instanceof HTMLButtonElement ? items.indexOf(focused) : -1
      items[(at + step + items.length) % items.length].focus()
      event.preventDefault()
    } else if (event.key === "Escape") {
      this.close()
      anchor.focus()
    }
    event.stopPropagation()
  }
}
