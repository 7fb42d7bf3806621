import { messageOf } from "../../ui/shared/api.js"
import { focusedNear } from "../../ui/shared/dom.js"
import { readerFirstDay, readsTwelveHours, tr, trPlural } from "../../ui/shared/words.js"
import { moveEntry } from "./actions.js"
import { colorOf } from "./colors.js"
import { dropTime, spokenText } from "./entry.js"
import { buildEntry } from "./entry_view.js"
import { asWall, dateLocale, dayOf, wallNow } from "./wall_time.js"

/** @import { CalendarView } from "./calendar.js" */
/** @import { ViewName } from "./preferences.js" */

/** FullCalendar's names of the views that it draws. @type {Partial<Record<ViewName, string>>} */
export const DRAWN_BY_LIBRARY = { month: "dayGridMonth", week: "timeGridWeek", list: "listAhead" }
/** A list has so many days, from today on. */
const LISTED_DAYS = 30
/** A week scrolls within so many px. */
const WEEK_HEIGHT = 720
const clock = () => ({ hour: "2-digit", minute: "2-digit", hour12: readsTwelveHours() })

/**
 * How FullCalendar looks and what it asks of its view.
 *
 * @param {CalendarView} view
 * @returns {FullCalendarOptions}
 */
export const calendarOptions = view => ({ ...appearance(view), ...editing(view), ...events(view) })

/**
 * @param {CalendarView} view
 * @returns {FullCalendarOptions}
 */
const appearance = view => ({
  timeZone: "UTC",
  now: () => wallNow(view.data.zone),
  nowIndicator: true,
  firstDay: readerFirstDay(),
  locale: dateLocale().toLowerCase(),
  initialView: DRAWN_BY_LIBRARY[view.name],
  headerToolbar: false,
  views: { listAhead: { type: "list", duration: { days: LISTED_DAYS } } },
  height: "auto",
  dayMaxEvents: 3,
  eventDisplay: "block",
  displayEventEnd: false,
  defaultTimedEventDuration: "00:30",
  slotMinTime: "00:00",
  scrollTime: "08:00",
  eventMinHeight: 52,
  slotEventOverlap: false,
  allDaySlot: false,
  listDayFormat: { weekday: "long", day: "numeric", month: "short" },
  listDaySideFormat: false,
  eventTimeFormat: clock(),
  slotLabelFormat: clock(),
  moreLinkText: n => tr("+{n} more", { n }),
  moreLinkHint: n => trPlural("Show {n} more post", "Show {n} more posts", n),
  closeHint: tr("Close"),
  noEventsContent: tr("Nothing is planned here."),
})

/**
 * @param {CalendarView} view
 * @returns {FullCalendarOptions}
 */
const editing = view => ({
  editable: view.data.canEdit,
  droppable: view.data.canEdit,
  selectable: view.data.canEdit,
  eventInteractive: true,
  eventDurationEditable: false,
  selectMirror: true,
  longPressDelay: 350,
  unselectAuto: false,
  fixedMirrorParent: view.root,
  eventDrop: ({ event, revert, view: shown }) => {
    const entry = event.extendedProps.spot
    moveEntry(view, entry, dropOf(view, event, shown.type), revert)
  },
  eventReceive: ({ event, view: shown }) => {
    const entry = event.extendedProps.spot
    const to = dropOf(view, event, shown.type)
    event.remove()
    moveEntry(view, entry, to)
  },
  select: ({ start, end, view: shown }) => {
    const { zone } = view.data
    view.setTriggerValue("chosen", { start: asWall(start), end: asWall(end), days: isMonth(shown.type), zone })
    view.calendar?.unselect()
  },
})

/**
 * @param {CalendarView} view
 * @returns {FullCalendarOptions}
 */
const events = view => ({
  lazyFetching: false,
  events: (range, onRead, onFailed) => {
    view
      .read(asWall(range.start), asWall(range.end))
      .then(onRead)
      .catch(error => {
        view.notice.warn(messageOf(error))
        onFailed(error)
      })
  },
  eventsSet: () => view.afterDraw(),
  windowResize: () => view.afterDraw(),
  moreLinkClick: ({ date }) => (view.more[dayOf(asWall(date))] ? "listDay" : "popover"),
  eventContent: ({ event }) => ({ domNodes: [buildEntry(view, event.extendedProps.spot)] }),
  // A cell is read with what is in it: FullCalendar names it by its date alone
  dayCellDidMount: ({ el: cell }) => cell.removeAttribute("aria-labelledby"),
  eventDidMount: ({ el: box, event }) => {
    const entry = event.extendedProps.spot
    const text = spokenText(view.labels, entry)
    box.dataset.spot = event.id
    box.tabIndex = 0
    box.setAttribute("aria-label", text)
    box.title = text
    box.style.setProperty("--spot", colorOf(view.labels, entry))
  },
  eventClick: ({ event, jsEvent }) => {
    jsEvent.preventDefault()
    view.open(event.id)
  },
  loading: keepFocus(view),
  // A week scrolls; months and lists are as long as they are. Not while FullCalendar draws.
  datesSet: ({ view: shown }) => {
    const height = shown.type === "timeGridWeek" ? WEEK_HEIGHT : "auto"
    setTimeout(() => view.showDates(shown, height))
  },
})

/** @param {string} type of FullCalendar's view */
const isMonth = type => type === "dayGridMonth"

/**
 * @param {CalendarView} view
 * @param {FullCalendarEvent} event
 * @param {string} type of FullCalendar's view
 */
const dropOf = (view, event, type) =>
  dropTime(event.extendedProps.spot, { wall: asWall(event.start), isDay: isMonth(type), zone: view.data.zone })

/**
 * The entry that had the focus gets it back when FullCalendar has drawn all anew.
 *
 * @param {CalendarView} view
 */
const keepFocus = view => {
  let focused = ""
  return (/** @type {boolean} */ isLoading) => {
    if (isLoading) {
      /** @type {HTMLElement | null | undefined} */
      const entry = focusedNear(view.root)?.closest("[data-spot]")
      focused = entry?.dataset.spot ?? ""
    } else if (focused) {
      const id = focused
      focused = ""
      requestAnimationFrame(() => {
        /** @type {HTMLElement | null} */
        const entry = view.root.querySelector(`[data-spot="${id}"]`)
        entry?.focus()
      })
    }
  }
}
