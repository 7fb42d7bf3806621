import assert from "node:assert/strict"
import { describe, test } from "node:test"
import { countPanelFilters, countText, isUnfiltered, listTitle, NO_FILTERS, searchParams } from "./query.js"

const gallery = { workspace: "w 1", board: "" }
const board = { workspace: "w 1", board: "b1" }

describe("the address of a list", () => {
  test("names what is set alone", () => {
    const query = { ...NO_FILTERS, q: "red hat", rating: 4, favourite: true, order: "newest" }
    assert.equal(
      searchParams(gallery, query).toString(),
      "workspace=w+1&q=red+hat&rating=4&favourite=true&order=newest",
    )
  })

  test("says which board", () => {
    assert.equal(searchParams(board, NO_FILTERS).toString(), "workspace=w+1&board=b1")
  })
})

describe("a list is whole", () => {
  test("without filters, in its own order", () => {
    assert.equal(isUnfiltered(gallery, { ...NO_FILTERS, order: "newest" }), true)
    assert.equal(isUnfiltered(board, { ...NO_FILTERS, order: "board" }), true)
  })

  test("not with a filter or another order", () => {
    assert.equal(isUnfiltered(gallery, { ...NO_FILTERS, order: "newest", favourite: true }), false)
    assert.equal(isUnfiltered(gallery, { ...NO_FILTERS, order: "best" }), false)
    assert.equal(isUnfiltered(board, { ...NO_FILTERS, order: "newest" }), false)
  })
})

test("the panel counts its own filters, not those of the bar", () => {
  assert.equal(countPanelFilters({ ...NO_FILTERS, q: "x", rating: 3, lora: "l", from: "2026-11-01" }), 2)
})

test("counts that are not known, open or exact", () => {
  assert.equal(countText(null, false), "…")
  assert.equal(countText(5000, true), "5,000+")
  assert.equal(countText(12345, false), "12,345")
})

describe("the line above the pictures", () => {
  const list = { shown: 3, total: 3, totalMore: false, similar: false, emptyBoard: false }

  test("counts", () => {
    assert.equal(listTitle(list), "3 pictures")
    assert.equal(listTitle({ ...list, shown: 1, total: 1 }), "1 picture")
    assert.equal(listTitle({ ...list, shown: 60, total: null }), "… pictures")
  })

  test("says why nothing is there", () => {
    const empty = { ...list, shown: 0, total: 0 }
    assert.equal(listTitle(empty), "No pictures match these filters.")
    assert.equal(listTitle({ ...empty, emptyBoard: true }), "0 pictures")
    assert.equal(listTitle({ ...empty, similar: true }), "No similar pictures.")
  })

  test("counts what is alike by what is shown", () => {
    assert.equal(listTitle({ ...list, shown: 1, similar: true }), "1 similar picture")
  })
})
