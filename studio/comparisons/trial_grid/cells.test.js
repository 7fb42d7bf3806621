import assert from "node:assert/strict"
import { test } from "node:test"
import { nextDrawn, placeText } from "./cells.js"

const place = (/** @type {number} */ n, asset = "x") => ({ n, asset_id: asset, score: null, words: "" })
const rows = [
  { title: "a", note: "", places: [place(0), place(1, ""), place(2)] },
  { title: "b", note: "seed 7", places: [place(3), place(4, ""), place(5, "")] },
]
const isDrawn = (/** @type {{ asset_id: string }} */ one) => one.asset_id !== ""

test("a step goes over what is not drawn", () => {
  assert.deepEqual(nextDrawn(rows, [0, 0], [0, 1], isDrawn), [0, 2])
  assert.deepEqual(nextDrawn(rows, [0, 2], [0, -1], isDrawn), [0, 0])
  assert.deepEqual(nextDrawn(rows, [0, 0], [1, 0], isDrawn), [1, 0])
})

test("a step beyond the edge goes nowhere", () => {
  assert.equal(nextDrawn(rows, [1, 0], [0, 1], isDrawn), null)
  assert.equal(nextDrawn(rows, [0, 0], [-1, 0], isDrawn), null)
})

test("a cell says its checkpoint, prompt and figures", () => {
  const column = { title: "500", name: "Step 500", lines: [], marks: [] }
  assert.equal(placeText(column, rows[1], place(3)), "Step 500: b, seed 7")
  assert.equal(placeText(column, rows[1], { ...place(3), words: "0.81" }), "Step 500: b, seed 7, 0.81")
})
