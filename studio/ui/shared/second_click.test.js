import assert from "node:assert/strict"
import { test } from "node:test"
import { isStray } from "./second_click.js"

test("the second half of a double click reaches only what the first half reached", () => {
  const first = "Restore, row 1"
  assert.equal(isStray({ clicks: 2, thing: "Restore, row 2", first }), true)
  assert.equal(isStray({ clicks: 2, thing: first, first }), false, "a step twice")
  assert.equal(isStray({ clicks: 1, thing: "Restore, row 2", first }), false, "a click of its own")
  assert.equal(isStray({ clicks: 2, thing: "", first }), false, "text that is marked")
})
