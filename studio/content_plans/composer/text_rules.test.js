import assert from "node:assert/strict"
import { test } from "node:test"
import { fill, formatOf, parseHashtags, textLength, wholeCaption } from "./text_rules.js"

test("hashtags are words, each once, however they are typed", () => {
  assert.deepEqual(parseHashtags("#Sun, sea#Sun  #été _x"), ["Sun", "sea", "été", "x"])
})

test("hashtags that the caption has are not put below it again", () => {
  assert.equal(wholeCaption("On the #tram ", ["Tram", "lisbon"]), "On the #tram\n\n#lisbon")
  assert.equal(wholeCaption("", ["lisbon"]), "#lisbon")
})

test("platforms count in their own way", () => {
  assert.deepEqual(
    /** @type {const} */ (["characters", "UTF-16 units", "bytes"]).map(unit => textLength("a🌊", unit)),
    [2, 3, 5],
  )
  assert.deepEqual(fill("abc", { limit: 2, unit: "characters", name: "caption" }), {
    text: "3 / 2",
    isOver: true,
    isNear: true,
  })
})

test("the format is the chosen one, else what suits the files", () => {
  const instagram = /** @type {any} */ ({ formats: { picture: {}, carousel: {}, reel: {}, story: {} } })
  const youtube = /** @type {any} */ ({ formats: { short: {}, video: {} } })
  const format = (/** @type {string} */ chosen, /** @type {string[]} */ kinds, platform = instagram) =>
    formatOf(/** @type {any} */ ({ format: chosen }), kinds, platform)
  assert.equal(format("", ["image"]), "picture")
  assert.equal(format("", ["image", "image"]), "carousel")
  assert.equal(format("", ["video"]), "reel")
  assert.equal(format("story", ["image"]), "story")
  assert.equal(format("", ["video"], youtube), "short")
  assert.equal(format("", ["image"], youtube), "short")
})
