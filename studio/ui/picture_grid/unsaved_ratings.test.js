import assert from "node:assert/strict"
import { test } from "node:test"
import { UnsavedRatings } from "./unsaved_ratings.js"

const tiles = () => [
  { id: "a", rating: 0 },
  { id: "b", rating: 3 },
]

test("all chosen get the stars of the one that was clicked", () => {
  const shown = tiles()
  const unsaved = new UnsavedRatings()
  unsaved.rate(shown, "a", ["a", "b"], 4)
  assert.deepEqual(
    shown.map(tile => tile.rating),
    [4, 4],
  )
})

test("the same stars again take them away", () => {
  const shown = tiles()
  new UnsavedRatings().rate(shown, "b", ["b"], 3)
  assert.equal(shown[1].rating, 0)
})

test("stars stay until Python has them", () => {
  const unsaved = new UnsavedRatings()
  unsaved.rate(tiles(), "a", ["a"], 5)
  const older = tiles()
  unsaved.applyTo(older)
  assert.equal(older[0].rating, 5)
  unsaved.applyTo([{ id: "a", rating: 5 }])
  assert.equal(unsaved.stars.size, 0)
})
