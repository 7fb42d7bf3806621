import assert from "node:assert/strict"
import { test } from "node:test"
import { draftJson, isSame, withChannel, withFixed, withShared } from "./draft.js"

const start = withChannel(
  withChannel({ topic: " Trams ", notes: "", localTime: null, timeZone: "UTC", variants: [] }, "a"),
  "b",
)
const share = (/** @type {any} */ draft, /** @type {any} */ field, /** @type {any} */ value, frozen = new Set()) =>
  withShared(draft, { leadId: "a", field, value, frozen: /** @type {Set<string>} */ (frozen) })

test("what all share changes for all; a channel's own version stays", () => {
  const shared = share(start, "caption", "Hi")
  assert.deepEqual(
    shared.variants.map(({ caption }) => caption),
    ["Hi", "Hi"],
  )
  const own = { ...shared, variants: [shared.variants[0], { ...shared.variants[1], caption: "Own" }] }
  assert.deepEqual(
    share(own, "caption", "Hello").variants.map(({ caption }) => caption),
    ["Hello", "Own"],
  )
  assert.deepEqual(
    share(shared, "caption", "Hello", new Set(["b"])).variants.map(({ caption }) => caption),
    ["Hello", "Hi"],
    "what is out stays",
  )
})

test("a shared text is mended for all that share it, a file for its channel alone", () => {
  const [first, second] = share(start, "caption", "Too long").variants
  const fixed = { ...start, variants: [{ ...first, caption: "Short", edits: { x: { ratio: 1 } } }, second] }
  const { variants } = withFixed({ ...start, variants: [first, second] }, fixed, new Set())
  assert.deepEqual(
    variants.map(({ caption, edits }) => [caption, Object.keys(edits)]),
    [
      ["Short", ["x"]],
      ["Short", []],
    ],
  )
})

test("a new channel begins with what the first one has", () => {
  assert.equal(withChannel(share(start, "caption", "Hi"), "c").variants[2].caption, "Hi")
})

test("equal is what the API would store as the same", () => {
  assert.ok(isSame({ a: 1, b: undefined }, { a: 1 }))
  const [variant] = start.variants
  const typed = { ...variant, caption: "Hi ", altTexts: { x: " " }, edits: { gone: { ratio: 1 } } }
  const json = draftJson({ ...start, variants: [typed] })
  assert.deepEqual([json.topic, json.variants[0].caption], ["Trams", "Hi"])
  assert.deepEqual([json.variants[0].altTexts, json.variants[0].edits], [{}, {}])
})
