import { el, setIfChanged } from "../../ui/shared/dom.js"
import { colorOf } from "./colors.js"
import { spokenText } from "./entry.js"
import { buildEntry } from "./entry_view.js"

/** @import { CalendarEntry } from "./entry.js" */
/** @import { CalendarView } from "./calendar.js" */

/** The API lists as many entries without a date. */
const MOST_UNDATED = 100

/** What has no date yet: dragged onto a day, or given one by its menu. */
export class UndatedList {
  /** @param {CalendarView} view */
  constructor(view) {
    this.view = view
    this.node = el("div", "side")
    this.title = el("b", "", "Not scheduled")
    this.list = el("div", "ideas")
    this.drawn = ""
    this.node.append(this.title, this.list)
  }

  /**
   * Returns whether anything was drawn anew.
   *
   * @param {CalendarEntry[]} entries
   */
  draw(entries) {
    const { data } = this.view
    const text = JSON.stringify([entries, data.colourBy, data.influencers])
    if (text === this.drawn) return false
    this.drawn = text
    const count = entries.length
    this.node.classList.toggle("gone", !count)
    const more = count >= MOST_UNDATED ? "+" : ""
    setIfChanged(this.title, "textContent", count ? `Not scheduled (${count}${more})` : "Not scheduled")
    this.list.replaceChildren(...entries.map(entry => this.buildItem(entry)))
    return true
  }

  /** @param {CalendarEntry} entry */
  buildItem(entry) {
    const { view } = this
    const box = el("div", "idea")
    box.dataset.spot = entry.id
    box.tabIndex = 0
    box.setAttribute("role", "button")
    box.setAttribute("aria-label", spokenText(view.data, entry))
    box.style.setProperty("--spot", colorOf(view.data, entry))
    box.append(buildEntry(view, entry))
    box.onclick = () => view.open(entry.id)
    return box
  }

  /** Lets its entries be dragged onto the calendar. Returns what ends that. */
  makeDraggable() {
    const { view } = this
    return new window.FullCalendar.Draggable(this.list, {
      itemSelector: ".idea",
      appendTo: view.root,
      eventData: box => {
        const entry = view.entries.get(box.dataset.spot ?? "")
        return entry && { id: entry.id, title: entry.title, duration: "00:30", extendedProps: { spot: entry } }
      },
    })
  }
}
