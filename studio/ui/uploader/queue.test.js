import assert from "node:assert/strict"
import { describe, test } from "node:test"
import { UploadQueue } from "./queue.js"

const file = (/** @type {string} */ name, size = 100) => ({ name, file: new File([new Uint8Array(size)], name) })
const states = (/** @type {UploadQueue} */ queue) => queue.items.map(item => item.state)

describe("adding files", () => {
  test("leaves out what systems put into folders", () => {
    const queue = new UploadQueue()
    const names = ["a.png", ".DS_Store", "in/.hidden", "__MACOSX/a.png", "in/Thumbs.db", "in/b.png"]
    queue.add(
      names.map(name => file(name)),
      0,
    )
    assert.deepEqual(
      queue.items.map(item => item.name),
      ["a.png", "in/b.png"],
    )
  })

  test("forgets what ended, not what failed", () => {
    const queue = new UploadQueue()
    queue.add([file("a"), file("b"), file("c")], 0)
    queue.items[0].state = "stored"
    queue.items[1].state = "failed"
    queue.items[2].state = "refused"
    queue.add([file("d")], 0)
    assert.deepEqual(
      queue.items.map(item => item.name),
      ["b", "d"],
    )
  })

  test("measures the speed anew only when nothing is under way", () => {
    const queue = new UploadQueue()
    queue.add([file("a")], 1000)
    queue.items[0].state = "sending"
    queue.running = 1
    queue.progress(queue.items[0], 60)
    queue.add([file("b")], 5000)
    assert.deepEqual([queue.sent, queue.startedMs], [60, 1000])
    for (const item of queue.items) item.state = "stored"
    queue.add([file("c")], 9000)
    assert.deepEqual([queue.sent, queue.startedMs], [0, 9000])
  })
})

describe("a report", () => {
  test("tells what has ended, once", () => {
    const queue = new UploadQueue()
    queue.add([file("a"), file("b"), file("c"), file("d")], 0)
    const ends = /** @type {const} */ (["stored", "skipped", "failed", "refused"])
    for (const [n, state] of ends.entries()) Object.assign(queue.items[n], { state, id: `u${n}` })
    assert.equal(queue.hasNews, true)
    assert.deepEqual(queue.takeReport(), { stored: 1, skipped: 1, failed: 2, ids: ["u0", "u1"] })
    assert.equal(queue.hasNews, false)
    assert.deepEqual(queue.takeReport(), { stored: 0, skipped: 0, failed: 0, ids: [] })
  })

  test("waits for what runs", () => {
    const queue = new UploadQueue()
    queue.add([file("a")], 0)
    queue.items[0].state = "stored"
    queue.running = 1
    assert.equal(queue.hasNews, false)
  })

  test("comes again for what was tried again", () => {
    const queue = new UploadQueue()
    queue.add([file("a"), file("b")], 0)
    queue.items[0].state = "failed"
    queue.items[1].state = "refused"
    queue.takeReport()
    queue.retryFailed()
    assert.deepEqual(states(queue), ["waiting", "refused"])
    queue.items[0].state = "stored"
    assert.deepEqual(queue.takeReport().stored, 1)
  })
})

test("what a lost connection stopped is sent again, what the server refused is not", () => {
  const queue = new UploadQueue()
  queue.add([file("a"), file("b"), file("c")], 0)
  Object.assign(queue.items[0], { state: "failed", isLost: true })
  Object.assign(queue.items[1], { state: "failed", isLost: false })
  queue.items[2].state = "refused"
  assert.equal(queue.hasLost, true)
  queue.retryLost()
  assert.deepEqual(states(queue), ["waiting", "failed", "refused"])
  assert.equal(queue.hasLost, false)
})

describe("the summary", () => {
  test("counts bytes of what is sent and what is on its way", () => {
    const queue = new UploadQueue()
    queue.add([file("a", 1000), file("b", 3000)], 0)
    queue.items[0].state = "stored"
    queue.progress(queue.items[0], 1000)
    queue.items[1].state = "sending"
    queue.progress(queue.items[1], 1000)
    const summary = queue.summary(2000)
    assert.equal(summary.text, "1 of 2 files · 1000 B/s · about 2 s left")
    assert.equal(summary.share, 0.5)
    assert.equal(summary.isBusy, true)
  })

  test("says what did not arrive", () => {
    const queue = new UploadQueue()
    queue.add([file("a"), file("b"), file("c")], 0)
    queue.items[0].state = "skipped"
    queue.items[1].state = "failed"
    queue.items[2].state = "refused"
    const summary = queue.summary(1000)
    assert.equal(summary.text, "3 of 3 files · 1 already here · 2 not uploaded")
    assert.deepEqual([summary.isBusy, summary.failed], [false, 1])
  })
})

test("what needs people stands first, and only so many are listed", () => {
  const queue = new UploadQueue()
  queue.add([file("a"), file("b"), file("c"), file("d")], 0)
  const now = /** @type {const} */ (["stored", "waiting", "failed", "sending"])
  for (const [n, state] of now.entries()) queue.items[n].state = state
  assert.deepEqual(
    queue.firstItems(3).map(item => item.name),
    ["d", "c", "b"],
  )
})
