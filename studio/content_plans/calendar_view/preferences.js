import { trLazy } from "../../ui/shared/words.js"

/** Which of the views is shown. @typedef {"month" | "week" | "board" | "list" | "feed"} ViewName */

/** @type {[name: ViewName, label: string][]} */
export const VIEWS = [
  ["month", trLazy("Month")],
  ["week", trLazy("Week")],
  ["board", trLazy("Board")],
  ["list", trLazy("List")],
  ["feed", trLazy("Feed preview")],
]

/**
 * What somebody chose on this calendar: `view`, `colourBy` and `tray` stay in this browser, `filters` in this tab.
 *
 * @typedef {object} Preferences
 * @property {ViewName | ""} view empty: never chosen
 * @property {"influencer" | "state" | "campaign"} colourBy
 * @property {boolean} tray whether the list of posts without a date is open
 * @property {Record<string, string>} filters by their names in the API
 */

const storageKey = (/** @type {string} */ workspace) => `studio-calendar:${workspace}`

/**
 * @param {string} workspace
 * @returns {Preferences}
 */
export const loadPreferences = workspace => ({
  view: "",
  colourBy: "influencer",
  tray: true,
  ...readStored(localStorage, workspace),
  filters: readStored(sessionStorage, workspace),
})

/**
 * @param {string} workspace
 * @param {Preferences} preferences
 */
export const storePreferences = (workspace, { filters, ...rest }) => {
  try {
    localStorage.setItem(storageKey(workspace), JSON.stringify(rest))
    sessionStorage.setItem(storageKey(workspace), JSON.stringify(filters))
  } catch {
    // No room, or forbidden: the choice holds until the page is loaded again.
  }
}

/**
 * @param {Storage} storage
 * @param {string} workspace
 * @returns {Record<string, any>}
 */
const readStored = (storage, workspace) => {
  try {
    return JSON.parse(storage.getItem(storageKey(workspace)) ?? "{}")
  } catch {
    return {}
  }
}

/**
 * The filters without those that name what is not there any more.
 *
 * @param {Record<string, string>} filters
 * @param {{ channels: string[], campaigns: string[], states: string[] }} known
 * @returns {Record<string, string>}
 */
export const validFilters = (filters, { channels, campaigns, states }) => {
  const allowed = { channel: channels, campaign: campaigns, status: states, face: ["below"] }
  return Object.fromEntries(
    Object.entries(allowed).flatMap(([name, values]) =>
      values.includes(filters[name]) ? [[name, filters[name]]] : [],
    ),
  )
}
