import { button, el, setIfChanged } from "../shared/dom.js"
import { mountable } from "../shared/mount.js"
import { pointOnCanvas, rectangleFromPercent, widestBrush } from "./geometry.js"
import { paintingOf } from "./painting.js"
import { sendMask } from "./send_mask.js"

/** @import { CanvasPoint } from "./geometry.js" */
/** @import { MaskPainting, PaintTool } from "./painting.js" */

/**
 * What `studio.ui.mask_canvas.mask_canvas` sends.
 *
 * @typedef {object} MaskCanvasData
 * @property {string} workspace
 * @property {string} asset
 * @property {string} src
 * @property {boolean} inUse
 * @property {string} noun
 * @property {string} nounId
 * @property {number} width
 * @property {number} height
 * @property {string} mask
 * @property {{ blank: string, used: string, unused: string, use: string, picture: string }} words
 * @property {boolean} disabled
 */

/** @type {[tool: PaintTool, text: string][]} */
const TOOLS = [
  ["paint", "Paint"],
  ["erase", "Erase"],
  ["box", "Rectangle"],
]

/** @type {[label: string, percent: number][]} */
const RECTANGLE_FIELDS = [
  ["Left %", 25],
  ["Top %", 25],
  ["Width %", 50],
  ["Height %", 50],
]

class MaskCanvas {
  /**
   * @param {HTMLElement} root
   * @param {MaskCanvasData} data
   */
  constructor(root, data) {
    this.data = data
    this.painting = this.findPainting()
    /**
     * Where a stroke began and where it is; null: none is drawn.
     *
     * @type {{ first: CanvasPoint, last: CanvasPoint } | null}
     */
    this.drawing = null
    this.isBlank = true
    /** @type {ComponentRun<MaskCanvasData>["setTriggerValue"]} */
    this.setTriggerValue = () => {}
    /** @type {ComponentRun<MaskCanvasData>["setStateValue"]} */
    this.setStateValue = () => {}
    this.bar = el("div", "row tools")
    this.stage = el("div", "stage")
    this.img = el("img")
    this.error = el("div", "bad gone")
    this.foot = el("div", "row foot")
    this.size = Object.assign(el("input"), { type: "range", min: "4", title: "Brush size" })
    this.tools = TOOLS.map(([tool, text]) => this.buildTool(tool, text))
    this.undo = button("Undo", () => this.painting.undo() && this.onPainted(), "quiet")
    this.invert = button("Invert", () => this.change(() => this.painting.invert()), "quiet")
    this.clear = button("Clear", () => this.change(() => this.painting.clear()), "quiet")
    this.rectangle = this.buildRectangleForm()
    this.use = button("", () => this.send(), "main")
    this.status = el("span", "muted grow")
    this.build(root)
    this.showPainting()
  }

  /** @param {HTMLElement} root */
  build(root) {
    const sized = el("label", "size")
    sized.append(el("span", "muted", "Brush size"), this.size)
    this.size.oninput = () => {
      this.painting.brush = Number(this.size.value)
    }
    this.bar.append(...this.tools, sized, this.undo, this.invert, this.clear)
    this.img.draggable = false
    this.error.setAttribute("role", "alert")
    this.status.setAttribute("role", "status")
    this.foot.append(this.use, this.status)
    root.replaceChildren(this.bar, this.stage, this.rectangle, this.foot, this.error)
  }

  /**
   * @param {PaintTool} tool
   * @param {string} text
   */
  buildTool(tool, text) {
    const node = button(text, () => {
      this.painting.tool = tool
      this.draw()
    })
    node.dataset.tool = tool
    return node
  }

  buildRectangleForm() {
    const form = el("details", "keys")
    const row = el("div", "row fields")
    const inputs = RECTANGLE_FIELDS.map(([label, percent]) => {
      const box = el("label", "number")
      const input = Object.assign(el("input"), {
        type: "number",
        min: "0",
        max: "100",
        value: String(percent),
        step: "1",
      })
      box.append(el("span", "muted", label), input)
      row.append(box)
      return input
    })
    const add = () => {
      const typed = inputs.map(input => input.value)
      this.painting.addRectangle(rectangleFromPercent(typed, this.painting.canvas))
    }
    row.append(button("Add this rectangle", () => this.change(add)))
    form.append(el("summary", "muted", "With the keyboard: a rectangle by numbers"), row)
    return form
  }

