import assert from "node:assert/strict"
import { test } from "node:test"
import { barsOf, clock, startsOf } from "./timing.js"

test("scenes begin where those before have ended", () => {
  const scenes = [2, 3.5, 1].map(seconds => /** @type {any} */ ({ seconds }))
  assert.deepEqual(startsOf(scenes), [0, 2, 5.5])
  assert.deepEqual([clock(0), clock(59.6), clock(75)], ["0:00", "1:00", "1:15"])
})

test("a bar is the loudest of its part, whatever there is more of", () => {
  assert.deepEqual(barsOf([1, 9, 2, 4], 2), [9, 4])
  assert.deepEqual(barsOf([3, 7], 4), [3, 3, 7, 7])
  assert.deepEqual(barsOf([], 4), [])
})
