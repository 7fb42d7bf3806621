import { api, messageOf, send } from "../../ui/shared/api.js"
import { button, el, setIfChanged } from "../../ui/shared/dom.js"
import { hasEnded, poll } from "../../ui/shared/polling.js"
import { tr, trPlural } from "../../ui/shared/words.js"
import { FileRow } from "../../ui/uploader/file_row.js"
import { isUploading, roundOf } from "../../ui/uploader/rounds.js"
import { photoTypes } from "../../ui/uploader/sources.js"
import { checkedUploads, kindOf, orders } from "./upload_orders.js"

/** @import { NamedFile, UploadItem } from "../../ui/uploader/queue.js" */
/** @import { UploadReport } from "../../ui/uploader/rounds.js" */
/** @import { LiveJob } from "../../ui/live_jobs/job_text.js" */
/** @import { PostModel } from "./post_model.js" */
/** @import { MediaKind, Order } from "./upload_orders.js" */

/** @typedef {{ kind: MediaKind, assetId: string, title: string }} UploadedMedia */
/** @typedef {LiveJob & { result: Record<string, any> | null }} CheckedJob */

/** @type {MediaKind[]} */
const KINDS = ["pictures", "videos"]
const LOOK_AGAIN_MS = 700

/** Pictures and videos from this device: sent and checked by the same jobs as in the library, then handed over. */
export class MediaUpload {
  /**
   * @param {PostModel} model
   * @param {(media: UploadedMedia[]) => void} onReady
   */
  constructor(model, onReady) {
    this.model = model
    this.onReady = onReady
    /** Uploads whose job has not ended. @type {Set<UploadItem>} */
    this.checked = new Set()
    /** Where the jobs are followed; calls end it. @type {Set<() => void>} */
    this.stops = new Set()
    /** @type {Map<UploadItem, FileRow>} */
    this.rows = new Map()
    /** How many files are in the library by now. */
    this.ready = 0
    this.files = el("input", "gone")
    this.files.type = "file"
    this.files.multiple = true
    this.files.onchange = () => {
      this.add([...(this.files.files ?? [])].map(file => ({ file, name: file.name })))
      this.files.value = ""
    }
    this.pick = button(tr("Upload"), () => this.files.click())
    this.pick.title = tr("Pictures and videos from this device")
    this.aiMade = el("input")
    this.aiMade.type = "checkbox"
    this.aiMade.checked = true
    const made = el("label", "row")
    made.title = tr("Files without a source get the AI-made mark. Untick this for photos.")
    made.append(this.aiMade, el("span", "", tr("Made by AI")))
    this.node = el("div", "row wrap uploads")
    this.node.append(this.pick, made, this.files)
    this.status = el("p", "help grow")
    this.status.setAttribute("role", "status")
    this.list = el("ul", "list gone")
    this.news = el("div", "upload-news")
    this.news.append(this.status, this.list)
  }

  /** Goes on with what an earlier composer of this post has begun. */
  open() {
    const { uploads } = this.model.data
    const suffixes = KINDS.map(kind => uploads[kind].accept).join(",")
    const isTouch = matchMedia("(hover: none) and (pointer: coarse)").matches
    this.files.accept = (isTouch && photoTypes(suffixes)) || suffixes
    for (const kind of KINDS) {
      const round = this.roundOf(kind)
      round.onChange = () => this.draw()
      round.onDone = report => this.startChecks(kind, report)
      round.reportPending()
    }
    this.draw()
  }

  close() {
    for (const stop of this.stops) stop()
    for (const kind of KINDS) {
      const round = this.roundOf(kind)
      round.onChange = null
      round.onDone = null
    }
  }

  /** @param {MediaKind} kind */
  roundOf(kind) {
    const { workspace, planId, uploads } = this.model.data
    const noun = kind === "videos" ? "video" : "gallery"
    return roundOf({ workspace, noun, nounId: "import", maxBytes: uploads[kind].maxBytes }, planId)
  }

  /** @param {NamedFile[]} files */
  add(files) {
    if (!files.length) return
    window.onbeforeunload = () => (isUploading() ? tr("Files are still uploading.") : undefined)
    for (const kind of KINDS) {
      const own = files.filter(({ file }) => kindOf(file, this.model.data.uploads.videos.accept) === kind)
      if (own.length) this.roundOf(kind).add(own)
    }
  }

