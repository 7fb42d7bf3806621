import assert from "node:assert/strict"
import { test } from "node:test"
import { gridStep, gridTarget } from "./grid_keys.js"

const grid = { at: 5, columns: 4, count: 10 }

test("arrows move by a tile or a row", () => {
  const targets = ["ArrowRight", "ArrowLeft", "ArrowDown", "ArrowUp"].map(key => gridTarget(key, grid))
  assert.deepEqual(targets, [6, 4, 9, 1])
})

test("Home and End go to the first and last", () => {
  assert.equal(gridTarget("Home", grid), 0)
  assert.equal(gridTarget("End", grid), 9)
})

test("no key leaves the grid", () => {
  assert.equal(gridTarget("ArrowUp", { ...grid, at: 2 }), 0)
  assert.equal(gridTarget("ArrowDown", { ...grid, at: 8 }), 9)
})

test("other keys move nothing", () => {
  assert.equal(gridStep("Enter", grid), undefined)
  assert.equal(gridTarget("toString", grid), undefined)
})
