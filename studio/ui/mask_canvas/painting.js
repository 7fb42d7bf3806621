import { UndoStack } from "../shared/undo_stack.js"
import { tr } from "../shared/words.js"
import { firstBrush, rectangleBetween } from "./geometry.js"
import { isBlank, maskToPaint, paintToMask, rgbOf } from "./pixels.js"

/** @import { CanvasPoint, Rectangle, Size } from "./geometry.js" */

/** `move` moves the picture and paints nothing. @typedef {"paint" | "erase" | "box" | "move"} PaintTool */

const UNDO_STEPS = 30
const COLOR = "#ff2d6f"

/** @param {Size} size */
const newCanvas = ({ width, height }) => Object.assign(document.createElement("canvas"), { width, height })

/**
 * @param {HTMLCanvasElement} canvas
 * @param {CanvasRenderingContext2DSettings} [settings]
 */
const penOf = (canvas, settings) => {
  const pen = canvas.getContext("2d", settings)
  if (!pen) throw new Error(tr("This browser has no canvas to paint on."))
  return pen
}

/** What is painted over a picture. */
class Painting {
  /** @param {Size} size */
  constructor(size) {
    this.canvas = newCanvas(size)
    this.pen = penOf(this.canvas, { willReadFrequently: true })
    /** @type {UndoStack<ImageData>} */
    this.past = new UndoStack(UNDO_STEPS)
    /** @type {PaintTool} */
    this.tool = "paint"
    this.brush = firstBrush(size)
    /** Whether it was painted on since its mask was sent. */
    this.isDirty = false
  }

  /** Width of the ring at the pointer, px of the canvas; 0: a cross. */
  get ringWidth() {
    return this.tool === "box" ? 0 : this.brush
  }

  read() {
    return this.pen.getImageData(0, 0, this.canvas.width, this.canvas.height)
  }

  /** @param {ImageData} image */
  write(image) {
    this.pen.putImageData(image, 0, 0)
  }

  get isBlank() {
    return isBlank(this.read().data)
  }

  remember() {
    this.past.push(this.read())
  }

  /** Whether there was something to undo. */
  undo() {
    const before = this.past.pop()
    if (before) this.write(before)
    return Boolean(before)
  }

  clear() {
    this.remember()
    this.pen.clearRect(0, 0, this.canvas.width, this.canvas.height)
  }

  invert() {
    this.remember()
    this.draw("source-out", () => this.pen.fillRect(0, 0, this.canvas.width, this.canvas.height))
  }

  /**
   * @param {CanvasPoint} from
   * @param {CanvasPoint} to
   */
  stroke(from, to) {
    const { pen } = this
    this.draw(this.toolOperation, () => {
      pen.lineWidth = this.brush
      pen.lineCap = "round"
      pen.lineJoin = "round"
      pen.beginPath()
      pen.moveTo(from.x, from.y)
      // A line of no length is not drawn; a click shall leave a dot.
      pen.lineTo(to.x + 0.01, to.y)
      pen.stroke()
    })
  }

  /**
   * The rectangle that is being drawn, on what was there before it.
   *
   * @param {CanvasPoint} from
   * @param {CanvasPoint} to
   */
  previewRectangle(from, to) {
    if (this.past.latest) this.write(this.past.latest)
    this.fill(rectangleBetween(from, to))
  }

  /** @param {Rectangle} rectangle */
  fill({ x, y, width, height }) {
    this.draw(this.toolOperation, () => this.pen.fillRect(x, y, width, height))
  }

  /** @returns {GlobalCompositeOperation} */
  get toolOperation() {
    return this.tool === "erase" ? "destination-out" : "source-over"
  }

  /**
   * @param {GlobalCompositeOperation} operation
   * @param {() => void} paint
   */
  draw(operation, paint) {
    this.pen.globalCompositeOperation = operation
    this.pen.strokeStyle = COLOR
    this.pen.fillStyle = COLOR
    paint()
    this.pen.globalCompositeOperation = "source-over"
  }

  /**
   * Paints what is white in a mask.
   *
   * @param {CanvasImageSource} mask
   */
  takeMask(mask) {
    const under = penOf(newCanvas(this.canvas))
    under.drawImage(mask, 0, 0, this.canvas.width, this.canvas.height)
    const image = under.getImageData(0, 0, this.canvas.width, this.canvas.height)
    maskToPaint(image.data, rgbOf(COLOR))
    this.write(image)
  }

  /**
   * The mask as PNG.
   *
   * @returns {Promise<Blob>}
   */
  toMask() {
    const flat = newCanvas(this.canvas)
    const image = this.read()
    paintToMask(image.data)
    penOf(flat).putImageData(image, 0, 0)
    return new Promise((resolve, reject) =>
      flat.toBlob(
        blob => (blob ? resolve(blob) : reject(new Error(tr("The mask could not be created.")))),
        "image/png",
      ),
    )
  }
}

/** Paintings hang on the window: a component's script is evaluated anew when its element is. */
const paintings = () => {
  window.__studioMasks ??= new Map()
  return /** @type {Map<string, Painting>} */ (window.__studioMasks)
}

/** @typedef {Painting} MaskPainting */

/**
 * The painting over a picture. A fresh one starts from the mask that was saved; `onLoaded` is called when that is
 * painted in, with an error when it cannot be shown.
 *
 * @param {Size & { workspace: string, asset: string, mask: string }} data
 * @param {(error?: Error) => void} onLoaded
 * @returns {MaskPainting}
 */
export const paintingOf = (data, onLoaded) => {
  const key = `${data.workspace}/${data.asset}`
  const known = paintings().get(key)
  if (known) return known
  const painting = new Painting(data)
  paintings().set(key, painting)
  if (data.mask) loadMask(painting, data.mask, () => paintings().delete(key), onLoaded)
  return painting
}

/**
 * @param {Painting} painting
 * @param {string} address
 * @param {() => void} forget lets the next run try again
 * @param {(error?: Error) => void} onLoaded
 */
const loadMask = (painting, address, forget, onLoaded) => {
  const saved = new Image()
  const fail = () => {
    forget()
    onLoaded(new Error(tr("The saved mask could not be shown here. Draw it again, or reload the page.")))
  }
  saved.onload = () => {
    try {
      painting.takeMask(saved)
    } catch {
      fail()
      return
    }
    onLoaded()
  }
  saved.onerror = fail
  saved.src = address
}
