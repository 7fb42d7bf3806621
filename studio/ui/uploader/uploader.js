import { button, el, setIfChanged } from "../shared/dom.js"
import { mountable } from "../shared/mount.js"
import { tr } from "../shared/words.js"
import { droppedFiles } from "./dropped_files.js"
import { FileRow } from "./file_row.js"
import { isUploading, roundOf } from "./rounds.js"
import { photoTypes } from "./sources.js"

/** @import { NamedFile, UploadItem } from "./queue.js" */
/** @import { UploadTarget } from "./transfer.js" */

/**
 * What `studio.ui.uploader.uploader` sends.
 *
 * @typedef {object} UploaderExtras
 * @property {string} label
 * @property {string} hint
 * @property {string} accept
 * @property {boolean} multiple
 * @property {boolean} folders
 *
 * @typedef {UploadTarget & UploaderExtras} UploaderData
 */

/** Files that are listed. */
const SHOWN = 200

class Uploader {
  /**
   * @param {HTMLElement} root
   * @param {UploaderData} data
   */
  constructor(root, data) {
    this.data = data
    this.round = roundOf(data)
    this.frame = 0
    /** @type {Map<UploadItem, FileRow>} */
    this.rows = new Map()
    this.drop = el("div", "drop")
    this.label = el("div", "label")
    this.hint = el("div", "muted")
    this.files = Object.assign(el("input", "gone"), { type: "file", multiple: true })
    this.folder = Object.assign(el("input", "gone"), { type: "file", multiple: true, webkitdirectory: true })
    this.photos = el("input", "gone")
    this.camera = el("input", "gone")
    this.photos.type = this.camera.type = "file"
    this.camera.setAttribute("capture", "environment")
    this.pickPhotos = button("", () => this.photos.click(), "main gone")
    this.openCamera = button("", () => this.camera.click(), "gone")
    this.pick = button(tr("Choose files"), () => this.files.click(), "main")
    this.pickFolder = button(tr("Choose a folder"), () => this.folder.click())
    this.sum = el("div", "row sum gone")
    this.sumText = el("span", "grow")
    this.retry = button(tr("Try the failed ones again"), () => this.round.retryFailed(), "gone")
    this.bar = el("div", "bar gone")
    this.fill = el("i")
    this.list = el("ul", "list")
    this.build(root)
  }

  /** @param {HTMLElement} root */
  build(root) {
    const buttons = el("div", "buttons")
    buttons.append(this.pickPhotos, this.openCamera, this.pick, this.pickFolder)
    const inputs = [this.photos, this.camera, this.files, this.folder]
    this.drop.append(this.label, this.hint, buttons, ...inputs)
    this.sum.setAttribute("role", "status")
    this.sum.append(this.sumText, this.retry)
    this.bar.append(this.fill)
    root.replaceChildren(this.drop, this.sum, this.bar, this.list)
    for (const input of inputs) input.onchange = () => this.addPicked(input)
    this.drop.ondragover = event => {
      event.preventDefault()
      this.drop.classList.add("over")
    }
    this.drop.ondragleave = () => this.drop.classList.remove("over")
    this.drop.ondrop = event => this.onDrop(event)
  }

  /** @param {ComponentRun<UploaderData>} run */
  update({ data, setTriggerValue }) {
    this.data = data
    this.round = roundOf(data)
    setIfChanged(this.label, "textContent", data.label)
    setIfChanged(this.hint, "textContent", data.hint)
    this.files.accept = data.accept
    this.files.multiple = data.multiple
    this.pick.textContent = data.multiple ? tr("Choose files") : tr("Choose a file")
    this.offerPhotos(data)
    this.round.onChange = () => this.drawSoon()
    this.round.onDone = report => setTriggerValue("done", report)
    this.round.reportPending()
    this.drawSoon()
    window.onbeforeunload = () => (isUploading() ? tr("Files are still uploading.") : undefined)
  }

  /**
   * On phones and tablets: photos and camera first, and no folders, which they cannot give.
   *
   * @param {UploaderData} data
   */
  offerPhotos({ accept, multiple, folders }) {
    const isTouch = matchMedia("(hover: none) and (pointer: coarse)").matches
    const types = isTouch ? photoTypes(accept) : ""
    this.photos.accept = types
    this.camera.accept = types
    this.photos.multiple = multiple
    this.pickPhotos.textContent = types === "video/*" ? tr("Choose videos") : tr("Choose photos")
    this.openCamera.textContent = types === "video/*" ? tr("Record a video") : tr("Take a photo")
    for (const choice of [this.pickPhotos, this.openCamera]) choice.classList.toggle("gone", !types)
    this.pick.classList.toggle("main", !types)
    this.pickFolder.classList.toggle("gone", isTouch || !folders)
  }

  close() {
    this.round.onChange = null
    this.round.onDone = null
  }

  /** @param {HTMLInputElement} input */
  addPicked(input) {
    this.round.add([...(input.files ?? [])].map(file => ({ file, name: file.webkitRelativePath || file.name })))
    input.value = ""
  }

  /** @param {DragEvent} event */
  async onDrop(event) {
    event.preventDefault()
    this.drop.classList.remove("over")
    /** @type {NamedFile[]} */
    const files = event.dataTransfer ? await droppedFiles(event.dataTransfer) : []
    this.round.add(this.data.multiple ? files : files.slice(0, 1))
  }

  drawSoon() {
    if (this.frame) return
    this.frame = requestAnimationFrame(() => {
      this.frame = 0
      this.draw()
    })
  }

  draw() {
    const { queue } = this.round
    const isEmpty = queue.items.length === 0
    this.sum.classList.toggle("gone", isEmpty)
    this.bar.classList.toggle("gone", isEmpty)
    if (isEmpty) {
      this.list.replaceChildren()
      this.rows.clear()
      return
    }
    const summary = queue.summary(performance.now())
    setIfChanged(this.sumText, "textContent", summary.text)
    this.fill.style.width = `${summary.share * 100}%`
    this.bar.classList.toggle("gone", !summary.isBusy)
    this.retry.classList.toggle("gone", summary.isBusy || summary.failed < 2)
    this.drawRows(queue.firstItems(SHOWN))
  }

  /** @param {UploadItem[]} shown */
  drawRows(shown) {
    const keep = new Set(shown)
    for (const [item, row] of this.rows) {
      if (keep.has(item)) continue
      row.node.remove()
      this.rows.delete(item)
    }
    for (const item of shown) this.rowOf(item).draw(item)
  }

  /** @param {UploadItem} item */
  rowOf(item) {
    const known = this.rows.get(item)
    if (known) return known
    const row = new FileRow(item, () => this.round.retry(item))
    this.rows.set(item, row)
    this.list.append(row.node)
    return row
  }
}

export default mountable((root, /** @type {ComponentRun<UploaderData>} */ { data }) => new Uploader(root, data))
