/**
 * How people look at losses; kept in the browser for all charts.
 *
 * @typedef {{ smooth: number, raw: boolean, log: boolean }} ChartSettings
 */

const KEY = "studio-loss-chart"

/** @returns {ChartSettings} */
export const loadSettings = () => {
  const defaults = { smooth: 0.9, raw: true, log: false }
  try {
    return { ...defaults, ...JSON.parse(localStorage.getItem(KEY) ?? "null") }
  } catch {
    return defaults
  }
}

/** @param {ChartSettings} settings */
export const saveSettings = settings => {
  try {
    localStorage.setItem(KEY, JSON.stringify(settings))
  } catch {
    // A private window keeps nothing.
  }
}
