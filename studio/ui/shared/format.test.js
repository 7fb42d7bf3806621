import assert from "node:assert/strict"
import { test } from "node:test"
import { bytes, duration, grouped, percentText } from "./format.js"

test("bytes in the unit people read", () => {
  assert.deepEqual([0, 1023, 1024, 1_572_864, 5_368_709_120].map(bytes), ["0 B", "1023 B", "1 KB", "1.5 MB", "5.00 GB"])
})

test("durations never say nothing is left", () => {
  assert.deepEqual([0, 59, 60, 3599, 5400].map(duration), ["1 s", "59 s", "1 min", "60 min", "1 h 30 min"])
})

test("long numbers in groups", () => assert.equal(grouped(1234567), "1,234,567"))

test("a share below a threshold does not look as if it had reached it", () => {
  assert.equal(percentText(0.8299), "82%")
})
