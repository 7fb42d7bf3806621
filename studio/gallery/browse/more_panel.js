import { button, el } from "../../ui/shared/dom.js"

/** @import { DoneAct } from "./acts.js" */
/** @import { PictureBrowser } from "./browse.js" */

/** @typedef {DoneAct & { undoneAt: string | null }} PastAct */

/** Least width of a tile in px. @type {[name: string, side: number][]} */
const SIZES = [
  ["Small", 110],
  ["Medium", 180],
  ["Large", 280],
]

const KEYS = [
  ["← → ↑ ↓", "move"],
  ["Enter", "open"],
  ["Space", "choose; with Shift a whole range"],
  ["Ctrl A", "choose all that is shown"],
  ["0 to 5", "rate"],
  ["F", "favourite"],
  ["P", "create a post"],
  ["C", "compare 2 to 4 chosen"],
  ["S", "find similar"],
  ["B", "put on a board"],
  ["Del", "delete"],
  ["Ctrl Z", "undo"],
  ["Alt ← → ↑ ↓", "move on its board; with Home or End to its start or end"],
  ["/", "search"],
  ["Esc", "choose none"],
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
  for (const [key, meaning] of KEYS) keys.append(el("kbd", "", key), el("span", "", meaning))
  const parts = [el("b", "", "Size of the pictures"), sizes]
  if (browser.data.canEdit) parts.push(el("b", "", "What you did last"), pastActs(browser))
  return [...parts, el("b", "", "Keys"), keys]
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
  return button(name, resize, browser.leastSide === side ? "main" : "")
}

/** @param {PictureBrowser} browser */
const pastActs = browser => {
  const list = el("div", "list")
  list.append(el("span", "muted", "…"))
  browser.list
    .ask("/api/pictures/acts?take=8")
    .then(answer => {
      list.replaceChildren(...answer.data.map((/** @type {PastAct} */ act) => pastAct(browser, act)))
      if (!answer.data.length) list.append(el("span", "muted", "Nothing yet."))
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
  const control = button(act.undoneAt ? "Undone" : "Undo", undo, "quiet")
  control.disabled = Boolean(act.undoneAt)
  line.append(el("span", "grow", act.said), control)
  return line
}
