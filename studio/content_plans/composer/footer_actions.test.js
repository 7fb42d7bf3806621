import assert from "node:assert/strict"
import { test } from "node:test"
import { footerActions } from "./footer_actions.js"

/** @param {string[]} states @param {any} facts */
const labels = (states, facts = {}) =>
  footerActions({
    states: new Set(states),
    isDirty: false,
    savesItself: true,
    isDated: true,
    reviewWanted: false,
    needsApproval: false,
    ...facts,
  }).map(({ label }) => label)

const review = { reviewWanted: true, needsApproval: true }

test("without a review a draft is scheduled or published", () => {
  assert.deepEqual(labels(["draft"]), ["Schedule", "Publish now"])
  const [schedule] = footerActions({
    states: new Set(["draft"]),
    isDirty: false,
    savesItself: true,
    isDated: false,
    reviewWanted: false,
    needsApproval: false,
  })
  assert.equal(schedule.asks, "date")
})

test("where posts are reviewed, who may approve approves on the way", () => {
  assert.deepEqual(labels(["draft"], review), ["Send for review", "Approve and schedule", "Approve and publish"])
  assert.deepEqual(labels(["in_review"], review), ["Send back", "Approve and schedule", "Approve and publish"])
  assert.deepEqual(labels(["in_review"], { ...review, isDated: false }), [
    "Send back",
    "Approve",
    "Approve and publish",
  ])
})

test("changes of what was approved need another approval", () => {
  assert.deepEqual(labels(["scheduled"], { reviewWanted: true }), ["Publish now"])
  assert.deepEqual(labels(["scheduled"], { reviewWanted: true, isDirty: true }), [
    "Approve changes",
    "Approve and publish",
  ])
  assert.deepEqual(labels(["scheduled"], { isDirty: true }), ["Publish now"])
})

test("what is out, or on its way, is left alone", () => {
  assert.deepEqual(labels(["published"]), [])
  assert.deepEqual(labels(["publishing"]), [])
  assert.deepEqual(labels(["on_hold"]), ["Resume"])
})
