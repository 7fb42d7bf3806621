import assert from "node:assert/strict"
import { test } from "node:test"
import { placeCard } from "./card_place.js"

const card = { width: 320, height: 180 }
const wide = { width: 1440, height: 900 }
const phone = { width: 390, height: 844 }

/** @param {number} left @param {number} top @param {number} width @param {number} height */
const box = (left, top, width, height) => ({ left, top, right: left + width, bottom: top + height })

test("a card stands below what it explains, above it where there is no room, and beside what is tall", () => {
  assert.deepEqual(placeCard(box(900, 20, 80, 40), card, wide), { left: 900, top: 76 })
  assert.deepEqual(placeCard(box(900, 800, 80, 40), card, wide), { left: 900, top: 604 })
  assert.deepEqual(placeCard(box(0, 60, 240, 500), card, wide), { left: 256, top: 60 })
})

test("it is in the window, whatever it explains", () => {
  for (const screen of [wide, phone]) {
    for (const target of [
      undefined,
      box(screen.width - 40, 10, 40, 40),
      box(0, 0, screen.width, screen.height),
      box(-50, 700, 30, 90),
    ]) {
      const { left, top } = placeCard(target, card, screen)
      assert.ok(left >= 16 && left + card.width <= screen.width - 16)
      assert.ok(top >= 16 && top + card.height <= screen.height - 16)
    }
  }
})
