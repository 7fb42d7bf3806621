import assert from "node:assert/strict"
import { test } from "node:test"
import { UndoStack } from "./undo_stack.js"

test("gives states back in reverse", () => {
  const stack = new UndoStack(5)
  for (const state of [1, 2, 3]) stack.push(state)
  assert.equal(stack.latest, 3)
  assert.deepEqual([stack.pop(), stack.pop(), stack.pop(), stack.pop()], [3, 2, 1, undefined])
  assert.equal(stack.isEmpty, true)
})

test("forgets the oldest beyond its limit", () => {
  const stack = new UndoStack(2)
  for (const state of [1, 2, 3]) stack.push(state)
  assert.deepEqual(stack.states, [2, 3])
})
