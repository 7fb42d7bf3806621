import { mediaUrl } from "../../ui/shared/api.js"
import { button, el, targetOf } from "../../ui/shared/dom.js"
import { clamp } from "../../ui/shared/numbers.js"
import { tr } from "../../ui/shared/words.js"
import { Zoom } from "./zoom.js"

/** @import { Picture } from "./acts.js" */

/** @type {Record<string, [x: number, y: number]>} */
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }

/**
 * Two to four pictures over the whole page, side by side, or two under a slider. Keys: arrows move the divider (or the
 * enlarged picture), S changes between slider and side by side, Z zooms.
 */
class Comparison {
  /**
   * @param {string} workspace
   * @param {Picture[]} items
   */
  constructor(workspace, items) {
    this.workspace = workspace
    this.items = items
    /** @type {"slider" | "side"} */
    this.mode = items.length === 2 ? "slider" : "side"
    /** Where the divider stands, in percent. */
    this.split = 50
    this.box = el("dialog", "compare")
    this.area = el("div", "area")
    this.hint = el("span", "muted")
    this.over = el("div", "pane")
    this.line = el("div", "line")
    this.range = el("input")
    this.slider = button(tr("Slider"), () => this.draw("slider"))
    this.side = button(tr("Side by side"), () => this.draw("side"))
    this.close = button(tr("Close"), () => this.box.close(), "quiet")
    this.zoom = new Zoom(this.area, () => [...this.area.querySelectorAll("img")])
    this.build()
  }

  build() {
    const { area, box, range } = this
    range.type = "range"
    range.setAttribute("aria-label", tr("Divider"))
    range.oninput = () => this.moveDivider(Number(range.value))
    area.addEventListener("pointermove", event => this.onPointerMove(event))
    const bar = el("div", "row")
    const zoom = button(tr("Zoom"), () => this.zoom.toggle())
    bar.append(this.slider, this.side, zoom, el("span", "grow"), this.hint, this.close)
    box.setAttribute("aria-label", tr("Compare pictures"))
    box.append(bar, area)
    box.onkeydown = event => this.onKey(event)
    box.onclose = () => box.remove()
  }

  /** @param {HTMLElement} root */
  open(root) {
    root.append(this.box)
    this.draw(this.mode)
    this.box.showModal()
    this.close.focus()
  }

  get isPair() {
    return this.items.length === 2
  }

  /** @param {"slider" | "side"} mode */
  draw(mode) {
    this.mode = mode
    this.slider.classList.toggle("gone", !this.isPair)
    this.slider.classList.toggle("main", mode === "slider")
    this.side.classList.toggle("main", mode === "side")
    this.hint.textContent = this.hintText()
    this.area.className = `area ${mode}`
    const panes = this.items.map(item => this.buildPane(item))
    if (mode === "slider") {
      this.over = panes[1]
      this.over.classList.add("over")
      this.area.replaceChildren(...panes, this.line, this.range)
      this.moveDivider(this.split)
    } else {
      this.area.replaceChildren(...panes)
      this.area.style.setProperty("--n", String(this.items.length))
    }
    this.zoom.draw()
  }

  hintText() {
    if (this.mode === "slider") return tr("←  → move the divider · Z zoom · S side by side · Esc close")
    if (this.isPair) return tr("Wheel or Z zooms both · drag moves · S slider · Esc close")
    return tr("Wheel or Z zooms all together · drag moves · Esc close")
  }

  /** @param {Picture} item */
  buildPane(item) {
    const pane = el("div", "pane")
    const img = el("img")
    const name = el("span", "badge", paneName(item))
    img.src = mediaUrl(this.workspace, item.assetId)
    img.alt = item.prompt
    img.draggable = false
    pane.append(img, name)
    name.classList.toggle("gone", !name.textContent)
    return pane
  }

  /** @param {number} percent */
  moveDivider(percent) {
    this.split = clamp(percent, 0, 100)
    this.over.style.clipPath = `inset(0 0 0 ${this.split}%)`
    this.line.style.left = `${this.split}%`
    this.range.value = String(this.split)
  }

  /** @param {PointerEvent} event */
  onPointerMove(event) {
    if (this.mode !== "slider" || !event.buttons || this.zoom.isZoomed || targetOf(event).closest("input")) return
    const area = this.area.getBoundingClientRect()
    this.moveDivider(((event.clientX - area.left) / area.width) * 100)
  }

  /** @param {KeyboardEvent} event */
  onKey(event) {
    if (!this.actOnKey(event)) return
    event.preventDefault()
    event.stopPropagation()
  }

  /**
   * Whether the key means something here.
   *
   * @param {KeyboardEvent} event
   */
  actOnKey(event) {
    const arrow = ARROWS[event.key]
    const key = event.key.toLowerCase()
    if (arrow && this.zoom.isZoomed) this.zoom.push(-60 * arrow[0], -60 * arrow[1])
    else if (arrow?.[0] && this.mode === "slider") this.moveDivider(this.split + arrow[0] * (event.shiftKey ? 10 : 2))
    else if (key === "s" && this.isPair) this.draw(this.mode === "slider" ? "side" : "slider")
    else if (key === "z") this.zoom.toggle()
    else return false
    return true
  }
}

/**
 * @param {HTMLElement} root
 * @param {string} workspace
 * @param {Picture[]} items two to four
 */
export const openComparison = (root, workspace, items) => new Comparison(workspace, items).open(root)

/** @param {Picture} item */
const paneName = item =>
  [item.rating ? "★".repeat(item.rating) : "", item.seed >= 0 ? tr("seed {seed}", { seed: item.seed }) : ""]
    .filter(Boolean)
    .join(" · ")
