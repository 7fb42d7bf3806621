import assert from "node:assert/strict"
import { test } from "node:test"
import { offeredFilters } from "./filters.js"
import { marksOf } from "./tile.js"

test("filters that leave nothing are offered only while they are set", () => {
  /** @type {import("./filters.js").DatasetFilter[]} */
  const filters = [
    ["", "All", 0, ""],
    ["dark", "Dark", 0, "warn"],
    ["blurred", "Blurred", 3, "warn"],
    ["faces", "Faces", null, ""],
  ]
  assert.deepEqual(
    offeredFilters(filters, "").map(([key]) => key),
    ["", "blurred", "faces"],
  )
  assert.deepEqual(
    offeredFilters(filters, "dark").map(([key]) => key),
    ["", "dark", "blurred", "faces"],
  )
})

test("marks say what was done, then at most three reasons", () => {
  /** @type {import("./tile.js").QualityReason[]} */
  const reasons = [
    ["dark", "It is dark", false],
    ["too_small", "It is too small", true],
    ["new_reason", "Something new", false],
    ["flat", "No contrast", false],
  ]
  const tile = {
    id: "1",
    assetId: "2",
    name: "a.png",
    caption: "",
    included: false,
    cropped: true,
    masked: false,
    reasons,
  }
  assert.deepEqual(marksOf(tile), [
    ["left out", ""],
    ["cropped", ""],
    ["dark", "warn"],
    ["too small", "bad"],
    ["new_reason", "warn"],
  ])
})
