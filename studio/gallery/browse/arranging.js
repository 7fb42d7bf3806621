import { send } from "../../ui/shared/api.js"
import { el } from "../../ui/shared/dom.js"
import { clamp } from "../../ui/shared/numbers.js"
import { tr, trLazy } from "../../ui/shared/words.js"
import { droppedBefore, moveBefore, shiftedBefore } from "./arrangement.js"
import { TouchDrag } from "./touch_drag.js"

/** @import { PictureBrowser } from "./browse.js" */
/** @import { DropSpot } from "./arrangement.js" */
/** @import { PictureTileView } from "./picture_tile.js" */

const NOT_ALL_FETCHED = trLazy("Scroll to the end of the board first.")

/** Pictures of a board are put in order by mouse, finger or keys. */
export class Arranging {
  /** @param {PictureBrowser} browser */
  constructor(browser) {
    this.browser = browser
    /** Ids of the pictures that are dragged. @type {string[] | null} */
    this.dragged = null
    /** A finger that is down. @type {TouchDrag | null} */
    this.touch = null
  }

  /** Whether the list shown is a board in its own order that may be changed. */
  get isPossible() {
    const { data, list } = this.browser
    return Boolean(data.canEdit && data.board && list.query.order === "board" && !list.similar)
  }

  /** Ids of the pictures that a finger has lifted. */
  get lifted() {
    return new Set(this.touch?.isLifted ? this.dragged : [])
  }

  /** @param {PictureTileView} view */
  makeDraggable(view) {
    const { node } = view
    node.ondragstart = event => {
      if (!this.isPossible) return event.preventDefault()
      this.dragged = this.browser.selectedOr(view.index)
      if (event.dataTransfer) {
        event.dataTransfer.effectAllowed = "move"
        event.dataTransfer.setData("text/plain", this.browser.list.items[view.index]?.id)
      }
    }
    node.ondragover = event => {
      if (!this.dragged) return
      event.preventDefault()
      this.markDrop(this.spotAt(event.clientX, event.clientY))
    }
    node.ondrop = event => {
      const spot = this.dragged && this.spotAt(event.clientX, event.clientY)
      if (!spot) return
      event.preventDefault()
      this.drop(spot)
    }
    node.ondragend = () => this.cancel()
    node.addEventListener("pointerdown", event => this.onPointerDown(view, event))
    // A lifted picture moves with the finger; the page must not scroll along.
    const holdStill = (/** @type {TouchEvent} */ event) => {
      if (this.touch?.isLifted && event.cancelable) event.preventDefault()
    }
    node.addEventListener("touchmove", holdStill, { passive: false })
    node.addEventListener("contextmenu", event => {
      if (this.touch) event.preventDefault()
    })
  }

  /**
   * @param {PictureTileView} view
   * @param {PointerEvent} event
   */
  onPointerDown(view, event) {
    const byMouse = event.pointerType === "mouse"
    // Else a long press begins the browser's own drag.
    const draggable = this.isPossible && byMouse
    if (view.node.draggable !== draggable) view.node.draggable = draggable
    const onButton = event.target instanceof Element && event.target.closest("button")
    if (byMouse || !event.isPrimary || !this.isPossible || onButton) return
    this.touch?.end()
    this.touch = new TouchDrag(this, view, event)
  }

  /**
   * The tile under a point, and on which side of its middle the point is.
   *
   * @param {number} x
   * @param {number} y
   * @returns {DropSpot | null}
   */
  spotAt(x, y) {
    const { space, views } = this.browser.window
    const tree = /** @type {Document | ShadowRoot} */ (space.getRootNode())
    const node = tree.elementFromPoint(x, y)?.closest(".tile")
    const view = [...views.values()].find(one => one.node === node)
    if (!view) return null
    const box = view.node.getBoundingClientRect()
    return { index: view.index, after: x > box.left + box.width / 2 }
  }

  /**
   * Shows where the dragged pictures would go.
   *
   * @param {DropSpot | null} spot
   */
  markDrop(spot) {
    for (const view of this.browser.window.views.values()) {
      const isHere = spot?.index === view.index
      view.node.classList.toggle("before", isHere && !spot.after)
      view.node.classList.toggle("after", isHere && spot.after)
    }
  }

  /** Shows which pictures a finger has taken. */
  markLifted() {
    const ids = new Set(this.touch ? this.dragged : [])
    for (const view of this.browser.window.views.values()) {
      view.node.classList.toggle("lifted", ids.has(this.browser.list.items[view.index]?.id))
    }
  }

  cancel() {
    this.dragged = null
    this.markDrop(null)
  }

  /** @param {DropSpot} spot */
  drop(spot) {
    const ids = this.dragged ?? []
    const before = droppedBefore(this.browser.list.items, ids, spot)
    this.cancel()
    if (before || !this.browser.list.next) this.arrange(ids, before)
    else this.browser.report(new Error(tr(NOT_ALL_FETCHED)))
  }

  /**
   * Puts pictures before another one, here at once and then on the server; null: at the end.
   *
   * @param {string[]} ids
   * @param {string | null} before
   */
  async arrange(ids, before) {
    const { browser } = this
    if (!ids.length || (before && ids.includes(before))) return
    const earlier = browser.list.items
    const moved = earlier.filter(item => ids.includes(item.id)).map(item => item.id)
    browser.list.items = moveBefore(earlier, ids, before)
    browser.redraw()
    const { workspace, board } = browser.data
    const path = `/api/boards/${board}/order?workspace=${encodeURIComponent(workspace)}`
    try {
      browser.acts.offerUndo(await send(path, { pictureIds: moved, before }, workspace))
    } catch (error) {
      browser.list.items = earlier
      browser.redraw()
      browser.report(error)
    }
  }

  /**
   * Moves the focused picture by so many places.
   *
   * @param {number} step
   */
  shift(step) {
    const { browser } = this
    const { focus } = browser
    const { items } = browser.list
    if (!this.isPossible || focus === null || !items[focus]) return
    const to = clamp(focus + step, 0, items.length - 1)
    if (to === focus) return
    const before = shiftedBefore(items, focus, to)
    if (before === null && browser.list.next) {
      browser.report(new Error(tr(NOT_ALL_FETCHED)))
      return
    }
    this.arrange([items[focus].id], before)
    browser.focusOn(to)
  }

  /**
   * What follows the finger: the picture, and how many go with it.
   *
   * @param {PictureTileView} view
   */
  buildGhost(view) {
    const ghost = el("div", "ghost")
    ghost.append(Object.assign(el("img"), { src: view.img.src, alt: "" }))
    const count = this.dragged?.length ?? 0
    if (count > 1) ghost.append(el("span", "badge", String(count)))
    return ghost
  }
}
