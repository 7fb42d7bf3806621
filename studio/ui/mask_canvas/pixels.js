/** Pixels as a canvas holds them: red, green, blue and alpha of each, 0 to 255. @typedef {Uint8ClampedArray} Pixels */

/** A level above this is on. */
const HALF = 127

/**
 * Turns a mask (white on black) into paint: `color` where it is white, nothing elsewhere. In place.
 *
 * @param {Pixels} pixels
 * @param {[red: number, green: number, blue: number]} color
 */
export const maskToPaint = (pixels, [red, green, blue]) => {
  for (let at = 0; at < pixels.length; at += 4) {
    pixels[at + 3] = pixels[at] > HALF ? 255 : 0
    pixels[at] = red
    pixels[at + 1] = green
    pixels[at + 2] = blue
  }
}

/**
 * Turns paint into a mask: white where it is painted, black elsewhere, no half tones. In place.
 *
 * @param {Pixels} pixels
 */
export const paintToMask = pixels => {
  for (let at = 0; at < pixels.length; at += 4) {
    const level = pixels[at + 3] > HALF ? 255 : 0
    pixels[at] = level
    pixels[at + 1] = level
    pixels[at + 2] = level
    pixels[at + 3] = 255
  }
}

/**
 * Whether nothing is painted.
 *
 * @param {Pixels} pixels
 */
export const isBlank = pixels => {
  for (let at = 3; at < pixels.length; at += 4) if (pixels[at]) return false
  return true
}

/**
 * @param {string} hex #rrggbb
 * @returns {[red: number, green: number, blue: number]}
 */
export const rgbOf = hex => {
  const part = (/** @type {number} */ at) => Number.parseInt(hex.slice(at, at + 2), 16)
  return [part(1), part(3), part(5)]
}
