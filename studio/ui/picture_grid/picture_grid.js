import { api, mediaUrl } from "../shared/api.js"
import { el, placeChild, removeOthers, targetOf } from "../shared/dom.js"
import { columnsOf, gridTarget } from "../shared/grid_keys.js"
import { mountable } from "../shared/mount.js"
import { AddressPoll, hasEnded } from "../shared/polling.js"
import { actedOn, Selection } from "../shared/selection.js"
import { tr, trPlural } from "../shared/words.js"
import { GalleryTileView } from "./gallery_tile.js"
import { TileActs } from "./tile_acts.js"
import { actionOfKey, openTileMenu } from "./tile_bar.js"
import { UnsavedRatings } from "./unsaved_ratings.js"

/** @import { GalleryTile } from "./gallery_tile.js" */
/** @import { TileAction } from "./tile_bar.js" */

/**
 * What `studio.ui.picture_grid.picture_grid` sends.
 *
 * @typedef {object} GalleryData
 * @property {GalleryTile[]} tiles
 * @property {boolean} selectable
 * @property {boolean} ratable
 * @property {number} size least width of a tile in px
 * @property {string} ratio
 * @property {number} expected
 * @property {string} poll
 * @property {string} workspace
 * @property {number} thumb
 * @property {number} round
 * @property {boolean} reveal
 * @property {boolean} inView
 * @property {TileAction[]} actions
 */

/** @typedef {{ id: string, assetId: string, prompt: string, step?: number, rating?: number }} PictureRow */

/** Python hears of a selection when it has stood still for as long. */
const SELECTION_PAUSE_MS = 120
const POLL_MS = 1000

class PictureGrid {
  /**
   * @param {HTMLElement} root
   * @param {GalleryData} data
   */
  constructor(root, data) {
    this.data = data
    this.grid = el("div", "grid")
    /** @type {Map<string, GalleryTileView>} */
    this.views = new Map()
    /** @type {GalleryTile[]} */
    this.tiles = []
    this.selection = new Selection()
    this.unsaved = new UnsavedRatings()
    this.poll = new AddressPoll()
    this.acts = new TileActs(this)
    /** @type {number | null} */
    this.round = null
    /** @type {string | null} */
    this.focusedId = null
    /** @type {number | undefined} */
    this.selectionTimer = undefined
    /** @type {ComponentRun<GalleryData>["setTriggerValue"]} */
    this.setTriggerValue = () => {}
    /** @type {ComponentRun<GalleryData>["setStateValue"]} */
    this.setStateValue = () => {}
    this.actions = {
      onClick: this.click.bind(this),
      onToggle: this.toggle.bind(this),
      onRate: this.rate.bind(this),
      onFocus: this.focusOn.bind(this),
      onAct: this.act.bind(this),
      onMenu: this.openMenu.bind(this),
    }
    this.grid.setAttribute("role", "list")
    this.grid.onkeydown = event => this.onKey(event)
    this.root = root
    this.said = el("p", "unseen")
    this.said.setAttribute("role", "status")
    root.replaceChildren(this.grid, this.acts.toast.node, this.said)
    if (data.reveal) requestAnimationFrame(() => this.reveal())
  }

  /** @param {ComponentRun<GalleryData>} run */
  update({ data, setTriggerValue, setStateValue }) {
    this.data = data
    this.setTriggerValue = setTriggerValue
    this.setStateValue = setStateValue
    this.grid.style.setProperty("--size", `${data.size}px`)
    this.grid.style.setProperty("--ratio", data.ratio)
    this.fitWindow()
    if (this.round !== data.round) {
      this.round = data.round
      this.selection.clear()
    }
    if (!this.hasPolledMore()) {
      this.tiles = this.acts.withoutDeleted(data.tiles).map(tile => ({ ...tile }))
      this.unsaved.applyTo(this.tiles)
    }
    this.selection.retain(new Set(this.tiles.map(tile => tile.id)))
    this.draw()
    this.poll.follow(data.poll, () => this.readDrawn(), POLL_MS)
  }

  close() {
    this.poll.stop()
  }

  /** Scrolls the grid into view when less than half of what fits is visible. */
  reveal() {
    const { top, bottom, height } = this.grid.getBoundingClientRect()
    const visible = Math.min(bottom, innerHeight) - Math.max(top, 0)
    if (visible < Math.min(height, innerHeight) / 2) this.grid.scrollIntoView({ block: "nearest", behavior: "smooth" })
  }

  /** Makes the grid so narrow that its rows are no higher than the window. */
  fitWindow() {
    const { data, grid } = this
    const count = Math.max(data.expected, data.tiles.length)
    const columns = Math.min(count, 2)
    grid.classList.toggle("fitted", data.inView)
    grid.style.setProperty("--columns", String(columns))
    grid.style.setProperty("--rows", String(Math.ceil(count / Math.max(1, columns))))
  }

  /** Whether the job that is followed has drawn more than Python knew of when the page ran. */
  hasPolledMore() {
    const { poll, tiles } = this.data
    return Boolean(poll) && poll === this.poll.address && this.tiles.length > tiles.length
  }

  draw() {
    const { data, selection, tiles } = this
    removeOthers(this.views, new Set(tiles.map(tile => tile.id)))
    for (const [place, tile] of tiles.entries()) {
      const view = this.viewOf(tile.id)
      placeChild(this.grid, view.node, place)
      view.draw(tile, {
        selected: selection.has(tile.id),
        selectable: data.selectable,
        ratable: data.ratable,
        offered: data.actions,
      })
    }
    this.drawPlaceholders(Math.max(0, data.expected - tiles.length - this.acts.deleted.size))
    this.grid.classList.toggle("choosing", selection.size > 0)
    this.updateTabStop()
  }

