/** How typed words find commands: each begins a word of the label, or of what else it is called. Pure. */

/**
 * Words in lower case, without accents: "Città" is "citta".
 *
 * @param {string} text
 */
export const wordsOf = text =>
  text
    .normalize("NFD")
    .replace(/\p{Mn}/gu, "")
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter(Boolean)

/**
 * How well it fits, 0 best; undefined: not at all.
 *
 * @param {string[]} typed
 * @param {{ label: string, keywords?: string }} command
 */
export const fit = (typed, { label, keywords = "" }) => {
  const own = wordsOf(label)
  const others = wordsOf(keywords)
  /** @param {string[]} words @param {string} piece */
  const has = (words, piece) => words.some(word => word.startsWith(piece))
  if (typed.every((piece, n) => own[n]?.startsWith(piece))) return 0
  if (typed.every(piece => has(own, piece))) return 1
  return typed.every(piece => has(own, piece) || has(others, piece)) ? 2 : undefined
}

/**
 * The commands that fit, the best first, else in their order.
 *
 * @template {{ label: string, keywords?: string }} Entry
 * @param {string} text
 * @param {Entry[]} commands
 * @param {number} most
 * @returns {Entry[]}
 */
export const matching = (text, commands, most) => {
  const typed = wordsOf(text)
  if (!typed.length) return []
  return commands
    .map(command => ({ command, rank: fit(typed, command) }))
    .filter(({ rank }) => rank !== undefined)
    .toSorted((a, b) => Number(a.rank) - Number(b.rank))
    .slice(0, most)
    .map(({ command }) => command)
}
