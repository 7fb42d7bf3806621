import assert from "node:assert/strict"
import { describe, test } from "node:test"
import { actedOn, Selection, setRange } from "./selection.js"

const ORDER = ["a", "b", "c", "d", "e"]

describe("a selection", () => {
  test("turns one over at a time", () => {
    const selection = new Selection()
    selection.toggle("b", ORDER, false)
    selection.toggle("d", ORDER, false)
    selection.toggle("b", ORDER, false)
    assert.deepEqual([...selection.ids], ["d"])
  })

  test("extends from the one toggled last, in both directions", () => {
    const selection = new Selection()
    selection.toggle("d", ORDER, false)
    selection.toggle("b", ORDER, true)
    assert.deepEqual([...selection.ids].sort(), ["b", "c", "d"])
  })

  test("takes a range away when its end was chosen", () => {
    const selection = new Selection()
    selection.addAll(ORDER)
    selection.toggle("b", ORDER, false)
    selection.toggle("d", ORDER, true)
    assert.deepEqual([...selection.ids], ["a", "e"])
  })

  test("a range with nothing before it is one tile", () => {
    const selection = new Selection()
    selection.toggle("c", ORDER, true)
    assert.deepEqual([...selection.ids], ["c"])
  })

  test("forgets what no longer exists", () => {
    const selection = new Selection()
    selection.addAll(["a", "gone"])
    selection.retain(new Set(ORDER))
    assert.deepEqual([...selection.ids], ["a"])
  })
})

test("an act is on all chosen only when it begins at one of them", () => {
  const selection = new Selection()
  selection.addAll(["a", "b"])
  assert.deepEqual(actedOn(selection, "a"), ["a", "b"])
  assert.deepEqual(actedOn(selection, "c"), ["c"])
})

test("a range includes both ends", () => {
  const ids = new Set(["a"])
  setRange(ids, ORDER, { from: 3, to: 1, on: true })
  assert.deepEqual([...ids], ["a", "b", "c", "d"])
})
