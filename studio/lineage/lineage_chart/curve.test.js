import assert from "node:assert/strict"
import { test } from "node:test"
import { curveBetween } from "./curve.js"

const from = { left: 10, right: 110, top: 20, height: 40 }
const to = { left: 210, right: 300, top: 120, height: 40 }

test("a line from the middle of one side to the middle of the other", () => {
  assert.equal(curveBetween(from, to, { left: 10, top: 20 }), "M100,20 C150,20 150,120 200,120")
})

test("no line goes back", () => assert.equal(curveBetween(to, from, { left: 0, top: 0 }), null))
