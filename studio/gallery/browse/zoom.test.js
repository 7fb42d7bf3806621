import assert from "node:assert/strict"
import { test } from "node:test"
import { zoomedAt } from "./zoom.js"

const whole = { scale: 1, x: 0, y: 0 }

test("the point under the pointer stays where it is", () => {
  const point = { x: 40, y: -30 }
  const zoomed = zoomedAt({ scale: 2, x: 10, y: 20 }, 5, point)
  const under = (/** @type {typeof whole} */ state) => [
    (point.x - state.x) / state.scale,
    (point.y - state.y) / state.scale,
  ]
  assert.deepEqual(under(zoomed), under({ scale: 2, x: 10, y: 20 }))
})

test("never smaller than whole, and then in the middle", () => {
  assert.deepEqual(zoomedAt({ scale: 1.2, x: 50, y: 50 }, 0.3, { x: 9, y: 9 }), whole)
})

test("twelve times at most", () => assert.equal(zoomedAt(whole, 99, { x: 0, y: 0 }).scale, 12))
