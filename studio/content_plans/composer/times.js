import { readsTwelveHours } from "../../ui/shared/words.js"
import { dateLocale } from "../calendar_view/wall_time.js"

/** @import { WallTime } from "../calendar_view/wall_time.js" */

const DAY = /** @type {const} */ ({ weekday: "short", day: "numeric", month: "short", timeZone: "UTC" })
const clock = () =>
  /** @type {const} */ ({ hour: "2-digit", minute: "2-digit", hourCycle: readsTwelveHours() ? "h12" : "h23" })

/**
 * “Tue 24 Nov, 18:30”.
 *
 * @param {WallTime} wall
 */
export const wallText = wall => {
  const date = new Date(`${wall.slice(0, 16)}Z`)
  const time = date.toLocaleTimeString(dateLocale(), { ...clock(), timeZone: "UTC" })
  return `${date.toLocaleDateString(dateLocale(), DAY).replace(",", "")}, ${time}`
}

/**
 * The time of day by this browser's clock or that of a time zone, with the day where it is another one.
 *
 * @param {Date} at
 * @param {Date} [now]
 * @param {string} [timeZone]
 */
export const clockText = (at, now = new Date(), timeZone = undefined) => {
  const time = at.toLocaleTimeString(dateLocale(), { ...clock(), timeZone })
  if (at.toLocaleDateString("en", { timeZone }) === now.toLocaleDateString("en", { timeZone })) return time
  const day = at.toLocaleDateString(dateLocale(), { weekday: "short", day: "numeric", month: "short", timeZone })
  return `${day.replace(",", "")}, ${time}`
}

/**
 * What the clock of a zone shows now, to the minute.
 *
 * @param {string} zone
 */
export const wallOf = zone => {
  const options = /** @type {const} */ ({ dateStyle: "short", timeStyle: "short", hourCycle: "h23" })
  try {
    const text = new Intl.DateTimeFormat("sv-SE", { ...options, timeZone: zone }).format(new Date())
    return text.replace(" ", "T")
  } catch {
    return ""
  }
}
