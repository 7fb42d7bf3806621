import { messageOf } from "../../ui/shared/api.js"
import { button, el, setIfChanged, targetOf } from "../../ui/shared/dom.js"
import { mountable } from "../../ui/shared/mount.js"
import { clamp } from "../../ui/shared/numbers.js"
import { Toast } from "../../ui/shared/toast.js"
import { tr } from "../../ui/shared/words.js"
import { Arranging } from "./arranging.js"
import { actOnKey } from "./browse_keys.js"
import { PictureActs } from "./picture_acts.js"
import { FIRST_PAGE, LONGEST_PAGE, PictureList } from "./picture_list.js"
import { MOST_AT_ONCE, PictureSelection } from "./picture_selection.js"
import { PictureWindow } from "./picture_window.js"
import { Popup } from "./popup.js"
import { NO_FILTERS, recallSession, rememberSession } from "./query.js"
import { SearchBar } from "./search_bar.js"
import { SelectionBar } from "./selection_bar.js"

/** @import { DoneAct, Picture } from "./acts.js" */
/** @import { PicturePage } from "./picture_list.js" */
/** @import { GalleryQuery, GallerySession } from "./query.js" */

/**
 * What `studio.gallery.browse.browse` sends.
 *
 * @typedef {object} BrowseData
 * @property {string} workspace
 * @property {string} board id; empty: the whole gallery
 * @property {boolean} canEdit
 * @property {number} filmsAtOnce
 * @property {number} filesInPost
 * @property {PicturePage} first
 * @property {Picture | null} similar
 * @property {DoneAct | null} offer
 */

/** Least width of a tile in px. */
const DEFAULT_SIDE = 180
const SIDE_KEY = "studio:tile"
/** A long list is counted so long after it came: pictures come first. */
const COUNT_PAUSE_MS = { beforePaint: 1500, afterPaint: 60 }

/** The gallery. It talks to the API by itself, so that nothing people do here waits for a page to run again. */
export class PictureBrowser {
  /**
   * @param {HTMLElement} root
   * @param {BrowseData} data
   */
  constructor(root, data) {
    const session = recallSession(data)
    this.root = root
    this.data = data
    this.list = new PictureList(data, session.query, {
      onPage: isFirst => this.onPage(isFirst),
      onSettled: () => this.redraw(),
      onMoreSettled: () => this.drawWindow(),
      onCounted: () => {
        this.showTitle()
        this.drawSelectionBar()
      },
      onError: error => (error === null ? this.clearNote() : this.report(error)),
    })
    /** The focused place. @type {number | null} */
    this.focus = null
    this.leastSide = Number(localStorage.getItem(SIDE_KEY)) || DEFAULT_SIDE
    this.selection = new PictureSelection()
    this.acts = new PictureActs(this)
    this.arranging = new Arranging(this)
    this.popup = new Popup(root)
    this.toast = new Toast()
    /** @type {string | null} */
    this.offeredId = null
    /** Whether the first screen is painted; before, nothing around it is fetched. */
    this.isPainted = false
    this.paintedTiles = 0
    this.frame = 0
    /** @type {ComponentRun<BrowseData>["setTriggerValue"]} */
    this.setTriggerValue = () => {}
    this.head = el("div", "head")
    this.title = el("span", "muted told")
    this.count = el("span")
    this.count.setAttribute("role", "status")
    this.ways = el("span")
    this.title.append(this.count, this.ways)
    this.note = el("div", "note gone")
    this.searchBar = new SearchBar(this)
    this.selectionBar = new SelectionBar(this)
    this.window = this.buildWindow()
    this.listening = new AbortController()
    this.resizing = new ResizeObserver(() => this.drawSoon())
    this.build()
    this.start(session)
  }

  buildWindow() {
    return new PictureWindow(this.root, {
      onClick: (index, event) => this.click(index, event),
      onToggle: (index, range) => this.toggle(index, range),
      onFavourite: index => this.acts.favourite(index),
      onRate: (index, stars) => this.acts.rate(index, stars),
      onPost: index => this.acts.createPost(this.selection.has(this.list.items[index].id) ? undefined : index),
      onFocus: index => {
        this.focus = index
        this.window.updateTabStop(index)
      },
      onLoaded: () => this.onTileLoaded(),
      makeDraggable: view => this.arranging.makeDraggable(view),
    })
  }

