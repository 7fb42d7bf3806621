import { el, placeChild, setIfChanged } from "../../ui/shared/dom.js"
import { tr } from "../../ui/shared/words.js"
import {
  gridHeight,
  gridLayout,
  isNearEnd,
  placesToDraw,
  scrollIntoView,
  thumbnailWidth,
  visibleRange,
} from "./layout.js"
import { PictureTileView, thumbnailUrl } from "./picture_tile.js"

/** @import { Picture } from "./acts.js" */
/** @import { PictureTileActions } from "./picture_tile.js" */

/** Tiles that are kept to be used again. */
const POOL = 60

/**
 * What the window is to show.
 *
 * @typedef {object} WindowContent
 * @property {Picture[]} items
 * @property {string} workspace
 * @property {boolean} canEdit
 * @property {boolean} draggable
 * @property {number | null} focus the place that keeps its tile even out of view
 * @property {number} leastSide px
 * @property {boolean} withMargin whether a screen above and below is drawn too
 * @property {{ has(id: string): boolean, size: number }} selection
 * @property {Set<string>} lifted
 */

/**
 * A grid of any length: only the rows near the view are in the page, and their tiles are used again as people scroll.
 */
export class PictureWindow {
  /**
   * @param {HTMLElement} root
   * @param {PictureTileActions} actions
   */
  constructor(root, actions) {
    this.actions = actions
    this.space = el("div", "space")
    this.space.setAttribute("role", "list")
    this.space.setAttribute("aria-label", tr("Pictures"))
    this.scroller = scrollerOf(root)
    /** @type {Map<string, PictureTileView>} */
    this.views = new Map()
    /** @type {PictureTileView[]} */
    this.pool = []
    this.layout = { columns: 1, side: 0, rowHeight: 1 }
  }

  /**
   * Draws what is in view. Returns whether the end of the list is near; undefined while the grid has no width.
   *
   * @param {WindowContent} content
   */
  draw(content) {
    const { items, leastSide, focus } = content
    const width = this.space.clientWidth
    if (!width) return undefined
    this.layout = gridLayout(width, leastSide)
    setIfChanged(this.space.style, "height", `${gridHeight(items.length, this.layout)}px`)
    const view = this.scroller.getBoundingClientRect()
    const spaceTop = this.space.getBoundingClientRect().top
    const top = Math.max(0, view.top) - spaceTop
    const bottom = Math.min(view.bottom, innerHeight) - spaceTop
    const margin = content.withMargin ? view.height : 0
    const range = visibleRange({ top, bottom, margin }, this.layout, items.length)
    const focusedIndex = focus !== null && focus < items.length && this.views.has(items[focus].id) ? focus : null
    this.drawPlaces(placesToDraw(range, focusedIndex), content)
    this.space.classList.toggle("choosing", content.selection.size > 0)
    this.updateTabStop(focus)
    return isNearEnd({ bottom, height: view.height }, this.layout, items.length)
  }

  /**
   * @param {number[]} places
   * @param {WindowContent} content
   */
  drawPlaces(places, content) {
    const { items, selection, lifted } = content
    this.release(new Set(places.map(place => items[place].id)))
    const width = thumbnailWidth(this.layout.side, window.devicePixelRatio)
    for (const [n, index] of places.entries()) {
      const item = items[index]
      const view = this.viewOf(item.id)
      view.draw(item, {
        index,
        layout: this.layout,
        source: thumbnailUrl(content.workspace, item, width),
        selected: selection.has(item.id),
        lifted: lifted.has(item.id),
        draggable: content.draggable,
        canEdit: content.canEdit,
      })
      placeChild(this.space, view.node, n)
    }
  }

  /** @param {Set<string>} keep */
  release(keep) {
    for (const [id, view] of this.views) {
      if (keep.has(id)) continue
      this.views.delete(id)
      view.node.remove()
      if (this.pool.length < POOL) this.pool.push(view)
    }
  }

  /** @param {string} id */
  viewOf(id) {
    const view = this.views.get(id) ?? this.pool.pop() ?? new PictureTileView(this.actions)
    this.views.set(id, view)
    return view
  }

  /**
   * Tab reaches one tile of the grid.
   *
   * @param {number | null} focus
   */
  updateTabStop(focus) {
    for (const view of this.views.values()) setIfChanged(view.node, "tabIndex", view.index === (focus ?? 0) ? 0 : -1)
  }

  /**
   * Scrolls until the row of a place is seen whole, below what stands above the grid.
   *
   * @param {number} index
   * @param {number} headHeight px
   */
  scrollTo(index, headHeight) {
    const { columns, rowHeight } = this.layout
    const view = this.scroller.getBoundingClientRect()
    const top = this.space.getBoundingClientRect().top + Math.floor(index / columns) * rowHeight
    this.scroller.scrollTop += scrollIntoView(
      { top, bottom: top + rowHeight },
      { top: Math.max(0, view.top) + headHeight + 8, bottom: Math.min(view.bottom, innerHeight) },
    )
  }
}

/**
 * The nearest element around `node` that scrolls, also outside its shadow root.
 *
 * @param {Element} node
 * @returns {Element}
 */
const scrollerOf = node => {
  /** @type {Node | null} */
  let at = node
  while (at) {
    if (at instanceof Element && /auto|scroll/.test(getComputedStyle(at).overflowY)) return at
    const root = at.getRootNode()
    at = at.parentElement ?? (root instanceof ShadowRoot ? root.host : null)
  }
  return document.scrollingElement ?? document.documentElement
}
