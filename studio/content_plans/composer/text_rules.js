import { tr } from "../../ui/shared/words.js"

/** @import { Variant } from "./draft.js" */

/**
 * Limits of a platform, as `studio.content_plans.composer` sends them (numbers: backend/platforms).
 *
 * @typedef {{ limit: number, unit: "characters" | "UTF-16 units" | "bytes", name: string }} TextLimit
 * @typedef {object} TextRules
 * @property {TextLimit | null} text null: it shows no text
 * @property {TextLimit | null} heading
 * @property {TextLimit | null} alt
 * @property {number | null} hashtags
 *
 * @typedef {object} FormatRules
 * @property {TextRules} rules
 * @property {number | null} advised width/height that fills the screen
 * @property {boolean} caption
 * @property {boolean} comment
 * @property {boolean} aiLabel
 *
 * @typedef {object} PlatformRules
 * @property {string} label
 * @property {string} shortName
 * @property {boolean} title
 * @property {boolean} titleRequired
 * @property {boolean} comments
 * @property {"none" | "by hand" | "public by default"} privacy
 * @property {Record<string, string>} privacyLabels
 * @property {boolean} privacyPerAccount
 * @property {boolean} asksMadeForKids
 * @property {number | null} maxCollaborators
 * @property {boolean} practice
 * @property {Record<string, FormatRules>} formats
 */

const TAG_PATTERN = /[\p{L}\p{N}][\p{L}\p{N}\p{M}_]*/u
const encoder = new TextEncoder()

/**
 * The length of a text as a platform counts it.
 *
 * @param {string} text
 * @param {TextLimit["unit"]} unit
 */
export const textLength = (text, unit) => {
  if (unit === "bytes") return encoder.encode(text).length
  return unit === "UTF-16 units" ? text.length : [...text].length
}

/**
 * Hashtags without #, each once regardless of case, in order.
 *
 * @param {string} text
 * @returns {string[]}
 */
export const parseHashtags = text => {
  const parts = text.replaceAll(",", " ").replaceAll("#", " #").split(/\s+/)
  /** @type {Map<string, string>} */
  const tags = new Map()
  for (const part of parts) {
    const tag = TAG_PATTERN.exec(part.normalize("NFC"))?.[0]
    if (tag && !tags.has(tag.toLowerCase())) tags.set(tag.toLowerCase(), tag)
  }
  return [...tags.values()]
}

/** @param {string[]} tags */
export const hashtagText = tags => tags.map(tag => `#${tag}`).join(" ")

/**
 * The text as it is published: hashtags that are not in the caption already are put below it.
 *
 * @param {string} caption
 * @param {string[]} tags
 */
export const wholeCaption = (caption, tags) => {
  const inText = new Set([...caption.matchAll(/#([\p{L}\p{N}\p{M}_]+)/gu)].map(match => match[1].toLowerCase()))
  const missing = hashtagText(tags.filter(tag => !inText.has(tag.toLowerCase())))
  return [caption.trim(), missing].filter(Boolean).join("\n\n")
}

/**
 * The format a post has: the chosen one, else the one that suits its files (as backend/content_plans/files.py).
 *
 * @param {Variant} variant
 * @param {string[]} kinds of its files: image or video
 * @param {PlatformRules} platform
 */
export const formatOf = (variant, kinds, platform) => {
  const offered = Object.keys(platform.formats)
  if (variant.format in platform.formats) return variant.format
  const withVideo = kinds.includes("video") ? ["reel", "short", "video"] : ["picture", "carousel"]
  const preferred = kinds.length > 1 ? ["carousel"] : withVideo
  return preferred.find(format => offered.includes(format)) ?? offered[0]
}

/**
 * How full a field is: “1,240 / 2,200”.
 *
 * @param {string} text
 * @param {TextLimit} limit
 * @returns {{ text: string, isOver: boolean, isNear: boolean }}
 */
export const fill = (text, { limit, unit }) => {
  const length = textLength(text, unit)
  return {
    text:
      unit === "bytes"
        ? tr("{n:,} / {limit:,} bytes", { n: length, limit })
        : tr("{n:,} / {limit:,}", { n: length, limit }),
    isOver: length > limit,
    isNear: length > limit * 0.9,
  }
}
