import assert from "node:assert/strict"
import { test } from "node:test"
import { choiceOfKey, countText, percentVoted } from "./ballot.js"

const pair = { leftId: "a", rightId: "b", leftAssetId: "c", rightAssetId: "d", prompt: "" }
const ballot = { pair, votes: 3, mine: 1, left: 9, undoable: true }

test("the count says how far it is", () => {
  assert.equal(countText(ballot), "3 votes, 1 of them yours. About 9 more until the order is likely settled.")
  assert.equal(
    countText({ ...ballot, votes: 1, left: 0 }),
    "1 vote. The order is likely settled; more votes make it more certain.",
  )
  assert.equal(countText({ ...ballot, mine: 3, pair: null }), "3 votes. You have seen every pair.")
})

test("the bar is empty before the first vote", () => {
  assert.equal(percentVoted({ ...ballot, votes: 0, left: 0 }), 0)
  assert.equal(percentVoted(ballot), 25)
})

test("arrows choose", () => {
  const choices = ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Enter"].map(choiceOfKey)
  assert.deepEqual(choices, ["left", "right", "tie", "skip", undefined])
})
