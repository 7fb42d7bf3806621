import assert from "node:assert/strict"
import { mock, test } from "node:test"
import { Autosave } from "./autosave.js"

const TIMES = { pauseMs: 500, maxMs: 900, retryMs: 2000 }
/** Lets what waits for promises go on. */
const settle = async () => {
  for (let n = 0; n < 10; n += 1) await Promise.resolve()
}

test("a pause saves, and so does a second of typing without one", async () => {
  mock.timers.enable({ apis: ["setTimeout", "Date"] })
  let saves = 0
  const autosave = new Autosave(async () => Boolean(++saves), TIMES)
  for (let at = 0; at < 1000; at += 100) {
    autosave.touch()
    mock.timers.tick(100)
    await settle()
  }
  assert.equal(saves, 1, "after 900 ms, while somebody types")
  mock.timers.tick(500)
  await settle()
  assert.equal(saves, 2)
  assert.equal(autosave.isBusy, false)
  mock.timers.reset()
})

test("what cannot be sent is sent again later; a refusal waits for the next change", async () => {
  mock.timers.enable({ apis: ["setTimeout", "Date"] })
  const answers = ["gone", "refused", "done"]
  let saves = 0
  const autosave = new Autosave(async () => {
    saves += 1
    const answer = answers.shift()
    if (answer === "gone") throw new Error("The studio does not answer.")
    return answer === "done"
  }, TIMES)
  autosave.touch()
  mock.timers.tick(500)
  await settle()
  assert.deepEqual([saves, autosave.isBusy], [1, true])
  mock.timers.tick(2000)
  await settle()
  mock.timers.tick(60_000)
  await settle()
  assert.deepEqual([saves, autosave.isBusy], [2, false])
  autosave.touch()
  await autosave.flush()
  assert.equal(saves, 3)
  mock.timers.reset()
})
