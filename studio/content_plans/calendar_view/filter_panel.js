import { button, el } from "../../ui/shared/dom.js"
import { tr, trLazy } from "../../ui/shared/words.js"
import { FACE_BELOW } from "./entry.js"

/** @import { CalendarView } from "./calendar.js" */

/** @type {[value: "influencer" | "state" | "campaign", label: string][]} */
const COLOURS = [
  ["influencer", trLazy("Influencer")],
  ["state", trLazy("State")],
  ["campaign", trLazy("Campaign")],
]

/**
 * The fields of the filter panel; each takes effect at once.
 *
 * @param {CalendarView} view
 * @returns {Node[]}
 */
export const buildFilterPanel = view => {
  const { data } = view
  const channels = data.channels.filter(([, , influencerId]) => !data.influencer || influencerId === data.influencer)
  /** @type {Node[]} */
  const nodes = [
    buildChoice(view, "channel", [tr("Channel"), tr("All channels")], channels),
    buildChoice(view, "status", [tr("State"), tr("All states")], Object.entries(data.states)),
    buildChoice(view, "campaign", [tr("Campaign"), tr("All campaigns")], data.campaigns),
    buildFaceBox(view),
    buildColours(view),
  ]
  if (Object.keys(view.preferences.filters).length) {
    const clear = () => {
      view.panel.close()
      view.setFilters({})
    }
    nodes.push(button(tr("Clear filters"), clear))
  }
  return nodes
}

/**
 * @param {CalendarView} view
 * @param {string} name of the filter in the API
 * @param {[label: string, all: string]} texts `all`: the choice of no filter
 * @param {readonly (readonly [value: string, text: string, ...rest: string[]])[]} choices
 */
const buildChoice = (view, name, [label, all], choices) => {
  const field = el("label", "field", label)
  const select = el("select")
  select.append(new Option(all, ""), ...choices.map(([value, text]) => new Option(text, value)))
  select.value = view.preferences.filters[name] ?? ""
  select.onchange = () => setFilter(view, name, select.value)
  field.append(select)
  return field
}

/** @param {CalendarView} view */
const buildFaceBox = view => {
  const field = el("label", "row check")
  const box = el("input")
  box.type = "checkbox"
  box.checked = view.preferences.filters.face === "below"
  box.onchange = () => setFilter(view, "face", box.checked ? "below" : "")
  field.append(box, tr(FACE_BELOW))
  return field
}

/**
 * @param {CalendarView} view
 * @param {string} name
 * @param {string} value
 */
const setFilter = (view, name, value) => {
  const { [name]: _, ...others } = view.preferences.filters
  view.setFilters(value ? { ...others, [name]: value } : others)
}

/** @param {CalendarView} view */
const buildColours = view => {
  const field = el("div", "field", tr("Colour by"))
  const group = el("div", "segments")
  group.setAttribute("role", "group")
  group.setAttribute("aria-label", tr("Colour by"))
  const draw = () => {
    for (const node of group.querySelectorAll("button")) {
      node.ariaPressed = String(node.dataset.colour === view.preferences.colourBy)
    }
  }
  for (const [value, label] of COLOURS) {
    const choose = () => {
      view.setColourBy(value)
      draw()
    }
    const node = button(tr(label), choose)
    node.dataset.colour = value
    group.append(node)
  }
  draw()
  field.append(group)
  return field
}
