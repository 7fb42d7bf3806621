import { grouped } from "../../ui/shared/format.js"
import { tr, trPlural } from "../../ui/shared/words.js"

/**
 * What the gallery is filtered by. A value that is empty, 0 or false filters nothing.
 *
 * @typedef {object} GalleryQuery
 * @property {string} q
 * @property {number} rating least stars
 * @property {boolean} favourite
 * @property {string} influencer
 * @property {string} lora
 * @property {string} size
 * @property {string} source
 * @property {string} from
 * @property {string} until
 * @property {string} [order]
 */

/** @typedef {{ workspace: string, board?: string }} GalleryPlace */

/** @typedef {{ query?: Partial<GalleryQuery>, opened?: string, n?: number, top?: number }} GallerySession */

/** @type {GalleryQuery} */
export const NO_FILTERS = {
  q: "",
  rating: 0,
  favourite: false,
  influencer: "",
  lora: "",
  size: "",
  source: "",
  from: "",
  until: "",
}

/** Filters that the panel holds; the others stand in the bar. */
const PANEL_FILTERS = /** @type {const} */ (["influencer", "lora", "size", "source", "from", "until"])

/** @param {GalleryPlace} place */
export const firstOrder = place => (place.board ? "board" : "newest")

/**
 * The address of a list: what is set, and where.
 *
 * @param {GalleryPlace} place
 * @param {Partial<GalleryQuery>} query
 */
export const searchParams = (place, query) => {
  const params = new URLSearchParams({ workspace: place.workspace })
  if (place.board) params.set("board", place.board)
  for (const [name, value] of Object.entries(query)) if (value) params.set(name, String(value))
  return params
}

/**
 * Whether the whole list is shown, in the order it has by itself.
 *
 * @param {GalleryPlace} place
 * @param {GalleryQuery} query
 */
export const isUnfiltered = (place, query) => {
  const names = /** @type {(keyof GalleryQuery)[]} */ (Object.keys(NO_FILTERS))
  return names.every(name => !query[name]) && query.order === firstOrder(place)
}

/** @param {GalleryQuery} query */
export const countPanelFilters = query => PANEL_FILTERS.filter(name => query[name]).length

/**
 * @param {number | null} total null: not counted yet
 * @param {boolean} more whether there are more than `total`
 */
export const countText = (total, more) => {
  if (total === null) return "…"
  return more ? `${grouped(total)}+` : grouped(total)
}

/**
 * The line above the pictures.
 *
 * @param {object} list
 * @param {number} list.shown
 * @param {number | null} list.total
 * @param {boolean} list.totalMore
 * @param {boolean} list.similar whether it is a search by likeness
 * @param {boolean} list.emptyBoard whether an empty list is a board without pictures, not a search without matches
 */
export const listTitle = ({ shown, total, totalMore, similar, emptyBoard }) => {
  if (similar) {
    if (!shown) return tr("No similar pictures.")
    return trPlural("{n:,} similar picture", "{n:,} similar pictures", shown)
  }
  if (!shown && !emptyBoard) return tr("No pictures match these filters.")
  if (total === null) return tr("… pictures")
  return totalMore ? tr("{n:,}+ pictures", { n: total }) : trPlural("{n:,} picture", "{n:,} pictures", total)
}

/** @param {GalleryPlace} place */
const sessionKey = place => `studio:gallery:${place.workspace}:${place.board || ""}`

/**
 * What this browser tab showed last at this place.
 *
 * @param {GalleryPlace} place
 * @returns {GallerySession}
 */
export const recallSession = place => {
  try {
    return JSON.parse(sessionStorage.getItem(sessionKey(place)) ?? "null") ?? {}
  } catch {
    return {}
  }
}

/**
 * @param {GalleryPlace} place
 * @param {GallerySession} session
 */
export const rememberSession = (place, session) => {
  sessionStorage.setItem(sessionKey(place), JSON.stringify(session))
}
