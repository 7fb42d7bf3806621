import { api } from "../../ui/shared/api.js"
import { countText, firstOrder, isUnfiltered, listTitle, NO_FILTERS, searchParams } from "./query.js"

/** @import { Picture } from "./acts.js" */
/** @import { GalleryPlace, GalleryQuery } from "./query.js" */

/** @typedef {{ data: Picture[], nextCursor: string | null }} PicturePage */

/**
 * What the list tells its gallery.
 *
 * @typedef {object} ListEvents
 * @property {(isFirst: boolean) => void} onPage
 * @property {() => void} onSettled after a load, whether it succeeded or not
 * @property {() => void} onMoreSettled after a further page
 * @property {() => void} onCounted
 * @property {(error: unknown) => void} onError null: an earlier error no longer holds
 */

export const FIRST_PAGE = 60
export const LONGEST_PAGE = 200
const NEXT_PAGE = 120
const MOST_SIMILAR = 120

/** The pictures that a query leaves, or that look like one: fetched page by page. */
export class PictureList {
  /**
   * @param {GalleryPlace} place
   * @param {Partial<GalleryQuery> | undefined} query
   * @param {ListEvents} events
   */
  constructor(place, query, events) {
    this.place = place
    this.events = events
    /** @type {GalleryQuery} */
    this.query = { ...NO_FILTERS, order: firstOrder(place), ...query }
    /** A picture that the others are likened to. @type {Picture | null} */
    this.similar = null
    /** @type {Picture[]} */
    this.items = []
    /** Cursor of the next page; null: all is here. @type {string | null} */
    this.next = null
    /** Pictures in the list; null: not counted yet. @type {number | null} */
    this.total = null
    /** Whether there are more than `total`. */
    this.totalMore = false
    this.isLoading = false
    /** Goes up with each load: answers of an earlier one come too late. */
    this.turn = 0
    /** @type {number | undefined} */
    this.countTimer = undefined
  }

  get order() {
    return this.items.map(item => item.id)
  }

  get isUnfiltered() {
    return !this.similar && isUnfiltered(this.place, this.query)
  }

  get address() {
    return searchParams(this.place, this.query)
  }

  /** Whether there are pictures beyond those fetched. */
  get hasMore() {
    return Boolean(this.next) || (this.total ?? 0) > this.items.length
  }

  countText() {
    return countText(this.total, this.totalMore)
  }

  title() {
    return listTitle({
      shown: this.items.length,
      total: this.total,
      totalMore: this.totalMore,
      similar: Boolean(this.similar),
      emptyBoard: Boolean(this.place.board) && this.isUnfiltered,
    })
  }

  /**
   * Asks the API in the name of the workspace.
   *
   * @param {string} path
   * @returns {Promise<any>}
   */
  ask(path) {
    return api(`${path}${path.includes("?") ? "&" : "?"}workspace=${encodeURIComponent(this.place.workspace)}`)
  }

  /**
   * @param {PicturePage} page
   * @param {boolean} isFirst
   */
  takePage(page, isFirst) {
    this.items = isFirst ? page.data : this.items.concat(page.data)
    this.next = page.nextCursor
    if (isFirst) {
      this.total = this.next ? null : this.items.length
      this.totalMore = false
    }
    this.events.onPage(isFirst)
  }

  async load(take = FIRST_PAGE) {
    this.turn += 1
    const { turn, similar } = this
    this.isLoading = true
    try {
      const page = similar
        ? await this.ask(`/api/pictures/${similar.id}/similar?take=${MOST_SIMILAR}`)
        : await api(`/api/pictures?${this.address}&take=${take}&total=false`)
      if (turn !== this.turn) return
      this.events.onError(null)
      this.takePage({ nextCursor: null, ...page }, true)
    } catch (error) {
      if (turn === this.turn) this.events.onError(error)
    } finally {
      if (turn === this.turn) {
        this.isLoading = false
        this.events.onSettled()
      }
    }
  }

  async loadMore() {
    if (this.isLoading || !this.next) return
    const { turn, next } = this
    this.isLoading = true
    try {
      const cursor = encodeURIComponent(next)
      const page = await api(`/api/pictures?${this.address}&take=${NEXT_PAGE}&cursor=${cursor}&total=false`)
      if (turn === this.turn) this.takePage(page, false)
    } catch (error) {
      this.events.onError(error)
    } finally {
      if (turn === this.turn) {
        this.isLoading = false
        this.events.onMoreSettled()
      }
    }
  }

  /** Counts a list whose length is not known, after a pause. @param {number} pauseMs */
  countSoon(pauseMs) {
    clearTimeout(this.countTimer)
    if (this.next && this.total === null) this.countTimer = window.setTimeout(() => this.count(), pauseMs)
  }

  async count() {
    const { turn } = this
    try {
      const found = await api(`/api/pictures/count?${this.address}`)
      if (turn !== this.turn) return
      this.total = found.total
      this.totalMore = found.more
      this.events.onCounted()
    } catch (error) {
      this.events.onError(error)
    }
  }

  /**
   * Keeps these pictures of those fetched.
   *
   * @param {Picture[]} items
   */
  keep(items) {
    if (this.total !== null && !this.totalMore) this.total -= this.items.length - items.length
    this.items = items
  }
}
