import { readerLanguage } from "../../ui/shared/words.js"

/**
 * A video as the API lists it.
 *
 * @typedef {object} Clip
 * @property {string} id
 * @property {string} assetId
 * @property {string} title
 * @property {string | null} influencerName
 * @property {number} seconds
 * @property {boolean} favourite
 * @property {number} rating
 */

/** @param {number} seconds */
export const lengthText = seconds => {
  if (seconds < 10) return `${Number(seconds.toFixed(1)).toLocaleString(readerLanguage())} s`
  if (seconds < 60) return `${Math.round(seconds)} s`
  return `${Math.floor(seconds / 60)}:${String(Math.round(seconds % 60)).padStart(2, "0")}`
}

/** @param {Clip} clip */
export const clipTitle = clip => (clip.influencerName ? `${clip.influencerName} · ${clip.title}` : clip.title)
