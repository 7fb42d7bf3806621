import { api } from "../../ui/shared/api.js"
import { button, el } from "../../ui/shared/dom.js"
import { tr } from "../../ui/shared/words.js"
import { colorOfId } from "./colors.js"
import { timeOf } from "./entry.js"
import { dayOf } from "./wall_time.js"

/** @import { CalendarView } from "./calendar.js" */
/** @import { WallTime } from "./wall_time.js" */

/**
 * Holidays and free times of days, as the API lists them.
 *
 * @typedef {object} DayMarks
 * @property {{ day: string, name: string, countries: string[] }[]} holidays
 * @property {{ localTime: WallTime, influencerId: string }[]} slots
 */

/** A month shows so many free times of a day. */
const SLOTS_PER_DAY = 2
/** Days that are marked at most. */
const MAX_MARKED_DAYS = 100
const MARKED_DAY_MS = 864e5

/** Draws public holidays and free posting times into the days that FullCalendar has drawn. */
export class MarkedDays {
  /** @param {CalendarView} view */
  constructor(view) {
    this.view = view
    /** @type {DayMarks} */
    this.marks = { holidays: [], slots: [] }
    /** The range that `marks` are of. */
    this.address = ""
  }

  /**
   * Reads the marks of a range, after the posts: they may come later.
   *
   * @param {[from: WallTime, to: WallTime]} range
   */
  async read([from, to]) {
    const { workspace, zone, influencer } = this.view.data
    if (Date.parse(to) - Date.parse(from) > MAX_MARKED_DAYS * MARKED_DAY_MS) return
    const query = new URLSearchParams({ workspace, from, to, zone, influencer })
    this.address = `/api/content-plans/calendar/days?${query}`
    const { address } = this
    const marks = await api(address)
    if (address !== this.address) return
    this.marks = marks
    this.draw()
  }

  draw() {
    const { root } = this.view
    for (const node of root.querySelectorAll(".holiday, .slots")) node.remove()
    /** @type {Map<string, string[]>} */
    const names = new Map()
    const several = new Set(this.marks.holidays.flatMap(({ countries }) => countries)).size > 1
    for (const { day, name, countries } of this.marks.holidays) {
      const text = several ? `${name} (${countries.join(", ")})` : name
      names.set(day, [...(names.get(day) ?? []), text])
    }
    for (const [day, texts] of names) this.drawHoliday(day, texts.join(" · "))
    if (this.view.data.canEdit) this.drawSlots()
  }

  /**
   * @param {string} day
   * @param {string} text
   */
  drawHoliday(day, text) {
    const places = [
      `.fc-daygrid-day[data-date="${day}"] .fc-daygrid-day-top`,
      `.fc-col-header-cell[data-date="${day}"] .fc-scrollgrid-sync-inner`,
      `.fc-list-day[data-date="${day}"] .fc-list-day-cushion`,
    ].join(", ")
    for (const place of this.view.root.querySelectorAll(places)) {
      const node = el("span", "holiday cut", text)
      node.title = text
      place.append(node)
    }
  }

  drawSlots() {
    /** @type {Map<string, DayMarks["slots"]>} */
    const byDay = new Map()
    for (const slot of this.marks.slots) {
      const day = dayOf(slot.localTime)
      byDay.set(day, [...(byDay.get(day) ?? []), slot])
    }
    for (const [day, slots] of byDay) {
      const place = this.view.root.querySelector(`.fc-daygrid-day[data-date="${day}"] .fc-daygrid-day-events`)
      place?.after(this.buildSlotsOfDay(slots))
      const column = this.view.root.querySelector(`.fc-timegrid-col[data-date="${day}"] .fc-timegrid-col-frame`)
      column?.append(this.buildSlotsOfColumn(slots))
    }
  }

  /** @param {DayMarks["slots"]} slots */
  buildSlotsOfDay(slots) {
    const node = el("div", "slots")
    node.append(...slots.slice(0, SLOTS_PER_DAY).map(slot => this.buildSlot(slot)))
    if (slots.length > SLOTS_PER_DAY) node.append(el("span", "muted", `+${slots.length - SLOTS_PER_DAY}`))
    return node
  }

  /**
   * Each at its height in a day of a week.
   *
   * @param {DayMarks["slots"]} slots
   */
  buildSlotsOfColumn(slots) {
    const node = el("div", "slots column")
    for (const slot of slots) {
      const [hours, minutes] = timeOf(slot.localTime).split(":").map(Number)
      const box = this.buildSlot(slot)
      box.style.top = `${(100 * (hours * 60 + minutes)) / 1440}%`
      node.append(box)
    }
    return node
  }

  /** @param {DayMarks["slots"][number]} slot */
  buildSlot(slot) {
    const { view } = this
    const node = button(timeOf(slot.localTime), () => view.chooseTime(slot.localTime, slot.influencerId), "slot")
    const name = view.data.influencers.find(([id]) => id === slot.influencerId)?.[1] ?? ""
    const text = tr("Free time of {name}: {time}. New post", { name, time: timeOf(slot.localTime) })
    node.title = text
    node.setAttribute("aria-label", text)
    node.style.setProperty("--spot", colorOfId(view.data.influencers, slot.influencerId))
    // Else FullCalendar takes the press for the beginning of a range.
    node.onpointerdown = event => event.stopPropagation()
    node.onmousedown = event => event.stopPropagation()
    node.ontouchstart = event => event.stopPropagation()
    return node
  }
}
