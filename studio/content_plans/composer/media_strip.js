import { mediaUrl } from "../../ui/shared/api.js"
import { button, el } from "../../ui/shared/dom.js"
import { percentText } from "../../ui/shared/format.js"
import { moved, Ordering } from "../../ui/shared/ordering.js"
import { tr } from "../../ui/shared/words.js"

/** @import { FileAnswer } from "./answers.js" */
/** @import { PostModel } from "./post_model.js" */

/**
 * Face match of a picture as a badge; null where it was not measured.
 *
 * @param {FileAnswer | undefined} file
 */
export const matchBadge = file => {
  if (!file || file.score === null || file.threshold === null) return null
  const passes = file.score >= file.threshold
  const [tone, title] = matchNote(file, percentText(file.score), passes)
  const badge = el("span", `match ${tone}`, percentText(file.score))
  badge.title = title
  badge.setAttribute("aria-label", badge.title)
  return badge
}

/**
 * @param {FileAnswer} file
 * @param {string} match its face match
 * @param {boolean} passes
 * @returns {[tone: string, title: string]}
 */
const matchNote = ({ accepted, threshold }, match, passes) => {
  if (passes) return ["good", tr("Face match {match}", { match })]
  if (accepted) return ["plain", tr("Face match {match}, accepted", { match })]
  return ["warn", tr("Face match {match}, needs {threshold}", { match, threshold: percentText(threshold ?? 0) })]
}

/** The post's files in order: dragged, or moved with Alt and the arrow keys. */
export class MediaStrip {
  /**
   * @param {PostModel} model
   * @param {{ change(assetIds: string[]): void, pick(): void, select(assetId: string): void }} on
   */
  constructor(model, on) {
    this.model = model
    this.on = on
    this.node = el("div", "media-strip")
    this.list = el("ol", "files")
    this.list.setAttribute("aria-label", tr("Pictures and videos, in order"))
    this.live = el("span", "unseen")
    this.live.setAttribute("aria-live", "polite")
    this.node.append(this.list, this.live)
    /** @type {string[]} */
    this.assetIds = []
    this.selected = ""
    this.ordering = new Ordering({
      move: (from, to) => this.move(from, to),
      focus: n => this.focus(this.assetIds[n] ?? ""),
      remove: n => this.remove(this.assetIds[n]),
    })
    this.key = ""
  }

  /**
   * @param {string[]} assetIds
   * @param {boolean} isFrozen
   */
  draw(assetIds, isFrozen) {
    if (!assetIds.includes(this.selected)) this.selected = assetIds[0] ?? ""
    this.assetIds = assetIds
    const files = assetIds.map(id => this.model.loaded.files[id])
    const key = JSON.stringify([assetIds, files, isFrozen, this.selected])
    if (key === this.key) return
    this.key = key
    const focused = /** @type {HTMLElement | null} */ (this.list.querySelector(":focus"))?.dataset.asset
    this.list.replaceChildren(...assetIds.map((id, n) => this.buildFile(id, n, isFrozen)))
    if (!isFrozen) this.list.append(this.buildAdd())
    if (focused) this.focus(focused)
  }

  /** @param {string} assetId */
  focus(assetId) {
    /** @type {HTMLElement | null} */
    const node = this.list.querySelector(`[data-asset="${CSS.escape(assetId)}"]`)
    node?.focus()
  }

  /**
   * @param {string} assetId
   * @param {number} n
   * @param {boolean} isFrozen
   */
  buildFile(assetId, n, isFrozen) {
    const { model } = this
    const file = model.loaded.files[assetId]
    const item = el("li", `file ${assetId === this.selected ? "on" : ""}`)
    const open = button("", () => this.select(assetId), "thumb")
    open.dataset.asset = assetId
    const isVideo = file?.kind === "video"
    const values = { place: n + 1, n: this.assetIds.length }
    open.setAttribute("aria-label", isVideo ? tr("Video {place} of {n}", values) : tr("Picture {place} of {n}", values))
    open.setAttribute("aria-pressed", String(assetId === this.selected))
    if (!isFrozen && this.assetIds.length > 1) open.setAttribute("aria-keyshortcuts", "Alt+ArrowLeft Alt+ArrowRight")
    const image = el("img")
    image.src = mediaUrl(model.data.workspace, assetId, "?w=160")
    image.alt = ""
    image.draggable = false
    open.append(image)
    if (this.assetIds.length > 1) open.append(el("span", "number", String(n + 1)))
    if (isVideo) open.append(el("span", "kind", "▶"))
    const badge = matchBadge(file)
    if (badge) open.append(badge)
    item.append(open)
    if (isFrozen) return item
    const remove = button("×", () => this.remove(assetId), "remove")
    remove.setAttribute(
      "aria-label",
      isVideo ? tr("Remove video {place}", values) : tr("Remove picture {place}", values),
    )
    item.append(remove)
    this.ordering.attach(item, open, n)
    return item
  }

  buildAdd() {
    const item = el("li", "file")
    const add = button("+", () => this.on.pick(), "thumb add")
    add.setAttribute("aria-label", tr("Add pictures or videos"))
    add.append(el("span", "", this.assetIds.length ? "" : tr("Add pictures or videos")))
    item.append(add)
    if (!this.assetIds.length) item.classList.add("alone")
    return item
  }

  /** @param {string} assetId */
  select(assetId) {
    this.selected = assetId
    this.on.select(assetId)
  }

  /**
   * @param {number} from
   * @param {number} to
   */
  move(from, to) {
    if (to < 0 || to >= this.assetIds.length || from === to) return
    const assetId = this.assetIds[from]
    this.on.change(moved(this.assetIds, from, to))
    this.focus(assetId)
    this.live.textContent = tr("Moved to place {place} of {n}.", { place: to + 1, n: this.assetIds.length })
  }

  /** @param {string} assetId */
  remove(assetId) {
    const n = this.assetIds.indexOf(assetId)
    this.on.change(this.assetIds.filter(other => other !== assetId))
    this.focus(this.assetIds[Math.min(n, this.assetIds.length - 1)] ?? "")
  }
}
