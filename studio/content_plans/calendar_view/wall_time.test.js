import assert from "node:assert/strict"
import { test } from "node:test"
import { asDate, asWall, daysBetween, later, wallNow } from "./wall_time.js"

test("a wall time is the clock of its zone, whatever zone this machine has", () => {
  const at = new Date("2026-11-22T23:30:05Z")
  assert.equal(wallNow("Asia/Tokyo", at), "2026-11-23T08:30:05")
  assert.equal(wallNow("America/New_York", at), "2026-11-22T18:30:05")
})

test("midnight is hour 00", () => {
  assert.equal(wallNow("UTC", new Date("2026-11-22T00:00:00Z")), "2026-11-22T00:00:00")
})

test("to a date and back", () => {
  assert.equal(asWall(asDate("2026-03-29T02:30:00+01:00")), "2026-03-29T02:30")
})

test("later keeps the hour over a change of clocks and over months", () => {
  assert.equal(later("2026-03-28T18:00", { days: 1 }), "2026-03-29T18:00")
  assert.equal(later("2026-11-30T23:30", { minutes: 60 }), "2026-12-01T00:30")
  assert.equal(later("2026-11-22T18:00", { days: -7 }), "2026-11-15T18:00")
})

test("days between are whole, in both directions", () => {
  assert.equal(daysBetween("2026-03-27T23:00", "2026-03-30T01:00"), 3)
  assert.equal(daysBetween("2026-03-30T01:00", "2026-03-27"), -3)
})
