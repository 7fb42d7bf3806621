import { button, el } from "../../ui/shared/dom.js"
import { tr, trLazy } from "../../ui/shared/words.js"
import { isMac } from "./global_keys.js"
import { GO_TO, groupsFor } from "./keys.js"

/** @import { KeyGroup } from "./keys.js" */

/** @type {Record<string, string>} */
const SIGNS = { ArrowLeft: "←", ArrowRight: "→", ArrowUp: "↑", ArrowDown: "↓" }
/** @type {Record<string, string>} */
const NAMES = {
  " ": trLazy("Space"),
  Enter: trLazy("Enter"),
  Escape: trLazy("Esc"),
  Delete: trLazy("Del"),
  Backspace: trLazy("Backspace"),
}

/** As it is written on keys: "Ctrl+k" is Ctrl K, or ⌘ K. @param {string} key @param {boolean} mac */
export const keyText = (key, mac) => {
  const [modifier, last] = key.startsWith("Ctrl+") ? [mac ? "⌘" : tr("Ctrl"), key.slice(5)] : ["", key]
  const named = NAMES[last] ? tr(NAMES[last]) : (SIGNS[last] ?? (last.length === 1 ? last.toUpperCase() : last))
  return modifier ? `${modifier} ${named}` : named
}

/** "0 to 5" instead of six keys. @param {string[]} keys */
const isRatings = keys => keys.join("") === "012345"

/**
 * Every key: those of every page, those of this page, the others.
 *
 * @param {object} shown
 * @param {string} shown.page
 * @param {Map<string, string>} shown.titles of the pages of this person
 * @param {boolean} shown.isOff
 * @param {() => void} onClose
 * @param {() => void} onSettings
 */
export const buildKeySheet = ({ page, titles, isOff }, onClose, onSettings) => {
  const head = el("div", "sheet-head")
  const title = el("h2", "", tr("Keys"))
  title.id = "palette-title"
  const close = button("×", onClose, "quiet close")
  close.setAttribute("aria-label", tr("Close"))
  head.append(title, close)
  const groups = el("div", "sheet-groups")
  groups.tabIndex = 0
  groups.append(...groupsFor(page).map(group => buildGroup(group)))
  groups.firstElementChild?.after(buildGoing(titles))
  const note = el(
    "p",
    "muted",
    isOff ? tr("Keys without Ctrl are turned off.") : tr("Letters do nothing while you type."),
  )
  const settings = button(isOff ? tr("Turn them on") : tr("Turn single keys off"), onSettings, "quiet")
  const foot = el("div", "sheet-foot row")
  foot.append(note, settings)
  return [head, groups, foot]
}

/** @param {KeyGroup} group */
const buildGroup = ({ title, lines }) => {
  const box = el("section", "sheet-group")
  const list = el("dl")
  for (const { keys, text } of lines) list.append(buildKeys(keys), el("dd", "", tr(text)))
  box.append(el("h3", "", tr(title)), list)
  return box
}

/** @param {Map<string, string>} titles */
const buildGoing = titles => {
  const box = el("section", "sheet-group")
  const list = el("dl")
  for (const [letter, file] of Object.entries(GO_TO)) {
    const title = titles.get(file)
    if (title) list.append(buildKeys(["g", letter]), el("dd", "", title))
  }
  box.append(el("h3", "", tr("Go to: G, then")), list)
  return box
}

/** @param {string[]} keys */
const buildKeys = keys => {
  const mac = isMac()
  const texts = isRatings(keys) ? [tr("0 to 5")] : keys.map(key => keyText(key, mac))
  const term = el("dt")
  term.append(...texts.map(text => el("kbd", "", text)))
  return term
}