  /** @param {string} id */
  viewOf(id) {
    const view = this.views.get(id) ?? new GalleryTileView(id, this.actions)
    this.views.set(id, view)
    return view
  }

  /** @param {number} waiting pictures that are still to come */
  drawPlaceholders(waiting) {
    const { grid } = this
    const wanted = this.tiles.length + waiting
    while (grid.children.length > wanted) grid.lastChild?.remove()
    while (grid.children.length < wanted) grid.append(el("div", "wait"))
  }

  /** Tab reaches one tile, the one focused last, and its menu: the way to what single keys do, where they are off. */
  updateTabStop() {
    const focused = this.focusedId !== null && this.views.has(this.focusedId) ? this.focusedId : this.tiles[0]?.id
    for (const [id, view] of this.views) view.setTabStop(id === focused)
  }

  /** @param {string} id */
  focusOn(id) {
    this.focusedId = id
    this.updateTabStop()
  }

  /**
   * @param {string} id
   * @param {PointerEvent} event
   */
  click(id, event) {
    if (this.data.selectable && (event.ctrlKey || event.metaKey || event.shiftKey)) this.toggle(id, event.shiftKey)
    else this.open(id)
  }

  /** @param {string} id */
  open(id) {
    this.setTriggerValue("opened", { id, at: Date.now() })
  }

  /**
   * @param {string} id
   * @param {boolean} range
   */
  toggle(id, range) {
    if (!this.data.selectable) return
    const order = this.tiles.map(tile => tile.id)
    this.selection.toggle(id, order, range)
    this.draw()
    this.reportSelection()
  }

  /**
   * @param {string} id
   * @param {TileAction} action
   */
  act(id, action) {
    const tile = this.tiles.find(({ id: other }) => other === id)
    if (tile && !this.acts.act(tile, action)) this.setTriggerValue("acted", { id, action, at: Date.now() })
  }

  /**
   * @param {string} id
   * @param {{ left: number, top: number, bottom: number }} at
   */
  openMenu(id, at) {
    const focusTile = () => this.views.get(id)?.node.focus({ preventScroll: true })
    openTileMenu(this.root, at, this.data.actions, action => this.act(id, action), focusTile)
  }

  reportSelection() {
    clearTimeout(this.selectionTimer)
    this.selectionTimer = window.setTimeout(
      () => this.setStateValue("selected", { ids: [...this.selection.ids], round: this.round }),
      SELECTION_PAUSE_MS,
    )
  }

  /**
   * @param {string} id
   * @param {number} stars
   */
  rate(id, stars) {
    this.unsaved.rate(this.tiles, id, actedOn(this.selection, id), stars)
    this.draw()
    this.setTriggerValue("rated", { stars: [...this.unsaved.stars], at: Date.now() })
  }

  /** @param {KeyboardEvent} event */
  onKey(event) {
    const at = this.tiles.findIndex(tile => tile.id === this.focusedId)
    if (at < 0 || event.ctrlKey || event.metaKey || event.altKey || targetOf(event).closest?.(".stars, .act")) return
    if (!this.actOnKey(event.key, at)) return
    event.preventDefault()
    event.stopPropagation()
  }

  /**
   * Whether the key means something here.
   *
   * @param {string} key
   * @param {number} at
   */
  actOnKey(key, at) {
    const { data, grid, selection, tiles } = this
    const id = tiles[at].id
    const target = gridTarget(key, { at, columns: columnsOf(grid), count: tiles.length })
    if (target !== undefined) this.views.get(tiles[target].id)?.node.focus()
    else if (key === "Enter") this.open(id)
    else if (key === " " && data.selectable) this.toggle(id, false)
    else if (key === "Escape" && selection.size) {
      selection.clear()
      this.reportSelection()
      this.draw()
    } else if (data.ratable && /^[0-5]$/.test(key)) this.rate(id, Number(key))
    else return this.actOnLetter(key, id)
    return true
  }

  /**
   * @param {string} key
   * @param {string} id
   */
  actOnLetter(key, id) {
    const { actions } = this.data
    const action = actionOfKey(key, actions)
    if (action) this.act(id, action)
    else if (key === "ContextMenu" && actions.length) {
      const box = this.views.get(id)?.node.getBoundingClientRect()
      if (box) this.openMenu(id, { left: box.left + 8, top: box.top, bottom: box.top + 8 })
    } else return false
    return true
  }

  /** Asks the job for what it has drawn; when it has ended, the page runs once. */
  async readDrawn() {
    const answer = await api(this.data.poll)
    const rows = this.acts.withoutDeleted(/** @type {PictureRow[]} */ (answer.data))
    if (rows.length !== this.tiles.length) {
      this.tiles = rows.map(row => this.tileOf(row))
      this.draw()
    }
    if (hasEnded(answer.state)) {
      this.poll.stop()
      const { length } = this.tiles
      this.said.textContent = length ? trPlural("{n} picture is ready.", "{n} pictures are ready.", length) : ""
      this.setTriggerValue("filled", { at: Date.now() })
    }
  }

  /**
   * A row of the API as a tile. A tile that Python has sent wins.
   *
   * @param {PictureRow} row
   * @returns {GalleryTile}
   */
  tileOf(row) {
    const known = this.tiles.find(tile => tile.id === row.id)
    if (known) return known
    return {
      id: row.id,
      src: mediaUrl(this.data.workspace, row.assetId, `?w=${this.data.thumb}`),
      alt: row.prompt,
      caption: row.step ? tr("step {n}", { n: row.step }) : "",
      rating: row.rating ?? 0,
      favourite: false,
      badges: [],
      dim: false,
    }
  }
}

export default mountable((root, /** @type {ComponentRun<GalleryData>} */ { data }) => new PictureGrid(root, data))
