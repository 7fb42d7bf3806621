import assert from "node:assert/strict"
import { test } from "node:test"
import { isKeyboardOpen } from "./keyboard.js"

test("the keyboard is open when the window became much lower while a field is written in", () => {
  assert.equal(isKeyboardOpen({ height: 480, tallest: 800, typing: true }), true)
  assert.equal(isKeyboardOpen({ height: 480, tallest: 800, typing: false }), false, "a window that was made lower")
  assert.equal(isKeyboardOpen({ height: 740, tallest: 800, typing: true }), false, "the browser's own bars")
})
