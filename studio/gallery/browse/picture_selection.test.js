import assert from "node:assert/strict"
import { test } from "node:test"
import { MOST_AT_ONCE, PictureSelection } from "./picture_selection.js"

const ORDER = ["a", "b", "c", "d", "e", "f"]
const chosen = (/** @type {PictureSelection} */ selection) => [...selection.ids].sort().join("")

test("a picture is turned over, a range is added", () => {
  const selection = new PictureSelection()
  selection.toggle(1, ORDER, false)
  selection.toggle(3, ORDER, true)
  assert.equal(chosen(selection), "bcd")
  selection.toggle(3, ORDER, true)
  assert.equal(chosen(selection), "bcd")
  selection.toggle(2, ORDER, false)
  assert.equal(chosen(selection), "bd")
})

test("Shift and arrows extend from where it began", () => {
  const selection = new PictureSelection()
  selection.extend(2, 3, ORDER)
  selection.extend(3, 4, ORDER)
  assert.equal(chosen(selection), "cde")
  assert.equal(selection.anchor, 2)
})

test("the whole list counts up to what an act takes", () => {
  const selection = new PictureSelection()
  selection.chooseAll(ORDER, true)
  assert.equal(selection.count(null), MOST_AT_ONCE)
  assert.equal(selection.count(900), 900)
  assert.equal(selection.count(90_000), MOST_AT_ONCE)
})

test("toggling one ends the choice of the whole list", () => {
  const selection = new PictureSelection()
  selection.chooseAll(ORDER, true)
  selection.toggle(0, ORDER, false)
  assert.equal(selection.wholeList, false)
  assert.equal(selection.count(900), 5)
})

test("clearing leaves nothing", () => {
  const selection = new PictureSelection()
  selection.chooseAll(ORDER, true)
  selection.clear()
  assert.equal(selection.count(900), 0)
})
