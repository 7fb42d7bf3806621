import assert from "node:assert/strict"
import { test } from "node:test"
import { cellNumber, cornerText, fittingSide, threeAxes } from "./cells.js"

const x = { title: "Seed", labels: ["1", "2", "3"] }
const y = { title: "Steps", labels: ["10", "20"] }

test("every cell has a number of its own, in the order they are drawn", () => {
  const z = { title: "LoRA", labels: ["a", "b"] }
  const numbers = []
  for (const k of z.labels.keys()) {
    for (const j of y.labels.keys()) for (const i of x.labels.keys()) numbers.push(cellNumber({ i, j, k }, [x, y]))
  }
  assert.deepEqual(numbers, [...numbers.keys()])
})

test("an axis that is not used has one place", () => {
  const [, , z] = threeAxes([x, y])
  assert.deepEqual(z, { title: "", labels: [""] })
})

test("the corner names both axes", () => {
  assert.equal(cornerText(x, y), "Steps ↓  Seed →")
  assert.equal(cornerText(x, threeAxes([x])[1]), "Seed")
})

test("columns fit, within reason", () => {
  assert.equal(fittingSide(1110, 10), 93)
  assert.equal(fittingSide(300, 20), 72)
  assert.equal(fittingSide(3000, 2), 220)
})
