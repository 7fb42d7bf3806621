import { campaignName, influencerName } from "./entry.js"

/** @import { CalendarEntry, EntryLabels } from "./entry.js" */

const HUES = 24
/** Degrees. Red is left out: it stands for what has failed. */
const FIRST_HUE = 25
const HUE_RANGE = 300
const NO_CAMPAIGN = "#8a8f98"
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
 * The color that an id has everywhere.
 *
 * @param {string} id
 */
export const colorOfId = id => {
  const hash = hashOf(id)
  const lightness = Math.floor(hash / HUES) % 2 ? 42 : 55
  return `hsl(${FIRST_HUE + ((hash % HUES) * HUE_RANGE) / HUES} 62% ${lightness}%)`
}

/**
 * @param {EntryLabels} labels
 * @param {CalendarEntry} entry
 */
export const colorOf = (labels, entry) => {
  if (labels.colourBy === "state") return STATE_COLORS[entry.state]
  if (labels.colourBy === "campaign") return entry.campaignId ? colorOfId(entry.campaignId) : NO_CAMPAIGN
  return colorOfId(entry.influencerId)
}

/**
 * What the color of an entry stands for.
 *
 * @param {EntryLabels} labels
 * @param {CalendarEntry} entry
 */
export const legendText = (labels, entry) =>
  ({
    state: labels.states[entry.state],
    campaign: campaignName(labels, entry) || "No campaign",
    influencer: influencerName(labels, entry),
  })[labels.colourBy] ?? ""

/**
 * One entry for each color that is seen.
 *
 * @param {EntryLabels} labels
 * @param {Iterable<CalendarEntry>} entries
 */
export const legendEntries = (labels, entries) => {
  const keyOf = (/** @type {CalendarEntry} */ entry) =>
    ({ state: entry.state, campaign: entry.campaignId ?? "", influencer: entry.influencerId })[labels.colourBy]
  return [...new Map([...entries].map(entry => [keyOf(entry), entry])).values()]
}
