import { influencerName } from "./entry.js"

/** @import { CalendarEntry, EntryLabels } from "./entry.js" */

const HUES = 24
/** @type {Record<string, string>} */
const STATE_COLORS = {
  draft: "#8a8f98",
  in_review: "#b7791f",
  approved: "#2b8a8a",
  scheduled: "#3b6fe0",
  publishing: "#8b5cf6",
  published: "#2f9e5b",
  failed: "#d64545",
  missed: "#c2541b",
  unknown: "#c026a3",
  on_hold: "#6b7280",
}

/**
 * A number of an influencer's id alone (FNV-1a), so that their color stays whoever else comes or goes.
 *
 * @param {string} id
 */
export const hashOf = id => {
  let hash = 2166136261
  for (const letter of id) hash = Math.imul(hash ^ letter.charCodeAt(0), 16777619) >>> 0
  return (hash ^ (hash >>> 13)) >>> 0
}

/**
 * @param {EntryLabels} labels
 * @param {CalendarEntry} entry
 */
export const colorOf = (labels, entry) => {
  if (labels.colourBy === "state") return STATE_COLORS[entry.state]
  const hash = hashOf(entry.influencerId)
  const lightness = Math.floor(hash / HUES) % 2 ? 42 : 55
  return `hsl(${((hash % HUES) * 360) / HUES} 62% ${lightness}%)`
}

/**
 * What the color of an entry stands for.
 *
 * @param {EntryLabels} labels
 * @param {CalendarEntry} entry
 */
export const legendText = (labels, entry) =>
  labels.colourBy === "state" ? labels.states[entry.state] : influencerName(labels, entry)

/**
 * One entry for each color that is seen.
 *
 * @param {EntryLabels} labels
 * @param {Iterable<CalendarEntry>} entries
 */
export const legendEntries = (labels, entries) => {
  const byState = labels.colourBy === "state"
  return [...new Map([...entries].map(entry => [byState ? entry.state : entry.influencerId, entry])).values()]
}
