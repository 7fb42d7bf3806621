import { messageOf, send } from "../../ui/shared/api.js"
import { tr } from "../../ui/shared/words.js"

/** @import { CalendarView } from "./calendar.js" */
/** @import { CalendarEntry } from "./entry.js" */
/** @import { WallTime } from "./wall_time.js" */

/**
 * Where an entry goes; wall null: off the calendar. Zone "": by its influencer's own clock.
 *
 * @typedef {{ wall: WallTime | null, zone: string }} EntryMove
 */

/**
 * @param {CalendarView} view
 * @param {CalendarEntry} entry
 * @param {EntryMove} to
 * @param {() => void} [revert] what FullCalendar has moved already
 */
export const moveEntry = async (view, entry, { wall, zone }, revert) => {
  try {
    const body = { localTime: wall, timeZone: zone, version: entry.version }
    const act = await send(`/api/content-plans/${entry.id}/move`, body, view.data.workspace)
    entry.version += 1
    tellDone(view, act.id, [act.said, act.note])
  } catch (error) {
    revert?.()
    view.notice.warn(messageOf(error))
  }
  view.reload()
}

/**
 * Says what was done, with its undo where there is one.
 *
 * @param {CalendarView} view
 * @param {string} undoId
 * @param {string[]} sentences
 */
export const tellDone = (view, undoId, sentences) => {
  view.lastAct = undoId || view.lastAct
  view.notice.tell(sentences.filter(Boolean).join(" "), undoId ? () => undoLast(view) : undefined)
}

/** @param {CalendarView} view */
export const undoLast = async view => {
  const id = view.lastAct
  if (!id) return
  view.lastAct = ""
  try {
    await send(`/api/content-plans/acts/${id}/undo`, {}, view.data.workspace)
    view.notice.tell(tr("Undone."))
  } catch (error) {
    view.notice.warn(messageOf(error))
  }
  view.reload()
}

/**
 * @param {CalendarView} view
 * @param {CalendarEntry} entry
 * @param {string} campaignId empty: none
 */
export const setCampaign = async (view, entry, campaignId) => {
  const name = view.data.campaigns.find(([id]) => id === campaignId)?.[1]
  try {
    await send("/api/content-plans/campaign", { planIds: [entry.id], campaignId }, view.data.workspace)
    view.notice.tell(
      name
        ? tr("“{title}” is in “{campaign}”.", { title: entry.title, campaign: name })
        : tr("“{title}” is in no campaign.", { title: entry.title }),
    )
  } catch (error) {
    view.notice.warn(messageOf(error))
  }
  view.reload()
}

/**
 * @param {CalendarView} view
 * @param {CalendarEntry} entry
 * @param {string} name of a new campaign
 */
export const makeCampaign = async (view, entry, name) => {
  try {
    const campaign = await send("/api/campaigns", { name }, view.data.workspace)
    view.data.campaigns = [...view.data.campaigns.filter(([id]) => id !== campaign.id), [campaign.id, campaign.name]]
    await setCampaign(view, entry, campaign.id)
  } catch (error) {
    view.notice.warn(messageOf(error))
  }
}
