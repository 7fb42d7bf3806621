import assert from "node:assert/strict"
import { test } from "node:test"
import { pointOnCanvas, rectangleBetween, rectangleFromPercent } from "./geometry.js"

test("a rectangle is the same whichever way it was drawn", () => {
  const expected = { x: 10, y: 20, width: 30, height: 5 }
  assert.deepEqual(rectangleBetween({ x: 10, y: 25 }, { x: 40, y: 20 }), expected)
  assert.deepEqual(rectangleBetween({ x: 40, y: 20 }, { x: 10, y: 25 }), expected)
})

test("percent are brought into 0 to 100, and what is no number is 0", () => {
  assert.deepEqual(rectangleFromPercent(["25", "-5", "150", "x"], { width: 400, height: 200 }), {
    x: 100,
    y: 0,
    width: 400,
    height: 0,
  })
})

test("points of the page are px of the canvas, however large it is shown", () => {
  const box = { left: 100, top: 50, width: 200, height: 100 }
  assert.deepEqual(pointOnCanvas({ clientX: 200, clientY: 75 }, box, { width: 1000, height: 500 }), { x: 500, y: 125 })
})
