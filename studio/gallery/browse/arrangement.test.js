import assert from "node:assert/strict"
import { test } from "node:test"
import { droppedBefore, edgeScroll, moveBefore, shiftedBefore } from "./arrangement.js"

const items = [..."abcdef"].map(id => ({ id }))
const ids = (/** @type {{ id: string }[]} */ list) => list.map(item => item.id).join("")

test("pictures move before another, keeping their order", () => {
  assert.equal(ids(moveBefore(items, ["e", "b"], "d")), "acbedf")
  assert.equal(ids(moveBefore(items, ["a"], null)), "bcdefa")
})

test("a drop comes before the next picture that is not dragged along", () => {
  assert.equal(droppedBefore(items, ["a"], { index: 2, after: false }), "c")
  assert.equal(droppedBefore(items, ["a"], { index: 2, after: true }), "d")
  assert.equal(droppedBefore(items, ["c", "d"], { index: 2, after: false }), "e")
  assert.equal(droppedBefore(items, ["a"], { index: 5, after: true }), null)
})

test("a shift and its way back leave all as it was", () => {
  const before = shiftedBefore(items, 1, 3)
  assert.equal(before, "e")
  const shifted = moveBefore(items, ["b"], before)
  assert.equal(ids(shifted), "acdbef")
  assert.equal(ids(moveBefore(shifted, ["b"], shiftedBefore(shifted, 3, 1))), "abcdef")
  assert.equal(shiftedBefore(items, 1, 5), null)
})

test("only an edge scrolls, faster the nearer", () => {
  const view = { top: 0, bottom: 600 }
  assert.equal(edgeScroll(300, view), 0)
  assert.equal(edgeScroll(30, view), -10)
  assert.equal(edgeScroll(600, view), 16)
})
