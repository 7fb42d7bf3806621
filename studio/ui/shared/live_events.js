import { api } from "./api.js"
import { readerLanguage } from "./words.js"

/** @import { LiveJob } from "../live_jobs/job_text.js" */

/**
 * What happened, as `/api/events` tells it. `noun`: plan, post, picture, job …
 *
 * @typedef {object} StudioEvent
 * @property {string} kind
 * @property {string} noun
 * @property {string} nounId
 * @property {string | null} userId null: the studio
 * @property {string} createdAt ISO time
 */

/**
 * What the tab that holds the stream tells the others. `open`: the stream is up; `jobs`: what waits and runs, newest
 * first; `event`: something happened; `missed`: more happened than was told, so everything may have changed.
 *
 * @typedef {object} StreamNews
 * @property {boolean} [open]
 * @property {LiveJob[]} [jobs]
 * @property {StudioEvent} [event]
 * @property {string} [position] where the stream has been read to
 * @property {boolean} [missed]
 */

/** How long until a stream that was refused is tried again; meanwhile everybody polls. */
const RETRY_MS = 30_000

/**
 * Workspace -> where this tab has read to, of all components and pages: who takes the stream over goes on there.
 *
 * @returns {Map<string, string>}
 */
const streamPositions = () => {
  window.__studioPositions ??= new Map()
  return window.__studioPositions
}

/** Whether this browser can share one stream among its tabs. Web Locks need HTTPS or this machine. */
export const canShareStream = () => "locks" in navigator && "BroadcastChannel" in window && "EventSource" in window

/**
 * Follows what happens in the workspace over one stream a browser: the tab that holds a lock reads it and tells the
 * others. Returns a stopper. In a browser that cannot, `onNews` is never called: poll then.
 *
 * @param {string} workspace
 * @param {(news: StreamNews) => void} onNews
 */
export const followStream = (workspace, onNews) => {
  if (!canShareStream()) return () => {}
  const name = `studio-events:${workspace}`
  const channel = new BroadcastChannel(name)
  const stopped = new AbortController()
  /** @type {SharedStream | null} */
  let own = null
  /** @param {StreamNews} news */
  const hear = news => {
    if (news.position) streamPositions().set(workspace, news.position)
    onNews(news)
  }
  channel.onmessage = ({ data }) => {
    if (data === "ask") own?.tellAgain()
    else hear(data)
  }
  channel.postMessage("ask")
  const hold = () =>
    new Promise(release => {
      own = new SharedStream(workspace, streamPositions().get(workspace) ?? "", news => {
        hear(news)
        channel.postMessage(news)
      })
      stopped.signal.addEventListener("abort", () => {
        own?.close()
        release(undefined)
      })
    })
  navigator.locks.request(name, { signal: stopped.signal }, hold).catch(() => {})
  return () => {
    stopped.abort()
    channel.close()
  }
}

class SharedStream {
  /**
   * @param {string} workspace
   * @param {string} position of the last event that was read; "": from now on
   * @param {(news: StreamNews) => void} tell
   */
  constructor(workspace, position, tell) {
    this.address = `/api/events?named=false&workspace=${encodeURIComponent(workspace)}`
    this.jobsAddress = `/api/jobs/live?take=100&workspace=${encodeURIComponent(workspace)}`
    this.position = position
    this.tell = tell
    /** @type {StreamNews} */
    this.latest = { open: false }
    /** @type {number | undefined} */
    this.timer = undefined
    this.open()
  }

  open() {
    this.source = new EventSource(this.address + (this.position ? `&after=${this.position}` : ""))
    this.source.addEventListener("ready", ({ lastEventId }) => this.readTo(lastEventId))
    this.source.addEventListener("jobs", ({ data }) => this.tellJobs(JSON.parse(data).data))
    this.source.onmessage = ({ data, lastEventId }) => {
      this.position = lastEventId
      const { kind, noun, nounId, userId, createdAt } = JSON.parse(data)
      this.tell({ event: { kind, noun, nounId, userId, createdAt }, position: lastEventId })
    }
    this.source.addEventListener("reset", () => this.tell({ missed: true }))
    this.source.addEventListener("signed_out", () => this.close())
    this.source.onerror = () => {
      this.passState({ open: false })
      if (this.source?.readyState === EventSource.CLOSED) this.timer = window.setTimeout(() => this.open(), RETRY_MS)
    }
  }

  /** @param {string} position */
  readTo(position) {
    this.position = position
    this.tell({ position })
  }

  /**
   * The stream is one for everybody and speaks English; others ask for the same in their language.
   *
   * @param {LiveJob[]} jobs
   */
  async tellJobs(jobs) {
    const worded =
      readerLanguage() === "en" ? { data: jobs } : await api(this.jobsAddress).catch(() => ({ data: jobs }))
    this.passState({ open: true, jobs: worded.data })
  }

  /** @param {StreamNews} news */
  passState(news) {
    this.latest = news
    this.tell(news)
  }

  /** For a tab that has just been opened. */
  tellAgain() {
    this.tell(this.latest)
  }

  close() {
    clearTimeout(this.timer)
    this.source?.close()
    this.passState({ open: false })
  }
}
