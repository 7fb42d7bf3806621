import { api, messageOf } from "../../ui/shared/api.js"
import { el, setIfChanged } from "../../ui/shared/dom.js"
import { followChanges } from "../../ui/shared/live_changes.js"
import { canShareStream } from "../../ui/shared/live_events.js"
import { mountable } from "../../ui/shared/mount.js"
import { poll } from "../../ui/shared/polling.js"
import { Press } from "../../ui/shared/press.js"
import { tr } from "../../ui/shared/words.js"
import { Board } from "./board.js"
import { asEvent, firstHour } from "./entry.js"
import { Feed } from "./feed.js"
import { focusClosed, onCalendarKey } from "./keys.js"
import { drawLegend } from "./legend.js"
import { loadLibrary } from "./library.js"
import { MarkedDays } from "./marks.js"
import { Notice } from "./notice.js"
import { calendarOptions, DRAWN_BY_LIBRARY } from "./options.js"
import { Panel } from "./panel.js"
import { loadPreferences, storePreferences, VIEWS, validFilters } from "./preferences.js"
import { Toolbar } from "./toolbar.js"
import { UndatedList } from "./undated.js"
import { asDate, asWall, later, wallNow } from "./wall_time.js"

/** @import { CalendarEntry, EntryLabels } from "./entry.js" */
/** @import { Preferences, ViewName } from "./preferences.js" */
/** @import { WallTime } from "./wall_time.js" */

/**
 * What `studio.content_plans.calendar_view.calendar` sends.
 *
 * @typedef {object} CalendarExtras
 * @property {string} workspace
 * @property {string} zone
 * @property {boolean} canEdit
 * @property {string} influencer whose posts are shown; empty: everybody's
 * @property {[id: string, label: string, influencerId: string][]} channels
 * @property {ViewName | ""} view to begin with; empty: as it was left
 * @property {string} stamp
 * @property {string} lib
 *
 * @typedef {Omit<EntryLabels, "colourBy"> & CalendarExtras} CalendarData
 */

/** @typedef {{ data: CalendarEntry[], undated: CalendarEntry[], more: Record<string, number> }} CalendarAnswer */

/** Where no event stream tells what has changed. */
const POLL_MS = 15_000
/** For what no event tells: a time that has passed. */
const SELDOM_MS = 60_000
/** Nouns of events after which the calendar reads again. */
const FOLLOWED = ["plan", "post", "campaign", "workspace"]
const DAY_MS = 864e5
/** A month draws three entries of a day, and can open as many more. */
const PER_DAY = 6
const DRAWN_PER_DAY = 3
/** Below so many px the days of a month are a list. */
const NARROW = 640

export class CalendarView {
  /**
   * @param {HTMLElement} root
   * @param {CalendarData} data
   */
  constructor(root, data) {
    this.root = root
    this.data = data
    this.preferences = loadPreferences(data.workspace)
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
    /** @type {() => void} */
    this.stopFollowing = () => {}
    this.listening = new AbortController()
    /** FullCalendar follows the window alone; its columns stay wide when the page settles later. */
    this.resized = new ResizeObserver(() => this.calendar?.updateSize())
    this.press = new Press(root, this.listening.signal)
    /** @type {ComponentRun<CalendarData>["setTriggerValue"]} */
    this.setTriggerValue = () => {}
    this.notice = new Notice()
    this.panel = new Panel(root)
    this.undated = new UndatedList(this)
    this.board = new Board(this)
    this.feed = new Feed(this)
    this.marks = new MarkedDays(this)
    /** @type {ViewName} */
    this.name = this.firstView()
    this.toolbar = new Toolbar(this)
    this.body = el("div", "body")
    this.box = el("div", "cal")
    this.legend = el("div", "legend muted")
    this.body.append(this.box, this.board.node, this.feed.node, this.undated.node)
    root.replaceChildren(this.toolbar.node, this.notice.node, this.body, this.legend)
    root.onkeydown = event => onCalendarKey(this, event)
    this.start()
  }

  /** Whether the view that is shown is one of days. */
  get isDated() {
    return this.name in DRAWN_BY_LIBRARY
  }

