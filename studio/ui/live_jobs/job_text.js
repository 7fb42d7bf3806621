import { readerLocale, tr, trLazy, trPlural } from "../shared/words.js"

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
  pending: trLazy("waiting"),
  processing: trLazy("running"),
  completed: trLazy("done"),
  failed: trLazy("failed"),
  cancelled: trLazy("cancelled"),
}
const HOUR_MS = 3600e3
/** A start that is nearer is not named by its time. */
const FAR_MS = 90e3

/**
 * "starts at 02:00", or "starts on 24 Nov at 02:00" when that is more than a day away, in the browser's own time.
 *
 * @param {Date} at
 * @param {Date} now
 */
const startText = (at, now) => {
  if (isWithinADay(at, now)) return tr("starts at {time}", { time: clockText(at) })
  return tr("starts on {day} at {time}", { day: dayText(at), time: clockText(at) })
}

/** Of a job that failed and is tried again: as `startText`. @param {Date} at @param {Date} now */
const nextTryText = (at, now) => {
  if (at.getTime() - now.getTime() <= FAR_MS) return tr("tried again in a moment")
  if (isWithinADay(at, now)) return tr("continues at {time}", { time: clockText(at) })
  return tr("continues on {day} at {time}", { day: dayText(at), time: clockText(at) })
}

/** @param {Date} at @param {Date} now */
const isWithinADay = (at, now) => at.getTime() - now.getTime() < 20 * HOUR_MS

/** @param {Date} at */
const clockText = at => at.toLocaleTimeString(readerLocale(), { hour: "2-digit", minute: "2-digit", hourCycle: "h23" })

/** @param {Date} at */
const dayText = at => at.toLocaleDateString(readerLocale(), { day: "numeric", month: "short" })

/**
 * What a job does now, or waits for.
 *
 * @param {LiveJob} job
 * @param {Date} now
 */
export const phaseText = (job, now) => {
  if (job.status === "processing") return job.cancelRequested ? tr("stopping…") : job.phase || tr("starting")
  return job.status === "pending" ? waitText(job, now) : ""
}

/**
 * @param {LiveJob} job
 * @param {Date} now
 */
const waitText = (job, now) => {
  if (job.notBefore) {
    const at = new Date(job.notBefore)
    return job.error ? nextTryText(at, now) : startText(at, now)
  }
  if (job.waitsFor) return trPlural("waiting for {n} part", "waiting for {n} parts", job.waitsFor)
  if (job.queuePosition > 1) return tr("waiting, number {n} in line", { n: job.queuePosition })
  return tr("next in line, waiting for a free worker")
}

/** @param {LiveJob} job */
export const statusText = job => {
  if (job.deadLetter) return tr("needs attention")
  return job.status === "pending" && job.waitsFor ? tr("under way") : tr(TEXT_BY_STATUS[job.status])
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
