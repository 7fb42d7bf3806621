/**
 * `value` in [low, high]; `low` when the range is empty.
 *
 * @param {number} value
 * @param {number} low
 * @param {number} high
 */
export const clamp = (value, low, high) => Math.min(Math.max(value, low), Math.max(low, high))
