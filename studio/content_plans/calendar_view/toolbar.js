import { button, el, setIfChanged } from "../../ui/shared/dom.js"
import { buildFilterPanel } from "./filter_panel.js"
import { VIEWS } from "./preferences.js"

/** @import { CalendarView } from "./calendar.js" */
/** @import { ViewName } from "./preferences.js" */

/**
 * What the settings offer: name of the dialog, label, and whether people who may only look have it.
 *
 * @type {[name: string, label: string, forViewers: boolean][]}
 */
const SETTINGS = [
  ["rules", "Posting rules", false],
  ["pause", "Pause publishing", false],
  ["shift", "Move all posts", false],
  ["campaigns", "Campaigns", false],
  ["holidays", "Public holidays", false],
  ["zone", "Time zone", true],
  ["feeds", "Subscribe from another calendar", true],
]
const GEAR =
  '<svg viewBox="0 0 24 24" aria-hidden="true"><path d="M4 7h9m4 0h3M4 17h3m4 0h9"/>' +
  '<circle cx="15" cy="7" r="2"/><circle cx="9" cy="17" r="2"/></svg>'

/** The row above the calendar: dates, views, filters, and what can be made and set. */
export class Toolbar {
  /** @param {CalendarView} view */
  constructor(view) {
    this.view = view
    this.node = el("div", "tools")
    this.node.setAttribute("role", "toolbar")
    this.node.setAttribute("aria-label", "Calendar")
    this.title = el("h2", "title")
    this.dates = el("div", "row dates")
    const back = button("‹", () => view.calendar?.prev(), "step")
    const next = button("›", () => view.calendar?.next(), "step")
    back.setAttribute("aria-label", "Earlier")
    next.setAttribute("aria-label", "Later")
    this.dates.append(
      back,
      next,
      button("Today", () => view.calendar?.today(), "today"),
    )
    this.views = el("div", "segments")
    this.views.setAttribute("role", "group")
    this.views.setAttribute("aria-label", "View")
    this.select = el("select", "views")
    this.select.setAttribute("aria-label", "View")
    for (const [name, label] of VIEWS) {
      const node = button(label, () => view.show(name))
      node.dataset.view = name
      this.views.append(node)
      this.select.append(new Option(label, name))
    }
    this.select.onchange = () => view.show(/** @type {ViewName} */ (this.select.value))
    this.filter = button("Filter", () => this.openFilters(), "filter")
    this.filter.setAttribute("aria-haspopup", "dialog")
    this.fill = button("Fill the week", () => view.ask("fill"), "fill")
    this.add = button("New post", () => view.ask("new"), "main add")
    this.gear = button("", () => this.openSettings(), "gear")
    this.gear.innerHTML = GEAR
    this.gear.setAttribute("aria-label", "Calendar settings")
    this.gear.setAttribute("aria-haspopup", "menu")
    this.gear.title = "Calendar settings"
    this.node.append(this.dates, this.title, this.views, this.select, el("div", "grow"))
    this.node.append(this.filter, this.fill, this.add, this.gear)
  }

  draw() {
    const { view } = this
    const { name, isDated } = view
    this.dates.classList.toggle("gone", !isDated)
    this.title.classList.toggle("gone", !isDated)
    for (const node of this.views.querySelectorAll("button")) {
      setIfChanged(node, "ariaPressed", String(node.dataset.view === name))
    }
    setIfChanged(this.select, "value", name)
    const chosen = Object.keys(view.filters).filter(filter => filter !== "influencer").length
    setIfChanged(this.filter, "textContent", chosen ? `Filter (${chosen})` : "Filter")
    this.filter.classList.toggle("on", chosen > 0)
    this.filter.classList.toggle("gone", name === "feed")
    this.fill.classList.toggle("gone", !view.data.canEdit)
    this.add.classList.toggle("gone", !view.data.canEdit)
  }

  /** @param {string} title of the dates that are shown */
  drawTitle(title) {
    setIfChanged(this.title, "textContent", title)
  }

  openFilters() {
    const { view } = this
    if (view.panel.anchor === this.filter) view.panel.close()
    else view.panel.open(this.filter, buildFilterPanel(view), { role: "dialog", label: "Filter and colours" })
  }

  openSettings() {
    const { view } = this
    if (view.panel.anchor === this.gear) {
      view.panel.close()
      return
    }
    const items = SETTINGS.filter(([, , forViewers]) => forViewers || view.data.canEdit).map(([name, label]) => {
      const choose = () => {
        view.panel.close()
        view.ask(name)
      }
      const node = button(name === "zone" ? `${label}: ${view.data.zone}` : label, choose, "quiet")
      node.setAttribute("role", "menuitem")
      return node
    })
    view.panel.open(this.gear, items, { role: "menu", label: "Calendar settings" })
  }
}
