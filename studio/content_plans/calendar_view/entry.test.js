import assert from "node:assert/strict"
import { describe, test } from "node:test"
import { colorOf, hashOf, legendEntries } from "./colors.js"
import { dropTime, firstHour, spokenText, tomorrow } from "./entry.js"

/** @import { CalendarEntry, EntryLabels } from "./entry.js" */

/**
 * @param {Partial<CalendarEntry>} rest
 * @returns {CalendarEntry}
 */
const entry = rest => ({
  id: "p1",
  title: "Sunrise",
  influencerId: "i1",
  assetId: "",
  state: "draft",
  platforms: ["instagram", "tiktok"],
  wall: "2026-11-22T18:30:00",
  ownWall: "2026-11-22T12:30:00",
  clash: "",
  faceBelow: false,
  campaignId: null,
  movable: true,
  version: 1,
  ...rest,
})

/**
 * @param {"influencer" | "state" | "campaign"} colourBy
 * @returns {EntryLabels}
 */
const labels = (colourBy = "influencer") => ({
  influencers: [["i1", "Bella"]],
  campaigns: [["c1", "Summer"]],
  states: { draft: "Draft", published: "Published" },
  platforms: { instagram: "IG", tiktok: "TT" },
  colourBy,
})

describe("colors", () => {
  test("of influencers differ, and stay when another comes", () => {
    const influencers = /** @type {[string, string][]} */ (
      Array.from({ length: 10 }, (_, n) => [`i${String(n).padStart(2, "0")}`, `Name ${n}`])
    )
    const colorsOf = (/** @type {[string, string][]} */ all) =>
      all.map(([influencerId]) => colorOf({ ...labels(), influencers: all }, entry({ influencerId })))
    assert.equal(new Set(colorsOf(influencers)).size, 10)
    assert.deepEqual(colorsOf(influencers.slice(0, 6)), colorsOf(influencers).slice(0, 6))
  })

  test("are those of FNV-1a", () => {
    const plain = 0xe40c292c
    assert.equal(hashOf("a"), (plain ^ (plain >>> 13)) >>> 0)
  })

  test("of a state are fixed", () => assert.equal(colorOf(labels("state"), entry({})), "var(--state-draft)"))

  test("of a campaign are its own, and gray without one", () => {
    assert.equal(colorOf(labels("campaign"), entry({})), "var(--person-none)")
    assert.notEqual(colorOf(labels("campaign"), entry({ campaignId: "c1" })), "var(--person-none)")
  })

  test("stand once in the legend", () => {
    const entries = [entry({}), entry({ id: "p2", state: "published" }), entry({ id: "p3", influencerId: "i2" })]
    assert.deepEqual(
      legendEntries(labels("state"), entries).map(one => one.state),
      ["draft", "published"],
    )
    assert.deepEqual(
      legendEntries(labels(), entries).map(one => one.influencerId),
      ["i1", "i2"],
    )
  })
})

test("an entry says its time, title, influencer, state and channels", () => {
  assert.equal(spokenText(labels(), entry({})), "18:30 · Sunrise · Bella · Draft · IG, TT")
  const late = entry({ wall: null, influencerId: "", clash: "Two at once", faceBelow: true })
  const expected = "no date · Sunrise · Draft · IG, TT · Two at once · Face match below the threshold"
  assert.equal(spokenText(labels(), late), expected)
})

describe("a drop", () => {
  const day = { wall: "2026-11-25T00:00", isDay: true, zone: "Europe/Rome" }

  test("on an hour takes it, in the calendar's zone", () => {
    const hour = { wall: "2026-11-25T09:00", isDay: false, zone: "Europe/Rome" }
    assert.deepEqual(dropTime(entry({}), hour), { wall: "2026-11-25T09:00", zone: "Europe/Rome" })
  })

  test("on a day keeps the hour by the influencer's own clock", () => {
    assert.deepEqual(dropTime(entry({}), day), { wall: "2026-11-25T12:30", zone: "" })
  })

  test("on a day counts days as the calendar shows them, also where the own clock has another date", () => {
    const early = entry({ wall: "2026-11-22T01:00:00", ownWall: "2026-11-21T19:00:00" })
    assert.deepEqual(dropTime(early, day), { wall: "2026-11-24T19:00", zone: "" })
  })

  test("of what has no date is in the evening", () => {
    assert.deepEqual(dropTime(entry({ wall: null }), day), { wall: "2026-11-25T18:00", zone: "" })
    assert.equal(tomorrow("2026-12-31T23:59:59"), "2027-01-01T18:00")
  })
})

test("the first hour of a week is of that week alone", () => {
  const entries = ["2026-11-15T03:00", "2026-11-17T09:15", "2026-11-18T07:45", "2026-11-23T01:00"].map(wall =>
    entry({ wall }),
  )
  const undated = entry({ wall: null })
  assert.equal(firstHour([...entries, undated], "2026-11-16T00:00", "2026-11-23T00:00"), "07")
  assert.equal(firstHour([undated], "2026-11-16T00:00", "2026-11-23T00:00"), undefined)
})
