import assert from "node:assert/strict"
import { test } from "node:test"
import { LocalCopies } from "./local_copy.js"

/** A Storage in memory: its keys are its own, as a browser's are. */
const memory = () => {
  const methods = {
    /** @this {Record<string, string>} @param {string} key */
    getItem(key) {
      return this[key] ?? null
    },
    /** @this {Record<string, string>} @param {string} key @param {string} value */
    setItem(key, value) {
      this[key] = value
    },
    /** @this {Record<string, string>} @param {string} key */
    removeItem(key) {
      delete this[key]
    },
  }
  return /** @type {Storage} */ (Object.create(methods))
}
const copy = (/** @type {string} */ topic, /** @type {number} */ at) => {
  const draft = { topic, notes: "", localTime: null, timeZone: "UTC", variants: [] }
  return { before: draft, sent: [], draft, at }
}

test("a tab finds its own again after a reload, and not what another one is typing", () => {
  const storage = memory()
  const [ownTab, otherTab] = [new LocalCopies(storage, "post", "1"), new LocalCopies(storage, "post", "2")]
  ownTab.write(copy("Mine", 100_000))
  otherTab.write(copy("Other", 100_500))
  assert.equal(ownTab.read(101_000)?.draft.topic, "Mine")
  ownTab.remove()
  assert.equal(ownTab.read(101_000), null)
  assert.equal(ownTab.read(130_000)?.draft.topic, "Other", "its tab was closed")
  assert.equal(new LocalCopies(storage, "another", "1").read(130_000), null)
})

test("a copy of an earlier version has one draft that was sent, or none", () => {
  const storage = memory()
  const copies = new LocalCopies(storage, "post", "1")
  const { sent: _, ...older } = copy("Mine", 100_000)
  for (const [sent, expected] of [
    [undefined, []],
    [null, []],
    [older.draft, [older.draft]],
    [[older.draft], [older.draft]],
  ]) {
    storage.setItem(copies.key, JSON.stringify({ ...older, sent }))
    assert.deepEqual(copies.read(101_000)?.sent, expected)
  }
})

test("what nobody came back for is forgotten", () => {
  const storage = memory()
  const copies = new LocalCopies(storage, "post", "1")
  copies.write(copy("Old", 0))
  assert.equal(copies.read(31 * 864e5), null)
  assert.deepEqual(Object.keys(storage), [])
})
