import assert from "node:assert/strict"
import { describe, test } from "node:test"
import { canRetry, percentDone, phaseText, statusesKey, statusText } from "./job_text.js"

/** @import { LiveJob } from "./job_text.js" */

const now = new Date("2026-11-22T12:00:00Z")

/**
 * @param {Partial<LiveJob>} rest
 * @returns {LiveJob}
 */
const job = rest => ({
  id: "j1",
  type: "image-generation",
  title: "Draw",
  status: "pending",
  phase: "",
  done: 0,
  total: null,
  etaS: null,
  preview: null,
  error: null,
  cancelRequested: false,
  deadLetter: false,
  notBefore: null,
  waitsFor: 0,
  queuePosition: 1,
  ...rest,
})

describe("a job that waits says for what", () => {
  const soon = new Date(now.getTime() + 30_000).toISOString()
  const tonight = new Date(now.getTime() + 6 * 3600e3).toISOString()
  const days = new Date(now.getTime() + 72 * 3600e3).toISOString()

  test("its turn", () => {
    assert.equal(phaseText(job({}), now), "next in line, waiting for a free worker")
    assert.equal(phaseText(job({ queuePosition: 3 }), now), "waiting, number 3 in line")
  })

  test("its parts", () => {
    assert.equal(phaseText(job({ waitsFor: 1 }), now), "waiting for 1 part")
    assert.equal(phaseText(job({ waitsFor: 4 }), now), "waiting for 4 parts")
  })

  test("a time", () => {
    assert.match(phaseText(job({ notBefore: tonight }), now), /^starts at \d\d:\d\d$/)
    assert.match(phaseText(job({ notBefore: days }), now), /^starts on .+ at \d\d:\d\d$/)
  })

  test("the next try", () => {
    assert.equal(phaseText(job({ notBefore: soon, error: "No." }), now), "tried again in a moment")
    assert.match(phaseText(job({ notBefore: tonight, error: "No." }), now), /^continues at \d\d:\d\d$/)
  })
})

test("a job that runs says its phase, or that it stops", () => {
  assert.equal(phaseText(job({ status: "processing" }), now), "starting")
  assert.equal(phaseText(job({ status: "processing", phase: "drawing" }), now), "drawing")
  assert.equal(phaseText(job({ status: "processing", phase: "drawing", cancelRequested: true }), now), "stopping…")
  assert.equal(phaseText(job({ status: "completed", phase: "drawing" }), now), "")
})

test("its status in a word", () => {
  assert.equal(statusText(job({})), "waiting")
  assert.equal(statusText(job({ waitsFor: 2 })), "under way")
  assert.equal(statusText(job({ status: "failed", deadLetter: true })), "needs attention")
})

test("progress is not known without a total", () => {
  assert.equal(percentDone(job({ done: 3 })), null)
  assert.equal(percentDone(job({ done: 3, total: 4 })), 75)
})

test("statuses compare whatever their order", () => {
  const jobs = [job({}), job({ id: "j2", status: "failed" })]
  assert.equal(statusesKey(jobs), statusesKey([...jobs].reverse()))
  assert.notEqual(statusesKey(jobs), statusesKey([jobs[0]]))
})

test("a post is not tried again from here", () => {
  assert.equal(canRetry(job({ status: "failed" })), true)
  assert.equal(canRetry(job({ status: "cancelled" })), true)
  assert.equal(canRetry(job({ status: "failed", type: "autopost" })), false)
  assert.equal(canRetry(job({ status: "processing" })), false)
})
