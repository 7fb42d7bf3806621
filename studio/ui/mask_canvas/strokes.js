import { clamp } from "../shared/numbers.js"

/** @import { CanvasPoint } from "./geometry.js" */
/** @import { MaskPainting } from "./painting.js" */
/** @import { Stage } from "./stage.js" */

/**
 * What strokes are drawn on.
 *
 * @typedef {{ stage: Stage, painting: MaskPainting, isDisabled: boolean, onPainted(): void }} Easel
 */

/** @type {Record<string, [x: number, y: number]>} */
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }
/** An arrow moves a corner of a rectangle by so much of the longer side. */
const RECTANGLE_STEPS = 32

/** Strokes by mouse, pen, finger and keyboard. Two fingers zoom and move, and so does the middle button. */
export class Strokes {
  /** @param {Easel} easel */
  constructor(easel) {
    this.easel = easel
    /**
     * Where a stroke began and where it is; null: none is drawn.
     *
     * @type {{ first: CanvasPoint, last: CanvasPoint } | null}
     */
    this.drawing = null
    /** Where the keyboard's brush is; null: it was not used yet. @type {CanvasPoint | null} */
    this.cursor = null
    /** Fingers and buttons that are down, by their ids. @type {Map<number, { clientX: number, clientY: number }>} */
    this.down = new Map()
    this.isMoving = false
    const { node } = easel.stage
    node.onpointerdown = event => this.onDown(event)
    node.onpointermove = event => this.onMove(event)
    node.onpointerup = event => this.onUp(event)
    node.onpointercancel = event => this.onUp(event)
    node.onpointerleave = () => this.easel.stage.showRing(null, 0)
    node.onblur = () => this.end()
  }

  /** @param {PointerEvent} event */
  onDown(event) {
    const { stage, painting, isDisabled } = this.easel
    stage.node.focus({ preventScroll: true })
    const moves = event.button === 1 || painting.tool === "move"
    if ((event.button && !moves) || (isDisabled && !moves)) return
    event.preventDefault()
    stage.node.setPointerCapture(event.pointerId)
    this.down.set(event.pointerId, event)
    if (this.down.size === 2) {
      this.cancel()
      this.isMoving = true
    } else if (moves) this.isMoving = true
    else this.begin(stage.pointAt(event))
  }

  /** @param {PointerEvent} event */
  onMove(event) {
    const { stage, painting, isDisabled } = this.easel
    if (this.isMoving) this.moveStage(event)
    else if (this.drawing) {
      const coalesced = event.getCoalescedEvents?.() ?? []
      for (const part of coalesced.length ? coalesced : [event]) this.drawTo(stage.pointAt(part))
    }
    const shows = event.pointerType !== "touch" && painting.tool !== "move" && !isDisabled
    stage.showRing(shows ? stage.pointAt(event) : null, painting.ringWidth)
  }

  /** @param {PointerEvent} event */
  onUp(event) {
    this.down.delete(event.pointerId)
    if (this.isMoving) this.isMoving = this.down.size > 0
    else this.end()
  }

  /** @param {PointerEvent} event */
  moveStage(event) {
    const { stage } = this.easel
    const before = this.down.get(event.pointerId)
    if (!before) return
    const other = [...this.down].find(([id]) => id !== event.pointerId)?.[1]
    stage.moveBy((event.clientX - before.clientX) / (other ? 2 : 1), (event.clientY - before.clientY) / (other ? 2 : 1))
    if (other) {
      const middle = { clientX: (event.clientX + other.clientX) / 2, clientY: (event.clientY + other.clientY) / 2 }
      stage.zoomBy(distance(event, other) / Math.max(1, distance(before, other)), middle)
    }
    this.down.set(event.pointerId, event)
  }

  /** @param {CanvasPoint} point */
  begin(point) {
    const { painting } = this.easel
    painting.remember()
    this.drawing = { first: point, last: point }
    if (painting.tool !== "box") painting.stroke(point, point)
  }

  /** @param {CanvasPoint} point */
  drawTo(point) {
    const { drawing, easel } = this
    if (!drawing) return
    if (easel.painting.tool === "box") easel.painting.previewRectangle(drawing.first, point)
    else easel.painting.stroke(drawing.last, point)
    drawing.last = point
  }

  end() {
    if (!this.drawing) return
    this.drawing = null
    this.easel.onPainted()
  }

  /** What was begun with the first of two fingers was no stroke. */
  cancel() {
    if (!this.drawing) return
    this.drawing = null
    this.easel.painting.undo()
  }

  /**
   * Arrows move the brush; while Space is held, or between two presses of Enter, it paints. Returns whether the key
   * means something.
   *
   * @param {KeyboardEvent} event
   */
  onKeyDown(event) {
    const { painting } = this.easel
    if (painting.tool === "move") return this.moveByKey(event)
    if (event.key in ARROWS) this.moveCursor(event)
    else if (event.key === " ") this.press(event)
    else if (event.key === "Enter" && this.drawing) this.end()
    else if (event.key === "Enter") this.press(event)
    else return false
    return true
  }

  /** @param {KeyboardEvent} event */
  onKeyUp(event) {
    if (event.key === " ") this.end()
  }

  /** @param {KeyboardEvent} event */
  press(event) {
    if (event.repeat || this.drawing) return
    this.begin(this.place())
    this.showCursor()
  }

  place() {
    const { canvas } = this.easel.painting
    this.cursor ??= { x: canvas.width / 2, y: canvas.height / 2 }
    return this.cursor
  }

  /** @param {KeyboardEvent} event */
  moveCursor(event) {
    const { painting, stage } = this.easel
    const { canvas } = painting
    const at = this.place()
    const [dx, dy] = ARROWS[event.key]
    const coarse =
      painting.tool === "box" ? Math.max(canvas.width, canvas.height) / RECTANGLE_STEPS : painting.brush / 4
    const step = event.shiftKey ? 1 : Math.max(1, coarse)
    this.cursor = { x: clamp(at.x + dx * step, 0, canvas.width), y: clamp(at.y + dy * step, 0, canvas.height) }
    this.drawTo(this.cursor)
    stage.bringInto(this.cursor)
    this.showCursor()
  }

  showCursor() {
    this.easel.stage.showRing(this.place(), this.easel.painting.ringWidth)
  }

  /** @param {KeyboardEvent} event */
  moveByKey(event) {
    const arrow = ARROWS[event.key]
    if (arrow) this.easel.stage.moveBy(-40 * arrow[0], -40 * arrow[1])
    return Boolean(arrow)
  }
}

/**
 * @param {{ clientX: number, clientY: number }} a
 * @param {{ clientX: number, clientY: number }} b
 */
const distance = (a, b) => Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY)
