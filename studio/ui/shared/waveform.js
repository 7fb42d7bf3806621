/**
 * A waveform as an SVG path of upright bars, as wide as there are bars and 100 high. The loudest place of each counts.
 *
 * @param {readonly number[]} peaks 0..100
 * @param {number} bars at most so many
 */
export const waveformPath = (peaks, bars) => {
  const n = Math.min(bars, peaks.length)
  const parts = []
  for (let bar = 0; bar < n; bar++) {
    const from = Math.floor((bar * peaks.length) / n)
    const to = Math.floor(((bar + 1) * peaks.length) / n)
    const height = Math.max(3, ...peaks.slice(from, to))
    parts.push(`M${bar + 0.5} ${50 - height / 2}V${50 + height / 2}`)
  }
  return parts.join("")
}

/**
 * As people read a length.
 *
 * @param {number} seconds
 */
export const clockText = seconds => {
  const whole = Math.max(0, Math.round(seconds))
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`
}
