import { api, messageOf, send } from "../shared/api.js"
import { el, placeChild, removeOthers, setIfChanged } from "../shared/dom.js"
import { mountable } from "../shared/mount.js"
import { hasEnded, poll } from "../shared/polling.js"
import { LiveJobCard } from "./job_card.js"
import { statesKey } from "./job_text.js"

/** @import { LiveJob } from "./job_text.js" */

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
    /** The states that the page was run for last. */
    this.reported = ""
    /** @type {(() => void) | null} */
    this.stopPolling = null
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
      this.drawn = data.cards
      this.draw(data.cards)
    }
    this.stopPolling?.()
    this.stopPolling = poll(() => this.read(), data.every)
  }

  close() {
    this.stopPolling?.()
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

  /** Reads the jobs; the page runs once for each change that it does not know of. */
  async read() {
    try {
      const { cards, ids, workspace } = this.data
      const query = new URLSearchParams([["workspace", workspace], ...ids.map(id => ["id", id])])
      /** @type {LiveJob[]} */
      const jobs = (await api(`/api/jobs/live?${query}`)).data
      this.showError(null)
      this.draw(jobs)
      const states = statesKey(jobs)
      if (states !== statesKey(cards) && states !== this.reported) {
        this.reported = states
        this.setTriggerValue("changed", { states: jobs.map(job => [job.id, job.state]), at: Date.now() })
      }
      if (ids.length && jobs.every(job => hasEnded(job.state))) this.stopPolling?.()
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
