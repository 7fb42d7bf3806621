import { button, el, setIfChanged } from "../../ui/shared/dom.js"
import { tr, trLazy } from "../../ui/shared/words.js"
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
  ["rules", trLazy("Posting rules"), false],
  ["pause", trLazy("Pause publishing"), false],
  ["shift", trLazy("Move all posts"), false],
  ["campaigns", trLazy("Campaigns"), false],
  ["holidays", trLazy("Public holidays"), false],
  ["zone", trLazy("Time zone"), true],
  ["feeds", trLazy("Subscribe from another calendar"), true],
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
    this.node.setAttribute("aria-label", tr("Calendar"))
    this.title = el("h2", "title")
    this.dates = el("div", "row dates")
    const back = button("‹", () => view.calendar?.prev(), "step")
    const next = button("›", () => view.calendar?.next(), "step")
    back.setAttribute("aria-label", tr("Earlier"))
    next.setAttribute("aria-label", tr("Later"))
    this.dates.append(
      back,
      next,
      button(tr("Today"), () => view.calendar?.today(), "today"),
    )
    this.views = el("div", "segments")
    this.views.setAttribute("role", "group")
    this.views.setAttribute("aria-label", tr("View"))
    this.select = el("select", "views")
    this.select.setAttribute("aria-label", tr("View"))
    for (const [name, label] of VIEWS) {
      const node = button(tr(label), () => view.show(name))
      node.dataset.view = name
      this.views.append(node)
      this.select.append(new Option(tr(label), name))
    }
    this.select.onchange = () => view.show(/** @type {ViewName} */ (this.select.value))
    this.filter = button(tr("Filter"), () => this.openFilters(), "filter")
    this.filter.setAttribute("aria-haspopup", "dialog")
    this.fill = button(tr("Fill the week"), () => view.ask("fill"), "fill")
    this.add = button(tr("New post"), () => view.ask("new"), "main add")
    this.gear = button("", () => this.openSettings(), "gear")
    this.gear.innerHTML = GEAR
    this.gear.setAttribute("aria-label", tr("Calendar settings"))
    this.gear.setAttribute("aria-haspopup", "menu")
    this.gear.title = tr("Calendar settings")
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
    setIfChanged(this.filter, "textContent", chosen ? tr("Filter ({n})", { n: chosen }) : tr("Filter"))
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
    else view.panel.open(this.filter, buildFilterPanel(view), { role: "dialog", label: tr("Filter and colours") })
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
      const node = button(
        name === "zone" ? tr("Time zone: {zone}", { zone: view.data.zone }) : tr(label),
        choose,
        "quiet",
      )
      node.setAttribute("role", "menuitem")
      return node
    })
    view.panel.open(this.gear, items, { role: "menu", label: tr("Calendar settings") })
  }
}
