import { api, messageOf } from "../../ui/shared/api.js"
import { button, el, placeChild, removeOthers, setIfChanged } from "../../ui/shared/dom.js"
import { columnsOf, gridTarget } from "../../ui/shared/grid_keys.js"
import { mountable } from "../../ui/shared/mount.js"
import { clamp } from "../../ui/shared/numbers.js"
import { Selection } from "../../ui/shared/selection.js"
import { tr } from "../../ui/shared/words.js"
import { buildChip, offeredFilters } from "./filters.js"
import { DatasetTileView } from "./tile.js"

/** @import { DatasetFilter } from "./filters.js" */
/** @import { DatasetTile } from "./tile.js" */

/**
 * What `studio.datasets.dataset_grid.dataset_grid` sends.
 *
 * @typedef {object} DatasetGridData
 * @property {string} workspace
 * @property {string} dataset
 * @property {DatasetTile[]} first
 * @property {string | null} next
 * @property {DatasetFilter[]} filters
 * @property {string} stamp
 * @property {number} side
 * @property {boolean} selectable
 * @property {number} round
 */

const FIRST_PAGE = 36
const NEXT_PAGE = 60
const LONGEST_PAGE = 500
/** Tiles of a page whose pictures are asked for at once; the others when they come near. */
const EAGER = 15
/** px. The browser's own lazy loading fetches four screens ahead: too much for a set of thousands. */
const NEAR = "300px"
const NEAR_END = "400px"
/** Python hears of a selection when it has stood still for as long. */
const SELECTION_PAUSE_MS = 120

class DatasetGrid {
  /**
   * @param {HTMLElement} root
   * @param {DatasetGridData} data
   */
  constructor(root, data) {
    this.data = data
    /** @type {Map<string, DatasetTileView>} */
    this.views = new Map()
    /** @type {DatasetTile[]} */
    this.tiles = []
    this.selection = new Selection()
    /** Whether all that the filter leaves is chosen, also what was never fetched. */
    this.wholeFilter = false
    this.filter = ""
    /** Cursor of the next page; null: all is here. @type {string | null} */
    this.next = null
    /** @type {string | null} */
    this.stamp = null
    /** @type {number | null} */
    this.round = null
    /** @type {string | null} */
    this.focusedId = null
    this.isLoading = false
    this.error = ""
    /** Goes up with each load: answers of an earlier one come too late. */
    this.turn = 0
    /** Tiles that may still ask for their picture at once. */
    this.eagerLeft = EAGER
    /** @type {number | undefined} */
    this.selectionTimer = undefined
    /** @type {ComponentRun<DatasetGridData>["setTriggerValue"]} */
    this.setTriggerValue = () => {}
    /** @type {ComponentRun<DatasetGridData>["setStateValue"]} */
    this.setStateValue = () => {}
    this.actions = {
      onClick: this.click.bind(this),
      onToggle: this.toggle.bind(this),
      onFocus: this.focusOn.bind(this),
    }
    this.chips = el("div", "chips")
    this.grid = el("div", "grid")
    this.end = el("div", "end muted")
    this.chips.setAttribute("role", "group")
    this.chips.setAttribute("aria-label", tr("Show"))
    this.grid.setAttribute("role", "list")
    this.grid.onkeydown = event => this.onKey(event)
    root.replaceChildren(this.chips, this.grid, this.end)
    this.nearby = new IntersectionObserver(entries => this.onNear(entries), { rootMargin: NEAR })
    this.ending = new IntersectionObserver(entries => this.onNearEnd(entries), { rootMargin: NEAR_END })
  }

  /** @param {ComponentRun<DatasetGridData>} run */
  update({ data, setTriggerValue, setStateValue }) {
    this.data = data
    this.setTriggerValue = setTriggerValue
    this.setStateValue = setStateValue
    if (this.round !== data.round) {
      this.round = data.round
      this.selection.clear()
      this.wholeFilter = false
    }
    if (this.stamp !== data.stamp) this.takeStamp(data)
    this.draw()
    this.drawChips()
    this.watchEnd()
  }

  close() {
    this.ending.disconnect()
    this.nearby.disconnect()
  }

  /**
   * Something has changed: what is shown is fetched anew, unless Python has sent all of it.
   *
   * @param {DatasetGridData} data
   */
  takeStamp(data) {
    const shown = this.stamp === null ? 0 : this.tiles.length
    this.stamp = data.stamp
    if (this.filter || shown > data.first.length) {
      this.load(clamp(shown, FIRST_PAGE, LONGEST_PAGE))
      return
    }
    this.turn += 1
    this.isLoading = false
    this.tiles = data.first
    this.next = data.next
  }

  /** @param {IntersectionObserverEntry[]} entries */
  onNear(entries) {
    for (const { isIntersecting, target } of entries) {
      const id = target instanceof HTMLElement ? target.dataset.id : undefined
      const view = isIntersecting && id !== undefined ? this.views.get(id) : undefined
      if (!view) continue
      this.nearby.unobserve(target)
      view.loadPicture()
    }
  }

  /** @param {IntersectionObserverEntry[]} entries */
  onNearEnd(entries) {
    if (this.next && entries.some(entry => entry.isIntersecting)) this.loadMore()
  }

  /** The end is looked at anew: an observer tells changes alone, and a short page may leave it in view. */
  watchEnd() {
    this.ending.unobserve(this.end)
    this.ending.observe(this.end)
  }

  /** @param {number} [from] tiles before this place are drawn already */
  draw(from = 0) {
    if (!from) {
      const keep = new Set(this.tiles.map(tile => tile.id))
      removeOthers(this.views, keep, view => this.nearby.unobserve(view.node))
    }
    for (const [n, tile] of this.tiles.slice(from).entries()) this.drawTile(tile, from + n)
    if (!from) this.markSelection()
    const emptyText = this.isLoading ? tr("Loading…") : tr("No picture here.")
    setIfChanged(this.end, "textContent", this.error || (this.tiles.length ? "" : emptyText))
  }