  get isDragging() {
    return this.board.dragged !== null || this.root.querySelector(".fc-event-dragging, .fc-event-mirror") !== null
  }

  /** @returns {EntryLabels} */
  get labels() {
    return { ...this.data, colourBy: this.preferences.colourBy }
  }

  /** By their names in the API, without those that name what is gone. */
  get filters() {
    const { channels, campaigns, states, influencer } = this.data
    const known = {
      channels: channels.map(([id]) => id),
      campaigns: campaigns.map(([id]) => id),
      states: Object.keys(states),
    }
    const chosen = validFilters(this.preferences.filters, known)
    return influencer ? { influencer, ...chosen } : chosen
  }

  /** @returns {ViewName} */
  firstView() {
    const chosen = this.data.view || this.preferences.view
    if (VIEWS.some(([name]) => name === chosen)) return /** @type {ViewName} */ (chosen)
    return this.root.clientWidth < NARROW ? "list" : "month"
  }

  async start() {
    this.layOut()
    if (this.isDated) await this.startLibrary()
    else await this.reload()
    if (this.isClosed) return
    this.stopFollowing = followChanges(this.data.workspace, FOLLOWED, () => this.readAgain().catch(() => {}), {
      isFree: () => !this.panel.isOpen && !this.isDragging,
    })
    let isFirst = true // of which everything is being read already
    const readAgain = async () => {
      if (!isFirst) await this.readAgain()
      isFirst = false
    }
    this.stopPolling = poll(readAgain, canShareStream() ? SELDOM_MS : POLL_MS)
    // In the panel beside it a post was changed (composer/post_store.js).
    const { signal } = this.listening
    window.addEventListener("studio:plans", () => this.readAgain().catch(() => {}), { signal })
    window.addEventListener("studio:post-closed", event => focusClosed(this.root, event), { signal })
    this.root.dataset.ready = "yes"
  }

  /** FullCalendar, which reads and draws by itself as soon as it is there. */
  async startLibrary() {
    try {
      await loadLibrary(this.data.lib)
    } catch (error) {
      this.notice.warn(messageOf(error))
      return
    }
    if (this.isClosed || this.calendar) return
    this.calendar = new window.FullCalendar.Calendar(this.box, calendarOptions(this))
    this.calendar.render()
    this.resized.observe(this.box)
    if (this.data.canEdit) this.dragging = this.undated.makeDraggable()
  }

  /** @param {ComponentRun<CalendarData>} run */
  update({ data, setTriggerValue }) {
    const before = this.data
    this.data = data
    this.setTriggerValue = setTriggerValue
    if (JSON.stringify(before) === JSON.stringify(data)) return
    if (before.zone !== data.zone) this.calendar?.setOption("now", () => wallNow(data.zone))
    this.toolbar.draw()
    this.reload()
  }

  close() {
    this.isClosed = true
    this.stopPolling?.()
    this.stopFollowing()
    this.listening.abort()
    this.panel.close()
    this.resized.disconnect()
    this.dragging?.destroy()
    this.calendar?.destroy()
  }

  /** @param {string} id */
  open(id) {
    this.setTriggerValue("opened", { id })
  }

  /**
   * Asks the page for one of its dialogs.
   *
   * @param {string} name
   */
  ask(name) {
    this.setTriggerValue("asked", { name })
  }

  /**
   * Asks the page for a new post at a time.
   *
   * @param {WallTime} wall
   * @param {string} influencerId
   */
  chooseTime(wall, influencerId) {
    const end = later(wall, { minutes: 30 })
    const { zone } = this.data
    this.setTriggerValue("chosen", { start: wall.slice(0, 16), end, days: false, influencer: influencerId, zone })
  }

  /** @param {ViewName} name */
  async show(name) {
    const type = DRAWN_BY_LIBRARY[name]
    if (name === this.name && (!type || this.calendar?.view.type === type)) return
    this.name = name
    this.store({ view: name })
    this.panel.close()
    this.layOut()
    if (!type) await this.reload()
    else if (!this.calendar) await this.startLibrary()
    else if (this.calendar.view.type === type) {
      // Back from a view that FullCalendar does not draw: what it has may be old, and it was hidden.
      this.calendar.updateSize()
      this.calendar.refetchEvents()
    } else this.calendar.changeView(type)
  }

