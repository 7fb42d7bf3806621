import assert from "node:assert/strict"
import { test } from "node:test"

test("what a page has kept comes back for the rest of its time, once", async () => {
  globalThis.document ??= /** @type {any} */ ({ addEventListener() {} })
  const { takeKept } = await import("./undo_toasts.js")
  const rows = new Map()
  const storage = /** @type {any} */ ({
    getItem: (/** @type {string} */ name) => rows.get(name) ?? null,
    removeItem: (/** @type {string} */ name) => rows.delete(name),
  })
  const kept = (/** @type {string} */ id, /** @type {number} */ left) => ({
    offer: { id, text: "" },
    workspace: "ws",
    left,
    at: 1000,
  })
  rows.set("studio-undo-toasts", JSON.stringify([kept("act_1", 6000), kept("act_2", 500)]))
  assert.deepEqual(
    takeKept(storage, 2000).map(({ offer, left }) => [offer.id, left]),
    [["act_1", 5000]],
  )
  assert.deepEqual(takeKept(storage, 2000), [])
})
