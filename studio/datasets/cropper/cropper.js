import { button, el, setIfChanged } from "../../ui/shared/dom.js"
import { mountable } from "../../ui/shared/mount.js"
import { tr, trLazy } from "../../ui/shared/words.js"
import { aroundFace, fitted, isWhole, keyed, pulled, reshaped, rounded } from "./crop.js"

/** @import { CropBox, CropCorner, CropShape } from "./crop.js" */

/**
 * What `studio.datasets.cropper.cropper` sends.
 *
 * @typedef {object} CropperData
 * @property {string} src
 * @property {number} width
 * @property {number} height
 * @property {CropBox | null} crop
 * @property {number[]} face
 * @property {number} least
 * @property {boolean} disabled
 */

/** @type {[name: string, shape: CropShape][]} */
const SHAPES = [
  [trLazy("Free shape"), 0],
  ["1:1", 1],
  ["2:3", 2 / 3],
  ["3:4", 3 / 4],
  ["3:2", 3 / 2],
  ["4:3", 4 / 3],
]

/** @type {CropCorner[]} */
const CORNERS = [
  { name: "nw", right: 0, low: 0 },
  { name: "ne", right: 1, low: 0 },
  { name: "sw", right: 0, low: 1 },
  { name: "se", right: 1, low: 1 },
]

class Cropper {
  /**
   * @param {HTMLElement} root
   * @param {CropperData} data
   */
  constructor(root, data) {
    this.data = data
    /** @type {CropBox} */
    this.box = [0, 0, 1, 1]
    /** @type {CropShape} */
    this.shape = 0
    /** The picture and crop that the box was taken from. */
    this.shown = ""
    /** @type {ComponentRun<CropperData>["setTriggerValue"]} */
    this.setTriggerValue = () => {}
    this.stage = el("div", "stage")
    this.img = el("img")
    this.node = el("div", "box")
    this.bar = el("div", "bar2")
    this.size = el("div", "say muted")
    this.grips = CORNERS.map(corner => this.buildGrip(corner))
    this.shapes = SHAPES.map(([name, shape]) => button(tr(name), () => this.chooseShape(shape)))
    this.face = button(tr("Around the face"), () => this.cropFace())
    const whole = button(tr("Whole picture"), () => this.cropNothing())
    const save = button(tr("Save crop"), () => this.save(), "main")
    this.node.tabIndex = 0
    this.node.setAttribute("role", "group")
    this.node.onpointerdown = event => this.drag(event, ([x, y, w, h], dx, dy) => [x + dx, y + dy, w, h])
    this.node.onkeydown = event => this.onKey(event)
    this.node.append(...this.grips)
    this.bar.append(...this.shapes, this.face, whole, save)
    this.stage.append(this.img, this.node)
    root.replaceChildren(this.stage, this.size, this.bar)
  }

  /** @param {CropCorner} corner */
  buildGrip(corner) {
    const { name, right, low } = corner
    const grip = el("div", `grip ${name}`)
    const cursor = right === low ? "nwse-resize" : "nesw-resize"
    Object.assign(grip.style, { left: `${right * 100}%`, top: `${low * 100}%`, cursor })
    grip.onpointerdown = event =>
      this.drag(event, (box, dx, dy) => pulled(box, { corner, dx, dy }, this.data, this.shape))
    return grip
  }

  /** @param {ComponentRun<CropperData>} run */
  update({ data, setTriggerValue }) {
    this.data = data
    this.setTriggerValue = setTriggerValue
    const shown = JSON.stringify([data.src, data.crop])
    if (this.shown !== shown) {
      this.shown = shown
      this.shape = 0
      this.box = data.crop ?? [0, 0, data.width, data.height]
    }
    setIfChanged(this.img, "src", new URL(data.src, location.href).href)
    this.img.alt = ""
    this.stage.style.aspectRatio = `${data.width} / ${data.height}`
    this.stage.style.width = `min(100%, calc(60vh * ${data.width / data.height}))`
    this.bar.classList.toggle("gone", data.disabled)
    this.face.classList.toggle("gone", !data.face.length)
    for (const grip of this.grips) grip.classList.toggle("gone", data.disabled)
    this.draw()
  }

  /** Nothing outlives the element. */
  close() {}

  draw() {
    const { width, height } = this.data
    const [x, y, w, h] = this.box
    const percent = (/** @type {number} */ part, /** @type {number} */ all) => `${(100 * part) / all}%`
    Object.assign(this.node.style, {
      left: percent(x, width),
      top: percent(y, height),
      width: percent(w, width),
      height: percent(h, height),
    })
    const [, , cropWidth, cropHeight] = rounded(this.box, this.data)
    const size = isWhole(this.box, this.data)
      ? tr("The whole picture, {width} × {height} px", { width, height })
      : tr("{cropWidth} × {cropHeight} px of {width} × {height}", { cropWidth, cropHeight, width, height })
    setIfChanged(this.size, "textContent", size)
    this.node.setAttribute(
      "aria-label",
      tr("Crop {width} by {height} pixels. Arrows move it, Shift and arrows change its size.", {
        width: cropWidth,
        height: cropHeight,
      }),
    )
    for (const [n, node] of this.shapes.entries()) node.classList.toggle("on", SHAPES[n][1] === this.shape)
  }

  /** @param {CropBox} box */
  change(box) {
    this.box = fitted(box, this.data, this.shape)
    this.draw()
  }

  /**
   * Follows the pointer until it is let go. `change` gets the box as it was at first, and how far the pointer is, in
   * px of the picture.
   *
   * @param {PointerEvent} event
   * @param {(box: CropBox, dx: number, dy: number) => CropBox} change
   */
  drag(event, change) {
    if (this.data.disabled) return
    event.preventDefault()
    event.stopPropagation()
    const scale = this.data.width / this.stage.getBoundingClientRect().width
    const first = this.box
    const { clientX, clientY } = event
    const listening = new AbortController()
    const { signal } = listening
    const onMove = (/** @type {PointerEvent} */ next) =>
      this.change(change(first, (next.clientX - clientX) * scale, (next.clientY - clientY) * scale))
    const onUp = () => {
      listening.abort()
      this.node.focus()
    }
    window.addEventListener("pointermove", onMove, { signal })
    window.addEventListener("pointerup", onUp, { signal })
  }

  /** @param {KeyboardEvent} event */
  onKey(event) {
    const box = this.data.disabled ? null : keyed(this.box, event, this.data, this.shape)
    if (!box) return
    this.change(box)
    event.preventDefault()
    event.stopPropagation()
  }

  /** @param {CropShape} shape */
  chooseShape(shape) {
    this.shape = shape
    if (shape) this.box = reshaped(this.box, this.data, shape)
    this.draw()
  }

  cropFace() {
    this.shape = 1
    this.box = aroundFace(this.data.face, this.data)
    this.draw()
  }

  cropNothing() {
    this.shape = 0
    this.box = [0, 0, this.data.width, this.data.height]
    this.draw()
  }

  save() {
    const crop = isWhole(this.box, this.data) ? null : rounded(this.box, this.data)
    this.setTriggerValue("saved", { crop, at: Date.now() })
  }
}

export default mountable((root, /** @type {ComponentRun<CropperData>} */ { data }) => new Cropper(root, data))
