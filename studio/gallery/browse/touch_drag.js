import { edgeScroll } from "./arrangement.js"

/** @import { Arranging } from "./arranging.js" */
/** @import { DropSpot } from "./arrangement.js" */
/** @import { PictureTileView } from "./picture_tile.js" */

/** A finger that rests for as long lifts. */
const HOLD_MS = 350
/** A finger that moves further before, in px, scrolls. */
const SLACK = 10
/** A click that follows a lift within as long opens nothing. */
const QUIET_MS = 300

/**
 * A finger on a tile. A long press lifts what is chosen (or this tile), moving shows where it would go, letting go
 * puts it there. Browsers do that for the mouse alone.
 */
export class TouchDrag {
  /**
   * @param {Arranging} arranging
   * @param {PictureTileView} view
   * @param {PointerEvent} begun
   */
  constructor(arranging, view, begun) {
    this.arranging = arranging
    this.view = view
    this.pointerId = begun.pointerId
    this.x = begun.clientX
    this.y = begun.clientY
    this.frame = 0
    /** @type {HTMLElement | null} */
    this.ghost = null
    /** @type {DropSpot | null} */
    this.spot = null
    this.listening = new AbortController()
    const { signal } = this.listening
    document.addEventListener("pointermove", event => this.onMove(event), { signal })
    document.addEventListener("pointerup", event => this.onUp(event), { signal })
    document.addEventListener("pointercancel", event => this.onUp(event), { signal })
    document.addEventListener("keydown", event => event.key === "Escape" && this.end(), { signal })
    this.timer = window.setTimeout(() => this.lift(), HOLD_MS)
  }

  get isLifted() {
    return this.ghost !== null
  }

  lift() {
    const { arranging, view } = this
    const { browser } = arranging
    // Keeps the tile in the page however far people go: its touches end with it.
    browser.focus = view.index
    arranging.dragged = browser.selectedOr(view.index)
    this.ghost = arranging.buildGhost(view)
    browser.root.append(this.ghost)
    arranging.markLifted()
    navigator.vibrate?.(15)
    this.show()
    this.scrollAtEdges()
  }

  show() {
    if (this.ghost) this.ghost.style.transform = `translate(${this.x}px,${this.y}px)`
    this.spot = this.arranging.spotAt(this.x, this.y)
    this.arranging.markDrop(this.spot)
  }

  scrollAtEdges() {
    const { scroller } = this.arranging.browser.window
    const box = scroller.getBoundingClientRect()
    const by = edgeScroll(this.y, { top: Math.max(0, box.top), bottom: Math.min(innerHeight, box.bottom) })
    if (by) {
      scroller.scrollTop += by
      this.show()
    }
    this.frame = requestAnimationFrame(() => this.scrollAtEdges())
  }

  /** @param {PointerEvent} event */
  onMove(event) {
    if (event.pointerId !== this.pointerId) return
    if (!this.isLifted) {
      if (Math.hypot(event.clientX - this.x, event.clientY - this.y) > SLACK) this.end()
      return
    }
    this.x = event.clientX
    this.y = event.clientY
    this.show()
  }

  /** @param {PointerEvent} event */
  onUp(event) {
    if (event.pointerId !== this.pointerId) return
    const { arranging, spot } = this
    const dropsOn = this.isLifted && event.type === "pointerup" ? spot : null
    if (this.isLifted) this.silenceClick()
    this.end(dropsOn !== null)
    if (dropsOn) arranging.drop(dropsOn)
  }

  /** The click that the browser makes of the finger's lift opens nothing. */
  silenceClick() {
    const { space } = this.arranging.browser.window
    const stop = (/** @type {Event} */ event) => {
      event.stopPropagation()
      event.preventDefault()
    }
    space.addEventListener("click", stop, { capture: true, once: true })
    setTimeout(() => space.removeEventListener("click", stop, { capture: true }), QUIET_MS)
  }

  /** @param {boolean} [keepsDragged] whether the pictures are still to be dropped */
  end(keepsDragged = false) {
    const { arranging } = this
    clearTimeout(this.timer)
    cancelAnimationFrame(this.frame)
    this.listening.abort()
    this.ghost?.remove()
    arranging.touch = null
    if (!keepsDragged) arranging.cancel()
    arranging.markLifted()
  }
}
