import { mediaUrl } from "../../ui/shared/api.js"
import { button, el, setIfChanged } from "../../ui/shared/dom.js"

/** @import { TrialPlace } from "./cells.js" */

export class TrialPlaceView {
  /** @param {() => void} onOpen */
  constructor(onOpen) {
    this.source = ""
    this.node = button("", onOpen, "place")
    this.picture = el("div", "pic")
    this.img = el("img")
    this.bar = el("div", "score")
    this.fill = el("i")
    this.text = el("div", "words muted")
    this.img.loading = "lazy"
    this.img.decoding = "async"
    this.img.alt = ""
    this.img.onload = () => this.img.classList.add("here")
    this.bar.append(this.fill)
    this.picture.append(this.img)
    this.node.append(this.picture, this.bar, this.text)
  }

  /**
   * @param {TrialPlace} place
   * @param {object} state
   * @param {string} state.workspace
   * @param {string} state.assetId empty: not drawn yet
   * @param {boolean} state.isWaiting whether it is still to be drawn
   * @param {string} state.label
   */
  draw(place, { workspace, assetId, isWaiting, label }) {
    this.drawPicture(assetId ? mediaUrl(workspace, assetId, "?w=320") : "")
    setIfChanged(this.node, "disabled", !assetId)
    this.node.classList.toggle("empty", !assetId)
    this.node.classList.toggle("waiting", !assetId && isWaiting)
    this.node.setAttribute("aria-label", label)
    this.bar.classList.toggle("gone", place.score === null)
    if (place.score !== null) this.fill.style.width = `${Math.round(place.score * 100)}%`
    setIfChanged(this.text, "textContent", place.words)
    this.text.classList.toggle("gone", !place.words)
  }

  /** @param {string} source */
  drawPicture(source) {
    if (this.source === source) return
    this.source = source
    this.img.classList.remove("here")
    if (source) this.img.src = source
    else this.img.removeAttribute("src")
  }
}
