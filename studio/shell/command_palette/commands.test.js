import assert from "node:assert/strict"
import { test } from "node:test"
import { actionCommands, hitCommand, NOUNS, pageCommands } from "./commands.js"
import { RecentChoices } from "./recent.js"

/** @type {import("./commands.js").PaletteData} */
const EDITOR = {
  workspace: "ws_1",
  userId: "usr_1",
  influencerId: "",
  canEdit: true,
  current: "home/home",
  pages: [
    ["home/home", "Home", "home", "Home", ""],
    ["create/pictures", "Pictures", "brush", "Create", ""],
    ["settings/connections", "Connection check", "stethoscope", "Settings", "test"],
  ],
  influencers: [["inf_1", "Nina"]],
  theme: "dark",
  singleKeys: true,
  keysAsked: "",
}
/** @type {import("./commands.js").Surroundings} */
const AROUND = {
  publishing: { stoppedAt: null, scheduled: 3, held: 0 },
  automations: [{ id: "aut_1", name: "Weekly" }],
  workspaces: [
    { id: "ws_1", name: "Mine" },
    { id: "ws_2", name: "Other" },
  ],
}
const idsOf = (/** @type {{ id: string }[]} */ commands) => commands.map(({ id }) => id.replace("action:", ""))

test("an editor has the verbs of editors, about what is there, and only pages that are theirs", () => {
  const ids = idsOf(actionCommands(EDITOR, AROUND))
  for (const id of [
    "approve-today",
    "pause",
    "picture-of:inf_1",
    "run:aut_1",
    "workspace:ws_2",
    "theme:light",
    "check",
  ])
    assert.ok(ids.includes(id), id)
  for (const id of ["resume", "workspace:ws_1", "theme:dark", "fill-week"]) assert.ok(!ids.includes(id), id)
  const paused = actionCommands(EDITOR, { ...AROUND, publishing: { stoppedAt: "2031-01-01", scheduled: 0, held: 3 } })
  assert.ok(idsOf(paused).includes("resume"))
  assert.ok(!idsOf(paused).includes("pause"))
})

test("a viewer has none that changes the workspace", () => {
  const viewer = { ...EDITOR, canEdit: false, pages: EDITOR.pages.slice(0, 1) }
  assert.deepEqual(idsOf(actionCommands(viewer, { ...AROUND, publishing: null, automations: [] })), [
    "read-all",
    "theme:light",
    "theme:system",
    "workspace:ws_2",
    "keys",
    "sign-out",
  ])
})

test("a hit opens its page, has a name, and its picture", () => {
  const hit = { noun: "post", id: "cp_1", title: " ", subtitle: "Nina", assetId: "ast_1", at: "2031-12-24T10:00:00Z" }
  const command = hitCommand(hit)
  assert.deepEqual([command.label, command.assetId], ["Untitled", "ast_1"])
  assert.match(command.hint ?? "", /^Nina · 24 Dec 2031$/)
  assert.deepEqual(command.to, { file: "calendar/post", query: { id: "cp_1" } })
  for (const noun of Object.keys(NOUNS)) assert.ok(hitCommand({ ...hit, noun }).to?.file)
})

test("what was chosen last comes first, once, unless this person has it no more", () => {
  const kept = new Map()
  const storage = {
    getItem: (/** @type {string} */ key) => kept.get(key) ?? null,
    setItem: (/** @type {string} */ key, /** @type {string} */ value) => kept.set(key, value),
  }
  const recent = new RecentChoices(storage, "usr_1", "ws_1")
  const [home, pictures] = pageCommands(EDITOR)
  for (const command of [home, pictures, home]) recent.add(command)
  assert.deepEqual(idsOf(recent.among([home, pictures])), ["page:home/home", "page:create/pictures"])
  assert.deepEqual(idsOf(recent.among([pictures])), ["page:create/pictures"])
  assert.deepEqual(new RecentChoices(storage, "usr_2", "ws_1").among([home]), [])
  storage.setItem("studio-recent:usr_1:ws_1", "{")
  assert.deepEqual(recent.among([home]), [])
})
