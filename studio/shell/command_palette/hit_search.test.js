import assert from "node:assert/strict"
import { test } from "node:test"
import { HitSearch } from "./hit_search.js"

/** A search whose answers come when the test says so. */
const harness = () => {
  /** @type {{ words: string, answer: (hits: any[]) => void, fail: (error: Error) => void }[]} */
  const asked = []
  /** @type {{ words: string, hits: any[], error: string }[]} */
  const found = []
  const search = new HitSearch(one => found.push(one), {
    pauseMs: 0,
    ask: path =>
      new Promise((resolve, reject) => {
        const words = new URLSearchParams(path.split("?")[1]).get("q") ?? ""
        asked.push({ words, answer: hits => resolve({ data: hits }), fail: reject })
      }),
  })
  return { asked, found, search }
}
const turn = () => new Promise(resolve => setTimeout(resolve, 1))

test("it asks once for what is typed quickly", async () => {
  const { asked, search } = harness()
  search.search("b", "ws")
  search.search("be", "ws")
  search.search("bel", "ws")
  await turn()
  assert.deepEqual(
    asked.map(({ words }) => words),
    ["bel"],
  )
})

test("an answer that comes after a newer question is dropped", async () => {
  const { asked, found, search } = harness()
  search.search("old", "ws")
  await turn()
  search.search("new", "ws")
  await turn()
  asked[1].answer([{ id: "2" }])
  asked[0].answer([{ id: "1" }])
  await turn()
  assert.deepEqual(found, [{ words: "new", hits: [{ id: "2" }], error: "" }])
})

test("nothing is asked for nothing, and a failure says its sentence", async () => {
  const { asked, found, search } = harness()
  search.search("", "ws")
  await turn()
  assert.equal(asked.length, 0)
  search.search("x", "ws")
  await turn()
  asked[0].fail(new Error("The studio does not answer."))
  await turn()
  assert.deepEqual(found, [{ words: "x", hits: [], error: "The studio does not answer." }])
})
