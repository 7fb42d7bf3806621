import assert from "node:assert/strict"
import { mock, test } from "node:test"
import { Countdown } from "./countdown.js"

test("time stands still while it is paused, and a stopped one never ends", () => {
  mock.timers.enable({ apis: ["setTimeout"] })
  let at = 0
  let ends = 0
  const countdown = new Countdown(
    100,
    () => ends++,
    () => at,
  )
  const pass = (/** @type {number} */ ms) => {
    at += ms
    mock.timers.tick(ms)
  }
  countdown.resume()
  pass(60)
  countdown.pause()
  pass(500)
  assert.equal(ends, 0)
  countdown.resume()
  countdown.resume()
  pass(39)
  assert.equal(ends, 0)
  pass(1)
  assert.equal(ends, 1)
  countdown.resume()
  pass(500)
  assert.equal(ends, 1)
  const stopped = new Countdown(
    100,
    () => ends++,
    () => at,
  )
  stopped.resume()
  stopped.stop()
  stopped.resume()
  pass(500)
  assert.equal(ends, 1)
  mock.timers.reset()
})