  /** Shows what belongs to the view. */
  layOut() {
    this.toolbar.draw()
    this.box.classList.toggle("gone", !this.isDated)
    this.board.node.classList.toggle("gone", this.name !== "board")
    this.feed.node.classList.toggle("gone", this.name !== "feed")
    drawLegend(this)
    this.undated.layOut()
  }

  /** Reads what is shown anew. */
  async reload() {
    if (this.isDated) {
      this.calendar?.refetchEvents()
      return
    }
    try {
      await (this.name === "board" ? this.board.read() : this.feed.read())
    } catch (error) {
      this.notice.warn(messageOf(error))
    }
  }

  /** @param {Partial<Preferences>} change */
  store(change) {
    this.preferences = { ...this.preferences, ...change }
    storePreferences(this.data.workspace, this.preferences)
  }

  /** @param {Record<string, string>} filters */
  setFilters(filters) {
    this.store({ filters })
    this.toolbar.draw()
    this.reload()
  }

  /** @param {Preferences["colourBy"]} colourBy */
  setColourBy(colourBy) {
    this.store({ colourBy })
    this.reload()
  }

  /** @param {boolean} isOpen */
  setTray(isOpen) {
    this.store({ tray: isOpen })
    this.undated.layOut()
    this.calendar?.updateSize()
  }

  /**
   * Asks for a range. A month is known by its six weeks (while views change, FullCalendar still names the one before):
   * it draws a few entries of a day, so it asks for no more than those, and how many there are.
   *
   * @param {[from: WallTime, to: WallTime]} range
   * @returns {Promise<CalendarAnswer>}
   */
  askForRange([from, to]) {
    const { workspace, zone } = this.data
    const query = new URLSearchParams({ workspace, from, to, zone, ...this.filters })
    if (asDate(to).getTime() - asDate(from).getTime() > 35 * DAY_MS) query.set("perDay", String(PER_DAY))
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
    const { range } = this
    const answer = await this.askForRange(range)
    await this.press.released()
    this.answer = JSON.stringify(answer)
    this.more = answer.more
    this.setEntries([...answer.data, ...answer.undated])
    if (this.undated.draw(answer.undated)) this.calendar?.updateSize()
    this.scrollToFirst()
    // What is beside the posts may come after they are drawn.
    setTimeout(() => this.marks.read(range).catch(() => {}))
    return answer.data.map(entry => asEvent(entry, this.data.canEdit))
  }

  /** @param {CalendarEntry[]} entries what is shown */
  setEntries(entries) {
    this.entries = new Map(entries.map(entry => [entry.id, entry]))
    drawLegend(this)
  }

  /** Draws anew only what others, or the clock, have changed: nobody loses the entry they stand on. */
  async readAgain() {
    if (this.panel.isOpen || this.isDragging) return
    if (!this.isDated) {
      await this.reload()
      return
    }
    const { range } = this
    if (!range) return
    const answer = await this.askForRange(range)
    if (range === this.range && JSON.stringify(answer) !== this.answer) this.calendar?.refetchEvents()
  }

  /**
   * FullCalendar counts what it was given: the link of a day with more says how many there are in truth. And what
   * stands in its days beside posts is drawn again.
   */
  afterDraw() {
    requestAnimationFrame(() => {
      for (const link of this.root.querySelectorAll(".fc-daygrid-more-link")) {
        /** @type {HTMLElement | null} */
        const day = link.closest("[data-date]")
        const left = this.more[day?.dataset.date ?? ""]
        if (left) setIfChanged(link, "textContent", tr("+{n} more", { n: left + PER_DAY - DRAWN_PER_DAY }))
      }
      this.marks.draw()
    })
  }

  /**
   * @param {FullCalendarShown} shown
   * @param {number | "auto"} height
   */
  showDates(shown, height) {
    this.toolbar.drawTitle(shown.title)
    if (shown.type === "listDay") this.name = "list"
    this.toolbar.draw()
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
}

export default mountable((root, /** @type {ComponentRun<CalendarData>} */ { data }) => new CalendarView(root, data))
