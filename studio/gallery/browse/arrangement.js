/** px from an edge at which the list scrolls. */
const EDGE = 80

/** @typedef {{ id: string }} Arranged */

/**
 * The place a dragged picture would take: beside the tile at `index`.
 *
 * @typedef {{ index: number, after: boolean }} DropSpot
 */

/**
 * The pictures with those of `ids` moved before the one of `before`; null: to the end.
 *
 * @template {Arranged} Item
 * @param {Item[]} items
 * @param {string[]} ids
 * @param {string | null} before
 * @returns {Item[]}
 */
export const moveBefore = (items, ids, before) => {
  const moving = items.filter(item => ids.includes(item.id))
  const rest = items.filter(item => !ids.includes(item.id))
  const at = before ? rest.findIndex(item => item.id === before) : rest.length
  return [...rest.slice(0, at), ...moving, ...rest.slice(at)]
}

/**
 * The picture that those of `ids` come before when they are dropped at `spot`; null: none, they come last.
 *
 * @param {Arranged[]} items
 * @param {string[]} ids
 * @param {DropSpot} spot
 * @returns {string | null}
 */
export const droppedBefore = (items, ids, { index, after }) =>
  items.slice(index + (after ? 1 : 0)).find(item => !ids.includes(item.id))?.id ?? null

/**
 * The picture that the one at `from` comes before when it is moved to `to`; null: none, it comes last.
 *
 * @param {Arranged[]} items
 * @param {number} from
 * @param {number} to
 * @returns {string | null}
 */
export const shiftedBefore = (items, from, to) => (to < from ? items[to].id : (items[to + 1]?.id ?? null))

/**
 * How fast a dragged picture near an edge scrolls the list: px a frame, negative upwards, 0 away from the edges.
 *
 * @param {number} y
 * @param {{ top: number, bottom: number }} view
 */
export const edgeScroll = (y, { top, bottom }) => {
  if (y < top + EDGE) return (y - top - EDGE) / 5
  if (y > bottom - EDGE) return (y - bottom + EDGE) / 5
  return 0
}
