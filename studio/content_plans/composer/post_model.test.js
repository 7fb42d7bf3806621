import assert from "node:assert/strict"
import { test } from "node:test"
import { PostModel } from "./post_model.js"

/** A post that is loaded; `sent`: what its API was asked for. */
const loadedPost = () => {
  const plan = { version: 1, status: "draft", localTime: null, variants: [] }
  const draft = { topic: "Trams", notes: "", localTime: null, timeZone: "UTC", variants: [] }
  /** @type {string[]} */
  const sent = []
  const storage = { setItem() {}, removeItem() {}, getItem: () => "tab" }
  Object.assign(globalThis, {
    localStorage: storage,
    sessionStorage: storage,
    window: { dispatchEvent() {} },
    fetch: async (/** @type {string} */ _path, /** @type {RequestInit} */ { body } = {}) => {
      const json = JSON.parse(String(body))
      sent.push(json.action || "typed")
      await new Promise(resolve => setTimeout(resolve))
      return new Response(JSON.stringify({ plan, draft: { ...draft, topic: json.topic }, unsaved: null }))
    },
  })
  const data = /** @type {any} */ ({ workspace: "ws", user: "usr", planId: "cp", canEdit: true })
  const model = new PostModel(data, () => {})
  model.take(/** @type {any} */ ({ plan, draft, unsaved: null }))
  model.change({ ...model.draft, topic: "Trams at dawn" })
  return { model, sent }
}

test("pressed twice while what was typed is still on its way, it acts once", async () => {
  const { model, sent } = loadedPost()
  const saving = model.autosave.flush()
  while (!sent.length) await null
  await Promise.all([saving, model.act("schedule"), model.act("schedule")])
  assert.deepEqual(sent, ["typed", "schedule"])
})

test("what is typed is sent before the post is duplicated, and a second press makes no second copy", async () => {
  const { model, sent } = loadedPost()
  const copy = async () => {
    sent.push("copy")
  }
  await Promise.all([model.work("duplicate", copy), model.work("duplicate", copy)])
  assert.deepEqual(sent, ["typed", "copy"])
})