  /**
   * @param {DatasetTile} tile
   * @param {number} place
   */
  drawTile(tile, place) {
    const view = this.views.get(tile.id) ?? new DatasetTileView(this.actions)
    this.views.set(tile.id, view)
    placeChild(this.grid, view.node, place)
    const { workspace, selectable } = this.data
    if (!view.draw(tile, { workspace, selectable, selected: this.selection.has(tile.id) })) return
    this.nearby.unobserve(view.node)
    if (this.eagerLeft > 0) {
      this.eagerLeft -= 1
      view.loadPicture()
    } else this.nearby.observe(view.node)
  }

  /** What changes with the selection alone. */
  markSelection() {
    for (const [id, view] of this.views) view.markSelected(this.selection.has(id))
    this.grid.classList.toggle("choosing", this.selection.size > 0)
    this.updateTabStop()
  }

  /** Tab reaches one tile of the grid: the one focused last. */
  updateTabStop() {
    const focused = this.focusedId !== null && this.views.has(this.focusedId) ? this.focusedId : this.tiles[0]?.id
    for (const [id, view] of this.views) setIfChanged(view.node, "tabIndex", id === focused ? 0 : -1)
  }

  /** @param {string} id */
  focusOn(id) {
    this.focusedId = id
    this.updateTabStop()
  }

  drawChips() {
    const chips = offeredFilters(this.data.filters, this.filter).map(filter => {
      const [key] = filter
      return buildChip(filter, key === this.filter, () => this.choose(key))
    })
    this.chips.replaceChildren(...chips)
    if (!this.data.selectable || !this.tiles.length) return
    const box = el("span", "say")
    box.append(button(tr("Select all"), () => this.chooseAll(), "quiet"))
    this.chips.append(box)
  }

  /** @param {string} filter */
  choose(filter) {
    this.filter = filter
    this.next = null
    if (this.selection.size) this.chooseNone()
    this.drawChips()
    this.load(FIRST_PAGE)
  }

  chooseAll() {
    this.selection.addAll(this.tiles.map(tile => tile.id))
    this.wholeFilter = true
    this.markSelection()
    this.reportSelection()
  }

  chooseNone() {
    this.selection.clear()
    this.wholeFilter = false
    this.reportSelection()
  }

  /**
   * @param {string} id
   * @param {boolean} range
   */
  toggle(id, range) {
    if (!this.data.selectable) return
    const order = this.tiles.map(tile => tile.id)
    this.selection.toggle(id, order, range)
    this.wholeFilter = false
    this.markSelection()
    this.reportSelection()
  }

  reportSelection() {
    clearTimeout(this.selectionTimer)
    this.selectionTimer = window.setTimeout(() => {
      const { filter, round, selection, wholeFilter } = this
      this.setStateValue("selected", { ids: [...selection.ids], whole: wholeFilter, filter, round })
    }, SELECTION_PAUSE_MS)
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

  /** The first page anew. @param {number} take */
  async load(take) {
    const page = await this.fetchPage(take, null)
    if (!page) return
    if (page.answer) {
      this.tiles = page.answer.data
      this.next = page.answer.nextCursor
    }
    this.eagerLeft = EAGER
    this.draw()
    this.drawChips()
    this.watchEnd()
  }

  async loadMore() {
    if (this.isLoading) return
    const page = await this.fetchPage(NEXT_PAGE, this.next)
    if (!page) return
    const from = page.answer ? this.tiles.length : 0
    if (page.answer) {
      this.tiles = this.tiles.concat(page.answer.data)
      this.next = page.answer.nextCursor
      if (this.wholeFilter) this.selection.addAll(page.answer.data.map(tile => tile.id))
    }
    this.eagerLeft = EAGER
    this.draw(from)
    this.watchEnd()
  }

  /**
   * A page; without `answer` when it failed, and null when another load began meanwhile.
   *
   * @param {number} take
   * @param {string | null} cursor
   * @returns {Promise<{ answer?: { data: DatasetTile[], nextCursor: string | null } } | null>}
   */
  async fetchPage(take, cursor) {
    this.turn += 1
    const { turn, filter } = this
    const { workspace, dataset, side } = this.data
    this.isLoading = true
    const query = new URLSearchParams({
      workspace,
      filter,
      take: String(take),
      side: String(side),
      counted: "false",
    })
    if (cursor) query.set("cursor", cursor)
    try {
      const answer = await api(`/api/datasets/${dataset}/pictures?${query}`)
      if (turn !== this.turn) return null
      this.error = ""
      this.isLoading = false
      return { answer }
    } catch (error) {
      if (turn !== this.turn) return null
      this.error = messageOf(error)
      this.isLoading = false
      return {}
    }
  }

  /** @param {KeyboardEvent} event */
  onKey(event) {
    const at = this.tiles.findIndex(tile => tile.id === this.focusedId)
    if (at < 0 || !this.actOnKey(event.key, at)) return
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
    const { grid, tiles } = this
    const target = gridTarget(key, { at, columns: columnsOf(grid), count: tiles.length })
    if (target !== undefined) this.views.get(tiles[target].id)?.node.focus()
    else if (key === "Enter") this.open(tiles[at].id)
    else if (key === " ") this.toggle(tiles[at].id, false)
    else if (key === "Escape" && this.selection.size) {
      this.chooseNone()
      this.markSelection()
    } else return false
    return true
  }
}

export default mountable((root, /** @type {ComponentRun<DatasetGridData>} */ { data }) => new DatasetGrid(root, data))
