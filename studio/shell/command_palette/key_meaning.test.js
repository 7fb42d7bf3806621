import assert from "node:assert/strict"
import { test } from "node:test"
import { meaningOf } from "./key_meaning.js"

const PLAIN = { ctrlKey: false, metaKey: false, altKey: false, shiftKey: false }
const PAGE = { isTyping: false, isCovered: false, isOff: false, isMac: false, isAfterG: false }

/** @param {string} key @param {Partial<typeof PAGE>} [where] @param {Partial<typeof PLAIN>} [held] */
const meaning = (key, where, held) => meaningOf({ key, ...PLAIN, ...held }, { ...PAGE, ...where })

test("Ctrl K opens the palette everywhere; on a Mac it is Cmd K", () => {
  assert.equal(meaning("k", { isTyping: true, isCovered: true, isOff: true }, { ctrlKey: true }), "palette")
  assert.equal(meaning("k", { isMac: true }, { metaKey: true }), "palette")
  assert.equal(meaning("k", { isMac: true }, { ctrlKey: true }), "")
  assert.equal(meaning("K", {}, { ctrlKey: true, shiftKey: true }), "")
  assert.equal(meaning("k", {}, { ctrlKey: true, altKey: true }), "", "AltGr")
})

test("single keys are none while somebody types, nor under a dialog", () => {
  assert.deepEqual(
    ["?", "/", "n", "g", "j"].map(key => meaning(key)),
    ["keys", "search", "new", "g", ""],
  )
  for (const where of [{ isTyping: true }, { isCovered: true }]) assert.equal(meaning("n", where), "")
  assert.equal(meaning("h", { isAfterG: true }), "go")
  assert.equal(meaning("?", {}, { shiftKey: true }), "keys")
})

test("turned off, letters and signs reach nobody; Space, Enter and arrows still do", () => {
  for (const key of ["j", "?", "5", "["]) assert.equal(meaning(key, { isOff: true }), "swallow")
  for (const key of [" ", "Enter", "ArrowDown", "Escape"]) assert.equal(meaning(key, { isOff: true }), "")
  assert.equal(meaning("j", { isOff: true, isTyping: true }), "")
  assert.equal(meaning("s", { isOff: true }, { ctrlKey: true }), "")
})
