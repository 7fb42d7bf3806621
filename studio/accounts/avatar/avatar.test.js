import assert from "node:assert/strict"
import { test } from "node:test"

import { square } from "./avatar.js"

test("the square is in the middle of wide and of tall pictures", () => {
  assert.deepEqual(square(300, 100), { x: 100, y: 0, side: 100 })
  assert.deepEqual(square(100, 300), { x: 0, y: 100, side: 100 })
})
