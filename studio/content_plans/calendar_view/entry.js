import { tr, trLazy } from "../../ui/shared/words.js"
import { dayOf, daysBetween, later } from "./wall_time.js"

/** @import { WallTime } from "./wall_time.js" */

/**
 * A planned post as the API's calendar lists it.
 *
 * @typedef {object} CalendarEntry
 * @property {string} id
 * @property {string} title
 * @property {string} influencerId
 * @property {string} assetId empty: no picture
 * @property {string} state
 * @property {string[]} platforms
 * @property {WallTime | null} wall in the calendar's zone; null: no date
 * @property {WallTime} ownWall in the zone of the influencer
 * @property {string} clash
 * @property {boolean} faceBelow whether its face match is below the threshold
 * @property {string | null} campaignId
 * @property {boolean} movable
 * @property {number} version
 */

/**
 * @typedef {object} EntryLabels
 * @property {[id: string, name: string][]} influencers
 * @property {Record<string, string>} states what people read
 * @property {Record<string, string>} platforms their short names
 * @property {[id: string, name: string][]} campaigns
 * @property {"influencer" | "state" | "campaign"} colourBy
 */

export const FACE_BELOW = trLazy("Face match below the threshold")
/** When a post without a time is put on a day. */
const DEFAULT_TIME = "18:00"

/**
 * @param {EntryLabels} labels
 * @param {CalendarEntry} entry
 */
export const influencerName = (labels, entry) => labels.influencers.find(([id]) => id === entry.influencerId)?.[1] ?? ""

/**
 * @param {EntryLabels} labels
 * @param {CalendarEntry} entry
 */
export const campaignName = (labels, entry) => labels.campaigns.find(([id]) => id === entry.campaignId)?.[1] ?? ""

/** @param {WallTime} wall */
export const timeOf = wall => wall.slice(11, 16)

/**
 * What an entry says to screen readers, and when it is pointed at.
 *
 * @param {EntryLabels} labels
 * @param {CalendarEntry} entry
 */
export const spokenText = (labels, entry) =>
  [
    entry.wall ? timeOf(entry.wall) : tr("no date"),
    entry.title,
    influencerName(labels, entry),
    labels.states[entry.state],
    entry.platforms.map(platform => labels.platforms[platform]).join(", "),
    campaignName(labels, entry),
    entry.clash,
    entry.faceBelow && tr(FACE_BELOW),
  ]
    .filter(Boolean)
    .join(" · ")

/**
 * As FullCalendar takes it.
 *
 * @param {CalendarEntry} entry
 * @param {boolean} canEdit
 */
export const asEvent = (entry, canEdit) => ({
  id: entry.id,
  title: entry.title,
  start: entry.wall,
  editable: canEdit && entry.movable,
  extendedProps: { spot: entry },
})

/**
 * Where a dropped entry goes. On a whole day it keeps its own hour by its own clock (zone ""); on an hour it takes
 * that hour of the calendar's zone.
 *
 * @param {CalendarEntry} entry
 * @param {{ wall: WallTime, isDay: boolean, zone: string }} drop
 * @returns {{ wall: WallTime, zone: string }}
 */
export const dropTime = (entry, { wall, isDay, zone }) => {
  if (!isDay) return { wall, zone }
  if (!entry.wall) return { wall: `${dayOf(wall)}T${DEFAULT_TIME}`, zone: "" }
  return { wall: later(entry.ownWall, { days: daysBetween(entry.wall, wall) }), zone: "" }
}

/**
 * Where an entry without a date goes by its menu: tomorrow evening.
 *
 * @param {WallTime} now
 */
export const tomorrow = now => `${dayOf(later(now, { days: 1 }))}T${DEFAULT_TIME}`

/**
 * The earliest hour of a week that has an entry, as two digits; undefined: none has.
 *
 * @param {Iterable<CalendarEntry>} entries
 * @param {WallTime} from
 * @param {WallTime} to
 */
export const firstHour = (entries, from, to) =>
  [...entries].flatMap(({ wall }) => (wall && wall >= from && wall < to ? [wall.slice(11, 13)] : [])).sort()[0]
