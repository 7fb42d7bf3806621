/**
 * Adds (`on`) or takes away all ids between two places, both included, in either direction.
 *
 * @param {Set<string>} ids
 * @param {string[]} order
 * @param {{ from: number, to: number, on: boolean }} range
 */
export const setRange = (ids, order, { from, to, on }) => {
  for (const id of order.slice(Math.min(from, to), Math.max(from, to) + 1)) {
    if (on) ids.add(id)
    else ids.delete(id)
  }
}

/** Chosen ids. A range reaches from the one toggled last. */
export class Selection {
  constructor() {
    /** @type {Set<string>} */
    this.ids = new Set()
    /** @type {string | null} */
    this.last = null
  }

  get size() {
    return this.ids.size
  }

  /** @param {string} id */
  has(id) {
    return this.ids.has(id)
  }

  clear() {
    this.ids.clear()
  }

  /** @param {Iterable<string>} ids */
  addAll(ids) {
    for (const id of ids) this.ids.add(id)
  }

  /** @param {Set<string>} ids those that still exist */
  retain(ids) {
    for (const id of [...this.ids]) if (!ids.has(id)) this.ids.delete(id)
  }

  /**
   * Turns `id` over, and with `range` all between it and the one toggled last to the same.
   *
   * @param {string} id
   * @param {string[]} order all ids, as they stand
   * @param {boolean} range
   */
  toggle(id, order, range) {
    const on = !this.ids.has(id)
    const to = order.indexOf(id)
    const from = range && this.last ? order.indexOf(this.last) : to
    setRange(this.ids, order, { from, to, on })
    this.last = id
  }
}

/**
 * The ids an act is on: all chosen when `id` is one of them, else `id` alone.
 *
 * @param {{ has(id: string): boolean, ids: Iterable<string> }} selection
 * @param {string} id
 */
export const actedOn = (selection, id) => (selection.has(id) ? [...selection.ids] : [id])
