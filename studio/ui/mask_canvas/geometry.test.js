import assert from "node:assert/strict"
import { test } from "node:test"
import { nextBrush, pointOnCanvas, rectangleBetween } from "./geometry.js"

test("a rectangle is the same whichever way it was drawn", () => {
  const expected = { x: 10, y: 20, width: 30, height: 5 }
  assert.deepEqual(rectangleBetween({ x: 10, y: 25 }, { x: 40, y: 20 }), expected)
  assert.deepEqual(rectangleBetween({ x: 40, y: 20 }, { x: 10, y: 25 }), expected)
})

test("points of the page are px of the canvas, however large it is shown", () => {
  const box = { left: 100, top: 50, width: 200, height: 100 }
  assert.deepEqual(pointOnCanvas({ clientX: 200, clientY: 75 }, box, { width: 1000, height: 500 }), { x: 500, y: 125 })
})

test("a brush grows and shrinks by steps, between its ends", () => {
  const size = { width: 300, height: 200 }
  assert.deepEqual([nextBrush(50, 1, size), nextBrush(50, -1, size)], [60, 40])
  assert.deepEqual([nextBrush(99, 1, size), nextBrush(4, -1, size)], [100, 4])
})
