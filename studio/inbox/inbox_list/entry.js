import { readerLocale, readsTwelveHours, tr, trLazy } from "../../ui/shared/words.js"

/**
 * A post of an entry, as `/api/inbox` gives it.
 *
 * @typedef {object} EntryPost
 * @property {string} id
 * @property {string} channelName
 * @property {string} platform
 * @property {string} state
 * @property {string} text
 * @property {string} error
 * @property {string} note
 * @property {string} profileUrl
 */

/**
 * What waits, as `/api/inbox` gives it.
 *
 * @typedef {object} InboxEntry
 * @property {string} id
 * @property {"fix" | "approve" | "face_check" | "notice" | "rejected" | "notice_log"} kind
 * @property {"plan" | "picture" | "job" | "channel" | "pause" | "budget" | "notice"} noun
 * @property {string} nounId
 * @property {string} state
 * @property {string} title
 * @property {string} message
 * @property {string} influencerId
 * @property {string} influencerName
 * @property {string | null} wall
 * @property {string} zone
 * @property {string | null} at
 * @property {boolean} isLate
 * @property {string[]} assetIds
 * @property {number | null} score
 * @property {number | null} threshold
 * @property {boolean} accepted
 * @property {boolean} isFaceBelow
 * @property {number} version
 * @property {string} label of a notice, its kind
 * @property {EntryPost[]} posts
 */

/**
 * What can be done with an entry. `key`: a letter; `asks`: what has to be said or answered first.
 *
 * @typedef {object} EntryAction
 * @property {EntryVerb} verb
 * @property {string} label
 * @property {string} key
 * @property {boolean} [main]
 * @property {"note" | "again"} [asks]
 *
 * @typedef {"approve" | "sendBack" | "removeDate" | "nextFreeTime" | "tryPost" | "schedule" | "hold" | "isThere" |
 *   "postAgain" |
 *   "tryJob" | "dismissJob" | "markRead" | "markUnread" | "show" | "reject" | "open"} EntryVerb
 */

/** @type {Record<string, string>} */
const STATE_TEXTS = {
  "plan:in_review": trLazy("In review"),
  "plan:draft": trLazy("Draft"),
  "plan:failed": trLazy("Failed"),
  "plan:missed": trLazy("Missed"),
  "plan:unknown": trLazy("Unconfirmed"),
  "plan:approved": trLazy("Not scheduled"),
  "picture:held": trLazy("Face check"),
  "picture:rejected": trLazy("Rejected"),
  "job:failed": trLazy("Failed"),
  "channel:reconnect": trLazy("Reconnect"),
  "channel:off": trLazy("Paused"),
  "pause:paused": trLazy("Paused"),
  "budget:near": trLazy("Limit near"),
  "budget:spent": trLazy("Limit reached"),
  "notice:unread": trLazy("Unread"),
  "notice:read": trLazy("Read"),
}

/** @param {InboxEntry} entry */
export const entryState = ({ noun, state }) => {
  const key = `${noun}:${state}`
  return tr(STATE_TEXTS[key] ?? state)
}

/** @type {EntryAction} */
const OPEN_POST = { verb: "open", label: trLazy("Edit"), key: "e" }
/** @type {EntryAction} */
const NEXT_FREE_TIME = { verb: "nextFreeTime", label: trLazy("Next free time"), key: "t" }
/** @type {EntryAction} */
const APPROVE = { verb: "approve", label: trLazy("Approve"), key: "a", main: true }
/** @type {EntryAction} */
const REMOVE_DATE = { verb: "removeDate", label: trLazy("Remove date"), key: "r" }
/** @type {EntryAction} */
const HOLD = { verb: "hold", label: trLazy("Put on hold"), key: "r" }

/** @type {Record<string, EntryAction[]>} */
const ACTIONS = {
  "plan:in_review": [APPROVE, { verb: "sendBack", label: trLazy("Send back"), key: "r", asks: "note" }, OPEN_POST],
  "plan:draft": [APPROVE, REMOVE_DATE, OPEN_POST],
  "plan:failed": [{ verb: "tryPost", label: trLazy("Try again"), key: "a", main: true }, HOLD, OPEN_POST],
  "plan:missed": [{ ...NEXT_FREE_TIME, key: "a", main: true }, HOLD, OPEN_POST],
  "plan:approved": [{ verb: "schedule", label: trLazy("Schedule post"), key: "a", main: true }, REMOVE_DATE, OPEN_POST],
  "plan:unknown": [
    { verb: "isThere", label: trLazy("It is there"), key: "a", main: true },
    { verb: "postAgain", label: trLazy("Not there, post again"), key: "r", asks: "again" },
    OPEN_POST,
  ],
  "picture:held": [
    { verb: "show", label: trLazy("Show in library"), key: "a", main: true },
    { verb: "reject", label: trLazy("Reject"), key: "r" },
    { verb: "open", label: trLazy("Open"), key: "e" },
  ],
  "picture:rejected": [
    { verb: "show", label: trLazy("Show in library"), key: "a", main: true },
    { verb: "open", label: trLazy("Open"), key: "e" },
  ],
  "job:failed": [
    { verb: "tryJob", label: trLazy("Try again"), key: "a", main: true },
    { verb: "dismissJob", label: trLazy("Dismiss"), key: "r" },
    { verb: "open", label: trLazy("Details"), key: "e" },
  ],
  "channel:reconnect": [{ verb: "open", label: trLazy("Reconnect"), key: "e", main: true }],
  "channel:off": [{ verb: "open", label: trLazy("Open channels"), key: "e", main: true }],
  "pause:paused": [{ verb: "open", label: trLazy("Open calendar"), key: "e", main: true }],
  "budget:near": [{ verb: "open", label: trLazy("Usage & limits"), key: "e", main: true }],
  "budget:spent": [{ verb: "open", label: trLazy("Usage & limits"), key: "e", main: true }],
  "notice:unread": [
    { verb: "markRead", label: trLazy("Mark as read"), key: "a", main: true },
    { verb: "open", label: trLazy("Open"), key: "e" },
  ],
  "notice:read": [
    { verb: "open", label: trLazy("Open"), key: "e", main: true },
    { verb: "markUnread", label: trLazy("Mark as unread"), key: "r" },
  ],
}

