import assert from "node:assert/strict"
import { test } from "node:test"
import { checkedUploads, kindOf, orders } from "./upload_orders.js"

const FACTS = { influencerId: "inf_1", aiMade: true }

test("a video is known by its type or its name, everything else is checked as a picture", () => {
  const kinds = [
    { name: "a.MOV", type: "" },
    { name: "from-a-phone", type: "video/mp4" },
    { name: "a.heic", type: "" },
    { name: "notes.txt", type: "text/plain" },
  ].map(file => kindOf(file, ".mp4,.mov"))
  assert.deepEqual(kinds, ["videos", "videos", "pictures", "pictures"])
})

test("pictures are one job, each video is one of its own, and their results name the assets", () => {
  const [pictures] = orders("pictures", ["up_1", "up_2"], FACTS)
  assert.deepEqual(pictures?.payload, { ...FACTS, uploadIds: ["up_1", "up_2"] })
  assert.equal(checkedUploads(pictures, { assets: [{ uploadId: "up_2", assetId: "ast_2" }] }).get("up_2"), "ast_2")
  const videos = orders("videos", ["up_3", "up_4"], FACTS)
  assert.deepEqual(
    videos.map(({ payload }) => payload.uploadId),
    ["up_3", "up_4"],
  )
  assert.deepEqual([...checkedUploads(videos[1], { assetId: "ast_4" })], [["up_4", "ast_4"]])
  assert.equal(checkedUploads(videos[1], null).size, 0)
  assert.deepEqual(orders("pictures", [], FACTS), [])
})
