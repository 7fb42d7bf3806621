import { ApiError, send } from "../../ui/shared/api.js"
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

/** @param {number} n @param {string} noun */
const counted = (n, noun) => `${n} ${n === 1 ? noun : `${noun}s`}`

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
  if (!answer.planIds.length) throw new ApiError(`Not approved: ${reasons}`)
  const refused = Object.keys(answer.refused).length
  const said =
    entries.length === 1
      ? approvedSentence(entries[0], answer.scheduled.length > 0)
      : `${counted(answer.planIds.length, "post")} approved, ${answer.scheduled.length} scheduled.`
  return undoable(answer.act, refused ? `${said} ${refused} not: ${reasons}` : said)
}

/** @param {InboxEntry} entry @param {boolean} isScheduled */
const approvedSentence = ({ wall }, isScheduled) => {
  if (isScheduled && wall) return `Approved. It goes out ${wallText(wall)}.`
  return wall ? "Approved, not scheduled: it is among what is to fix now." : "Approved. It has no date yet."
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
  const where = decision === "approved" ? "in the library now" : "rejected"
  return {
    said: `${counted(entries.length, "picture")} ${where}.`,
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
    return { said: "Sent back as a draft, with your note." }
  },
  removeDate: async (entry, call) =>
    undoable(await call(`${planPath(entry)}/move`, { localTime: null, version: entry.version })),
  nextFreeTime: async (entry, call) =>
    undoable(await call(`${planPath(entry)}/next-free-time`, { version: entry.version })),
  tryPost: async (entry, call) => {
    await publishNow(entry, "failed", call)
    return { said: "It is being published." }
  },
  schedule: async (entry, call) => {
    await call(planPath(entry), { status: "scheduled", version: entry.version }, "PATCH")
    return { said: entry.wall ? `Scheduled. It goes out ${wallText(entry.wall)}.` : "Scheduled." }
  },
  hold: async (entry, call) => {
    await call(planPath(entry), { status: "on_hold", version: entry.version }, "PATCH")
    return { said: "On hold: it stays on the calendar and does not go out." }
  },
  isThere: async (entry, call) => {
    await resolve(entry, true, call)
    return { said: "Marked as published." }
  },
  postAgain: async (entry, call) => {
    await resolve(entry, false, call)
    await publishNow({ ...entry, version: 0 }, "unknown", call)
    return { said: "It is being published again." }
  },
  tryJob: async ({ nounId }, call) => {
    await call(`/api/jobs/${encodeURIComponent(nounId)}/retry`, {})
    return { said: "It is in line again." }
  },
  markRead: async ({ nounId }, call) => {
    const path = `/api/notices/${encodeURIComponent(nounId)}/read`
    await call(path, { isRead: true })
    return { said: "Marked as read.", undo: { path, body: { isRead: false } } }
  },
  markUnread: async ({ nounId }, call) => {
    await call(`/api/notices/${encodeURIComponent(nounId)}/read`, { isRead: false })
    return { said: "Marked as unread." }
  },
  dismissJob: async ({ nounId }, call) => {
    await call(`/api/jobs/${encodeURIComponent(nounId)}/dismiss`, {})
    return { said: "Dismissed. It stays in the list of jobs." }
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
