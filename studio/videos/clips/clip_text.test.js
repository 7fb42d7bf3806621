import assert from "node:assert/strict"
import { test } from "node:test"
import { lengthText } from "./clip_text.js"

test("lengths of videos", () => {
  assert.deepEqual([2, 4.26, 12.4, 59.4, 61, 125].map(lengthText), ["2 s", "4.3 s", "12 s", "59 s", "1:01", "2:05"])
})
