import assert from "node:assert/strict"
import { test } from "node:test"
import { approvableToday, shortened, todayIn } from "./verbs.js"

const NOW = new Date("2031-12-24T23:30:00Z")

/** @param {object} values */
const entry = values =>
  /** @type {any} */ ({
    kind: "approve",
    wall: "2031-12-24T18:00",
    zone: "UTC",
    isFaceBelow: false,
    isLate: false,
    ...values,
  })

test("today is the day where the influencer lives", () => {
  assert.equal(todayIn("UTC", NOW), "2031-12-24")
  assert.equal(todayIn("Europe/Rome", NOW), "2031-12-25")
})

test("of today's posts those are approved that are ahead of their time and whose faces match", () => {
  const ready = [entry({}), entry({ zone: "Europe/Rome", wall: "2031-12-25T09:00" })]
  const others = [
    entry({ zone: "Europe/Rome" }),
    entry({ wall: null }),
    entry({ isLate: true }),
    entry({ isFaceBelow: true }),
  ]
  assert.deepEqual(approvableToday([...ready, ...others], NOW), { ready, left: 2 })
})

test("a question lists some lines, and says how many more there are", () => {
  const lines = Array.from({ length: 10 }, (_, n) => `Post ${n}`)
  assert.equal(shortened(lines).length, 8)
  assert.equal(shortened(lines)[7], "and 3 more")
  assert.deepEqual(shortened(lines.slice(0, 8)), lines.slice(0, 8))
})
