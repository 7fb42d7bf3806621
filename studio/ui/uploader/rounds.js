import { UploadQueue } from "./queue.js"
import { uploadItem } from "./transfer.js"

/** @import { NamedFile, UploadItem } from "./queue.js" */
/** @import { UploadTarget } from "./transfer.js" */

/** Files sent at once. */
const PARALLEL = 4
/** How long after a lost connection it is tried again, each time twice as long. */
const FIRST_WAIT_MS = 3000
const LONGEST_WAIT_MS = 60_000

/** @typedef {ReturnType<UploadQueue["takeReport"]> & { round: number }} UploadReport */

/** The uploads to one place. It outlives its element, so a run of the page never stops it. */
class UploadRound {
  /** @param {UploadTarget} target */
  constructor(target) {
    this.target = target
    this.queue = new UploadQueue()
    /** Draws, while there is an element. @type {(() => void) | null} */
    this.onChange = null
    /** Tells Python, while there is an element. @type {((report: UploadReport) => void) | null} */
    this.onDone = null
    /** A report that came while there was none. @type {UploadReport | null} */
    this.pending = null
    this.waitMs = FIRST_WAIT_MS
    this.timer = 0
    addEventListener("online", () => this.goOn())
    document.addEventListener("visibilitychange", () => document.hidden || this.goOn())
  }

  /** Sends what a lost connection kept: the network is back, the phone woke up, or it is time to try. */
  goOn() {
    clearTimeout(this.timer)
    this.timer = 0
    if (!this.queue.hasLost || !navigator.onLine) return
    this.waitMs = Math.min(LONGEST_WAIT_MS, this.waitMs * 2)
    this.queue.retryLost()
    this.pump()
  }

  goOnLater() {
    if (!this.timer && this.queue.hasLost) this.timer = window.setTimeout(() => this.goOn(), this.waitMs)
  }

  /** @param {NamedFile[]} files */
  add(files) {
    this.queue.add(files, performance.now())
    this.pump()
  }

  /** @param {UploadItem} item */
  retry(item) {
    this.queue.retry(item)
    this.pump()
  }

  retryFailed() {
    this.queue.retryFailed()
    this.pump()
  }

  /** Starts as many uploads as may run; reports when all have ended. */
  pump() {
    const { queue } = this
    while (queue.running < PARALLEL) {
      const item = queue.nextWaiting()
      if (!item) break
      queue.running += 1
      uploadItem(this.target, queue, item, () => this.onChange?.()).finally(() => {
        queue.running -= 1
        if (item.state === "stored") this.waitMs = FIRST_WAIT_MS
        this.goOnLater()
        this.pump()
      })
    }
    this.onChange?.()
    if (queue.hasNews) this.report()
    keepAwake(queue.running > 0)
  }

  report() {
    const report = { ...this.queue.takeReport(), round: Date.now() }
    if (this.onDone) this.onDone(report)
    else this.pending = report
  }

  /** Tells what has ended while nobody listened. */
  reportPending() {
    const { pending } = this
    this.pending = null
    if (pending) this.onDone?.(pending)
  }
}

/** @type {Promise<WakeLockSentinel> | null} */
let wakeLock = null

/**
 * A phone that sleeps stops sending, so its screen stays on meanwhile, where a browser can do that.
 *
 * @param {boolean} isBusy
 */
const keepAwake = async isBusy => {
  if (isBusy && !wakeLock && !document.hidden) {
    wakeLock = navigator.wakeLock?.request("screen") ?? null
    // Refused on low battery: then it may sleep, and what was interrupted goes on afterwards
    await wakeLock?.catch(() => {})
  } else if (!isBusy && wakeLock) {
    const held = wakeLock
    wakeLock = null
    await held.then(lock => lock.release()).catch(() => {})
  }
}

/** Rounds hang on the window: a component's script is evaluated anew when its element is. */
const rounds = () => {
  window.__studioUploads ??= new Map()
  return /** @type {Map<string, UploadRound>} */ (window.__studioUploads)
}

/**
 * @param {UploadTarget} target
 * @param {string} [purpose] of uploads that others of the same target must not get
 */
export const roundOf = (target, purpose = "") => {
  const key = `${target.workspace}/${target.noun}/${target.nounId}/${purpose}`
  const round = rounds().get(key) ?? new UploadRound(target)
  rounds().set(key, round)
  round.target = target
  return round
}

export const isUploading = () => [...rounds().values()].some(round => round.queue.running > 0)
