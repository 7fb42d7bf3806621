import assert from "node:assert/strict"
import { test } from "node:test"
import { isStray } from "./second_click.js"

test("the second half of a double click reaches only what the first half reached", () => {
  const [first, apart] = ["Restore, row 1", 2]
  assert.equal(isStray({ clicks: 2, thing: "Restore, row 2", first, apart }), true)
  assert.equal(isStray({ clicks: 2, thing: first, first, apart }), false, "a step twice")
  assert.equal(isStray({ clicks: 1, thing: "Restore, row 2", first, apart }), false, "a click of its own")
  assert.equal(isStray({ clicks: 2, thing: "", first, apart }), false, "text that is marked")
  assert.equal(isStray({ clicks: 2, thing: "Influencer", first: "New", apart: 60 }), false, "a menu's entry, by thumb")
})
