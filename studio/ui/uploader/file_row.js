import { button, el, setIfChanged } from "../shared/dom.js"
import { bytes } from "../shared/format.js"
import { tr, trLazy } from "../shared/words.js"

/** @import { UploadItem, UploadState } from "./queue.js" */

/** @type {Record<Exclude<UploadState, "sending">, string>} */
const STATE_TEXT = {
  waiting: trLazy("waiting"),
  stored: trLazy("✓ uploaded"),
  skipped: trLazy("✓ already here"),
  failed: trLazy("not uploaded"),
  refused: trLazy("refused"),
}

/** @type {Record<UploadState, string>} */
const STATE_CLASS = {
  waiting: "muted",
  sending: "muted",
  stored: "good",
  skipped: "muted",
  failed: "bad",
  refused: "bad",
}

export class FileRow {
  /**
   * @param {UploadItem} item
   * @param {() => void} onRetry
   */
  constructor(item, onRetry) {
    this.node = el("li")
    this.state = el("span", "state")
    this.bar = el("div", "bar")
    this.fill = el("i")
    this.reason = el("div", "why bad")
    this.again = button(tr("Try again"), onRetry, "gone")
    const name = el("span", "cut", item.name)
    name.title = item.name
    this.bar.append(this.fill)
    const right = el("span", "row")
    right.append(this.state, this.again)
    this.node.append(name, right, this.bar, this.reason)
  }

  /** @param {UploadItem} item */
  draw(item) {
    const { size } = item.file
    const percent = size ? (item.loaded / size) * 100 : 0
    const text =
      item.state === "sending"
        ? tr("{percent}% of {size}", { percent: Math.round(percent), size: bytes(size) })
        : tr(STATE_TEXT[item.state])
    setIfChanged(this.state, "textContent", text)
    setIfChanged(this.state, "className", `state ${STATE_CLASS[item.state]}`)
    this.bar.classList.toggle("gone", item.state !== "sending")
    this.fill.style.width = `${percent}%`
    setIfChanged(this.reason, "textContent", item.reason)
    this.reason.classList.toggle("gone", !item.reason)
    this.again.classList.toggle("gone", item.state !== "failed")
  }
}
