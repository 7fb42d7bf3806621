/**
 * A job as `/api/jobs/live` gives it.
 *
 * @typedef {object} LiveJob
 * @property {string} id
 * @property {string} type
 * @property {string} title
 * @property {"pending" | "processing" | "completed" | "failed" | "cancelled"} status
 * @property {string} phase
 * @property {number} done
 * @property {number | null} total null: not known
 * @property {number | null} etaS
 * @property {string | null} preview
 * @property {string | null} error
 * @property {boolean} cancelRequested
 * @property {boolean} deadLetter
 * @property {string | null} notBefore ISO time
 * @property {number} waitsFor parts
 * @property {number} queuePosition
 * @property {string} [subjectNoun]
 * @property {string} [subjectId]
 * @property {string | null} [parentId]
 * @property {string | null} [createdBy] a user's id, null: the studio
 */

const TEXT_BY_STATUS = {
  pending: "waiting",
  processing: "running",
  completed: "done",
  failed: "failed",
  cancelled: "cancelled",
}
const HOUR_MS = 3600e3
/** A start that is nearer is not named by its time. */
const FAR_MS = 90e3

/**
 * "at 02:00", or "on 24 Nov at 02:00" when that is more than a day away, in the browser's own time.
 *
 * @param {Date} at
 * @param {Date} now
 */
const startText = (at, now) => {
  const time = at.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", hourCycle: "h23" })
  if (at.getTime() - now.getTime() < 20 * HOUR_MS) return `at ${time}`
  return `on ${at.toLocaleDateString([], { day: "numeric", month: "short" })} at ${time}`
}

/**
 * What a job does now, or waits for.
 *
 * @param {LiveJob} job
 * @param {Date} now
 */
export const phaseText = (job, now) => {
  if (job.status === "processing") return job.cancelRequested ? "stopping…" : job.phase || "starting"
  return job.status === "pending" ? waitText(job, now) : ""
}

/**
 * @param {LiveJob} job
 * @param {Date} now
 */
const waitText = (job, now) => {
  if (job.notBefore) {
    const at = new Date(job.notBefore)
    if (!job.error) return `starts ${startText(at, now)}`
    return at.getTime() - now.getTime() > FAR_MS ? `goes on ${startText(at, now)}` : "tried again in a moment"
  }
  if (job.waitsFor) return `waiting for ${job.waitsFor} ${job.waitsFor === 1 ? "part" : "parts"} of it`
  if (job.queuePosition > 1) return `waiting, number ${job.queuePosition} in line`
  return "next in line, waiting for a free worker"
}

/** @param {LiveJob} job */
export const statusText = job => {
  if (job.deadLetter) return "needs a look"
  return job.status === "pending" && job.waitsFor ? "under way" : TEXT_BY_STATUS[job.status]
}

/** How much is done, in percent; null: not known. @param {LiveJob} job */
export const percentDone = job => (job.total ? (100 * job.done) / job.total : null)

/** The statuses of some jobs as one text, whatever their order. @param {Pick<LiveJob, "id" | "status">[]} jobs */
export const statusesKey = jobs =>
  jobs
    .map(job => `${job.id}:${job.status}`)
    .sort()
    .join()

/**
 * Whether a job may be ordered anew. A post is published again from its own page alone.
 *
 * @param {LiveJob} job
 */
export const canRetry = job => (job.status === "failed" || job.status === "cancelled") && job.type !== "autopost"
