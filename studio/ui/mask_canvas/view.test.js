import assert from "node:assert/strict"
import { test } from "node:test"
import { fittedSize, keptOnStage, MOST_ZOOM, WHOLE, zoomedAt } from "./view.js"

const stage = { width: 800, height: 400 }

test("all of a picture is on the stage, and a small one is not blown up without end", () => {
  assert.deepEqual(fittedSize({ width: 1000, height: 1000 }, stage), { width: 400, height: 400 })
  assert.deepEqual(fittedSize({ width: 2000, height: 500 }, stage), { width: 800, height: 200 })
  assert.deepEqual(fittedSize({ width: 32, height: 32 }, stage), { width: 192, height: 192 })
})

test("what is under the pointer stays there while zooming", () => {
  const view = zoomedAt(WHOLE, 2, { x: 100, y: -50 })
  assert.deepEqual(view, { zoom: 2, x: -100, y: 50 })
  assert.deepEqual(zoomedAt(view, 0.5, { x: 100, y: -50 }), WHOLE)
})

test("zoom has two ends", () => {
  assert.equal(zoomedAt(WHOLE, 100, { x: 0, y: 0 }).zoom, MOST_ZOOM)
  assert.equal(zoomedAt(WHOLE, 0.01, { x: 0, y: 0 }).zoom, 1)
})

test("a picture leaves no gap where it is larger than the stage, and is centred where it is smaller", () => {
  const fitted = { width: 400, height: 400 }
  assert.deepEqual(keptOnStage({ zoom: 1, x: 90, y: -20 }, fitted, stage), { zoom: 1, x: 0, y: 0 })
  assert.deepEqual(keptOnStage({ zoom: 4, x: 9999, y: -9999 }, fitted, stage), { zoom: 4, x: 400, y: -600 })
})
