import assert from "node:assert/strict"
import { test } from "node:test"
import { actionsOf, approvable, commonActions, filteredNotices, selectedAfter, shortList, wallText } from "./entry.js"

/** @param {object} values */
const entry = values =>
  /** @type {any} */ ({
    id: "plan:1",
    kind: "approve",
    noun: "plan",
    state: "draft",
    isLate: false,
    isFaceBelow: false,
    ...values,
  })

test("a post whose time has passed gets another time first", () => {
  const verbs = actionsOf(entry({ isLate: true }), true).map(({ verb, main }) => [verb, Boolean(main)])
  assert.deepEqual(verbs[0], ["nextFreeTime", true])
  assert.deepEqual(verbs[1], ["approve", false])
})

test("with several entries is done what all of them have, and nothing that asks first", () => {
  const verbs = (/** @type {any[]} */ ...states) =>
    commonActions(
      states.map(state => entry({ state })),
      true,
    ).map(({ verb }) => verb)
  assert.deepEqual(verbs("draft", "draft"), ["approve", "removeDate"])
  assert.deepEqual(verbs("draft", "in_review"), ["approve"])
  assert.deepEqual(verbs("draft", "failed"), [])
  assert.deepEqual(verbs(), [])
})

test("a viewer opens, and nothing else", () => {
  assert.deepEqual(
    actionsOf(entry({}), false).map(({ label }) => label),
    ["Open"],
  )
})

test("approve all leaves out faces below the threshold and times that have passed", () => {
  const entries = [
    entry({ id: "a" }),
    entry({ id: "b", isFaceBelow: true }),
    entry({ id: "c", isLate: true }),
    entry({ id: "d", kind: "fix" }),
  ]
  assert.deepEqual(
    approvable(entries).map(({ id }) => id),
    ["a"],
  )
})

test("the next entry is selected when one is gone, the last one at the end, none of none", () => {
  const [a, b, c] = ["a", "b", "c"].map(id => entry({ id }))
  assert.equal(selectedAfter([a, b, c], [a, b, c], "b"), "b")
  assert.equal(selectedAfter([a, b, c], [a, c], "b"), "c")
  assert.equal(selectedAfter([a, b, c], [a, b], "c"), "b")
  assert.equal(selectedAfter([a], [], "a"), "")
  assert.equal(selectedAfter([], [a, b], ""), "a")
})

test("times are written for people", () => {
  assert.equal(wallText("2026-11-24T18:00:00"), "Tue 24 Nov, 18:00")
})

test("a short list has something of each kind, in the order of the whole", () => {
  const kinds = ["fix", "fix", "fix", "fix", "approve", "approve", "face_check"]
  const entries = kinds.map((kind, n) => entry({ id: String(n), kind }))
  assert.equal(
    shortList(entries, 5)
      .map(({ id }) => id)
      .join(""),
    "01456",
  )
  assert.equal(shortList(entries.slice(0, 4), 3).length, 3)
})

test("notices are filtered by kind and by whether they were read, and a viewer marks them", () => {
  const notices = [
    entry({ id: "a", noun: "notice", state: "unread", label: "A training is done" }),
    entry({ id: "b", noun: "notice", state: "read", label: "A training is done" }),
    entry({ id: "c", noun: "notice", state: "unread", label: "Somebody joined" }),
  ]
  /** @param {{ label: string, unread: boolean }} only */
  const ids = only => filteredNotices(notices, only).map(({ id }) => id)
  assert.deepEqual(ids({ label: "", unread: false }), ["a", "b", "c"])
  assert.deepEqual(ids({ label: "A training is done", unread: true }), ["a"])
  assert.deepEqual(
    actionsOf(notices[0], false).map(({ verb }) => verb),
    ["markRead", "open"],
  )
})
