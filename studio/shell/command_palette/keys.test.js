import assert from "node:assert/strict"
import { readdirSync, readFileSync } from "node:fs"
import { join, relative } from "node:path"
import { test } from "node:test"
import { fileURLToPath } from "node:url"
import { GO_TO, groupsFor, KEY_GROUPS, OF_WIDGETS } from "./keys.js"

const STUDIO = fileURLToPath(new URL("../..", import.meta.url))
/** Those that widgets of every kind have. */
const COMMON = new Set([
  "Enter",
  "Escape",
  " ",
  "Home",
  "End",
  "ArrowLeft",
  "ArrowRight",
  "ArrowUp",
  "ArrowDown",
  "Tab",
])
/** Keyboards' other names of what is listed, and keys that are only half of one. */
const NOT_LISTED = new Set(["ContextMenu", "Shift", "PageUp", "PageDown"])

const modules = readdirSync(STUDIO, { recursive: true, encoding: "utf-8" })
  .filter(path => path.endsWith(".js") && !path.endsWith(".test.js") && !path.includes("vendor"))
  .map(path => relative(STUDIO, join(STUDIO, path)).replaceAll("\\", "/"))
const sources = new Map(modules.map(path => [path, readFileSync(join(STUDIO, path), "utf-8")]))

/**
 * The keys that a module names: compared with, in a class of a pattern, in a table beside a label.
 *
 * @param {string} source
 */
const keysIn = source => {
  const compared = [...source.matchAll(/\b(?:key|letter)\b(?:\.toLowerCase\(\))?\s*[!=]==\s*"([^"]+)"/g)].map(
    ([, key]) => key,
  )
  const inTables = [...source.matchAll(/\bkey: "([^"]+)"|trLazy\("[^"]+"\), "(.)"\]/g)].map(([, a, b]) => a ?? b)
  const ratings = source.includes("/^[0-5]$/") ? ["0", "1", "2", "3", "4", "5"] : []
  return new Set([...compared, ...inTables, ...ratings].map(named))
}
/** Modules that compare with lower case say "escape", a table of labels says "F". @param {string} key */
const named = key =>
  [...COMMON, "Delete", "Backspace"].find(name => name.length > 1 && name.toLowerCase() === key.toLowerCase()) ??
  (key.length === 1 ? key.toLowerCase() : key)

const listens = /KeyboardEvent|onkeydown|"keydown"/

test("each module that handles keys is listed, with its group or as a widget", () => {
  const listed = new Set([...KEY_GROUPS.flatMap(group => group.modules), ...OF_WIDGETS])
  const handling = modules.filter(path => listens.test(sources.get(path) ?? ""))
  assert.ok(handling.length > 20)
  assert.deepEqual(
    handling.filter(path => !listed.has(path)),
    [],
    "list these in keys.js: people see no other key in the sheet",
  )
  assert.deepEqual(
    [...listed].filter(path => !sources.has(path)),
    [],
    "these are gone",
  )
})

test("each key that a module handles is in its group", () => {
  for (const { title, modules: handling, lines } of KEY_GROUPS) {
    const listed = new Set(lines.flatMap(({ keys }) => keys.map(key => named(key.replace("Ctrl+", "")))))
    const handled = new Set(handling.flatMap(path => [...keysIn(sources.get(path) ?? "")]))
    const missing = [...handled].filter(key => !listed.has(key) && !COMMON.has(key) && !NOT_LISTED.has(key))
    assert.deepEqual(missing, [], `${title}: list these`)
    const unknown = [...listed].filter(key => !handled.has(key) && !COMMON.has(key))
    assert.deepEqual(unknown, [], `${title}: nothing handles these`)
  }
})

test("widgets have no keys of their own", () => {
  for (const path of OF_WIDGETS) {
    const own = [...keysIn(sources.get(path) ?? "")].filter(key => !COMMON.has(key) && !NOT_LISTED.has(key))
    assert.deepEqual(own, [], path)
  }
})

test("the sheet begins with the keys of every page and of this one, and has each group once", () => {
  const titles = groupsFor("inbox/inbox").map(({ title }) => title)
  assert.deepEqual(titles.slice(0, 3), ["Everywhere", "Inbox", "Post"])
  assert.deepEqual(titles.toSorted(), KEY_GROUPS.map(({ title }) => title).toSorted())
})

test("G and a letter lead to pages that are there", () => {
  const nav = readFileSync(join(STUDIO, "shell", "nav.py"), "utf-8")
  for (const file of Object.values(GO_TO)) assert.ok(nav.includes(`NavItem("${file}"`), file)
})
