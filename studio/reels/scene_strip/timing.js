/**
 * A scene as `studio.reels.scene_strip.scene_strip` sends it.
 *
 * @typedef {object} StripScene
 * @property {string} id
 * @property {string} words
 * @property {string | null} assetId its picture; null: drawn with the next render
 * @property {number} seconds
 * @property {boolean} isMeasured whether `seconds` is from the last render, not guessed from its words
 * @property {number[]} waveform loudness of its voice over its length, 0 to 100; [] where it was not spoken yet
 */

/**
 * Minutes and seconds, as players show them.
 *
 * @param {number} seconds
 */
export const clock = seconds => {
  const whole = Math.round(seconds)
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`
}

/**
 * When each scene begins, in seconds of the film.
 *
 * @param {StripScene[]} scenes
 */
export const startsOf = scenes => {
  let at = 0
  return scenes.map(({ seconds }) => {
    const start = at
    at += seconds
    return start
  })
}

/**
 * Bars of a waveform, `count` of them, each the loudest of its part.
 *
 * @param {number[]} waveform
 * @param {number} count
 */
export const barsOf = (waveform, count) =>
  Array.from({ length: waveform.length ? count : 0 }, (_, n) => {
    const from = Math.floor((n * waveform.length) / count)
    const until = Math.max(from + 1, Math.floor(((n + 1) * waveform.length) / count))
    return Math.max(...waveform.slice(from, until))
  })
