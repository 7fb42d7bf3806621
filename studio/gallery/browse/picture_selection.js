import { setRange } from "../../ui/shared/selection.js"

/** An act on a whole list is on its first this many. */
export const MOST_AT_ONCE = 5000

/** Chosen pictures of a long list, by place. */
export class PictureSelection {
  constructor() {
    /** @type {Set<string>} */
    this.ids = new Set()
    /** Where a range begins: the place toggled last. @type {number | null} */
    this.anchor = null
    /** Whether all that the filters leave is chosen, also what was never fetched. */
    this.wholeList = false
  }

  get size() {
    return this.ids.size
  }

  /** @param {string} id */
  has(id) {
    return this.ids.has(id)
  }

  /**
   * A range is always added, a single picture turned over.
   *
   * @param {number} index
   * @param {string[]} order
   * @param {boolean} range
   */
  toggle(index, order, range) {
    const from = range && this.anchor !== null ? this.anchor : index
    setRange(this.ids, order, { from, to: index, on: range || !this.ids.has(order[index]) })
    this.wholeList = false
    this.anchor = index
  }

  /**
   * Extends the selection from where it began to `to`; `at` is where the focus stands.
   *
   * @param {number} at
   * @param {number} to
   * @param {string[]} order
   */
  extend(at, to, order) {
    this.anchor ??= at
    this.ids.add(order[at])
    const { anchor } = this
    this.toggle(to, order, true)
    this.anchor = anchor
  }

  /**
   * @param {string[]} order what was fetched
   * @param {boolean} wholeList
   */
  chooseAll(order, wholeList) {
    for (const id of order) this.ids.add(id)
    this.wholeList = wholeList
  }

  clear() {
    this.ids.clear()
    this.wholeList = false
  }

  /**
   * How many are chosen.
   *
   * @param {number | null} total of the list; null: not counted yet
   */
  count(total) {
    return this.wholeList ? Math.min(MOST_AT_ONCE, total ?? MOST_AT_ONCE) : this.ids.size
  }
}
