import { tr } from "../../ui/shared/words.js"

/** @import { LiveJob } from "../../ui/live_jobs/job_text.js" */

/**
 * Whether a person is told that a job has ended: of jobs they ordered and of posts, once it has failed, or when it made
 * something that is shown on another page. Parts of other jobs are told with these.
 *
 * @param {LiveJob} job
 * @param {{ userId: string, pages: Record<string, string>, current: string }} viewer `pages`: by type
 */
export const isAnnounced = (job, { userId, pages, current }) => {
  const isTheirs = job.type === "autopost" || job.createdBy === userId
  if (!isTheirs || job.parentId) return false
  if (job.status === "failed") return true
  return job.status === "completed" && job.type in pages && pages[job.type] !== current
}

/** How many jobs the badge shows: parts of other jobs and tidying up are left out. @param {LiveJob[]} jobs */
export const countRunning = jobs => jobs.filter(job => !job.parentId && job.type !== "upkeep").length

/** The badge's number: "99+" above. @param {number} n */
export const badgeText = n => (n > 99 ? "99+" : String(n))

/** @param {LiveJob} job */
export const endText = ({ type, status }) => {
  if (status === "failed") return tr("Failed")
  return type === "autopost" ? tr("Post published") : tr("Done")
}
