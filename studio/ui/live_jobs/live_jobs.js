import { api, messageOf, send } from "../shared/api.js"
import { el, placeChild, removeOthers, setIfChanged } from "../shared/dom.js"
import { whenNotRunning } from "../shared/live_changes.js"
import { followStream } from "../shared/live_events.js"
import { mountable } from "../shared/mount.js"
import { hasEnded, poll } from "../shared/polling.js"
import { LiveJobCard } from "./job_card.js"
import { statusesKey } from "./job_text.js"

/** @import { LiveJob } from "./job_text.js" */
/** @import { StreamNews } from "../shared/live_events.js" */

/** While the stream tells what happens, jobs are asked for only this often. */
const ASK_ANYWAY_MS = 20_000
/** Jobs that are listed when none are named. */
const MAX_LISTED = 20

/**
 * What `studio.ui.live_jobs.live_jobs` sends.
 *
 * @typedef {object} LiveJobsData
 * @property {string} workspace
 * @property {LiveJob[]} cards
 * @property {string[]} ids of the jobs to follow; none: all that wait or run
 * @property {boolean} canEdit
 * @property {string} openLabel
 * @property {string} empty
 * @property {number} every ms
 */

class LiveJobs {
  /**
   * @param {HTMLElement} root
   * @param {LiveJobsData} data
   */
  constructor(root, data) {
    this.data = data
    /** @type {Map<string, LiveJobCard>} */
    this.cards = new Map()
    /** What Python sent and was drawn. @type {LiveJob[] | null} */
    this.drawn = null
    /** The statuses that the page was run for last. */
    this.reported = ""
    /** @type {(() => void) | null} */
    this.stopPolling = null
    /** @type {(() => void) | null} */
    this.stopFollowing = null
    this.followed = ""
    this.streaming = false
    this.readAt = 0
    /** @type {ComponentRun<LiveJobsData>["setTriggerValue"]} */
    this.setTriggerValue = () => {}
    this.list = el("div", "jobs")
    this.empty = el("div", "empty muted gone")
    this.error = el("div", "bad gone")
    this.error.setAttribute("role", "alert")
    root.replaceChildren(this.error, this.list, this.empty)
  }

  /** @param {ComponentRun<LiveJobsData>} run */
  update({ data, setTriggerValue }) {
    this.data = data
    this.setTriggerValue = setTriggerValue
    if (this.drawn !== data.cards) {
      // The page knows more than what it was run for: statuses that were reported once may come again
      if (statusesKey(data.cards) !== statusesKey(this.drawn ?? [])) this.reported = ""
      this.drawn = data.cards
      this.draw(data.cards)
    }
    if (this.followed !== data.workspace) {
      this.stopFollowing?.()
      this.followed = data.workspace
      this.stopFollowing = followStream(data.workspace, news => this.hear(news))
    }
    this.stopPolling?.()
    this.readAt = 0
    this.stopPolling = poll(() => this.ask(), data.every)
  }

  close() {
    this.stopPolling?.()
    this.stopFollowing?.()
  }

  /** @param {StreamNews} news */
  hear({ open = false, jobs }) {
    this.streaming = open
    if (!jobs) return
    const { ids } = this.data
    const followed = ids.length ? jobs.filter(job => ids.includes(job.id)) : jobs.slice(0, MAX_LISTED)
    // One that is no longer among those that wait and run has ended: how, is asked
    if (ids.length && followed.length < ids.length) this.read()
    else this.take(followed)
  }

  /** What the poll does: nothing while the stream tells what happens. */
  async ask() {
    if (!this.streaming || Date.now() - this.readAt > ASK_ANYWAY_MS) await this.read()
  }

  /** @param {LiveJob[]} jobs */
  draw(jobs) {
    removeOthers(this.cards, new Set(jobs.map(job => job.id)))
    for (const [place, job] of jobs.entries()) {
      const card = this.cardOf(job.id)
      placeChild(this.list, card.node, place)
      card.draw(job, this.data)
    }
    setIfChanged(this.empty, "textContent", jobs.length ? "" : this.data.empty)
    this.empty.classList.toggle("gone", !this.empty.textContent)
  }

  /** @param {string} id */
  cardOf(id) {
    const card =
      this.cards.get(id) ??
      new LiveJobCard({
        onAct: verb => this.act(id, verb),
        onOpen: () => this.setTriggerValue("opened", { id, at: Date.now() }),
      })
    this.cards.set(id, card)
    return card
  }

  /** @param {unknown} error null: nothing is wrong any more */
  showError(error) {
    setIfChanged(this.error, "textContent", error ? messageOf(error) : "")
    this.error.classList.toggle("gone", !error)
  }

  /**
   * Draws the jobs; the page runs once for each change that it does not know of.
   *
   * @param {LiveJob[]} jobs
   */
  take(jobs) {
    const { cards, ids } = this.data
    this.showError(null)
    this.draw(jobs)
    const statuses = statusesKey(jobs)
    if (statuses !== statusesKey(cards) && statuses !== this.reported) {
      this.reported = statuses
      const changed = { statuses: jobs.map(job => [job.id, job.status]), at: Date.now() }
      whenNotRunning(() => this.setTriggerValue("changed", changed))
    }
    if (ids.length && jobs.every(job => hasEnded(job.status))) {
      this.stopPolling?.()
      this.stopFollowing?.()
      this.streaming = false
    }
  }

  async read() {
    try {
      const { ids, workspace } = this.data
      const query = new URLSearchParams([["workspace", workspace], ...ids.map(id => ["id", id])])
      /** @type {LiveJob[]} */
      const jobs = (await api(`/api/jobs/live?${query}`)).data
      this.readAt = Date.now()
      this.take(jobs)
    } catch (error) {
      this.showError(error)
    }
  }

  /**
   * @param {string} id
   * @param {"cancel" | "retry"} verb
   */
  async act(id, verb) {
    const { workspace } = this.data
    const path = `/api/jobs/${encodeURIComponent(id)}/${verb}?workspace=${encodeURIComponent(workspace)}`
    try {
      await send(path, {}, workspace)
      await this.read()
    } catch (error) {
      this.showError(error)
    }
  }
}

export default mountable((root, /** @type {ComponentRun<LiveJobsData>} */ { data }) => new LiveJobs(root, data))
