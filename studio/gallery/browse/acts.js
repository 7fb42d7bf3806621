import { tr, trLazy } from "../../ui/shared/words.js"
/**
 * A picture as the API lists it.
 *
 * @typedef {object} Picture
 * @property {string} id
 * @property {string} assetId
 * @property {string} prompt
 * @property {number} rating
 * @property {boolean} favourite
 * @property {number} seed
 * @property {string} [source]
 * @property {string} [gate]
 * @property {number | null} [identityScore]
 * @property {number | null} [identityLine]
 * @property {number} [distance] from the picture that was searched for, of 64
 */

/**
 * What is done to pictures, as the API takes it.
 *
 * @typedef {{ kind: "rate", rating: number } | { kind: "favourite", favourite: boolean } | { kind: "delete" }
 *   | { kind: "board-add" | "board-remove" | "board-move", boardId?: string, fromBoardId?: string }} PictureAct
 */

/** An act that can be undone. @typedef {{ id: string, said: string, count: number }} DoneAct */

/**
 * Does an act to the pictures shown, and returns those that stay.
 *
 * @param {Picture[]} items
 * @param {PictureAct} act
 * @param {(item: Picture) => boolean} isMeant
 * @returns {Picture[]}
 */
export const applyAct = (items, act, isMeant) => {
  switch (act.kind) {
    case "rate":
      for (const item of items) if (isMeant(item)) item.rating = act.rating
      return items
    case "favourite":
      for (const item of items) if (isMeant(item)) item.favourite = act.favourite
      return items
    case "board-add":
      return items
    default:
      return items.filter(item => !isMeant(item))
  }
}

/**
 * Whether an act is shown before the server has answered: it is small and does not move pictures.
 *
 * @param {PictureAct} act
 * @param {number} count
 */
export const isOptimistic = (act, count) => count === 1 && (act.kind === "rate" || act.kind === "favourite")

/**
 * Returns a function that gives pictures back the stars and hearts they have now.
 *
 * @param {Picture[]} items
 */
export const snapshot = items => {
  const before = items.map(item => ({ item, rating: item.rating, favourite: item.favourite }))
  return () => {
    for (const { item, rating, favourite } of before) Object.assign(item, { rating, favourite })
  }
}

/** Tells the server that a request sent twice is one. */
export const freshKey = () => `${Date.now()}-${Math.random().toString(36).slice(2)}`

/** What the face check said of a picture, if it is not open. @type {Record<string, string>} */
const GATES = { held: trLazy("in face check"), rejected: trLazy("rejected") }

/**
 * The word on a tile: how alike it is, what the gate said of it, where it comes from.
 *
 * @param {Picture} item
 */
export const tileNote = item => {
  if (item.distance !== undefined) return tr("{n} of 64 alike", { n: 64 - item.distance })
  if (item.gate && item.gate !== "open") return tr(GATES[item.gate] ?? item.gate)
  return item.source === "imported" ? tr("imported") : ""
}

/**
 * The face match of a picture; null: not measured.
 *
 * @param {Picture} item
 */
export const identityOf = ({ identityScore, identityLine }) => {
  if (typeof identityScore !== "number") return null
  // A hair below the threshold passes: rounding must not fail a score that is exactly on it.
  return { score: identityScore, passes: identityScore >= (identityLine ?? 0) - 1e-9 }
}
