import assert from "node:assert/strict"
import { test } from "node:test"
import { clockText, waveformPath } from "./waveform.js"

test("each bar is as high as the loudest place of its part", () => {
  assert.equal(waveformPath([10, 100, 0, 40], 2), "M0.5 0V100M1.5 30V70")
  assert.equal(waveformPath([50], 80), "M0.5 25V75")
  assert.equal(waveformPath([], 80), "")
})

test("silence is still a line", () => {
  assert.equal(waveformPath([0], 1), "M0.5 48.5V51.5")
})

test("lengths", () => {
  assert.deepEqual([0, 18.46, 59.6, 61, 1800].map(clockText), ["0:00", "0:18", "1:00", "1:01", "30:00"])
})
