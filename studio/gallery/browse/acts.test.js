import assert from "node:assert/strict"
import { describe, test } from "node:test"
import { applyAct, identityOf, isOptimistic, snapshot, tileNote } from "./acts.js"

/** @import { Picture } from "./acts.js" */

/**
 * @param {string} id
 * @param {Partial<Picture>} [rest]
 * @returns {Picture}
 */
const picture = (id, rest = {}) => ({ id, assetId: id, prompt: "", rating: 0, favourite: false, seed: 1, ...rest })

describe("an act on what is shown", () => {
  const isMeant = (/** @type {Picture} */ item) => item.id !== "b"

  test("rates and favours in place", () => {
    const items = [picture("a"), picture("b"), picture("c")]
    assert.equal(applyAct(items, { kind: "rate", rating: 4 }, isMeant), items)
    applyAct(items, { kind: "favourite", favourite: true }, isMeant)
    assert.deepEqual(
      items.map(item => [item.rating, item.favourite]),
      [
        [4, true],
        [0, false],
        [4, true],
      ],
    )
  })

  test("takes away what is deleted, taken off or moved", () => {
    for (const kind of /** @type {const} */ (["delete", "board-remove", "board-move"])) {
      const left = applyAct([picture("a"), picture("b")], { kind }, isMeant)
      assert.deepEqual(
        left.map(item => item.id),
        ["b"],
      )
    }
  })

  test("leaves what is put on a board", () => {
    assert.equal(applyAct([picture("a")], { kind: "board-add", boardId: "x" }, isMeant).length, 1)
  })

  test("is shown at once when it is one star or heart", () => {
    assert.equal(isOptimistic({ kind: "rate", rating: 1 }, 1), true)
    assert.equal(isOptimistic({ kind: "rate", rating: 1 }, 2), false)
    assert.equal(isOptimistic({ kind: "delete" }, 1), false)
  })

  test("can be taken back", () => {
    const items = [picture("a", { rating: 2 }), picture("b", { favourite: true })]
    const restore = snapshot(items)
    applyAct(items, { kind: "rate", rating: 5 }, () => true)
    applyAct(items, { kind: "favourite", favourite: false }, () => true)
    restore()
    assert.deepEqual(items, [picture("a", { rating: 2 }), picture("b", { favourite: true })])
  })
})

test("a tile says likeness before the gate, the gate before the source", () => {
  assert.equal(tileNote(picture("a", { distance: 4, gate: "rejected" })), "60 of 64 alike")
  assert.equal(tileNote(picture("a", { gate: "rejected", source: "imported" })), "rejected")
  assert.equal(tileNote(picture("a", { gate: "open", source: "imported" })), "imported")
  assert.equal(tileNote(picture("a", { gate: "open", source: "made" })), "")
})

test("a face match on the threshold passes", () => {
  assert.equal(identityOf(picture("a")), null)
  assert.equal(identityOf(picture("a", { identityScore: 0.1 + 0.2, identityLine: 0.3 }))?.passes, true)
  assert.equal(identityOf(picture("a", { identityScore: 0.3 - 1e-12, identityLine: 0.3 }))?.passes, true)
  assert.equal(identityOf(picture("a", { identityScore: 0.29, identityLine: 0.3 }))?.passes, false)
})
