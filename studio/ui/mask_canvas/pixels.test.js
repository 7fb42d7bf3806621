import assert from "node:assert/strict"
import { test } from "node:test"
import { isBlank, maskToPaint, paintToMask, rgbOf } from "./pixels.js"

const pixels = (/** @type {number[][]} */ ...list) => Uint8ClampedArray.from(list.flat())

test("white of a mask becomes paint, black becomes nothing", () => {
  const image = pixels([255, 255, 255, 255], [0, 0, 0, 255], [128, 128, 128, 255], [127, 127, 127, 255])
  maskToPaint(image, [1, 2, 3])
  assert.deepEqual([...image], [1, 2, 3, 255, 1, 2, 3, 0, 1, 2, 3, 255, 1, 2, 3, 0])
})

test("paint becomes white on black, without half tones", () => {
  const image = pixels([9, 9, 9, 255], [0, 0, 0, 0], [9, 9, 9, 128], [9, 9, 9, 127])
  paintToMask(image)
  assert.deepEqual(
    [...image].filter((_, at) => at % 4 === 0),
    [255, 0, 255, 0],
  )
  assert.deepEqual(
    [...image].filter((_, at) => at % 4 === 3),
    [255, 255, 255, 255],
  )
})

test("a mask comes back as it was sent", () => {
  const mask = pixels([255, 255, 255, 255], [0, 0, 0, 255])
  const image = mask.slice()
  maskToPaint(image, rgbOf("#ff2d6f"))
  paintToMask(image)
  assert.deepEqual(image, mask)
})

test("blank until something is opaque", () => {
  assert.equal(isBlank(pixels([9, 9, 9, 0], [0, 0, 0, 0])), true)
  assert.equal(isBlank(pixels([0, 0, 0, 0], [0, 0, 0, 1])), false)
})

test("colors by their parts", () => assert.deepEqual(rgbOf("#ff2d6f"), [255, 45, 111]))
