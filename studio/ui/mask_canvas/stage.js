import { el } from "../shared/dom.js"
import { clamp } from "../shared/numbers.js"
import { pointOnCanvas } from "./geometry.js"
import { fittedSize, keptOnStage, WHOLE, zoomedAt } from "./view.js"

/** @import { CanvasPoint, Size } from "./geometry.js" */
/** @import { View } from "./view.js" */

const ZOOM_STEP = 1.25

/** Where the picture lies with the painting over it: fitted, zoomed, moved; and the ring that shows the brush. */
export class Stage {
  /** @param {() => void} onZoomed */
  constructor(onZoomed) {
    this.onZoomed = onZoomed
    this.node = el("div", "stage")
    this.sheet = el("div", "sheet")
    this.img = el("img")
    this.ring = el("div", "ring gone")
    /** @type {View} */
    this.view = { ...WHOLE }
    /** @type {Size} */
    this.picture = { width: 1, height: 1 }
    this.fitted = { width: 1, height: 1 }
    /** @type {HTMLCanvasElement | null} */
    this.canvas = null
    this.img.draggable = false
    this.sheet.append(this.img)
    this.node.append(this.sheet, this.ring)
    this.node.addEventListener("wheel", event => this.onWheel(event), { passive: false })
    this.resizing = new ResizeObserver(() => this.place())
    this.resizing.observe(this.node)
  }

  close() {
    this.resizing.disconnect()
  }

  /**
   * Puts another picture's painting on the stage.
   *
   * @param {HTMLCanvasElement} canvas
   * @param {Size} picture
   */
  show(canvas, picture) {
    this.canvas = canvas
    this.picture = picture
    this.sheet.replaceChildren(this.img, canvas)
    this.zoomTo(WHOLE)
  }

  get area() {
    return { width: this.node.clientWidth, height: this.node.clientHeight }
  }

  /** Canvas px of one px of the screen. */
  get canvasScale() {
    return this.canvas ? this.canvas.width / (this.fitted.width * this.view.zoom) : 1
  }

  place() {
    const { area, sheet } = this
    if (!area.width || !area.height) return
    this.fitted = fittedSize(this.picture, area)
    this.view = keptOnStage(this.view, this.fitted, area)
    const { zoom, x, y } = this.view
    sheet.style.width = `${this.fitted.width}px`
    sheet.style.height = `${this.fitted.height}px`
    sheet.style.transform = `translate(${x}px, ${y}px) scale(${zoom})`
    sheet.classList.toggle("close", zoom > 2)
  }

  /** @param {View} view */
  zoomTo(view) {
    this.view = { ...view }
    this.place()
    this.onZoomed()
  }

  /**
   * @param {number} factor
   * @param {{ clientX: number, clientY: number }} [event] what is under it stays there; left out: the middle
   */
  zoomBy(factor, event) {
    const box = this.node.getBoundingClientRect()
    const at = event
      ? { x: event.clientX - box.left - box.width / 2, y: event.clientY - box.top - box.height / 2 }
      : { x: 0, y: 0 }
    this.zoomTo(zoomedAt(this.view, factor, at))
  }

  zoomIn() {
    this.zoomBy(ZOOM_STEP)
  }

  zoomOut() {
    this.zoomBy(1 / ZOOM_STEP)
  }

  /**
   * Moves the picture. Returns whether it could move.
   *
   * @param {number} dx px of the screen
   * @param {number} dy
   */
  moveBy(dx, dy) {
    const { zoom, x, y } = this.view
    this.view = { zoom, x: x + dx, y: y + dy }
    this.place()
    return this.view.x !== x || this.view.y !== y
  }

  /**
   * The wheel moves a zoomed picture and with Ctrl (or two fingers on a touchpad) zooms; else it scrolls the page.
   *
   * @param {WheelEvent} event
   */
  onWheel(event) {
    if (event.ctrlKey || event.metaKey) this.zoomBy(Math.exp(-event.deltaY / 200), event)
    else if (this.view.zoom === 1 || !this.moveBy(-event.deltaX, -event.deltaY)) return
    event.preventDefault()
  }

  /** @param {{ clientX: number, clientY: number }} event */
  pointAt(event) {
    const { canvas } = this
    return canvas ? pointOnCanvas(event, canvas.getBoundingClientRect(), canvas) : { x: 0, y: 0 }
  }

  /**
   * Shows where the brush is. `width`: of the brush in px of the canvas, 0 for a cross.
   *
   * @param {CanvasPoint | null} point null: nowhere
   * @param {number} width
   */
  showRing(point, width) {
    const { canvas, ring } = this
    ring.classList.toggle("gone", !point || !canvas)
    if (!point || !canvas) return
    const side = width / this.canvasScale
    const box = canvas.getBoundingClientRect()
    const stage = this.node.getBoundingClientRect()
    ring.classList.toggle("cross", !width)
    ring.style.width = ring.style.height = width ? `${side}px` : ""
    ring.style.left = `${box.left - stage.left + (point.x / canvas.width) * box.width}px`
    ring.style.top = `${box.top - stage.top + (point.y / canvas.height) * box.height}px`
  }

  /**
   * Moves a zoomed picture so that a point of the canvas is well on the stage.
   *
   * @param {CanvasPoint} point
   */
  bringInto(point) {
    if (!this.canvas || this.view.zoom === 1) return
    const box = this.canvas.getBoundingClientRect()
    const stage = this.node.getBoundingClientRect()
    const left = box.left - stage.left + (point.x / this.canvas.width) * box.width
    const top = box.top - stage.top + (point.y / this.canvas.height) * box.height
    const margin = 40
    this.moveBy(clamp(left, margin, stage.width - margin) - left, clamp(top, margin, stage.height - margin) - top)
  }
}
