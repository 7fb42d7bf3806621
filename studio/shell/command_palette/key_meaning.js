/**
 * What a key means on every page. Pure: what is pressed, and where the person is, decide.
 *
 * @typedef {object} Pressed
 * @property {string} key
 * @property {boolean} ctrlKey
 * @property {boolean} metaKey
 * @property {boolean} altKey
 * @property {boolean} shiftKey
 */

/**
 * `isTyping`: the key is for a field or a menu; `isCovered`: a dialog lies over the page; `isOff`: this person turned
 * keys without a modifier off; `isMac`; `isAfterG`: G was pressed a moment ago.
 *
 * @typedef {{ isTyping: boolean, isCovered: boolean, isOff: boolean, isMac: boolean, isAfterG: boolean }} Where
 */

/** @typedef {"palette" | "search" | "new" | "keys" | "g" | "go" | "swallow" | ""} Meaning */

/**
 * "swallow": nobody hears of the key; "": it is none of ours. Ctrl K of a Mac deletes to the end of the line: there
 * it is Cmd K.
 *
 * @param {Pressed} pressed
 * @param {Where} where
 * @returns {Meaning}
 */
export const meaningOf = (pressed, where) => {
  const { key, altKey, ctrlKey, metaKey } = pressed
  if (ctrlKey || metaKey || altKey) return key.toLowerCase() === "k" && isCommand(pressed, where.isMac) ? "palette" : ""
  if (where.isTyping || key.length !== 1 || key === " ") return ""
  if (where.isOff) return "swallow"
  if (where.isCovered) return ""
  return where.isAfterG ? "go" : singleKey(key)
}

/** Ctrl alone, or Cmd alone on a Mac. @param {Pressed} pressed @param {boolean} mac */
const isCommand = ({ altKey, ctrlKey, metaKey, shiftKey }, mac) =>
  !altKey && !shiftKey && (mac ? metaKey && !ctrlKey : ctrlKey && !metaKey)

/** @param {string} key @returns {Meaning} */
const singleKey = key => {
  const letter = key.toLowerCase()
  if (letter === "?") return "keys"
  if (letter === "/") return "search"
  if (letter === "n") return "new"
  return letter === "g" ? "g" : ""
}
