import { followChanges, isPageFree } from "../shared/live_changes.js"
import { canShareStream } from "../shared/live_events.js"
import { mountable } from "../shared/mount.js"
import { poll } from "../shared/polling.js"

/** How often a page runs again in a browser that cannot share a stream. */
const WITHOUT_STREAM_MS = 15_000

/**
 * What `studio.ui.live_page.live_page` sends.
 *
 * @typedef {object} LivePageData
 * @property {string} workspace
 * @property {string[]} nouns
 * @property {string} userId
 * @property {number} readAt ms since 1970: what the page shows was read then
 */

class LivePage {
  constructor() {
    this.followed = ""
    /** @type {() => void} */
    this.stop = () => {}
    this.readAt = 0
  }

  /** @param {ComponentRun<LivePageData>} run */
  update({ data, setTriggerValue }) {
    this.readAt = data.readAt
    const followed = JSON.stringify([data.workspace, data.nouns])
    if (followed === this.followed) return
    this.close()
    this.followed = followed
    const runAgain = () => setTriggerValue("changed", { at: Date.now() })
    this.stop = canShareStream()
      ? followChanges(data.workspace, data.nouns, runAgain, {
          isFree: isPageFree,
          // what this person has just done here is on the page already
          isKnown: ({ userId, createdAt }) => userId === data.userId && Date.parse(createdAt) < this.readAt,
        })
      : this.runEverySoOften(runAgain)
  }

  /** @param {() => void} runAgain */
  runEverySoOften(runAgain) {
    let first = true
    return poll(async () => {
      if (!first && isPageFree()) runAgain()
      first = false
    }, WITHOUT_STREAM_MS)
  }

  close() {
    this.stop()
    this.followed = ""
  }
}

export default mountable(
  (/** @type {HTMLElement} */ _root, /** @type {ComponentRun<LivePageData>} */ _run) => new LivePage(),
)
