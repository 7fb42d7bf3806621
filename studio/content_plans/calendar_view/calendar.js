import { api, messageOf, send } from "../../ui/shared/api.js"
import { el, setIfChanged } from "../../ui/shared/dom.js"
import { mountable } from "../../ui/shared/mount.js"
import { poll } from "../../ui/shared/polling.js"
import { colorOf, legendEntries, legendText } from "./colors.js"
import { firstHour } from "./entry.js"
import { onCalendarKey } from "./keys.js"
import { loadLibrary } from "./library.js"
import { EntryMenu } from "./menu.js"
import { Notice } from "./notice.js"
import { calendarOptions } from "./options.js"
import { UndatedList } from "./undated.js"
import { asDate, asWall, wallNow } from "./wall_time.js"

/** @import { CalendarEntry, EntryLabels } from "./entry.js" */
/** @import { WallTime } from "./wall_time.js" */

/**
 * What `studio.content_plans.calendar_view.calendar` sends.
 *
 * @typedef {object} CalendarExtras
 * @property {string} workspace
 * @property {string} zone
 * @property {boolean} canEdit
 * @property {Record<string, string>} filters
 * @property {string} stamp
 * @property {string} lib
 *
 * @typedef {EntryLabels & CalendarExtras} CalendarData
 */

/** @typedef {{ data: CalendarEntry[], undated: CalendarEntry[], more: Record<string, number> }} CalendarAnswer */

/**
 * Where an entry goes; wall null: off the calendar. Zone "": by its influencer's own clock.
 *
 * @typedef {{ wall: WallTime | null, zone: string }} EntryMove
 */

const POLL_MS = 15_000
const DAY_MS = 864e5
/** A month draws three entries of a day, and can open as many more. */
const PER_DAY = 6
const DRAWN_PER_DAY = 3

export class CalendarView {
  /**
   * @param {HTMLElement} root
   * @param {CalendarData} data
   */
  constructor(root, data) {
    this.root = root
    this.data = data
    /** @type {Map<string, CalendarEntry>} */
    this.entries = new Map()
    /** How many more a day has than were fetched. @type {Record<string, number>} */
    this.more = {}
    /** What is shown, as the API gave it. */
    this.answer = ""
    /** @type {[from: WallTime, to: WallTime] | null} */
    this.range = null
    /** The move that Ctrl Z takes back. */
    this.lastAct = ""
    /** The week that was scrolled to its first entry. */
    this.scrolledWeek = ""
    /** @type {number | "auto" | null} */
    this.height = null
    this.isClosed = false
    /** @type {FullCalendarInstance | null} */
    this.calendar = null
    /** @type {{ destroy(): void } | null} */
    this.dragging = null
    /** @type {(() => void) | null} */
    this.stopPolling = null
    this.listening = new AbortController()
    /** @type {ComponentRun<CalendarData>["setTriggerValue"]} */
    this.setTriggerValue = () => {}
    this.notice = new Notice()
    this.menu = new EntryMenu(this)
    this.undated = new UndatedList(this)
    this.body = el("div", "body")
    this.box = el("div", "cal")
    this.legend = el("div", "legend muted")
    this.body.append(this.box, this.undated.node)
    root.replaceChildren(this.notice.node, this.body, this.legend)
    root.onkeydown = event => onCalendarKey(this, event)
    this.start()
  }

  async start() {
    try {
      await loadLibrary(this.data.lib)
    } catch (error) {
      this.notice.warn(messageOf(error))
      return
    }
    if (this.isClosed) return
    this.calendar = new window.FullCalendar.Calendar(this.box, calendarOptions(this))
    this.calendar.render()
    if (this.data.canEdit) this.dragging = this.undated.makeDraggable()
    this.stopPolling = poll(() => this.readAgain(), POLL_MS)
    // In a dialog over it something was done (studio.content_plans.form_keeper).
    window.addEventListener("studio:plans", () => this.readAgain().catch(() => {}), { signal: this.listening.signal })
    this.root.dataset.ready = "yes"
  }

  /** @param {ComponentRun<CalendarData>} run */
  update({ data, setTriggerValue }) {
    const before = this.data
    this.data = data
    this.setTriggerValue = setTriggerValue
    if (!this.calendar || JSON.stringify(before) === JSON.stringify(data)) return
    this.calendar.refetchEvents()
    if (before.zone !== data.zone) this.calendar.setOption("now", () => wallNow(data.zone))
  }

  close() {
    this.isClosed = true
    this.stopPolling?.()
    this.listening.abort()
    this.dragging?.destroy()
    this.calendar?.destroy()
  }

  /** @param {string} id */
  open(id) {
    this.setTriggerValue("opened", { id })
  }

