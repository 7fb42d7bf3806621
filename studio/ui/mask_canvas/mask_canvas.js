import { button, el, focusedNear, setIfChanged, targetOf } from "../shared/dom.js"
import { percentText } from "../shared/format.js"
import { mountable } from "../shared/mount.js"
import { tr, trLazy } from "../shared/words.js"
import { NARROWEST_BRUSH, nextBrush, widestBrush } from "./geometry.js"
import { paintingOf } from "./painting.js"
import { sendMask } from "./send_mask.js"
import { Stage } from "./stage.js"
import { Strokes } from "./strokes.js"
import { WHOLE } from "./view.js"

/** @import { MaskPainting, PaintTool } from "./painting.js" */

/**
 * An empty `use`: no button.
 *
 * @typedef {{ blank: string, used: string, unused: string, use: string, picture: string }} MaskStateTexts
 */

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
 * @property {MaskStateTexts} texts
 * @property {boolean} disabled
 * @property {boolean} tall as high as the window allows, and as wide as the page
 * @property {number} sendRequest goes up when Python wants the mask
 */

/** @type {[tool: PaintTool, text: string, key: string][]} */
const TOOLS = [
  ["paint", trLazy("Paint"), "b"],
  ["erase", trLazy("Erase"), "e"],
  ["box", trLazy("Rectangle"), "r"],
  ["move", trLazy("Move"), "h"],
]
/** Read by people who paint with keys. */
const helpText = () => {
  const letters = tr("B paint · E erase · R rectangle · H move · [ ] brush · + − 0 zoom")
  const others = tr("arrows move the brush, Space or Enter paints · Ctrl+Z undo")
  return `${letters} · ${others}`
}
const TYPED_INTO = "input, textarea, select, [contenteditable], [role=dialog] *"

class MaskCanvas {
  /**
   * @param {HTMLElement} root
   * @param {MaskCanvasData} data
   */
  constructor(root, data) {
    this.root = root
    this.data = data
    this.painting = this.findPainting()
    this.isBlank = true
    /** The state that was sent to Python last. */
    this.sentState = ""
    this.sendRequest = data.sendRequest
    /** @type {ComponentRun<MaskCanvasData>["setTriggerValue"]} */
    this.setTriggerValue = () => {}
    /** @type {ComponentRun<MaskCanvasData>["setStateValue"]} */
    this.setStateValue = () => {}
    this.bar = el("div", "row tools")
    this.error = el("div", "bad gone")
    this.foot = el("div", "row foot")
    this.stage = new Stage(() => this.draw())
    this.strokes = new Strokes(this)
    this.size = Object.assign(el("input"), {
      type: "range",
      min: String(NARROWEST_BRUSH),
      title: tr("Brush size ([ and ])"),
    })
    this.sizeText = el("span", "muted")
    this.tools = TOOLS.map(([tool, text, key]) => this.buildTool(tool, tr(text), key))
    this.undo = this.buildButton(tr("Undo"), tr("Undo (Ctrl+Z)"), () => this.undoStroke())
    this.invert = this.buildButton(tr("Invert"), tr("Invert (I)"), () => this.change(() => this.painting.invert()))
    this.clear = this.buildButton(tr("Clear all"), tr("Clear all"), () => this.change(() => this.painting.clear()))
    this.zoomOut = this.buildButton("−", tr("Zoom out (−)"), () => this.stage.zoomOut())
    this.zoomText = this.buildButton("100%", tr("Show all (0)"), () => this.stage.zoomTo(WHOLE))
    this.zoomIn = this.buildButton("+", tr("Zoom in (+, or Ctrl and the wheel)"), () => this.stage.zoomIn())
    this.full = this.buildButton(tr("Full screen"), tr("Full screen (F)"), () => this.toggleFullscreen())
    this.use = button("", () => this.send(), "main")
    this.status = el("span", "muted grow")
    this.listening = new AbortController()
    this.build()
    this.showPainting()
  }

  get isDisabled() {
    return this.data.disabled
  }

  build() {
    const { bar, error, foot, root, size, sizeText, stage, status } = this
    const sized = el("label", "size")
    sized.append(sizeText, size)
    size.oninput = () => this.setBrush(Number(size.value))
    const zoom = el("span", "row zoom")
    zoom.append(this.zoomOut, this.zoomText, this.zoomIn)
    bar.append(...this.tools, sized, this.undo, this.invert, this.clear, zoom, this.full)
    stage.node.tabIndex = 0
    stage.node.setAttribute("role", "application")
    error.setAttribute("role", "alert")
    status.setAttribute("role", "status")
    foot.append(this.use, status, el("span", "muted help", helpText()))
    root.replaceChildren(bar, stage.node, foot, error)
    const { signal } = this.listening
    // Before Streamlit, whose R runs the page again and so closes a dialog.
    document.addEventListener("keydown", event => this.onKey(event), { signal, capture: true })
    document.addEventListener("keyup", event => this.strokes.onKeyUp(event), { signal })
  }

  /**
   * @param {PaintTool} tool
   * @param {string} text
   * @param {string} key
   */
  buildTool(tool, text, key) {
    const node = button(text, () => this.setTool(tool))
    node.dataset.tool = tool
    node.title = `${text} (${key.toUpperCase()})`
    return node
  }

  /**
   * @param {string} text
   * @param {string} label
   * @param {() => void} onClick
   */
  buildButton(text, label, onClick) {
    const node = button(text, onClick, "quiet")
    node.title = label
    if (text.length === 1) node.setAttribute("aria-label", label)
    return node
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
    const { img } = this.stage
    if (img.getAttribute("src") !== data.src) img.src = data.src
    img.alt = data.texts.picture
    this.draw()
    if (this.sendRequest === data.sendRequest) return
    this.sendRequest = data.sendRequest
    this.send()
  }

