import assert from "node:assert/strict"
import { describe, test } from "node:test"
import { aroundFace, fitted, isWhole, keyed, pulled, reshaped, rounded } from "./crop.js"

/** @import { CropBox } from "./crop.js" */

const frame = { width: 1000, height: 600, least: 64 }
const near = (/** @type {number} */ a, /** @type {number} */ b) => assert.ok(Math.abs(a - b) < 1e-6, `${a} is not ${b}`)

/** @param {CropBox} box */
const isInside = ([x, y, w, h]) => x >= 0 && y >= 0 && x + w <= frame.width + 1e-6 && y + h <= frame.height + 1e-6

describe("a fitted box", () => {
  test("is inside the picture and not too small", () => {
    assert.deepEqual(fitted([-50, 590, 10, 2000], frame, 0), [0, 0, 64, 600])
    assert.deepEqual(fitted([990, 590, 100, 100], frame, 0), [900, 500, 100, 100])
  })

  test("keeps its shape wherever it is, and stays inside", () => {
    for (const shape of [1, 2 / 3, 3 / 4, 3 / 2, 4 / 3]) {
      for (const box of /** @type {CropBox[]} */ ([
        [0, 0, 10, 10],
        [900, 500, 5000, 80],
        [0, 0, 70, 900],
      ])) {
        const found = fitted(box, frame, shape)
        near(found[2] / found[3], shape)
        assert.ok(isInside(found), `${found}`)
        assert.ok(Math.min(found[2], found[3]) >= 64 - 1e-6)
      }
    }
  })

  test("of a picture smaller than the least is the picture", () => {
    assert.deepEqual(fitted([0, 0, 5, 5], { width: 40, height: 30, least: 64 }, 0), [0, 0, 40, 30])
  })
})

test("whole px never reach beyond the picture", () => {
  assert.deepEqual(rounded([0.6, 0.4, 999.8, 599.9], frame), [1, 0, 999, 600])
})

test("the whole picture is known when it is whole to the px", () => {
  assert.equal(isWhole([0.2, 0, 999.9, 600], frame), true)
  assert.equal(isWhole([0, 0, 999, 600], frame), false)
})

test("pulling a corner leaves the opposite one", () => {
  const se = { name: "se", right: /** @type {const} */ (1), low: /** @type {const} */ (1) }
  const nw = { name: "nw", right: /** @type {const} */ (0), low: /** @type {const} */ (0) }
  assert.deepEqual(pulled([100, 100, 200, 200], { corner: se, dx: 50, dy: -20 }, frame, 0), [100, 100, 250, 180])
  assert.deepEqual(pulled([100, 100, 200, 200], { corner: nw, dx: 50, dy: -20 }, frame, 0), [150, 80, 150, 220])
  const [x, y, w, h] = pulled([100, 100, 200, 200], { corner: nw, dx: -40, dy: 10 }, frame, 1)
  assert.deepEqual([x + w, y + h, w / h], [300, 300, 1])
})

describe("arrows", () => {
  const key = { key: "ArrowRight", shiftKey: false, altKey: false }
  /** @type {CropBox} */
  const box = [100, 100, 200, 100]

  test("move by a hundredth, or with Alt by 1 px", () => {
    assert.deepEqual(keyed(box, key, frame, 0), [110, 100, 200, 100])
    assert.deepEqual(keyed(box, { ...key, key: "ArrowUp", altKey: true }, frame, 0), [100, 99, 200, 100])
  })

  test("with Shift change the size, both sides in a shape", () => {
    assert.deepEqual(keyed(box, { ...key, shiftKey: true }, frame, 0), [100, 100, 210, 100])
    assert.deepEqual(keyed(box, { ...key, shiftKey: true }, frame, 2), [100, 100, 210, 105])
  })

  test("are the only keys", () => assert.equal(keyed(box, { ...key, key: "a" }, frame, 0), null))
})

test("another shape has about the same area, in the middle", () => {
  const [x, y, w, h] = reshaped([300, 100, 200, 200], frame, 3 / 2)
  near(w / h, 3 / 2)
  near(w * h, 40_000)
  near(x + w / 2, 400)
  near(y, 100)
})

test("a square around a face is inside, with room", () => {
  const found = aroundFace([0.4, 0.3, 0.1, 0.2], frame)
  near(found[2], found[3])
  assert.ok(isInside(found))
  assert.ok(found[2] >= 2.4 * 0.2 * 600)
})
