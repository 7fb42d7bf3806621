/** @typedef {[step: number, loss: number]} Point */

/**
 * Exponential mean with its start corrected, as TensorBoard does it.
 *
 * @param {Point[]} points
 * @param {number} weight of what came before, 0 to below 1
 * @returns {Point[]}
 */
export const smoothed = (points, weight) => {
  let mean = 0
  let norm = 0
  return points.map(([step, loss]) => {
    mean = mean * weight + loss * (1 - weight)
    norm = norm * weight + (1 - weight)
    return [step, mean / norm]
  })
}

/**
 * At most `most` points, evenly taken: a browser cannot show more than it has pixels.
 *
 * @param {Point[]} points
 * @param {number} most
 */
export const thinned = (points, most) => {
  if (points.length <= most) return points
  return Array.from({ length: most }, (_, n) => points[Math.round((n * (points.length - 1)) / (most - 1))])
}

/**
 * All steps of some curves, each once, in order.
 *
 * @param {Point[][]} curves
 */
export const stepsOf = curves => [...new Set(curves.flat().map(([step]) => step))].sort((a, b) => a - b)

/**
 * The step a key moves to; undefined when the key moves nothing.
 *
 * @param {string} key
 * @param {{ steps: number[], at: number | null, far: boolean }} cursor `at` null: behind the last step
 */
export const stepAfterKey = (key, { steps, at, far }) => {
  const last = steps.length - 1
  const now =
    at === null
      ? last
      : Math.max(
          0,
          steps.findIndex(step => step >= at),
        )
  const by = far ? Math.max(10, Math.round(steps.length / 20)) : 1
  /** @type {Record<string, number>} */
  const targets = { ArrowLeft: now - by, ArrowRight: now + by, Home: 0, End: last }
  const target = targets[key]
  return target === undefined ? undefined : steps[Math.min(last, Math.max(0, target))]
}

/**
 * The figures of the first point at or after a step; null: there is none. Without a step those of the last point.
 *
 * @template {{ points: Point[], smooth: Point[] }} Curve
 * @param {Curve} curve
 * @param {number | null} step
 */
export const readingAt = (curve, step) => {
  const n = step === null ? curve.points.length - 1 : curve.points.findIndex(point => point[0] >= step)
  if (n < 0) return null
  return { curve, step: curve.points[n][0], raw: curve.points[n][1], smooth: curve.smooth[n][1] }
}
