import { mediaUrl } from "../../ui/shared/api.js"
import { button, el, setIfChanged } from "../../ui/shared/dom.js"
import { tr } from "../../ui/shared/words.js"

/** @import { CellAddress } from "./cells.js" */

/** @type {Record<string, CellAddress>} */
const TRIAL_ARROWS = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }

/**
 * A picture as the large view shows it.
 *
 * @typedef {object} LargePicture
 * @property {string} assetId
 * @property {string} title
 * @property {string} prompt
 * @property {string} note
 * @property {string} figures
 * @property {{ name: string, assetId: string, isShown: boolean, onOpen: () => void }[]} strip the other columns
 */

/** One picture over the page, with the same prompt of every checkpoint below it. */
export class LargeView {
  /**
   * @param {string} workspace
   * @param {(direction: CellAddress) => void} onStep
   */
  constructor(workspace, onStep) {
    this.workspace = workspace
    this.dialog = el("dialog")
    this.img = el("img", "large")
    this.title = el("div", "name")
    this.prompt = el("div", "muted")
    this.figures = el("div", "muted")
    this.strip = el("div", "strip")
    this.build(onStep)
    this.dialog.onclick = event => {
      if (event.target === this.dialog) this.dialog.close()
    }
    this.dialog.onkeydown = event => {
      const direction = TRIAL_ARROWS[event.key]
      if (!direction) return
      event.preventDefault()
      event.stopPropagation()
      onStep(direction)
    }
  }

  /** @param {(direction: CellAddress) => void} onStep */
  build(onStep) {
    const close = button("✕", () => this.dialog.close(), "close")
    const previous = button("‹", () => onStep([0, -1]), "nav")
    const next = button("›", () => onStep([0, 1]), "nav")
    close.setAttribute("aria-label", tr("Close"))
    previous.setAttribute("aria-label", tr("Previous version"))
    next.setAttribute("aria-label", tr("Next version"))
    const middle = el("div", "middle")
    middle.append(previous, this.img, next)
    const about = el("div", "about")
    about.append(this.title, this.prompt, this.figures)
    const hint = el("div", "muted hint", tr("← → version · ↑ ↓ prompt · Esc closes"))
    this.dialog.append(close, middle, about, this.strip, hint)
  }

  /** @param {LargePicture} picture */
  show({ assetId, title, prompt, note, figures, strip }) {
    this.img.src = mediaUrl(this.workspace, assetId)
    this.img.alt = `${title}: ${prompt}`
    setIfChanged(this.title, "textContent", title)
    setIfChanged(this.prompt, "textContent", `${prompt} · ${note}`)
    setIfChanged(this.figures, "textContent", figures)
    this.strip.replaceChildren(...strip.map(item => this.buildStripItem(item)))
    if (!this.dialog.open) this.dialog.showModal()
  }

  /** @param {LargePicture["strip"][number]} item */
  buildStripItem({ name, assetId, isShown, onOpen }) {
    const item = button("", onOpen, isShown ? "on" : "")
    item.setAttribute("aria-label", name)
    item.title = name
    item.disabled = !assetId
    if (!assetId) return item
    const img = el("img")
    img.src = mediaUrl(this.workspace, assetId, "?w=160")
    img.alt = ""
    item.append(img)
    return item
  }
}