  /**
   * Asks for a range. A month is known by its six weeks (while views change, FullCalendar still names the one before):
   * it draws a few entries of a day, so it asks for no more than those, and how many there are.
   *
   * @param {[from: WallTime, to: WallTime]} range
   * @returns {Promise<CalendarAnswer>}
   */
  ask([from, to]) {
    const { workspace, zone, filters } = this.data
    const query = new URLSearchParams({ workspace, from, to, zone })
    if (asDate(to).getTime() - asDate(from).getTime() > 35 * DAY_MS) query.set("perDay", String(PER_DAY))
    for (const [name, value] of Object.entries(filters)) query.set(name, value)
    return api(`/api/content-plans/calendar?${query}`)
  }

  /**
   * Fetches a range and returns it as FullCalendar takes it.
   *
   * @param {WallTime} from
   * @param {WallTime} to
   */
  async read(from, to) {
    this.range = [from, to]
    const answer = await this.ask(this.range)
    this.answer = JSON.stringify(answer)
    this.entries = new Map([...answer.data, ...answer.undated].map(entry => [entry.id, entry]))
    this.more = answer.more
    this.drawUndated(answer.undated)
    this.drawLegend()
    this.scrollToFirst()
    return answer.data.map(entry => ({
      id: entry.id,
      title: entry.title,
      start: entry.wall,
      editable: this.data.canEdit && entry.movable,
      extendedProps: { spot: entry },
    }))
  }

  /** Draws anew only what others, or the clock, have changed: nobody loses the entry they stand on. */
  async readAgain() {
    const { range } = this
    const isDragging = this.root.querySelector(".fc-event-dragging, .fc-event-mirror")
    if (!range || this.menu.isOpen || isDragging) return
    const answer = await this.ask(range)
    if (range === this.range && JSON.stringify(answer) !== this.answer) this.calendar?.refetchEvents()
  }

  /** @param {CalendarEntry[]} entries */
  drawUndated(entries) {
    if (!this.undated.draw(entries)) return
    this.body.classList.toggle("alone", !entries.length)
    this.calendar?.updateSize()
  }

  /** What the colors of the entries shown mean. */
  drawLegend() {
    const { data } = this
    this.legend.replaceChildren(
      ...legendEntries(data, this.entries.values()).map(entry => {
        const node = el("span", "key", legendText(data, entry))
        node.style.setProperty("--spot", colorOf(data, entry))
        return node
      }),
    )
  }

  /** FullCalendar counts what it was given: the link of a day with more says how many there are in truth. */
  correctMoreLinks() {
    requestAnimationFrame(() => {
      for (const link of this.root.querySelectorAll(".fc-daygrid-more-link")) {
        /** @type {HTMLElement | null} */
        const day = link.closest("[data-date]")
        const left = this.more[day?.dataset.date ?? ""]
        if (left) setIfChanged(link, "textContent", `+${left + PER_DAY - DRAWN_PER_DAY} more`)
      }
    })
  }

  /** @param {number | "auto"} height */
  showDates(height) {
    if (this.height !== height) {
      this.height = height
      this.calendar?.setOption("height", height)
    }
    this.scrollToFirst()
  }

  /** A week begins with the earliest hour that has an entry; who has scrolled on since stays there. */
  scrollToFirst() {
    const shown = this.calendar?.view
    if (shown?.type !== "timeGridWeek") {
      this.scrolledWeek = ""
      return
    }
    const from = asWall(shown.activeStart)
    const hour = firstHour(this.entries.values(), from, asWall(shown.activeEnd))
    if (!hour || this.scrolledWeek === from) return
    this.scrolledWeek = from
    // After FullCalendar has drawn the week.
    setTimeout(() => this.calendar?.scrollToTime(`${hour}:00:00`))
  }

  /**
   * @param {CalendarEntry} entry
   * @param {EntryMove} to
   * @param {() => void} [revert] what FullCalendar has moved already
   */
  async move(entry, { wall, zone }, revert) {
    try {
      const body = { localTime: wall, timeZone: zone, version: entry.version }
      const act = await send(`/api/content-plans/${entry.id}/move`, body, this.data.workspace)
      entry.version += 1
      this.lastAct = act.id || this.lastAct
      const undo = act.id ? () => this.undo() : undefined
      this.notice.tell([act.said, act.note].filter(Boolean).join(" "), undo)
    } catch (error) {
      revert?.()
      this.notice.warn(messageOf(error))
    }
    this.calendar?.refetchEvents()
  }

  async undo() {
    const id = this.lastAct
    this.lastAct = ""
    try {
      await send(`/api/content-plans/acts/${id}/undo`, {}, this.data.workspace)
      this.notice.tell("Taken back.")
    } catch (error) {
      this.notice.warn(messageOf(error))
    }
    this.calendar?.refetchEvents()
  }
}

export default mountable((root, /** @type {ComponentRun<CalendarData>} */ { data }) => new CalendarView(root, data))
