import { tr } from "../../ui/shared/words.js"
import { campaignName, influencerName } from "./entry.js"

/** @import { CalendarEntry, EntryLabels } from "./entry.js" */

/** Far enough apart to be told from each other at a glance, the first ones best. Red stands for what has failed. */
const PALETTE = Array.from({ length: 10 }, (_, place) => `var(--person-${place + 1})`)
const BEST = 7
const NO_CAMPAIGN = "var(--person-none)"

/**
 * A number of an id alone (FNV-1a).
 *
 * @param {string} id
 */
export const hashOf = id => {
  let hash = 2166136261
  for (const letter of id) hash = Math.imul(hash ^ letter.charCodeAt(0), 16777619) >>> 0
  return (hash ^ (hash >>> 13)) >>> 0
}

/**
 * The color of one of a workspace's influencers or campaigns. The oldest has that of its id; a later one, where that
 * is taken, the next that is free. Who comes later changes nobody's color; after the whole palette colors repeat.
 *
 * @param {[id: string, name: string][]} all
 * @param {string} id
 */
export const colorOfId = (all, id) => {
  const taken = new Set()
  // Ids begin with the time they were made at.
  for (const other of all.map(([otherId]) => otherId).sort()) {
    let place = hashOf(other) % BEST
    while (taken.size < BEST && taken.has(place)) place = (place + 1) % BEST
    if (taken.size >= BEST && taken.size < PALETTE.length) place = taken.size
    if (other === id) return PALETTE[place]
    taken.add(place)
  }
  return PALETTE[hashOf(id) % BEST]
}

/**
 * @param {EntryLabels} labels
 * @param {CalendarEntry} entry
 */
export const colorOf = (labels, entry) => {
  if (labels.colourBy === "state") return `var(--state-${entry.state})`
  if (labels.colourBy === "campaign")
    return entry.campaignId ? colorOfId(labels.campaigns, entry.campaignId) : NO_CAMPAIGN
  return colorOfId(labels.influencers, entry.influencerId)
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
    campaign: campaignName(labels, entry) || tr("No campaign"),
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
