import { button, el } from "../../ui/shared/dom.js"
import { tr, trLazy } from "../../ui/shared/words.js"

/** @import { DoneAct } from "./acts.js" */
/** @import { PictureBrowser } from "./browse.js" */

/** @typedef {DoneAct & { undoneAt: string | null }} PastAct */

/** Least width of a tile in px. @type {[name: string, side: number][]} */
const SIZES = [
  [trLazy("Small"), 110],
  [trLazy("Medium"), 180],
  [trLazy("Large"), 280],
]

const KEYS = [
  ["← → ↑ ↓", trLazy("move")],
  [trLazy("Enter"), trLazy("open")],
  [trLazy("Space"), trLazy("select; with Shift a whole range")],
  ["Ctrl A", trLazy("select all that are shown")],
  [trLazy("0 to 5"), trLazy("rate")],
  ["F", trLazy("favourite")],
  ["P", trLazy("create a post")],
  ["C", trLazy("compare 2 to 4 selected")],
  ["S", trLazy("find similar")],
  ["B", trLazy("add to a board")],
  [trLazy("Del"), trLazy("delete")],
  ["Ctrl Z", trLazy("undo")],
  ["Alt ← → ↑ ↓", trLazy("move on its board; with Home or End to its start or end")],
  ["/", trLazy("search")],
  ["Esc", trLazy("clear the selection")],
]

/**
 * Sizes, what was done last, keys.
 *
 * @param {PictureBrowser} browser
 * @returns {HTMLElement[]}
 */
export const buildMorePanel = browser => {
  const sizes = el("div", "row")
  sizes.append(...SIZES.map(([name, side]) => sizeButton(browser, name, side)))
  const keys = el("div", "keys")
  for (const [key, meaning] of KEYS) keys.append(el("kbd", "", tr(key)), el("span", "", tr(meaning)))
  const parts = [el("b", "", tr("Picture size")), sizes]
  if (browser.data.canEdit) parts.push(el("b", "", tr("Recent actions")), pastActs(browser))
  return [...parts, el("b", "", tr("Keys")), keys]
}

/**
 * @param {PictureBrowser} browser
 * @param {string} name
 * @param {number} side
 */
const sizeButton = (browser, name, side) => {
  const resize = () => {
    browser.popup.close()
    browser.resize(side)
  }
  return button(tr(name), resize, browser.leastSide === side ? "main" : "")
}

/** @param {PictureBrowser} browser */
const pastActs = browser => {
  const list = el("div", "list")
  list.append(el("span", "muted", "…"))
  browser.list
    .ask("/api/pictures/acts?take=8")
    .then(answer => {
      list.replaceChildren(...answer.data.map((/** @type {PastAct} */ act) => pastAct(browser, act)))
      if (!answer.data.length) list.append(el("span", "muted", tr("Nothing yet.")))
    })
    .catch(error => browser.report(error))
  return list
}

/**
 * @param {PictureBrowser} browser
 * @param {PastAct} act
 */
const pastAct = (browser, act) => {
  const line = el("div", "row")
  const undo = () => {
    browser.popup.close()
    browser.acts.undo(act)
  }
  const control = button(act.undoneAt ? tr("Undone") : tr("Undo"), undo, "quiet")
  control.disabled = Boolean(act.undoneAt)
  line.append(el("span", "grow", act.said), control)
  return line
}
