import assert from "node:assert/strict"
import { test } from "node:test"
import { badgeText, countRunning, isAnnounced } from "./announced.js"

const VIEWER = {
  userId: "ada",
  pages: { "image-generation": "create/pictures", autopost: "calendar/calendar" },
  current: "home/home",
}
/** @param {object} values */
const job = values =>
  /** @type {any} */ ({ type: "image-generation", status: "completed", createdBy: "ada", parentId: null, ...values })

test("one is told of one's own jobs, of posts, and not of what the page shows already", () => {
  assert.equal(isAnnounced(job({}), VIEWER), true)
  assert.equal(isAnnounced(job({}), { ...VIEWER, current: "create/pictures" }), false)
  assert.equal(isAnnounced(job({ createdBy: "ben" }), VIEWER), false)
  assert.equal(isAnnounced(job({ type: "autopost", createdBy: null }), VIEWER), true)
  assert.equal(isAnnounced(job({ parentId: "job_1" }), VIEWER), false)
  assert.equal(isAnnounced(job({ type: "identity-scoring" }), VIEWER), false)
  assert.equal(isAnnounced(job({ type: "identity-scoring", status: "failed" }), VIEWER), true)
  assert.equal(isAnnounced(job({ status: "cancelled" }), VIEWER), false)
})

test("the badges count what people ordered, up to 99", () => {
  assert.equal(countRunning([job({}), job({ parentId: "job_1" }), job({ type: "upkeep" })]), 1)
  assert.equal(badgeText(99), "99")
  assert.equal(badgeText(140), "99+")
})
