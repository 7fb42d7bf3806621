import { UploadQueue } from "./queue.js"
import { uploadItem } from "./transfer.js"

/** @import { NamedFile, UploadItem } from "./queue.js" */
/** @import { UploadTarget } from "./transfer.js" */

/** Files sent at once. */
const PARALLEL = 4

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
        this.pump()
      })
    }
    this.onChange?.()
    if (queue.hasNews) this.report()
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

/** Rounds hang on the window: a component's script is evaluated anew when its element is. */
const rounds = () => {
  window.__studioUploads ??= new Map()
  return /** @type {Map<string, UploadRound>} */ (window.__studioUploads)
}

/** @param {UploadTarget} target */
export const roundOf = target => {
  const key = `${target.workspace}/${target.noun}/${target.nounId}`
  const round = rounds().get(key) ?? new UploadRound(target)
  rounds().set(key, round)
  round.target = target
  return round
}

export const isUploading = () => [...rounds().values()].some(round => round.queue.running > 0)
