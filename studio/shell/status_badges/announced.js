/** @import { LiveJob } from "../../ui/live_jobs/job_text.js" */

/**
 * Whether a person is told that a job has ended: of jobs they ordered and of posts, once it has failed, or when it made
 * something that is shown on another page. Parts of other jobs are told with these.
 *
 * @param {LiveJob} job
 * @param {{ userId: string, pages: Record<string, string>, current: string }} viewer `pages`: by kind
 */
export const isAnnounced = (job, { userId, pages, current }) => {
  const isTheirs = job.kind === "autopost" || job.createdBy === userId
  if (!isTheirs || job.parentId) return false
  if (job.state === "failed") return true
  return job.state === "completed" && job.kind in pages && pages[job.kind] !== current
}

/** How many jobs the badge shows: parts of other jobs and tidying up are left out. @param {LiveJob[]} jobs */
export const countRunning = jobs => jobs.filter(job => !job.parentId && job.kind !== "upkeep").length

/** The badge's number: "99+" above. @param {number} n */
export const badgeText = n => (n > 99 ? "99+" : String(n))

/** @param {LiveJob} job */
export const endText = ({ kind, state }) => {
  if (state === "failed") return "Failed"
  return kind === "autopost" ? "Published" : "Done"
}
