import { button, el } from "../../ui/shared/dom.js"
import { tr, trLazy } from "../../ui/shared/words.js"
import { makeCampaign, moveEntry, setCampaign } from "./actions.js"
import { tomorrow } from "./entry.js"
import { later, wallNow } from "./wall_time.js"

/** @import { BoardEntry } from "./board.js" */
/** @import { CalendarEntry } from "./entry.js" */
/** @import { CalendarView } from "./calendar.js" */

/** @type {[text: string, step: { days?: number, minutes?: number }][]} */
const STEPS = [
  [trLazy("A day earlier"), { days: -1 }],
  [trLazy("A day later"), { days: 1 }],
  [trLazy("A week earlier"), { days: -7 }],
  [trLazy("A week later"), { days: 7 }],
  [trLazy("An hour earlier"), { minutes: -60 }],
  [trLazy("An hour later"), { minutes: 60 }],
]
const NEW = "new"

/**
 * Opens the menu of an entry: everything the mouse can do by dragging, for keys and fingers, and its campaign.
 *
 * @param {CalendarView} view
 * @param {CalendarEntry} entry
 * @param {HTMLElement} anchor
 */
export const openEntryMenu = (view, entry, anchor) => {
  const items = [buildItem(view, tr("Open"), () => view.open(entry.id))]
  if (view.name === "board") items.push(...buildStageItems(view, /** @type {BoardEntry} */ (entry)))
  else if (entry.movable) items.push(...buildMoveItems(view, entry))
  view.panel.open(anchor, [...items, buildCampaignChoice(view, entry)], { role: "menu", label: entry.title })
}

/**
 * @param {CalendarView} view
 * @param {string} text
 * @param {() => void} run
 */
const buildItem = (view, text, run) => {
  const choose = () => {
    view.panel.close()
    run()
  }
  const node = button(text, choose, "quiet")
  node.setAttribute("role", "menuitem")
  return node
}

/**
 * @param {CalendarView} view
 * @param {CalendarEntry} entry
 */
const buildMoveItems = (view, entry) => {
  if (!entry.wall) {
    const wall = tomorrow(wallNow(view.data.zone))
    return [buildItem(view, tr("Tomorrow"), () => moveEntry(view, entry, { wall, zone: "" }))]
  }
  return [
    ...STEPS.map(([text, step]) =>
      buildItem(view, tr(text), () => moveEntry(view, entry, { wall: later(entry.ownWall, step), zone: "" })),
    ),
    buildItem(view, tr("Remove from the calendar"), () => moveEntry(view, entry, { wall: null, zone: "" })),
  ]
}

/**
 * @param {CalendarView} view
 * @param {BoardEntry} entry
 */
const buildStageItems = (view, entry) =>
  entry.targets.map(stage => buildItem(view, view.board.verbOf(entry, stage), () => view.board.move(entry, stage)))

/**
 * @param {CalendarView} view
 * @param {CalendarEntry} entry
 */
const buildCampaignChoice = (view, entry) => {
  const field = el("label", "field", tr("Campaign"))
  const select = el("select")
  const names = view.data.campaigns.map(([id, name]) => new Option(name, id))
  select.append(new Option(tr("No campaign"), ""), ...names, new Option(tr("New campaign …"), NEW))
  select.value = entry.campaignId ?? ""
  select.onchange = () => {
    if (select.value !== NEW) {
      view.panel.close()
      setCampaign(view, entry, select.value)
      return
    }
    const name = el("input")
    name.placeholder = tr("Name of the campaign")
    name.maxLength = 60
    name.onkeydown = event => {
      if (event.key !== "Enter" || !name.value.trim()) return
      view.panel.close()
      makeCampaign(view, entry, name.value)
    }
    select.replaceWith(name)
    name.focus()
  }
  field.append(select)
  return field
}
