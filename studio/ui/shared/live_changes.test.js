import assert from "node:assert/strict"
import { test } from "node:test"
import { changedNouns } from "./live_changes.js"

/** @param {string} id @param {number} done @param {string} [subjectNoun] */
const job = (id, done, subjectNoun = "generation") => /** @type {any} */ ({ id, done, subjectNoun })

test("a drawn picture is told by the progress of its job, once", () => {
  const progress = new Map()
  assert.deepEqual(changedNouns({ jobs: [job("a", 0)] }, progress), [])
  assert.deepEqual(changedNouns({ jobs: [job("a", 1), job("t", 40, "training")] }, progress), ["picture"])
  assert.deepEqual(changedNouns({ jobs: [job("a", 1), job("t", 50, "training")] }, progress), [])
})

test("an event is about its noun, and what was missed may be about anything", () => {
  const event = { kind: "post.published", noun: "post", nounId: "p", userId: null, createdAt: "" }
  assert.deepEqual(changedNouns({ event }, new Map()), ["post"])
  assert.deepEqual(changedNouns({ missed: true }, new Map()), ["*"])
  assert.deepEqual(changedNouns({ open: false }, new Map()), [])
})
