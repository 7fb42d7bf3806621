import { readerLanguage } from "../../ui/shared/words.js"

/** A time as a clock on the wall shows it, without an offset: 2026-11-22T18:00. @typedef {string} WallTime */

/** The locale that dates are written in. */
export const dateLocale = () => (readerLanguage() === "en" ? "en-GB" : readerLanguage())

const MINUTE_MS = 60_000
const DAY_MINUTES = 1440

/**
 * What the clock of a zone shows, to the second.
 *
 * @param {string} zone
 * @param {Date} [at]
 * @returns {WallTime}
 */
export const wallNow = (zone, at = new Date()) => {
  const format = new Intl.DateTimeFormat("en-CA", {
    timeZone: zone,
    hourCycle: "h23",
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
  })
  const part = Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, value]))
  return `${part.year}-${part.month}-${part.day}T${part.hour}:${part.minute}:${part.second}`
}

/**
 * A wall time read as UTC, so that no browser's own zone can move it.
 *
 * @param {WallTime} wall
 */
export const asDate = wall => new Date(`${wall.slice(0, 19)}Z`)

/**
 * To the minute.
 *
 * @param {Date} date
 * @returns {WallTime}
 */
export const asWall = date => date.toISOString().slice(0, 16)

/**
 * @param {WallTime} wall
 * @param {{ days?: number, minutes?: number }} by
 * @returns {WallTime}
 */
export const later = (wall, { days = 0, minutes = 0 }) =>
  asWall(new Date(asDate(wall).getTime() + (days * DAY_MINUTES + minutes) * MINUTE_MS))

/** @param {WallTime} wall */
export const dayOf = wall => wall.slice(0, 10)

/**
 * Whole days from one day to another.
 *
 * @param {WallTime} from
 * @param {WallTime} to
 */
export const daysBetween = (from, to) => {
  const midnight = (/** @type {WallTime} */ wall) => asDate(`${dayOf(wall)}T00:00:00`).getTime()
  return Math.round((midnight(to) - midnight(from)) / (DAY_MINUTES * MINUTE_MS))
}
