import assert from "node:assert/strict"
import { test } from "node:test"
import { clockText } from "./times.js"

test("a time is said by the clock of the post's zone, with the day where it is another one there", () => {
  const at = new Date("2026-11-25T23:30:00Z")
  assert.equal(clockText(at, at, "Europe/Rome"), "00:30")
  assert.equal(clockText(at, new Date("2026-11-25T20:00:00Z"), "Europe/Rome"), "Thu 26 Nov, 00:30")
  assert.equal(clockText(at, new Date("2026-11-25T20:00:00Z"), "UTC"), "23:30")
})
