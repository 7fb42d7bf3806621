import { gridStep, gridTarget } from "../../ui/shared/grid_keys.js"

/** @import { PictureBrowser } from "./browse.js" */

/**
 * Does what a key means in the grid. Returns whether it means something.
 *
 * @param {PictureBrowser} browser
 * @param {KeyboardEvent} event
 */
export const actOnKey = (browser, event) => {
  const { items } = browser.list
  if (!items.length) return false
  const at = browser.focus ?? 0
  const grid = { at, columns: browser.window.layout.columns, count: items.length }
  const step = gridStep(event.key, grid)
  if (event.altKey && step !== undefined) browser.arranging.shift(step)
  else if (event.ctrlKey || event.metaKey) return actOnControlKey(browser, event.key.toLowerCase())
  else if (step !== undefined) moveFocus(browser, at, gridTarget(event.key, grid) ?? at, event.shiftKey)
  else if (event.key === " ") browser.toggle(at, event.shiftKey)
  else return actOnPlainKey(browser, event.key, at)
  return true
}

/**
 * @param {PictureBrowser} browser
 * @param {string} key
 */
const actOnControlKey = (browser, key) => {
  if (key === "a") browser.chooseAll(false)
  else if (key === "z") browser.acts.undo(browser.acts.last)
  else return false
  return true
}

/**
 * @param {PictureBrowser} browser
 * @param {number} at
 * @param {number} to
 * @param {boolean} extend
 */
const moveFocus = (browser, at, to, extend) => {
  if (extend) {
    browser.selection.extend(at, to, browser.list.order)
    browser.focus = to
    browser.redraw()
  }
  browser.focusOn(to)
}

/**
 * @param {PictureBrowser} browser
 * @param {string} key
 * @param {number} at
 */
const actOnPlainKey = (browser, key, at) => {
  const letter = key.toLowerCase()
  if (key === "Enter") browser.open(at)
  else if (key === "Escape" && browser.list.similar) browser.leaveSimilar()
  else if (key === "Escape") browser.chooseNone()
  else if (letter === "c") browser.acts.compare()
  else if (letter === "s") browser.findSimilar()
  else return browser.data.canEdit && actOnEditKey(browser, key, at)
  return true
}

/**
 * @param {PictureBrowser} browser
 * @param {string} key
 * @param {number} at
 */
const actOnEditKey = (browser, key, at) => {
  const letter = key.toLowerCase()
  if (/^[0-5]$/.test(key)) browser.acts.act({ kind: "rate", rating: Number(key) }, browser.selectedOr(at))
  else if (letter === "f") browser.acts.favourite(at)
  else if (letter === "p") browser.acts.createPost(browser.selection.size ? undefined : at)
  else if (letter === "b") {
    if (!browser.selection.size) browser.toggle(at, false)
    browser.acts.pickBoard(browser.selectionBar.board, "board-add")
  } else if (key === "Delete") browser.acts.act({ kind: "delete" }, browser.selectedOr(at))
  else return false
  return true
}
