import assert from "node:assert/strict"
import { test } from "node:test"
import { moved, Ordering } from "./ordering.js"

test("entries are moved within their bounds", () => {
  assert.deepEqual(moved(["a", "b", "c"], 2, 0), ["c", "a", "b"])
  assert.deepEqual(moved(["a", "b", "c"], 0, 9), ["b", "c", "a"])
})

test("arrows move the focus, with Alt the item; Delete removes it", () => {
  /** @type {unknown[][]} */
  const calls = []
  const ordering = new Ordering({
    move: (from, to) => calls.push(["move", from, to]),
    focus: n => calls.push(["focus", n]),
    remove: n => calls.push(["remove", n]),
  })
  const press = (/** @type {string} */ key, altKey = false) =>
    ordering.onKey(/** @type {any} */ ({ key, altKey, preventDefault() {} }), 1)
  press("ArrowLeft")
  press("ArrowRight", true)
  press("Delete")
  press("a")
  assert.deepEqual(calls, [
    ["focus", 0],
    ["move", 1, 2],
    ["remove", 1],
  ])
})
