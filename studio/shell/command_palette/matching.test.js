import assert from "node:assert/strict"
import { test } from "node:test"
import { matching } from "./matching.js"

const COMMANDS = [
  { label: "Approve today's posts" },
  { label: "New picture of Nina" },
  { label: "Posts", keywords: "approve" },
  { label: "Pubblicità", keywords: "" },
]
/** @param {string} text @param {number} [most] */
const found = (text, most = 5) => matching(text, COMMANDS, most).map(({ label }) => label)

test("each typed word begins a word of the label, or what else it is called", () => {
  assert.deepEqual(found("approve today"), ["Approve today's posts"])
  assert.deepEqual(found("pic nina"), ["New picture of Nina"])
  assert.deepEqual(found("nina tokyo"), [])
})

test("what begins the label comes first, other words of it next, synonyms last; at most so many", () => {
  assert.deepEqual(found("app"), ["Approve today's posts", "Posts"])
  assert.deepEqual(found("posts"), ["Posts", "Approve today's posts"])
  assert.deepEqual(found("app", 1), ["Approve today's posts"])
})

test("accents and capitals do not matter, and signs alone find nothing", () => {
  assert.deepEqual(found("PUBBLICITA"), ["Pubblicità"])
  assert.deepEqual(found("…"), [])
})
