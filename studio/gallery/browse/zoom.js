import { clamp } from "../../ui/shared/numbers.js"

/** Pictures enlarged `scale` times and moved by px. @typedef {{ scale: number, x: number, y: number }} ZoomState */

const MOST = 12
const TOGGLED = 2.5

/**
 * Enlarged to `scale` so that the point (x, y), in px from the middle, stays where it is.
 *
 * @param {ZoomState} state
 * @param {number} scale
 * @param {{ x: number, y: number }} point
 * @returns {ZoomState}
 */
export const zoomedAt = (state, scale, point) => {
  const next = clamp(scale, 1, MOST)
  if (next <= 1) return { scale: 1, x: 0, y: 0 }
  const ratio = next / state.scale
  return { scale: next, x: point.x - (point.x - state.x) * ratio, y: point.y - (point.y - state.y) * ratio }
}

/** Wheel or pinch enlarges at the pointer, dragging moves; all pictures follow. `toggle` and `push` are for keys. */
export class Zoom {
  /**
   * @param {HTMLElement} area
   * @param {() => HTMLElement[]} pictures
   * @param {(event: WheelEvent) => boolean} [takesWheel] false: while nothing is enlarged, this wheel scrolls the page
   */
  constructor(area, pictures, takesWheel = () => true) {
    this.area = area
    this.pictures = pictures
    this.takesWheel = takesWheel
    /** @type {ZoomState} */
    this.state = { scale: 1, x: 0, y: 0 }
    /** Where a drag began, less how far the pictures were moved then. @type {{ x: number, y: number } | null} */
    this.dragged = null
    area.addEventListener("wheel", event => this.onWheel(event), { passive: false })
    area.addEventListener("pointerdown", event => this.onPointerDown(event))
    area.addEventListener("pointermove", event => this.onPointerMove(event))
    area.addEventListener("pointerup", () => {
      this.dragged = null
    })
  }

  get isZoomed() {
    return this.state.scale > 1
  }

  draw() {
    const { scale, x, y } = this.state
    for (const picture of this.pictures()) picture.style.transform = `translate(${x}px,${y}px) scale(${scale})`
  }

  /** @param {ZoomState} state */
  change(state) {
    this.state = state
    this.area.classList.toggle("zoomed", this.isZoomed)
    this.draw()
  }

  reset() {
    this.change({ scale: 1, x: 0, y: 0 })
  }

  toggle() {
    this.change({ scale: this.isZoomed ? 1 : TOGGLED, x: 0, y: 0 })
  }

  /**
   * @param {number} dx
   * @param {number} dy
   */
  push(dx, dy) {
    if (!this.isZoomed) return
    this.state.x += dx
    this.state.y += dy
    this.draw()
  }

  /** @param {WheelEvent} event */
  onWheel(event) {
    if (!this.takesWheel(event) && !this.isZoomed) return
    event.preventDefault()
    const pane = event.target instanceof Element ? event.target.closest(".pane") : null
    const box = (pane ?? this.area).getBoundingClientRect()
    const point = { x: event.clientX - box.left - box.width / 2, y: event.clientY - box.top - box.height / 2 }
    this.change(zoomedAt(this.state, this.state.scale * Math.exp(-event.deltaY / 400), point))
  }

  /** @param {PointerEvent} event */
  onPointerDown(event) {
    const onControl = event.target instanceof Element && event.target.closest("input,button")
    if (!this.isZoomed || onControl) return
    this.dragged = { x: event.clientX - this.state.x, y: event.clientY - this.state.y }
    this.area.setPointerCapture(event.pointerId)
  }

  /** @param {PointerEvent} event */
  onPointerMove(event) {
    if (!this.dragged) return
    this.state.x = event.clientX - this.dragged.x
    this.state.y = event.clientY - this.dragged.y
    this.draw()
  }
}
