import assert from "node:assert/strict"
import { test } from "node:test"
import { gridAround } from "./profile_grid.js"

/** @param {number} day */
const tile = day => ({
  planId: `p${day}`,
  title: "",
  state: "scheduled",
  localTime: `2026-11-${String(day).padStart(2, "0")}T18:00`,
  assetId: "",
  isVideo: false,
  mediaCount: 1,
})

/** @param {ReturnType<typeof gridAround>} grid */
const idsOf = grid => grid.map(shown => shown?.planId ?? "this")

test("a post stands among those before and after it, one later row above its own", () => {
  const tiles = [20, 19, 18, 17, 16, 15, 14, 13, 12, 11, 10].map(tile)
  const grid = gridAround(tiles, { planId: "p14", localTime: "2026-11-14T18:00" })
  assert.deepEqual(idsOf(grid), ["p17", "p16", "p15", "this", "p13", "p12", "p11", "p10"])
})

test("a post without a time is the newest", () => {
  assert.deepEqual(idsOf(gridAround([12, 11].map(tile), { planId: "new", localTime: null })), ["this", "p12", "p11"])
})