  /** @param {ComponentRun<MaskCanvasData>} run */
  update({ data, setTriggerValue, setStateValue }) {
    this.data = data
    this.setTriggerValue = setTriggerValue
    this.setStateValue = setStateValue
    const painting = this.findPainting()
    if (this.painting !== painting) {
      this.painting = painting
      this.showPainting()
    }
    if (this.img.getAttribute("src") !== data.src) this.img.src = data.src
    this.img.alt = data.words.picture
    this.draw()
  }

  /** Paintings outlive their element: nothing here is lost with it. */
  close() {}

  findPainting() {
    /** @type {MaskPainting} */
    const painting = paintingOf(this.data, error => {
      if (this.painting !== painting) return
      this.isBlank = painting.isBlank
      this.draw()
      if (error) this.showError(error)
    })
    return painting
  }

  showPainting() {
    const { data, painting, stage } = this
    const { canvas } = painting
    const ratio = data.width / data.height
    stage.replaceChildren(this.img, canvas)
    stage.style.aspectRatio = `${data.width}/${data.height}`
    stage.style.maxWidth = `min(100%, ${Math.round(34 * ratio * 16)}px, calc(60vh * ${ratio}))`
    canvas.setAttribute("aria-label", `Mask. ${data.words.blank}`)
    this.listenTo(canvas)
    this.size.max = String(widestBrush(data))
    this.size.value = String(painting.brush)
    this.isBlank = painting.isBlank
  }

  /** @param {HTMLCanvasElement} canvas */
  listenTo(canvas) {
    canvas.onpointerdown = event => this.startStroke(event)
    canvas.onpointermove = event => this.continueStroke(event)
    canvas.onpointerup = () => this.endStroke()
    canvas.onpointercancel = () => this.endStroke()
  }

  /** @param {PointerEvent} event */
  pointAt(event) {
    const { canvas } = this.painting
    return pointOnCanvas(event, canvas.getBoundingClientRect(), canvas)
  }

  /** @param {PointerEvent} event */
  startStroke(event) {
    if (event.button || this.data.disabled) return
    const { painting } = this
    event.preventDefault()
    painting.canvas.setPointerCapture(event.pointerId)
    painting.remember()
    const point = this.pointAt(event)
    this.drawing = { first: point, last: point }
    if (painting.tool !== "box") painting.stroke(point, point)
  }

  /** @param {PointerEvent} event */
  continueStroke(event) {
    const { drawing, painting } = this
    if (!drawing) return
    const coalesced = event.getCoalescedEvents?.() ?? []
    for (const part of coalesced.length ? coalesced : [event]) {
      const point = this.pointAt(part)
      if (painting.tool === "box") painting.previewRectangle(drawing.first, point)
      else painting.stroke(drawing.last, point)
      drawing.last = point
    }
  }

  endStroke() {
    if (!this.drawing) return
    this.drawing = null
    this.onPainted()
  }

  /** @param {() => void} paint */
  change(paint) {
    paint()
    this.onPainted()
  }

  onPainted() {
    this.isBlank = this.painting.isBlank
    if (!this.painting.isDirty) {
      this.painting.isDirty = true
      this.setStateValue("dirty", true)
    }
    this.draw()
  }

  async send() {
    this.use.disabled = true
    this.showError(null)
    setIfChanged(this.status, "textContent", "Sending the mask …")
    try {
      const id = await sendMask(this.data, await this.painting.toMask())
      this.painting.isDirty = false
      this.setStateValue("dirty", false)
      this.setTriggerValue("done", { id, at: Date.now() })
    } catch (error) {
      this.showError(error)
      this.draw()
    }
  }

  /** @param {unknown} error null: nothing is wrong any more */
  showError(error) {
    setIfChanged(this.error, "textContent", error instanceof Error ? error.message : "")
    this.error.classList.toggle("gone", !error)
  }

  draw() {
    const { data, isBlank, painting } = this
    for (const tool of this.tools) {
      const isOn = tool.dataset.tool === painting.tool
      tool.classList.toggle("on", isOn)
      tool.setAttribute("aria-pressed", String(isOn))
    }
    this.undo.disabled = painting.past.isEmpty
    this.clear.disabled = isBlank
    const isUsed = data.inUse && !painting.isDirty
    this.use.disabled = isBlank || isUsed
    setIfChanged(this.use, "textContent", data.words.use)
    const usage = isUsed ? data.words.used : data.words.unused
    setIfChanged(this.status, "textContent", isBlank ? data.words.blank : usage)
    for (const part of [this.bar, this.rectangle, this.foot]) part.classList.toggle("gone", data.disabled)
  }
}

export default mountable((root, /** @type {ComponentRun<MaskCanvasData>} */ { data }) => new MaskCanvas(root, data))
