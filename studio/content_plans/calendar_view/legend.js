import { el } from "../../ui/shared/dom.js"
import { tr, trLazy } from "../../ui/shared/words.js"
import { colorOf, legendEntries, legendText } from "./colors.js"

/** @import { CalendarView } from "./calendar.js" */

/** @type {Record<string, string>} */
const HINTS_OF_VIEWS = {
  dated: trLazy("Drag to move, or press M for a menu. Drag over empty days to fill them."),
  board: trLazy("Drag to another column, or press M for a menu."),
  feed: trLazy("As the profile looks when everything is out."),
}
const TOUCH_HINT = trLazy("Tap ⋯ to move a post.")

/**
 * What can be done with the entries that are shown, and what their colors mean.
 *
 * @param {CalendarView} view
 */
export const drawLegend = view => {
  const { labels } = view
  const entries = view.name === "feed" ? [] : view.entries.values()
  const hint = hintOf(view)
  view.legend.replaceChildren(
    ...(hint ? [el("span", "hint", hint)] : []),
    ...legendEntries(labels, entries).map(entry => {
      const node = el("span", "key", legendText(labels, entry))
      node.style.setProperty("--spot", colorOf(labels, entry))
      return node
    }),
  )
}

/** @param {CalendarView} view */
const hintOf = view => {
  if (view.name === "feed") return tr(HINTS_OF_VIEWS.feed)
  if (!view.data.canEdit) return ""
  if (matchMedia("(hover: none)").matches) return tr(TOUCH_HINT)
  const name = view.isDated ? "dated" : view.name
  return tr(HINTS_OF_VIEWS[name])
}