  build() {
    const { head, root } = this
    const { space } = this.window
    head.append(this.searchBar.node, this.title, this.selectionBar.node, this.note)
    root.replaceChildren(head, space, this.toast.node)
    space.onkeydown = event => {
      if (targetOf(event).closest?.(".stars") || !actOnKey(this, event)) return
      event.preventDefault()
      event.stopPropagation()
    }
    root.onkeydown = event => {
      if (event.key !== "/" || targetOf(event).closest?.("input,select")) return
      event.preventDefault()
      this.searchBar.search.focus()
    }
    document.addEventListener("scroll", () => this.drawSoon(), { capture: true, signal: this.listening.signal })
    this.resizing.observe(space)
  }

  /**
   * What is shown first: a search by likeness, the list as people left it, Python's first page, or one fetched now.
   *
   * @param {GallerySession} session
   */
  start(session) {
    const { data, list } = this
    this.searchBar.show(list.query)
    if (data.similar) {
      list.similar = data.similar
      list.load()
    } else if (session.opened && session.n) this.returnTo(session)
    else if (list.isUnfiltered && data.first) list.takePage(data.first, true)
    else list.load()
    this.remember()
  }

  /**
   * Back to the picture that was opened, where it stood.
   *
   * @param {GallerySession} session
   */
  async returnTo({ opened, n = 0, top = 0 }) {
    await this.list.load(clamp(n, FIRST_PAGE, LONGEST_PAGE))
    this.window.scroller.scrollTop = top
    const at = this.list.items.findIndex(item => item.id === opened)
    if (at >= 0) this.focusOn(at)
  }

  /** @param {ComponentRun<BrowseData>} run */
  update({ data, setTriggerValue }) {
    this.setTriggerValue = setTriggerValue
    this.data = data
    this.list.place = data
    if (!data.offer || this.offeredId === data.offer.id) return
    this.offeredId = data.offer.id
    this.acts.offerUndo(data.offer)
  }

  close() {
    this.listening.abort()
    this.resizing.disconnect()
    this.popup.close()
    this.remember()
  }

  /** Keeps the list in the browser's tab, and with `opened` also how far it was scrolled. */
  remember(opened = "") {
    const top = opened ? this.window.scroller.scrollTop : 0
    rememberSession(this.data, { query: this.list.query, opened, n: this.list.items.length, top })
  }

  /** @param {unknown} error */
  report(error) {
    if (error instanceof Error && error.name === "AbortError") return
    this.note.textContent = messageOf(error)
    this.note.className = "note bad"
  }

  clearNote() {
    this.note.className = "note gone"
  }

  /** @param {boolean} isFirst */
  onPage(isFirst) {
    if (isFirst) {
      this.focus = null
      this.selection.anchor = null
      if (this.list.next) this.countSoon()
    }
    this.redraw()
    this.showTitle()
  }

  countSoon() {
    this.list.countSoon(this.isPainted ? COUNT_PAUSE_MS.afterPaint : COUNT_PAUSE_MS.beforePaint)
  }

  redraw() {
    this.drawWindow()
    this.drawSelectionBar()
  }

  drawSelectionBar() {
    const isAnyChosen = this.selectionBar.draw()
    this.title.classList.toggle("gone", isAnyChosen)
  }

  drawSoon() {
    if (this.frame) return
    this.frame = requestAnimationFrame(() => {
      this.frame = 0
      this.drawWindow()
    })
  }

  drawWindow() {
    const isNearEnd = this.window.draw({
      items: this.list.items,
      workspace: this.data.workspace,
      canEdit: this.data.canEdit,
      draggable: this.arranging.isPossible,
      focus: this.focus,
      leastSide: this.leastSide,
      withMargin: this.isPainted,
      selection: this.selection,
      lifted: this.arranging.lifted,
    })
    if (isNearEnd) this.list.loadMore()
  }

