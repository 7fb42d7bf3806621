import { api, messageOf } from "../../ui/shared/api.js"

/** @import { SearchHit } from "./commands.js" */

/** @typedef {(path: string, options: RequestInit) => Promise<{ data: SearchHit[] }>} Ask */

const TYPING_PAUSE_MS = 120
const OF_EACH = 4

/**
 * Asks for what was typed once the typing pauses, and drops the answers to what was typed before. An answer is
 * handed on with its words.
 */
export class HitSearch {
  /**
   * @param {(found: { words: string, hits: SearchHit[], error: string }) => void} onFound
   * @param {{ ask?: Ask, pauseMs?: number }} [options]
   */
  constructor(onFound, { ask = api, pauseMs = TYPING_PAUSE_MS } = {}) {
    this.onFound = onFound
    this.ask = ask
    this.pauseMs = pauseMs
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined
    /** @type {AbortController | null} */
    this.asking = null
  }

  /** Forgets what is on its way. */
  stop() {
    clearTimeout(this.timer)
    this.asking?.abort()
    this.asking = null
  }

  /** @param {string} words @param {string} workspace */
  search(words, workspace) {
    this.stop()
    if (words) this.timer = setTimeout(() => this.read(words, workspace), this.pauseMs)
  }

  /** @param {string} words @param {string} workspace */
  async read(words, workspace) {
    const asking = new AbortController()
    this.asking = asking
    const query = new URLSearchParams({ workspace, q: words, take: String(OF_EACH) })
    let found = { words, hits: /** @type {SearchHit[]} */ ([]), error: "" }
    try {
      const { data } = await this.ask(`/api/search?${query}`, { signal: asking.signal })
      found = { ...found, hits: data }
    } catch (error) {
      found = { ...found, error: messageOf(error) }
    }
    if (this.asking !== asking) return
    this.asking = null
    this.onFound(found)
  }
}
