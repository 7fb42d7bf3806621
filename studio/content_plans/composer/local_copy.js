/** @import { Draft } from "./draft.js" */

/**
 * What a tab holds that the studio has not confirmed yet: it survives closing, reloading and a studio that is gone.
 * `before`: what it was typed over. `sent`: drafts that may have arrived, for no answer came. `at`: in ms.
 *
 * @typedef {{ before: Draft, sent: Draft[], draft: Draft, at: number }} LocalCopy
 */

const DAY_MS = 864e5
const KEPT_DAYS = 30
/** A copy of another tab that is older than this is nobody's any more: tabs confirm theirs in a second. */
const ORPHAN_MS = 15_000

export class LocalCopies {
  /**
   * @param {Storage} storage
   * @param {string} owner of the texts: workspace, user and post
   * @param {string} tab
   */
  constructor(storage, owner, tab) {
    this.storage = storage
    this.prefix = `studio:composer:${owner}:`
    this.key = `${this.prefix}${tab}`
  }

  /** @param {LocalCopy} copy */
  write(copy) {
    try {
      this.storage.setItem(this.key, JSON.stringify(copy))
    } catch {
      // Full, or forbidden in this browser: the studio keeps what is typed a moment later.
    }
  }

  remove() {
    try {
      this.storage.removeItem(this.key)
    } catch {
      // As in `write`.
    }
  }

  /**
   * This tab's copy, else the newest that a closed tab left behind; null: nothing was left. What was left too long
   * ago is deleted.
   *
   * @param {number} [now]
   * @returns {LocalCopy | null}
   */
  read(now = Date.now()) {
    const found = this.list().filter(([key, { at }]) => {
      if (now - at > KEPT_DAYS * DAY_MS) this.storage.removeItem(key)
      else return key === this.key || now - at > ORPHAN_MS
      return false
    })
    const newest = found.toSorted(([, one], [, other]) => other.at - one.at)[0]
    if (!newest) return null
    for (const [key] of found) if (key !== this.key) this.storage.removeItem(key)
    const { sent } = /** @type {{ sent?: Draft | Draft[] | null }} */ (newest[1])
    return { ...newest[1], sent: [sent ?? []].flat() } // earlier versions of the studio kept one draft, or none
  }

  /** @returns {[string, LocalCopy][]} */
  list() {
    try {
      return Object.keys(this.storage)
        .filter(key => key.startsWith(this.prefix))
        .map(key => [key, JSON.parse(this.storage.getItem(key) ?? "null")])
        .filter(entry => /** @type {[string, any]} */ (entry)[1]?.draft)
        .map(entry => /** @type {[string, LocalCopy]} */ (entry))
    } catch {
      return []
    }
  }
}

/** A name for this tab that a reload keeps. */
export const tabId = () => {
  try {
    const known = sessionStorage.getItem("studio:tab")
    if (known) return known
    const id = crypto.randomUUID?.() ?? String(Math.random())
    sessionStorage.setItem("studio:tab", id)
    return id
  } catch {
    return "tab"
  }
}
