import { mediaUrl } from "../../ui/shared/api.js"
import { button, el, setIfChanged } from "../../ui/shared/dom.js"
import { tr, trLazy } from "../../ui/shared/words.js"

/** A reason why a picture needs a look. @typedef {[key: string, text: string, isBad: boolean]} QualityReason */

/**
 * A picture of a dataset, as `ImageCard.tile` and the API give it.
 *
 * @typedef {object} DatasetTile
 * @property {string} id
 * @property {string} assetId
 * @property {string} name of its file
 * @property {string} caption
 * @property {boolean} included
 * @property {boolean} cropped
 * @property {boolean} masked
 * @property {QualityReason[]} reasons
 */

/** A word on a tile and how it is meant. @typedef {[word: string, tone: "" | "warn" | "bad"]} TileMark */

/** @type {Record<string, string>} */
const REASON_WORDS = {
  too_small: trLazy("too small"),
  low_resolution: trLazy("small"),
  blurred: trLazy("blurred"),
  dark: trLazy("dark"),
  bright: trLazy("bright"),
  flat: trLazy("no contrast"),
  clipped: trLazy("overexposed"),
  near_duplicates: trLazy("near-duplicate"),
  several_faces: trLazy("faces"),
  uncaptioned: trLazy("no caption"),
  without_trigger: trLazy("no trigger"),
  unmeasured: trLazy("not measured"),
}
const MOST_REASONS = 3

/**
 * @param {DatasetTile} tile
 * @returns {TileMark[]}
 */
export const marksOf = ({ included, cropped, masked, reasons }) => {
  /** @type {TileMark[]} */
  const marks = []
  if (!included) marks.push([tr("left out"), ""])
  if (cropped) marks.push([tr("cropped"), ""])
  if (masked) marks.push([tr("masked"), ""])
  for (const [key, , isBad] of reasons.slice(0, MOST_REASONS)) {
    marks.push([key in REASON_WORDS ? tr(REASON_WORDS[key]) : key, isBad ? "bad" : "warn"])
  }
  return marks
}

/**
 * @typedef {object} DatasetTileActions
 * @property {(id: string, event: PointerEvent) => void} onClick
 * @property {(id: string, range: boolean) => void} onToggle
 * @property {(id: string) => void} onFocus
 */

export class DatasetTileView {
  /** @param {DatasetTileActions} actions */
  constructor(actions) {
    this.id = ""
    this.source = ""
    this.drawnMarks = ""
    this.node = el("div", "tile")
    this.picture = el("div", "pic")
    this.img = el("img")
    this.tick = button("✓", null, "tick")
    this.badges = el("div", "badges")
    this.caption = el("div", "text")
    this.img.decoding = "async"
    this.img.onload = () => this.img.classList.add("here")
    this.node.setAttribute("role", "listitem")
    this.node.tabIndex = -1
    this.tick.tabIndex = -1
    this.tick.onclick = event => {
      event.stopPropagation()
      actions.onToggle(this.id, event.shiftKey)
    }
    this.node.onclick = event => actions.onClick(this.id, event)
    this.node.onfocus = () => actions.onFocus(this.id)
    this.picture.append(this.img, this.tick, this.badges)
    this.node.append(this.picture, this.caption)
  }

  /**
   * Returns whether its picture is another one now, which `loadPicture` fetches.
   *
   * @param {DatasetTile} tile
   * @param {{ workspace: string, selected: boolean, selectable: boolean }} state
   */
  draw(tile, { workspace, selected, selectable }) {
    this.id = tile.id
    this.node.dataset.id = tile.id
    const source = mediaUrl(workspace, tile.assetId, "?w=320")
    const isOther = this.source !== source
    if (isOther) {
      this.source = source
      this.img.classList.remove("here")
      this.img.removeAttribute("src")
    }
    const reasons = tile.reasons.map(([, text]) => text)
    setIfChanged(this.img, "alt", tile.name)
    this.node.setAttribute("aria-label", [tile.name, ...reasons].join(", "))
    setIfChanged(this.node, "title", [tile.caption || tile.name, ...reasons.map(text => `• ${text}`)].join("\n"))
    this.node.classList.toggle("out", !tile.included)
    this.tick.classList.toggle("gone", !selectable)
    this.markSelected(selected)
    this.drawMarks(marksOf(tile))
    setIfChanged(this.caption, "textContent", tile.caption)
    return isOther
  }

  loadPicture() {
    this.img.src = this.source
  }

  /** @param {boolean} selected */
  markSelected(selected) {
    this.node.classList.toggle("on", selected)
    this.tick.setAttribute("aria-label", selected ? tr("Deselect") : tr("Select"))
  }

  /** @param {TileMark[]} marks */
  drawMarks(marks) {
    const drawn = marks.join("|")
    if (this.drawnMarks === drawn) return
    this.drawnMarks = drawn
    this.badges.replaceChildren(...marks.map(([word, tone]) => el("span", `badge ${tone}`, word)))
  }
}
