import { mediaUrl } from "../../ui/shared/api.js"
import { button, el } from "../../ui/shared/dom.js"
import { tr } from "../../ui/shared/words.js"
import { campaignName, FACE_BELOW, timeOf } from "./entry.js"
import { openEntryMenu } from "./menu.js"

/** @import { CalendarEntry } from "./entry.js" */
/** @import { CalendarView } from "./calendar.js" */

/**
 * The picture, time, marks and title of an entry, with the button of its menu.
 *
 * @param {CalendarView} view
 * @param {CalendarEntry} entry
 */
export const buildEntry = (view, entry) => {
  const { data } = view
  const box = el("div", "spot")
  const text = el("div", "text")
  const line = el("div", "row line")
  if (entry.wall) line.append(el("span", "time", timeOf(entry.wall)))
  if (entry.clash) line.append(buildMark("clash", "!", entry.clash))
  if (entry.faceBelow) line.append(buildMark("face", tr("face"), tr(FACE_BELOW)))
  line.append(el("span", `state ${entry.state}`, data.states[entry.state]))
  const campaign = campaignName(view.labels, entry)
  if (campaign) line.append(el("span", "campaign cut", campaign))
  text.append(line, el("div", "cut title", entry.title))
  box.append(buildPicture(data.workspace, entry.assetId), text)
  if (data.canEdit) box.append(buildMenuButton(view, entry))
  return box
}

/**
 * @param {string} className
 * @param {string} text
 * @param {string} title
 */
export const buildMark = (className, text, title) => Object.assign(el("span", className, text), { title })

/**
 * @param {string} workspace
 * @param {string} assetId
 */
export const buildPicture = (workspace, assetId) => {
  if (!assetId) return el("span", "no-thumb")
  const img = el("img", "thumb")
  img.loading = "lazy"
  img.decoding = "async"
  img.alt = ""
  img.draggable = false
  img.onerror = () => img.replaceWith(el("span", "no-thumb"))
  img.src = mediaUrl(workspace, assetId, "?w=160")
  return img
}

/**
 * @param {CalendarView} view
 * @param {CalendarEntry} entry
 */
export const buildMenuButton = (view, entry) => {
  const open = (/** @type {Event} */ event) => {
    event.stopPropagation()
    openEntryMenu(view, entry, more)
  }
  const more = button("⋯", open, "more")
  more.setAttribute("aria-label", tr("Actions for {title}", { title: entry.title }))
  more.title = tr("Move, campaign")
  more.tabIndex = -1
  // Else FullCalendar takes the press for the beginning of a drag.
  const keep = (/** @type {Event} */ event) => event.stopPropagation()
  more.onpointerdown = keep
  more.onmousedown = keep
  more.ontouchstart = keep
  return more
}
