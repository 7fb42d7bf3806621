/**
 * A list with one of its entries moved by some places.
 *
 * @template Entry
 * @param {Entry[]} list
 * @param {number} from
 * @param {number} to
 */
export const moved = (list, from, to) => {
  const entries = list.toSpliced(from, 1)
  return entries.toSpliced(Math.max(0, Math.min(to, entries.length)), 0, list[from])
}

/** Puts the items of a list in order: dragged, or moved with Alt and the arrow keys. */
export class Ordering {
  /** @param {{ move(from: number, to: number): void, focus(n: number): void, remove(n: number): void }} on */
  constructor(on) {
    this.on = on
    this.dragged = -1
  }

  /**
   * @param {HTMLElement} item is dragged
   * @param {HTMLElement} handle has the focus when keys are pressed
   * @param {number} n its place in the list
   */
  attach(item, handle, n) {
    handle.addEventListener("keydown", event => this.onKey(event, n))
    item.draggable = true
    item.ondragstart = event => {
      this.dragged = n
      event.dataTransfer?.setData("text/plain", String(n + 1))
      item.classList.add("dragged")
    }
    item.ondragend = () => {
      this.dragged = -1
      item.classList.remove("dragged")
    }
    item.ondragover = event => {
      if (this.dragged < 0) return
      event.preventDefault()
      item.classList.add("over")
    }
    item.ondragleave = () => item.classList.remove("over")
    item.ondrop = event => {
      event.preventDefault()
      item.classList.remove("over")
      const from = this.dragged
      this.dragged = -1
      if (from >= 0) this.on.move(from, n)
    }
  }

  /**
   * @param {KeyboardEvent} event
   * @param {number} n
   */
  onKey(event, n) {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key]
    if (step && event.altKey) {
      event.preventDefault()
      this.on.move(n, n + step)
    } else if (step) {
      event.preventDefault()
      this.on.focus(n + step)
    } else if (event.key === "Delete" || event.key === "Backspace") {
      event.preventDefault()
      this.on.remove(n)
    }
  }
}
