import { mediaUrl } from "../../ui/shared/api.js"
import { button, el, setIfChanged } from "../../ui/shared/dom.js"
import { percentText } from "../../ui/shared/format.js"
import { buildStars, drawStars } from "../../ui/shared/stars.js"
import { tr } from "../../ui/shared/words.js"
import { identityOf, tileNote } from "./acts.js"
import { tileOffset } from "./layout.js"

/** @import { Picture } from "./acts.js" */
/** @import { GridLayout } from "./layout.js" */

/**
 * What a tile asks of its gallery. A tile is used for one picture after the other, so it names the place it stands at.
 *
 * @typedef {object} PictureTileActions
 * @property {(index: number, event: PointerEvent) => void} onClick
 * @property {(index: number, range: boolean) => void} onToggle
 * @property {(index: number) => void} onFavourite
 * @property {(index: number, stars: number) => void} onRate
 * @property {(index: number) => void} onPost
 * @property {(index: number) => void} onFocus
 * @property {() => void} onLoaded
 * @property {(view: PictureTileView) => void} makeDraggable
 */

/**
 * @typedef {object} PictureTileState
 * @property {number} index
 * @property {GridLayout} layout
 * @property {string} source address of the thumbnail
 * @property {boolean} selected
 * @property {boolean} lifted
 * @property {boolean} draggable
 * @property {boolean} canEdit
 */

export class PictureTileView {
  /** @param {PictureTileActions} actions */
  constructor(actions) {
    this.index = 0
    this.source = ""
    this.node = el("div", "tile")
    this.img = el("img")
    this.tick = button("✓", null, "tick")
    this.heart = button("♥", null, "heart")
    this.badge = el("span", "badge")
    this.stars = buildStars(stars => actions.onRate(this.index, stars))
    this.img.decoding = "async"
    this.img.draggable = false
    this.img.onload = () => {
      this.img.classList.add("here")
      actions.onLoaded()
    }
    this.node.setAttribute("role", "listitem")
    this.tick.tabIndex = -1
    this.heart.tabIndex = -1
    this.tick.onclick = event => {
      event.stopPropagation()
      actions.onToggle(this.index, event.shiftKey)
    }
    this.heart.onclick = event => {
      event.stopPropagation()
      actions.onFavourite(this.index)
    }
    this.node.onclick = event => actions.onClick(this.index, event)
    this.node.onfocus = () => actions.onFocus(this.index)
    this.canEdit = false
    /** Made when somebody first points at the tile. @type {HTMLButtonElement | null} */
    this.post = null
    this.node.onpointerenter = event => {
      if (this.canEdit && event.pointerType !== "touch") this.showPost(actions)
    }
    actions.makeDraggable(this)
    this.node.append(this.img, this.tick, this.heart, this.badge, this.stars)
  }

  /**
   * @param {Picture} item
   * @param {PictureTileState} state
   */
  draw(item, state) {
    this.index = state.index
    this.drawPlace(state.index, state.layout)
    this.drawPicture(item, state.source)
    this.node.setAttribute("aria-posinset", String(state.index + 1))
    this.node.classList.toggle("on", state.selected)
    this.node.classList.toggle("faved", item.favourite)
    this.node.classList.toggle("rated", item.rating > 0)
    this.node.classList.toggle("lifted", state.lifted)
    setIfChanged(this.node, "draggable", state.draggable)
    this.tick.setAttribute("aria-label", state.selected ? tr("Deselect") : tr("Select"))
    this.heart.setAttribute("aria-label", item.favourite ? tr("Remove from favourites") : tr("Add to favourites"))
    for (const control of [this.tick, this.heart, this.stars]) {
      if (state.canEdit && !control.isConnected) this.node.append(control)
      else if (!state.canEdit && control.isConnected) control.remove()
    }
    this.canEdit = state.canEdit
    this.drawBadge(item)
    drawStars(this.stars, item.rating)
  }

  /** @param {PictureTileActions} actions */
  showPost(actions) {
    if (this.post) return
    this.post = button(tr("Create post"), null, "post")
    this.post.tabIndex = -1
    this.post.title = tr("Create post (P)")
    this.post.onclick = event => {
      event.stopPropagation()
      actions.onPost(this.index)
    }
    this.node.append(this.post)
  }

  /**
   * @param {number} index
   * @param {GridLayout} layout
   */
  drawPlace(index, layout) {
    const { x, y } = tileOffset(index, layout)
    setIfChanged(this.node.style, "transform", `translate(${x}px,${y}px)`)
    setIfChanged(this.node.style, "width", `${layout.side}px`)
    setIfChanged(this.node.style, "height", `${layout.side}px`)
  }

  /**
   * @param {Picture} item
   * @param {string} source
   */
  drawPicture(item, source) {
    if (this.source !== source) {
      this.source = source
      this.img.classList.remove("here")
      this.img.src = source
    }
    const name = item.prompt || tr("Picture without a prompt")
    if (this.node.title === name) return
    this.node.title = name
    this.img.alt = name
    this.node.setAttribute("aria-label", name)
  }

  /** @param {Picture} item */
  drawBadge(item) {
    const note = tileNote(item)
    const identity = identityOf(item)
    const match = identity ? tr("Face {percent}", { percent: percentText(identity.score) }) : ""
    setIfChanged(this.badge, "textContent", note || match)
    this.badge.classList.toggle("good", !note && Boolean(identity?.passes))
    this.badge.classList.toggle("short", Boolean(identity && !identity.passes))
    this.badge.classList.toggle("gone", !this.badge.textContent)
  }
}

/**
 * @param {string} workspace
 * @param {Picture} item
 * @param {number} width px, one of those the API makes
 */
export const thumbnailUrl = (workspace, item, width) => mediaUrl(workspace, item.assetId, `?w=${width}`)
