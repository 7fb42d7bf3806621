import assert from "node:assert/strict"
import { test } from "node:test"
import { baseOf, mergeDrafts, withTheirs } from "./merge.js"

const variant = (/** @type {any} */ values = {}) => ({
  channelId: "a",
  format: "",
  caption: "Hi",
  title: "",
  hashtags: ["sun"],
  assetIds: [],
  edits: {},
  coverAssetId: "",
  firstComment: "",
  altTexts: {},
  privacy: "",
  options: {},
  ...values,
})
const draft = (/** @type {any} */ values = {}) => ({
  topic: "Trams",
  notes: "",
  localTime: null,
  timeZone: "UTC",
  variants: [variant()],
  ...values,
})

test("what only one has changed is taken from there", () => {
  const mine = draft({ variants: [variant({ caption: "Mine" })] })
  const theirs = draft({ localTime: "2031-01-01T18:00:00", variants: [variant({ hashtags: ["moon"] })] })
  const merged = mergeDrafts(draft(), mine, theirs)
  assert.deepEqual(merged.collisions, [])
  assert.equal(merged.taken, 2)
  assert.deepEqual(
    [merged.draft.localTime, merged.draft.variants[0].caption, merged.draft.variants[0].hashtags],
    ["2031-01-01T18:00:00", "Mine", ["moon"]],
  )
})

test("what both have changed stays as typed and is asked about", () => {
  const mine = draft({ variants: [variant({ caption: "Mine" })] })
  const theirs = draft({ variants: [variant({ caption: "Theirs" })] })
  const { draft: merged, collisions } = mergeDrafts(draft(), mine, theirs)
  assert.equal(merged.variants[0].caption, "Mine")
  assert.deepEqual(collisions, [{ channelId: "a", field: "caption", mine: "Mine", theirs: "Theirs" }])
  assert.equal(withTheirs(merged, collisions[0]).variants[0].caption, "Theirs")
})

test("a time and its zone are one thing", () => {
  const theirs = draft({ localTime: "2031-01-01T18:00:00", timeZone: "Asia/Tokyo" })
  const { draft: merged, collisions } = mergeDrafts(draft(), draft({ localTime: "2031-01-02T09:00:00" }), theirs)
  assert.equal(collisions[0].field, "time")
  assert.equal(withTheirs(merged, collisions[0]).timeZone, "Asia/Tokyo")
})

test("channels that one has added or removed are added or removed", () => {
  const mine = draft({ variants: [variant({ caption: "Mine" }), variant({ channelId: "b" })] })
  const theirs = draft({ variants: [variant({ channelId: "c" })] })
  assert.deepEqual(
    mergeDrafts(draft(), mine, theirs).draft.variants.map(({ channelId }) => channelId),
    ["b", "c"],
  )
})

test("what was saved without an answer is one's own, and is not asked about", () => {
  const sent = draft({ topic: "Trams and", variants: [variant({ caption: "Hi th" })] })
  const mine = draft({ topic: "Trams and boats", variants: [variant({ caption: "Hi there" })] })
  const saved = draft({ ...sent, notes: "Theirs" })
  const { draft: merged, collisions } = mergeDrafts(baseOf(draft(), sent, saved), mine, saved)
  assert.deepEqual(collisions, [])
  assert.deepEqual(merged, { ...mine, notes: "Theirs" })
  const another = draft({ variants: [variant({ caption: "Theirs" })] })
  const asked = mergeDrafts(baseOf(draft(), sent, another), mine, another).collisions
  assert.deepEqual(
    asked.map(({ field, theirs }) => [field, theirs]),
    [["caption", "Theirs"]],
  )
})

test("a channel that was added or removed without an answer", () => {
  const both = draft({ variants: [variant(), variant({ channelId: "b" })] })
  const merge = (/** @type {any[]} */ ...[before, sent, mine, saved]) =>
    mergeDrafts(baseOf(before, sent, saved), mine, saved).draft.variants.map(({ channelId }) => channelId)
  assert.deepEqual(merge(draft(), both, draft(), both), ["a"], "added, arrived, removed again")
  assert.deepEqual(merge(draft(), both, both, draft()), ["a", "b"], "added, not arrived")
  assert.deepEqual(merge(both, draft(), draft(), draft()), ["a"], "removed, arrived")
  assert.deepEqual(merge(both, draft(), both, draft()), ["a", "b"], "removed, arrived, added again")
  assert.deepEqual(merge(both, both, both, draft()), ["a"], "somebody else removed it")
})