  /** Once the first row is painted, the screens around it are drawn, and a long list is counted. */
  onTileLoaded() {
    if (this.isPainted) return
    this.paintedTiles += 1
    if (this.paintedTiles < Math.min(this.window.layout.columns, this.list.items.length)) return
    this.isPainted = true
    this.redraw()
    this.countSoon()
  }

  showTitle() {
    setIfChanged(this.count, "textContent", this.list.title())
    this.ways.replaceChildren()
    if (this.list.similar) this.ways.append(button(tr("Back to all"), () => this.leaveSimilar(), "quiet"))
    else if (!this.list.isUnfiltered) this.ways.append(button(tr("Clear filters"), () => this.clearFilters(), "quiet"))
  }

  /** @param {number} side px */
  resize(side) {
    this.leastSide = side
    localStorage.setItem(SIDE_KEY, String(side))
    this.redraw()
  }

  /** @param {Partial<GalleryQuery>} change */
  filter(change) {
    Object.assign(this.list.query, change)
    this.list.similar = null
    this.searchBar.show(this.list.query)
    this.chooseNone()
    this.list.load()
    this.remember()
  }

  clearFilters() {
    this.filter({ ...NO_FILTERS })
  }

  findSimilar() {
    const focused = this.focus === null ? undefined : this.list.items[this.focus]
    const picture = this.selected()[0] ?? focused
    if (!picture) return
    this.list.similar = picture
    this.chooseNone()
    this.list.load()
  }

  leaveSimilar() {
    this.list.similar = null
    this.list.load()
  }

  selected() {
    return this.list.items.filter(item => this.selection.has(item.id))
  }

  /**
   * Ids of what is chosen when the picture at `index` is part of it, else of that picture alone.
   *
   * @param {number} index
   */
  selectedOr(index) {
    const { id } = this.list.items[index]
    return this.selection.has(id) ? this.selected().map(item => item.id) : [id]
  }

  /**
   * @param {number} index
   * @param {PointerEvent} event
   */
  click(index, event) {
    const byFinger = event.pointerType === "touch" && this.selection.size > 0
    if (event.ctrlKey || event.metaKey || event.shiftKey || byFinger) this.toggle(index, event.shiftKey)
    else this.open(index)
  }

  /** @param {number} index */
  open(index) {
    const { id } = this.list.items[index]
    this.remember(id)
    this.setTriggerValue("opened", { id, at: Date.now() })
  }

  /**
   * @param {number} index
   * @param {boolean} range
   */
  toggle(index, range) {
    this.selection.toggle(index, this.list.order, range)
    this.focus = index
    this.redraw()
  }

  /** @param {boolean} wholeList also what was not fetched yet */
  chooseAll(wholeList) {
    const { list, selection } = this
    selection.chooseAll(list.order, wholeList && list.hasMore)
    this.redraw()
    if (!selection.wholeList || (!list.totalMore && (list.total ?? 0) <= MOST_AT_ONCE)) return
    this.note.textContent = tr("At most {n:,} at once: only the first {n:,} of this list are selected.", {
      n: MOST_AT_ONCE,
    })
    this.note.className = "note"
  }

  chooseNone() {
    this.selection.clear()
    this.clearNote()
    this.redraw()
  }

  /** @param {number} index */
  focusOn(index) {
    const { items } = this.list
    if (!items.length) return
    this.focus = clamp(index, 0, items.length - 1)
    this.drawWindow()
    this.window.scrollTo(this.focus, this.head.offsetHeight)
    this.drawWindow()
    this.window.views.get(items[this.focus].id)?.node.focus({ preventScroll: true })
  }

  /** After pictures have gone, the focus stands on the last one at most. */
  keepFocusInList() {
    const count = this.list.items.length
    if (this.focus !== null && this.focus >= count) this.focus = count ? count - 1 : null
  }
}

export default mountable((root, /** @type {ComponentRun<BrowseData>} */ { data }) => new PictureBrowser(root, data))
