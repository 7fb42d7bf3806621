import assert from "node:assert/strict"
import { test } from "node:test"
import { validFilters } from "./preferences.js"

test("filters that name what is gone, or nothing that is known, are left out", () => {
  const known = { channels: ["chn_1"], campaigns: [], states: ["draft"] }
  const stored = { channel: "chn_1", campaign: "cmp_gone", status: "draft", face: "above", influencer: "inf_1" }
  assert.deepEqual(validFilters(stored, known), { channel: "chn_1", status: "draft" })
  assert.deepEqual(validFilters({}, known), {})
})
