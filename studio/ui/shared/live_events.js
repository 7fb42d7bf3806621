/** @import { LiveJob } from "../live_jobs/job_text.js" */

/**
 * What the tab that holds the stream tells the others. `open`: the stream is up; `jobs`: what waits and runs, newest
 * first.
 *
 * @typedef {object} StreamNews
 * @property {boolean} [open]
 * @property {LiveJob[]} [jobs]
 */

/** How long until a stream that was refused is tried again; meanwhile everybody polls. */
const RETRY_MS = 30_000

/** Whether this browser can share one stream among its tabs. Web Locks need HTTPS or this machine. */
const canShare = () => "locks" in navigator && "BroadcastChannel" in window && "EventSource" in window

/**
 * Follows the workspace's jobs over one stream a browser: the tab that holds a lock reads it and tells the others.
 * Returns a stopper. In a browser that cannot, `onNews` is never called: poll then.
 *
 * @param {string} workspace
 * @param {(news: StreamNews) => void} onNews
 */
export const followJobs = (workspace, onNews) => {
  if (!canShare()) return () => {}
  const name = `studio-events:${workspace}`
  const channel = new BroadcastChannel(name)
  const stopped = new AbortController()
  /** @type {SharedStream | null} */
  let own = null
  channel.onmessage = ({ data }) => {
    if (data === "ask") own?.tellAgain()
    else onNews(data)
  }
  channel.postMessage("ask")
  const hold = () =>
    new Promise(release => {
      own = new SharedStream(workspace, news => {
        onNews(news)
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
   * @param {(news: StreamNews) => void} tell
   */
  constructor(workspace, tell) {
    this.address = `/api/events?noun=jobs&workspace=${encodeURIComponent(workspace)}`
    this.tell = tell
    /** @type {StreamNews} */
    this.latest = { open: false }
    /** @type {number | undefined} */
    this.timer = undefined
    this.open()
  }

  open() {
    this.source = new EventSource(this.address)
    this.source.addEventListener("jobs", ({ data }) => this.pass({ open: true, jobs: JSON.parse(data).data }))
    this.source.addEventListener("signed_out", () => this.close())
    this.source.onerror = () => {
      this.pass({ open: false })
      if (this.source?.readyState === EventSource.CLOSED) this.timer = window.setTimeout(() => this.open(), RETRY_MS)
    }
  }

  /** @param {StreamNews} news */
  pass(news) {
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
    this.pass({ open: false })
  }
}
