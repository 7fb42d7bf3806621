import { approvable, wallText } from "../../inbox/inbox_list/entry.js"
import { approveAll } from "../../inbox/inbox_list/entry_verbs.js"
import { api, send } from "../../ui/shared/api.js"
import { tr, trPlural } from "../../ui/shared/words.js"

/** @import { InboxEntry } from "../../inbox/inbox_list/entry.js" */
/** @import { Done } from "../../inbox/inbox_list/entry_verbs.js" */
/** @import { Command, PaletteData } from "./commands.js" */

/**
 * What is asked before something is done. `lines`: what it touches; `notes`: what comes of it; without `act` there
 * is nothing to do.
 *
 * @typedef {{ title: string, lines: string[], notes: string[], yes: string, act?: () => Promise<Done> }} Question
 */

/** @typedef {"approveToday" | "pause" | "resume" | "run" | "readAll" | "signOut" | "keys"} VerbName */

/** Most lines of a question. */
const MOST_LINES = 8
const MOST_ENTRIES = 200

/**
 * The day it is in a zone: "2031-12-24".
 *
 * @param {string} zone
 * @param {Date} now
 */
export const todayIn = (zone, now) =>
  new Intl.DateTimeFormat("en-CA", { timeZone: zone || undefined, dateStyle: "short" }).format(now)

/**
 * Posts of today that wait for an approval, by where their influencer lives; `left`: how many of today need a look
 * first.
 *
 * @param {InboxEntry[]} entries
 * @param {Date} now
 */
export const approvableToday = (entries, now) => {
  const ofToday = entries.filter(({ wall, zone }) => wall?.startsWith(todayIn(zone, now)))
  const ready = approvable(ofToday)
  return { ready, left: ofToday.length - ready.length }
}

/** @param {string[]} lines */
export const shortened = lines =>
  lines.length <= MOST_LINES
    ? lines
    : [...lines.slice(0, MOST_LINES - 1), tr("and {n:,} more", { n: lines.length - MOST_LINES + 1 })]

/**
 * What a verb does: a question first, or at once what was done.
 *
 * @type {Record<Exclude<VerbName, "keys">, (data: PaletteData, command: Command) => Promise<Question | Done>>}
 */
export const PALETTE_VERBS = {
  approveToday: async data => {
    const query = new URLSearchParams({
      workspace: data.workspace,
      influencer: data.influencerId,
      kind: "approve",
      take: String(MOST_ENTRIES),
    })
    const { data: entries } = await api(`/api/inbox?${query}`)
    const { ready, left } = approvableToday(entries, new Date())
    const notes = left
      ? [
          trPlural(
            "{n} more needs a look in the inbox: its time has passed, or its face does not match.",
            "{n} more need a look in the inbox: their time has passed, or a face does not match.",
            left,
          ),
        ]
      : []
    if (!ready.length) return { title: tr("No post of today waits for an approval."), lines: [], notes, yes: "" }
    return {
      title: trPlural("Approve {n} post of today?", "Approve {n} posts of today?", ready.length),
      lines: shortened(ready.map(entryLine)),
      notes: [tr("Each goes out at its time, unless something on it is to fix."), ...notes],
      yes: tr("Approve"),
      act: () => approveAll(ready, (path, body, method) => send(path, body, data.workspace, method)),
    }
  },
  pause: async ({ workspace }) => {
    const { held } = await send("/api/posting-rules/stop", {}, workspace)
    return {
      said: held
        ? trPlural("Publishing is paused. {n} post waits.", "Publishing is paused. {n} posts wait.", held)
        : tr("Publishing is paused: nothing goes out."),
      undo: { path: "/api/posting-rules/start", body: {} },
    }
  },
  resume: async ({ workspace }) => {
    const { held } = await api(`/api/posting-rules?${new URLSearchParams({ workspace })}`)
    return {
      title: tr("Resume publishing?"),
      lines: [],
      notes: [
        held
          ? trPlural("{n} post waits. It goes out at its time.", "{n} posts wait. Each goes out at its time.", held)
          : tr("No post waits."),
        tr("Posts whose time has passed meanwhile are not sent late: they are in the inbox then."),
      ],
      yes: tr("Resume publishing"),
      act: async () => {
        const { scheduled, missed } = await send("/api/posting-rules/start", {}, workspace)
        const said = tr("Publishing goes on. Scheduled: {scheduled}, missed: {missed}.", { scheduled, missed })
        return { said, undo: { path: "/api/posting-rules/stop", body: {} } }
      },
    }
  },
  run: async ({ workspace }, { about = "" }) => {
    const path = `/api/automations/${encodeURIComponent(about)}`
    const automation = await api(`${path}?${new URLSearchParams({ workspace })}`)
    const { name } = automation
    const [influencerId] = automation.influencerIds
    const preview = influencerId ? await send(`${path}/preview`, { influencerId }, workspace) : { steps: [] }
    const steps = preview.steps.map((/** @type {{ sentence: string }} */ { sentence }) => sentence)
    const many = automation.influencerIds.length
    return {
      title: tr("Run “{name}” now?", { name }),
      lines: shortened(steps),
      notes: many > 1 ? [trPlural("For {n} influencer.", "For each of {n} influencers.", many)] : [],
      yes: tr("Run"),
      act: async () => {
        await send(`${path}/run`, {}, workspace)
        return { said: tr("“{name}” is running.", { name }) }
      },
    }
  },
  readAll: async ({ workspace }) => {
    const { unread } = await api(`/api/notices/counts?${new URLSearchParams({ workspace })}`)
    if (!unread) return { title: tr("There are no unread notices."), lines: [], notes: [], yes: "" }
    return {
      title: trPlural("Mark {n:,} notice as read?", "Mark {n:,} notices as read?", unread),
      lines: [],
      notes: [tr("They stay in the inbox, under all notices.")],
      yes: tr("Mark as read"),
      act: async () => {
        const { marked } = await send("/api/notices/read", { kinds: [] }, workspace)
        return { said: trPlural("{n:,} notice marked as read.", "{n:,} notices marked as read.", marked) }
      },
    }
  },
  signOut: async ({ workspace }) => {
    await send("/api/session", {}, workspace, "DELETE")
    location.assign("/")
    return { said: "" }
  },
}

/** @param {InboxEntry} entry */
const entryLine = ({ wall, title, influencerName }) =>
  [wall ? wallText(wall) : "", title, influencerName].filter(Boolean).join(" · ")
