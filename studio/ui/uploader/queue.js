import { bytes, duration } from "../shared/format.js"
import { tr, trPlural } from "../shared/words.js"

/** @typedef {"waiting" | "sending" | "stored" | "skipped" | "failed" | "refused"} UploadState */

/**
 * A file on its way. `failed` may be tried again, `refused` may not, `skipped` was there already.
 *
 * @typedef {object} UploadItem
 * @property {File} file
 * @property {string} name with the folders it was in
 * @property {UploadState} state
 * @property {number} loaded bytes sent
 * @property {string} reason why it was not uploaded
 * @property {boolean} reported whether Python has heard of how it ended
 * @property {boolean} [isLost] whether it failed because the network went away
 * @property {string} [id] of the upload
 */

/** @typedef {{ file: File, name: string }} NamedFile */

const LONGEST_NAME = 300
/** Files that systems put into folders for themselves. */
const SYSTEM_FILE = /(^|\/)(\.|__MACOSX|Thumbs\.db)/i
/** What needs people stands first. @type {Record<UploadState, number>} */
const RANK = { sending: 0, failed: 1, refused: 2, waiting: 3, stored: 4, skipped: 5 }

/** @param {UploadItem} item */
const isUnderway = item => item.state === "waiting" || item.state === "sending"

/** @param {UploadItem} item */
const isThere = item => item.state === "stored" || item.state === "skipped"

/**
 * @param {NamedFile} file
 * @returns {UploadItem}
 */
const newItem = ({ file, name }) => ({
  file,
  name: name.slice(-LONGEST_NAME),
  state: "waiting",
  loaded: 0,
  reason: "",
  reported: false,
})

/** The files of one place that are on their way, or ended in this round. */
export class UploadQueue {
  constructor() {
    /** @type {UploadItem[]} */
    this.items = []
    /** Uploads at work. */
    this.running = 0
    /** Bytes sent since `startedMs`. */
    this.sent = 0
    this.startedMs = 0
  }

  /**
   * Adds files. What has ended goes, but what may be tried again stays; the speed is measured anew when nothing is
   * under way.
   *
   * @param {NamedFile[]} files
   * @param {number} nowMs
   */
  add(files, nowMs) {
    if (this.running === 0) this.items = this.items.filter(item => item.state === "failed")
    if (!this.items.some(isUnderway)) {
      this.sent = 0
      this.startedMs = nowMs
    }
    this.items.push(...files.filter(({ name }) => !SYSTEM_FILE.test(name)).map(newItem))
  }

  nextWaiting() {
    return this.items.find(item => item.state === "waiting")
  }

  /** @param {UploadItem} item */
  retry(item) {
    item.state = "waiting"
    item.reported = false
  }

  /** Whether something waits for the network. */
  get hasLost() {
    return this.items.some(item => item.state === "failed" && item.isLost)
  }

  retryLost() {
    for (const item of this.items) if (item.state === "failed" && item.isLost) this.retry(item)
  }

  retryFailed() {
    for (const item of this.items) if (item.state === "failed") this.retry(item)
  }

  /**
   * @param {UploadItem} item
   * @param {number} loaded bytes
   */
  progress(item, loaded) {
    this.sent += loaded - item.loaded
    item.loaded = loaded
  }

  /** Whether all has ended and some of it was not reported. */
  get hasNews() {
    return this.running === 0 && this.items.some(item => !item.reported && item.state !== "waiting")
  }

  /** What has ended since the last report, counted; it counts as reported from now on. */
  takeReport() {
    const fresh = this.items.filter(item => !item.reported)
    for (const item of fresh) item.reported = true
    const count = (/** @type {UploadState[]} */ ...states) => fresh.filter(item => states.includes(item.state)).length
    return {
      stored: count("stored"),
      skipped: count("skipped"),
      failed: count("failed", "refused"),
      ids: fresh.filter(isThere).map(item => item.id),
    }
  }

  /**
   * The items to show: those that need people first.
   *
   * @param {number} most
   */
  firstItems(most) {
    return [...this.items].sort((a, b) => RANK[a.state] - RANK[b.state]).slice(0, most)
  }

  /**
   * The line above the files. `share`: of all bytes, 0 to 1.
   *
   * @param {number} nowMs
   */
  summary(nowMs) {
    const count = (/** @type {UploadState} */ state) => this.items.filter(item => item.state === state).length
    const settled = this.items.filter(item => !isUnderway(item))
    const sending = this.items.filter(item => item.state === "sending")
    const total = this.items.reduce((sum, item) => sum + item.file.size, 0)
    const done =
      settled.reduce((sum, item) => sum + item.file.size, 0) + sending.reduce((sum, item) => sum + item.loaded, 0)
    const speed = this.sent / Math.max(0.5, (nowMs - this.startedMs) / 1000)
    const isBusy = settled.length < this.items.length
    const lost = count("failed") + count("refused")
    const parts = [trPlural("{done} of {n} file", "{done} of {n} files", this.items.length, { done: settled.length })]
    if (isBusy && speed > 0)
      parts.push(`${bytes(speed)}/s`, tr("about {time} left", { time: duration((total - done) / speed) }))
    if (count("skipped")) parts.push(tr("{n} already here", { n: count("skipped") }))
    if (lost) parts.push(tr("{n} not uploaded", { n: lost }))
    return { text: parts.join(" · "), share: total ? done / total : 1, isBusy, failed: count("failed") }
  }
}
