import assert from "node:assert/strict"
import { test } from "node:test"
import { readingAt, smoothed, stepAfterKey, stepsOf, thinned } from "./curves.js"

/** @type {import("./curves.js").Point[]} */
const line = [
  [10, 1],
  [20, 0.5],
  [30, 0.25],
]

test("smoothing starts at the first loss, not at 0", () => {
  const [first, second] = smoothed(line, 0.9)
  assert.ok(Math.abs(first[1] - 1) < 1e-12)
  assert.ok(Math.abs(second[1] - (0.9 * 0.1 * 1 + 0.1 * 0.5) / 0.19) < 1e-12)
})

test("no weight changes nothing", () => assert.deepEqual(smoothed(line, 0), line))

test("thinning keeps both ends", () => {
  const points = Array.from({ length: 1000 }, (_, n) => /** @type {[number, number]} */ ([n, n]))
  const few = thinned(points, 10)
  assert.equal(few.length, 10)
  assert.deepEqual([few[0], few.at(-1)], [points[0], points[999]])
  assert.equal(thinned(line, 10), line)
})

test("steps of several curves, each once", () => {
  assert.deepEqual(
    stepsOf([
      line,
      [
        [15, 1],
        [20, 1],
      ],
    ]),
    [10, 15, 20, 30],
  )
})

test("keys move along the steps and stop at their ends", () => {
  const steps = [10, 20, 30]
  assert.equal(stepAfterKey("ArrowLeft", { steps, at: null, far: false }), 20)
  assert.equal(stepAfterKey("ArrowRight", { steps, at: 10, far: false }), 20)
  assert.equal(stepAfterKey("ArrowRight", { steps, at: 10, far: true }), 30)
  assert.equal(stepAfterKey("Home", { steps, at: 30, far: false }), 10)
  assert.equal(stepAfterKey("x", { steps, at: 30, far: false }), undefined)
})

test("a reading is at or after the cursor, or at the end", () => {
  const curve = { points: line, smooth: line }
  assert.equal(readingAt(curve, 11)?.step, 20)
  assert.equal(readingAt(curve, null)?.step, 30)
  assert.equal(readingAt(curve, 31), null)
})
