import { button, el, setIfChanged } from "../shared/dom.js"
import { duration } from "../shared/format.js"
import { tr } from "../shared/words.js"
import { canRetry, percentDone, phaseText, statusText } from "./job_text.js"

/** @import { LiveJob } from "./job_text.js" */

/** @typedef {{ onAct: (verb: "cancel" | "retry") => void, onOpen: () => void }} JobCardActions */

/** One button takes the other's place once the studio has answered: until then a second press belongs to the first. */
const DOUBLE_CLICK_MS = 700

export class LiveJobCard {
  /** @param {JobCardActions} actions */
  constructor({ onAct, onOpen }) {
    this.node = el("div", "job")
    this.img = el("img", "gone")
    this.title = el("span", "title cut")
    this.chip = el("span", "chip")
    this.bar = el("div", "bar")
    this.fill = el("i")
    this.phase = el("span")
    this.count = el("span")
    this.eta = el("span")
    this.reason = el("div", "why bad gone")
    this.open = button("", onOpen)
    this.pressedAt = -DOUBLE_CLICK_MS
    /** @param {"cancel" | "retry"} verb */
    const press = verb => {
      const isSecondPress = performance.now() - this.pressedAt < DOUBLE_CLICK_MS
      this.pressedAt = performance.now()
      if (isSecondPress) return
      this.cancel.disabled = this.retry.disabled = true
      onAct(verb)
    }
    this.cancel = button(tr("Cancel"), () => press("cancel"))
    this.retry = button(tr("Try again"), () => press("retry"))
    this.build()
  }

  build() {
    const head = el("div", "row")
    head.append(this.title, this.chip)
    const line = el("div", "line muted")
    line.append(this.phase, this.count, this.eta)
    const body = el("div", "grow")
    body.append(head, this.bar, line, this.reason)
    const acts = el("div", "acts")
    acts.append(this.open, this.cancel, this.retry)
    this.img.alt = ""
    this.bar.append(this.fill)
    this.bar.setAttribute("role", "progressbar")
    this.node.append(this.img, body, acts)
  }

  /**
   * @param {LiveJob} job
   * @param {{ canEdit: boolean, openLabel: string }} options
   */
  draw(job, { canEdit, openLabel }) {
    const isRunning = job.status === "processing"
    const isWaiting = job.status === "pending"
    setIfChanged(this.title, "textContent", job.title)
    setIfChanged(this.title, "title", job.title)
    setIfChanged(this.chip, "textContent", statusText(job))
    setIfChanged(this.chip, "className", `chip ${job.status}`)
    this.bar.setAttribute("aria-label", job.title)
    this.drawProgress(job, isRunning)
    setIfChanged(this.phase, "textContent", phaseText(job, new Date()))
    const reason = job.status === "failed" || isWaiting ? job.error || "" : ""
    setIfChanged(this.reason, "textContent", reason)
    this.reason.classList.toggle("gone", !reason)
    this.reason.classList.toggle("bad", !isWaiting)
    if (isRunning && job.preview) setIfChanged(this.img, "src", job.preview)
    this.img.classList.toggle("gone", !(isRunning && job.preview))
    this.cancel.classList.toggle("gone", !canEdit || !(isRunning || isWaiting))
    this.cancel.disabled = Boolean(job.cancelRequested)
    this.retry.classList.toggle("gone", !canEdit || !canRetry(job))
    this.retry.disabled = false
    setIfChanged(this.open, "textContent", openLabel)
    this.open.classList.toggle("gone", !openLabel)
  }

  /**
   * @param {LiveJob} job
   * @param {boolean} isRunning
   */
  drawProgress(job, isRunning) {
    const percent = percentDone(job)
    this.bar.classList.toggle("gone", !isRunning)
    this.bar.classList.toggle("unknown", isRunning && percent === null)
    this.fill.style.width = percent === null ? "" : `${Math.min(100, percent)}%`
    if (percent === null) this.bar.removeAttribute("aria-valuenow")
    else this.bar.setAttribute("aria-valuenow", String(Math.round(percent)))
    setIfChanged(
      this.count,
      "textContent",
      isRunning && job.total ? tr("{n:,} of {total:,}", { n: job.done, total: job.total }) : "",
    )
    const eta = isRunning && typeof job.etaS === "number" ? tr("about {time} left", { time: duration(job.etaS) }) : ""
    setIfChanged(this.eta, "textContent", eta)
  }
}