/**
 * What a person can do with an entry, the main thing first. A post whose time has passed gets another time first: an
 * approval alone would not send it.
 *
 * @param {InboxEntry} entry
 * @param {boolean} canEdit
 * @returns {EntryAction[]}
 */
export const actionsOf = (entry, canEdit) => {
  const actions = ACTIONS[`${entry.noun}:${entry.state}`] ?? []
  if (entry.noun === "notice") return actions
  if (!canEdit) return actions.filter(({ verb }) => verb === "open").map(viewOnly)
  if (!entry.isLate || !(entry.kind === "approve" || entry.state === "approved")) return actions
  return [{ ...NEXT_FREE_TIME, main: true }, ...actions.map(action => ({ ...action, main: false }))]
}

/** @param {EntryAction} action @returns {EntryAction} */
const viewOnly = action => ({ ...action, label: action.label === "Edit" ? trLazy("Open") : action.label, main: false })

/**
 * What can be done with all of these entries at once, without a question.
 *
 * @param {InboxEntry[]} entries
 * @param {boolean} canEdit
 * @returns {{ verb: Exclude<EntryVerb, "open">, label: string }[]}
 */
export const commonActions = (entries, canEdit) => {
  const [first, ...others] = entries.map(entry => actionsOf(entry, canEdit))
  return (first ?? []).flatMap(({ verb, label, asks }) => {
    const isCommon = others.every(actions => actions.some(action => action.verb === verb))
    return verb === "open" || asks || !isCommon ? [] : [{ verb, label }]
  })
}

/**
 * What "Approve all" is about: posts ahead of their time whose pictures pass the face check.
 *
 * @param {InboxEntry[]} entries
 */
export const approvable = entries =>
  entries.filter(entry => entry.kind === "approve" && !entry.isFaceBelow && !entry.isLate)

/**
 * What is listed of the notices: of one kind ("": all), the unread alone or all.
 *
 * @param {InboxEntry[]} entries
 * @param {{ label: string, unread: boolean }} only
 */
export const filteredNotices = (entries, { label, unread }) =>
  entries.filter(entry => (!label || entry.label === label) && (!unread || entry.state === "unread"))

/**
 * Of each kind so many entries come first in a short list; then the others, in their order.
 *
 * @type {Record<string, number>}
 */
const SHORT_SHARE = { fix: 2, approve: 2, face_check: 1, notice: 1 }

/**
 * The entries of a short list: something of each kind.
 *
 * @param {InboxEntry[]} entries
 * @param {number} most
 */
export const shortList = (entries, most) => {
  /** @type {Record<string, number>} */
  const taken = {}
  const share = new Set(
    entries.filter(({ kind }) => {
      taken[kind] = (taken[kind] ?? 0) + 1
      return taken[kind] <= (SHORT_SHARE[kind] ?? 0)
    }),
  )
  const others = entries.filter(entry => !share.has(entry)).slice(0, Math.max(0, most - share.size))
  return entries.filter(entry => share.has(entry) || others.includes(entry)).slice(0, most)
}

/**
 * "Tue 24 Nov, 18:00": the local time of a post as its own clock shows it.
 *
 * @param {string} wall
 */
export const wallText = wall => {
  const at = new Date(`${wall.slice(0, 16)}Z`)
  const day = at.toLocaleDateString(readerLocale(), {
    weekday: "short",
    day: "numeric",
    month: "short",
    timeZone: "UTC",
  })
  const time = at.toLocaleTimeString(readerLocale(), {
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: readsTwelveHours() ? "h12" : "h23",
    timeZone: "UTC",
  })
  return `${day.replace(",", "")}, ${time}`
}

/**
 * The entry that is selected next, once others are there: the same, else the one that took its place.
 *
 * @param {InboxEntry[]} before
 * @param {InboxEntry[]} after
 * @param {string} selected id
 */
export const selectedAfter = (before, after, selected) => {
  if (after.some(({ id }) => id === selected)) return selected
  const left = new Set(after.map(({ id }) => id))
  const at = before.findIndex(({ id }) => id === selected)
  const next = before.slice(at + 1).find(({ id }) => left.has(id)) ?? after.at(-1)
  return at < 0 ? (after[0]?.id ?? "") : (next?.id ?? "")
}
