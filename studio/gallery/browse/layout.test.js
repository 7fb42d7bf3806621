import assert from "node:assert/strict"
import { describe, test } from "node:test"
import {
  gridHeight,
  gridLayout,
  isNearEnd,
  placesToDraw,
  scrollIntoView,
  thumbnailWidth,
  tileOffset,
  visibleRange,
} from "./layout.js"

const layout = { columns: 4, side: 100, rowHeight: 108 }

describe("the grid", () => {
  test("fills its width with columns of at least the least side", () => {
    for (const width of [320, 500, 777, 1280, 2560]) {
      const { columns, side, rowHeight } = gridLayout(width, 180)
      assert.ok(columns === 2 || side >= 180, `${side} px at ${width} px`)
      assert.ok(Math.abs(columns * rowHeight - 8 - width) < 1e-6)
    }
  })

  test("has two columns at least", () => assert.equal(gridLayout(200, 280).columns, 2))

  test("is as high as its rows, without a gap below", () => {
    assert.deepEqual(
      [0, 1, 4, 5].map(count => gridHeight(count, layout)),
      [0, 100, 100, 208],
    )
  })

  test("places tiles row by row", () => {
    assert.deepEqual(tileOffset(0, layout), { x: 0, y: 0 })
    assert.deepEqual(tileOffset(6, layout), { x: 216, y: 108 })
  })
})

describe("the window", () => {
  test("holds whole rows", () => {
    assert.deepEqual(visibleRange({ top: 110, bottom: 330, margin: 0 }, layout, 1000), { first: 4, last: 16 })
  })

  test("reaches a margin further", () => {
    assert.deepEqual(visibleRange({ top: 1080, bottom: 1188, margin: 108 }, layout, 1000), { first: 36, last: 48 })
  })

  test("holds the first row even when all of it is below the view", () => {
    assert.deepEqual(visibleRange({ top: -900, bottom: -300, margin: 0 }, layout, 1000), { first: 0, last: 4 })
  })

  test("ends with the list", () => {
    assert.deepEqual(visibleRange({ top: 0, bottom: 5000, margin: 0 }, layout, 7), { first: 0, last: 7 })
  })

  test("draws the focused place wherever it is, once and in order", () => {
    const range = { first: 4, last: 8 }
    assert.deepEqual(placesToDraw(range, null), [4, 5, 6, 7])
    assert.deepEqual(placesToDraw(range, 5), [4, 5, 6, 7])
    assert.deepEqual(placesToDraw(range, 1), [1, 4, 5, 6, 7])
    assert.deepEqual(placesToDraw(range, 90), [4, 5, 6, 7, 90])
  })

  test("asks for more two screens before the end", () => {
    assert.equal(isNearEnd({ bottom: 500, height: 600 }, layout, 64), false)
    assert.equal(isNearEnd({ bottom: 529, height: 600 }, layout, 64), true)
  })
})

test("thumbnails are sharp, and no larger than they must be", () => {
  assert.deepEqual(
    [thumbnailWidth(110, 1), thumbnailWidth(180, 1), thumbnailWidth(180, 2), thumbnailWidth(180, 3)],
    [160, 320, 320, 640],
  )
  assert.equal(thumbnailWidth(110, 0), 160)
})

test("scrolls only as far as a row needs", () => {
  const view = { top: 100, bottom: 700 }
  assert.equal(scrollIntoView({ top: 200, bottom: 300 }, view), 0)
  assert.equal(scrollIntoView({ top: 60, bottom: 160 }, view), -40)
  assert.equal(scrollIntoView({ top: 650, bottom: 750 }, view), 50)
})