  /**
   * @param {MediaKind} kind
   * @param {UploadReport} report
   */
  startChecks(kind, { ids }) {
    const known = ids.filter(id => id !== undefined)
    const influencerId = this.model.loaded.plan.influencerId
    for (const order of orders(kind, known, { influencerId, aiMade: this.aiMade.checked })) this.check(order)
  }

  /** @param {Order} order */
  async check(order) {
    const { workspace } = this.model.data
    const items = this.itemsOf(order)
    for (const item of items) this.checked.add(item)
    this.draw()
    try {
      const { id } = await send("/api/jobs", { type: order.type, payload: order.payload }, workspace)
      const job = await this.ended(id)
      if (job) await this.finish(order, items, job)
    } catch (error) {
      for (const item of items) Object.assign(item, { state: "failed", reason: messageOf(error) })
    } finally {
      for (const item of items) this.checked.delete(item)
      this.draw()
    }
  }

  /**
   * The job once it has ended; null when the composer was closed before.
   *
   * @param {string} jobId
   * @returns {Promise<CheckedJob | null>}
   */
  ended(jobId) {
    const query = new URLSearchParams({ workspace: this.model.data.workspace })
    return new Promise(resolve => {
      const stopPolling = poll(async () => {
        const job = await api(`/api/jobs/${jobId}?${query}`)
        if (hasEnded(job.status)) stop(job)
      }, LOOK_AGAIN_MS)
      const stop = (/** @type {CheckedJob | null} */ job = null) => {
        stopPolling()
        this.stops.delete(stop)
        resolve(job)
      }
      this.stops.add(stop)
    })
  }

  /**
   * @param {Order} order
   * @param {UploadItem[]} items
   * @param {CheckedJob} job
   */
  async finish(order, items, job) {
    const assetIds = checkedUploads(order, job.result)
    /** @type {UploadedMedia[]} */
    const media = []
    for (const item of items) {
      const assetId = assetIds.get(item.id ?? "")
      if (assetId) {
        media.push({ kind: order.kind, assetId, title: item.name })
      } else {
        item.state = "refused"
        item.reason = job.error || (await this.reasonOf(item.id ?? ""))
      }
    }
    this.ready += media.length
    if (media.length) this.onReady(media)
  }

  /** @param {string} uploadId */
  async reasonOf(uploadId) {
    const { workspace } = this.model.data
    const upload = await api(`/api/uploads/${encodeURIComponent(workspace)}/${encodeURIComponent(uploadId)}`)
    return upload.reason || tr("It was not checked. Choose it again.")
  }

  /** @param {Order} order */
  itemsOf({ kind, uploadIds }) {
    return this.roundOf(kind).queue.items.filter(({ id }) => id && uploadIds.includes(id))
  }

  draw() {
    const items = KINDS.flatMap(kind => this.roundOf(kind).queue.items.map(item => ({ kind, item })))
    const open = items.filter(({ item }) => this.checked.has(item) || !["stored", "skipped"].includes(item.state))
    for (const [item, row] of this.rows) {
      if (open.some(({ item: other }) => other === item)) continue
      row.node.remove()
      this.rows.delete(item)
    }
    for (const { kind, item } of open) this.rowOf(kind, item).draw(item)
    this.list.classList.toggle("gone", !open.length)
    setIfChanged(this.status, "textContent", this.text)
  }

  get text() {
    const busy = KINDS.map(kind => this.roundOf(kind).queue.summary(performance.now())).filter(({ isBusy }) => isBusy)
    if (busy.length) return busy.map(({ text }) => text).join(" · ")
    if (this.checked.size) return tr("Checking what you uploaded …")
    const n = this.ready
    return n ? trPlural("{n} file uploaded and selected.", "{n} files uploaded and selected.", n) : ""
  }

  /**
   * @param {MediaKind} kind
   * @param {UploadItem} item
   */
  rowOf(kind, item) {
    const known = this.rows.get(item)
    if (known) return known
    const row = new FileRow(item, () => this.roundOf(kind).retry(item))
    this.rows.set(item, row)
    this.list.append(row.node)
    return row
  }

  /** What is ready was taken. */
  forgetReady() {
    this.ready = 0
  }
}
