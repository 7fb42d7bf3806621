import { button, el, setIfChanged } from "../../ui/shared/dom.js"
import { tr } from "../../ui/shared/words.js"
import { colorOf } from "./colors.js"
import { spokenText } from "./entry.js"
import { buildEntry } from "./entry_view.js"

/** @import { CalendarEntry } from "./entry.js" */
/** @import { CalendarView } from "./calendar.js" */

/** The API lists as many entries without a date. */
const MOST_UNDATED = 100

/** What has no date yet: dragged onto a day, or given one by its menu. Can be folded; not there while it is empty. */
export class UndatedList {
  /** @param {CalendarView} view */
  constructor(view) {
    this.view = view
    this.node = el("div", "side")
    this.title = button(tr("Not scheduled"), () => this.toggle(), "quiet fold")
    this.list = el("div", "ideas")
    this.drawn = ""
    this.count = 0
    this.node.append(this.title, this.list)
  }

  toggle() {
    this.view.setTray(!this.view.preferences.tray)
  }

  /** Shows or folds it. */
  layOut() {
    const { view, count } = this
    const isOpen = view.preferences.tray
    const isShown = count > 0 && view.isDated
    this.node.classList.toggle("gone", !isShown)
    this.node.classList.toggle("folded", !isOpen)
    view.body.classList.toggle("alone", !isShown)
    view.body.classList.toggle("folded", isShown && !isOpen)
    this.title.ariaExpanded = String(isOpen)
    const more = count >= MOST_UNDATED ? "+" : ""
    setIfChanged(this.title, "textContent", tr("Not scheduled ({n})", { n: `${count}${more}` }))
  }

  /**
   * Returns whether anything was drawn anew.
   *
   * @param {CalendarEntry[]} entries
   */
  draw(entries) {
    const { labels } = this.view
    const text = JSON.stringify([entries, labels.colourBy, labels.influencers, labels.campaigns])
    if (text === this.drawn) return false
    this.drawn = text
    this.count = entries.length
    this.list.replaceChildren(...entries.map(entry => this.buildItem(entry)))
    this.layOut()
    return true
  }

  /** @param {CalendarEntry} entry */
  buildItem(entry) {
    const { view } = this
    const box = el("div", "idea")
    box.dataset.spot = entry.id
    box.tabIndex = 0
    box.setAttribute("role", "button")
    box.title = spokenText(view.labels, entry)
    box.style.setProperty("--spot", colorOf(view.labels, entry))
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
