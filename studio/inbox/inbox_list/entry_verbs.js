import { ApiError, send } from "../../ui/shared/api.js"
import { tr, trPlural } from "../../ui/shared/words.js"
import { wallText } from "./entry.js"

/** @import { EntryVerb, InboxEntry } from "./entry.js" */

/**
 * What was done, as a sentence, and the request that undoes it.
 *
 * @typedef {object} Done
 * @property {string} said
 * @property {{ path: string, body: object }} [undo]
 */

/** @typedef {(path: string, body: object, method?: string) => Promise<any>} Call */

/** @param {{ id: string, said: string } | null} act @param {string} [said] @returns {Done} */
const undoable = (act, said) => ({
  said: said ?? act?.said ?? "",
  undo: act ? { path: `/api/content-plans/acts/${encodeURIComponent(act.id)}/undo`, body: {} } : undefined,
})

/** @param {InboxEntry} entry */
const planPath = ({ nounId }) => `/api/content-plans/${encodeURIComponent(nounId)}`

/**
 * Approves posts, those that somebody has changed since left out.
 *
 * @param {InboxEntry[]} entries
 * @param {Call} call
 * @returns {Promise<Done>}
 */
export const approveAll = async (entries, call) => {
  const versions = Object.fromEntries(entries.map(({ nounId, version }) => [nounId, version]))
  const answer = await call("/api/content-plans/approve", { planIds: Object.keys(versions), versions })
  const reasons = [...new Set(Object.values(answer.refused))].join(" ")
  if (!answer.planIds.length) throw new ApiError(tr("Not approved: {reasons}", { reasons }))
  const refused = Object.keys(answer.refused).length
  const said =
    entries.length === 1
      ? approvedSentence(entries[0], answer.scheduled.length > 0)
      : trPlural(
          "{n} post approved, {scheduled} scheduled.",
          "{n} posts approved, {scheduled} scheduled.",
          answer.planIds.length,
          { scheduled: answer.scheduled.length },
        )
  const left = refused ? tr("Not approved: {n}. {reasons}", { n: refused, reasons }) : ""
  return undoable(answer.act, left ? `${said} ${left}` : said)
}

/** @param {InboxEntry} entry @param {boolean} isScheduled */
const approvedSentence = ({ wall }, isScheduled) => {
  if (isScheduled && wall) return tr("Approved. It goes out {time}.", { time: wallText(wall) })
  return wall ? tr("Approved, but not scheduled: see To fix.") : tr("Approved. It has no date yet.")
}

/**
 * Shows or rejects pictures.
 *
 * @param {InboxEntry[]} entries
 * @param {"approved" | "rejected"} decision
 * @param {Call} call
 * @returns {Promise<Done>}
 */
export const decide = async (entries, decision, call) => {
  const body = { pictureIds: entries.map(({ nounId }) => nounId), decision, expected: entries[0].state }
  const { before } = await call("/api/pictures/decisions", body)
  const said =
    decision === "approved"
      ? trPlural("{n} picture is in the library now.", "{n} pictures are in the library now.", entries.length)
      : trPlural("{n} picture rejected.", "{n} pictures rejected.", entries.length)
  return {
    said,
    undo: { path: "/api/pictures/decisions/undo", body: { before } },
  }
}

/**
 * What is done with one entry; the others can be done with many at once.
 *
 * @type {Record<
 *   Exclude<EntryVerb, "open" | "approve" | "show" | "reject">,
 *   (entry: InboxEntry, call: Call, note: string) => Promise<Done>
 * >}
 */
const VERBS = {
  sendBack: async (entry, call, note) => {
    await call(`${planPath(entry)}/reject`, { note, version: entry.version })
    return { said: tr("Sent back as a draft, with your note.") }
  },
  removeDate: async (entry, call) =>
    undoable(await call(`${planPath(entry)}/move`, { localTime: null, version: entry.version })),
  nextFreeTime: async (entry, call) =>
    undoable(await call(`${planPath(entry)}/next-free-time`, { version: entry.version })),
  tryPost: async (entry, call) => {
    await publishNow(entry, "failed", call)
    return { said: tr("It is being published.") }
  },
  schedule: async (entry, call) => {
    await call(planPath(entry), { status: "scheduled", version: entry.version }, "PATCH")
    return {
      said: entry.wall ? tr("Scheduled. It goes out {time}.", { time: wallText(entry.wall) }) : tr("Scheduled."),
    }
  },
  hold: async (entry, call) => {
    await call(planPath(entry), { status: "on_hold", version: entry.version }, "PATCH")
    return { said: tr("On hold: it stays on the calendar and does not go out.") }
  },
  isThere: async (entry, call) => {
    await resolve(entry, true, call)
    return { said: tr("Marked as published.") }
  },
  postAgain: async (entry, call) => {
    await resolve(entry, false, call)
    await publishNow({ ...entry, version: 0 }, "unknown", call)
    return { said: tr("It is being published again.") }
  },
  tryJob: async ({ nounId }, call) => {
    await call(`/api/jobs/${encodeURIComponent(nounId)}/retry`, {})
    return { said: tr("Queued again.") }
  },
  markRead: async ({ nounId }, call) => {
    const path = `/api/notices/${encodeURIComponent(nounId)}/read`
    await call(path, { isRead: true })
    return { said: tr("Marked as read."), undo: { path, body: { isRead: false } } }
  },
  markUnread: async ({ nounId }, call) => {
    await call(`/api/notices/${encodeURIComponent(nounId)}/read`, { isRead: false })
    return { said: tr("Marked as unread.") }
  },
  dismissJob: async ({ nounId }, call) => {
    await call(`/api/jobs/${encodeURIComponent(nounId)}/dismiss`, {})
    return { said: tr("Dismissed. It stays in the list of activity.") }
  },
}

/**
 * Publishes the posts of an entry that are in `state`, each with a job of its own.
 *
 * @param {InboxEntry} entry `version` 0: whatever it is by now
 * @param {string} state
 * @param {Call} call
 */
const publishNow = async (entry, state, call) => {
  for (const post of entry.posts.filter(post => post.state === state)) {
    const payload = { postId: post.id, ...(entry.version ? { version: entry.version } : {}) }
    await call("/api/jobs", { type: "autopost", payload })
  }
}

/** @param {InboxEntry} entry @param {boolean} isPublished @param {Call} call */
const resolve = async (entry, isPublished, call) => {
  for (const post of entry.posts.filter(({ state }) => state === "unknown"))
    await call(`/api/content-plans/posts/${encodeURIComponent(post.id)}/resolve`, { isPublished })
}

/**
 * Does it with each of the entries. Raises ApiError; of several entries those before the refused one are done then.
 *
 * @param {InboxEntry[]} entries
 * @param {Exclude<EntryVerb, "open">} verb
 * @param {string} note
 * @param {string} workspace
 * @returns {Promise<Done>}
 */
export const performAll = async (entries, verb, note, workspace) => {
  const call = callIn(workspace)
  if (verb === "approve") return approveAll(entries, call)
  if (verb === "show" || verb === "reject") return decide(entries, verb === "show" ? "approved" : "rejected", call)
  /** @type {Done[]} */
  const done = []
  for (const entry of entries) done.push(await VERBS[verb](entry, call, note))
  return done.length === 1 ? done[0] : { said: `${done.length} × ${done[0].said}` }
}

/** @param {string} workspace @returns {Call} */
export const callIn = workspace => (path, body, method) => send(path, body, workspace, method)
