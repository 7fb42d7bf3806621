import assert from "node:assert/strict"
import { test } from "node:test"
import { photoTypes } from "./sources.js"

test("phones are asked for photos and videos where both are taken, and for neither where only documents are", () => {
  assert.equal(photoTypes(".jpg,.png,.zip"), "image/*")
  assert.equal(photoTypes(".mp4, .MOV"), "video/*")
  assert.equal(photoTypes(".jpg,.mp4"), "image/*,video/*")
  assert.equal(photoTypes(".pdf"), "")
})