  /** Paintings outlive their element: nothing here is lost with it. */
  close() {
    this.listening.abort()
    this.stage.close()
  }

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
    const ratio = data.width / data.height
    stage.node.classList.toggle("tall", data.tall)
    stage.node.style.aspectRatio = data.tall ? "" : `${data.width}/${data.height}`
    stage.node.style.maxWidth = data.tall ? "" : `min(100%, ${Math.round(34 * ratio * 16)}px, calc(60vh * ${ratio}))`
    stage.node.setAttribute("aria-label", tr("Mask. {state} {keys}", { state: data.texts.blank, keys: helpText() }))
    stage.show(painting.canvas, data)
    this.size.max = String(widestBrush(data))
    this.isBlank = painting.isBlank
    this.setBrush(painting.brush)
  }

  /** @param {number} brush px of the canvas */
  setBrush(brush) {
    this.painting.brush = brush
    this.size.value = String(brush)
    this.sizeText.textContent = tr("Brush {n} px", { n: brush })
    if (this.strokes.cursor && focusedNear(this.root) === this.stage.node) this.strokes.showCursor()
  }

  /** @param {PaintTool} tool */
  setTool(tool) {
    this.strokes.end()
    this.painting.tool = tool
    this.stage.showRing(null, 0)
    this.draw()
  }

  toggleFullscreen() {
    if (document.fullscreenElement) document.exitFullscreen()
    else this.root.requestFullscreen?.().catch(() => {})
  }

  /**
   * Keys work wherever nothing is typed into and nothing else has the focus.
   *
   * @param {KeyboardEvent} event
   */
  onKey(event) {
    const [inner] = event.composedPath()
    const isHere = event.composedPath().includes(this.root)
    if (!isHere && targetOf(event) !== document.body) return
    if (inner instanceof Element && inner !== this.size && inner.matches(TYPED_INTO)) return
    if (!this.actOnKey(event, inner === this.stage.node)) return
    event.preventDefault()
    event.stopPropagation()
  }

  /**
   * @param {KeyboardEvent} event
   * @param {boolean} isOnStage
   */
  actOnKey(event, isOnStage) {
    const key = event.key.toLowerCase()
    if (event.ctrlKey || event.metaKey) return key === "z" && !this.isDisabled && this.undoStroke()
    if (event.altKey) return false
    if (isOnStage && !this.isDisabled && this.strokes.onKeyDown(event)) return true
    return this.zoomByKey(key) || (!this.isDisabled && this.paintByKey(key))
  }

  /** @param {string} key */
  zoomByKey(key) {
    if (key === "+" || key === "=") this.stage.zoomIn()
    else if (key === "-") this.stage.zoomOut()
    else if (key === "0") this.stage.zoomTo(WHOLE)
    else if (key === "f") this.toggleFullscreen()
    else return false
    return true
  }

  /** @param {string} key */
  paintByKey(key) {
    const tool = TOOLS.find(([, , own]) => own === key)?.[0]
    if (tool) this.setTool(tool)
    else if (key === "[") this.setBrush(nextBrush(this.painting.brush, -1, this.data))
    else if (key === "]") this.setBrush(nextBrush(this.painting.brush, 1, this.data))
    else if (key === "i") this.change(() => this.painting.invert())
    else return false
    return true
  }

  undoStroke() {
    const isUndone = this.painting.undo()
    if (isUndone) this.onPainted()
    return isUndone
  }

  /** @param {() => void} paint */
  change(paint) {
    paint()
    this.onPainted()
  }

  onPainted() {
    this.isBlank = this.painting.isBlank
    this.painting.isDirty = true
    this.draw()
  }

  /** Python is told whether something is painted, and whether its mask is still to be sent. */
  tell() {
    const { isBlank, painting } = this
    const state = `${painting.isDirty} ${isBlank}`
    if (this.sentState === state) return
    const isFirst = !this.sentState
    this.sentState = state
    if (!isFirst || painting.isDirty || isBlank === Boolean(this.data.mask))
      this.setStateValue("painted", { dirty: painting.isDirty, blank: isBlank })
  }

  async send() {
    if (this.isBlank) {
      this.showError(new Error(this.data.texts.blank))
      return
    }
    this.use.disabled = true
    this.showError(null)
    setIfChanged(this.status, "textContent", tr("Sending the mask …"))
    try {
      const id = await sendMask(this.data, await this.painting.toMask())
      this.painting.isDirty = false
      this.sentState = "false false"
      this.setStateValue("painted", { dirty: false, blank: false })
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
    this.stage.node.dataset.tool = data.disabled ? "move" : painting.tool
    this.undo.disabled = painting.past.isEmpty
    this.clear.disabled = isBlank
    setIfChanged(this.zoomText, "textContent", percentText(this.stage.view.zoom))
    const isUsed = data.inUse && !painting.isDirty
    this.use.disabled = isBlank || isUsed
    this.use.classList.toggle("gone", !data.texts.use)
    setIfChanged(this.use, "textContent", data.texts.use)
    const usage = isUsed ? data.texts.used : data.texts.unused
    setIfChanged(this.status, "textContent", isBlank ? data.texts.blank : usage)
    for (const part of [this.bar, this.foot]) part.classList.toggle("gone", data.disabled)
    if (!isBlank) this.showError(null)
    this.tell()
  }
}

export default mountable((root, /** @type {ComponentRun<MaskCanvasData>} */ { data }) => new MaskCanvas(root, data))
