import { button, el, setIfChanged } from "../../ui/shared/dom.js"
import { tr } from "../../ui/shared/words.js"
import { wallText } from "./times.js"

/** @import { PostModel } from "./post_model.js" */

const DEFAULT_CLOCK = "18:00"

/** Day, time and time zone of a post, with the next free time one click away. */
export class WhenField {
  /** @param {PostModel} model */
  constructor(model) {
    this.model = model
    this.node = el("fieldset", "when")
    this.node.append(el("legend", "name", tr("When")))
    this.day = el("input")
    this.day.type = "date"
    this.day.setAttribute("aria-label", tr("Day"))
    this.clock = el("input")
    this.clock.type = "time"
    this.clock.step = "60"
    this.clock.setAttribute("aria-label", tr("Time"))
    this.zone = el("select")
    this.zone.setAttribute("aria-label", tr("Time zone"))
    this.free = button("", () => this.takeFree(), "quiet")
    this.clear = button(tr("No date"), () => this.change(null), "quiet")
    this.trouble = el("p", "help bad")
    this.trouble.setAttribute("role", "status")
    const row = el("div", "row wrap")
    row.append(this.day, this.clock, this.zone, this.clear, this.free)
    this.node.append(row, this.trouble)
    this.day.onchange = () => this.take()
    this.clock.onchange = () => this.take()
    this.zone.onchange = () => this.model.change({ ...this.model.draft, timeZone: this.zone.value })
    this.zone.onfocus = () => this.fillZones()
  }

  draw() {
    const { model } = this
    const { localTime, timeZone } = model.draft
    const isFrozen = model.isDateFrozen
    setIfChanged(this.day, "value", localTime?.slice(0, 10) ?? "")
    setIfChanged(this.clock, "value", localTime?.slice(11, 16) ?? "")
    this.drawZone(timeZone)
    for (const field of [this.day, this.clock, this.zone]) field.disabled = isFrozen
    const next = model.loaded.nextFreeTime
    this.free.textContent = next ? tr("Next free: {time}", { time: wallText(next) }) : ""
    this.free.classList.toggle("gone", isFrozen || !next || next.slice(0, 16) === localTime?.slice(0, 16))
    this.clear.classList.toggle("gone", isFrozen || !localTime)
    const troubles = [
      ...(model.hasPassed ? [tr("That time has passed. Choose a later one.")] : []),
      ...model.loaded.warnings,
    ]
    setIfChanged(this.trouble, "textContent", troubles.join(" "))
  }

  /** @param {string} timeZone */
  drawZone(timeZone) {
    if (![...this.zone.options].some(option => option.value === timeZone))
      this.zone.append(new Option(timeZone, timeZone))
    setIfChanged(this.zone, "value", timeZone)
  }

  /** All of them are many: they come when somebody looks for one. */
  fillZones() {
    if (this.zone.options.length > 5) return
    const known = new Set([...this.zone.options].map(option => option.value))
    const others = Intl.supportedValuesOf("timeZone").filter(zone => !known.has(zone))
    this.zone.append(...others.map(zone => new Option(zone, zone)))
  }

  focus() {
    this.day.focus()
    this.day.scrollIntoView({ block: "nearest" })
    try {
      this.day.showPicker()
    } catch {
      // Only after a click, and not in every browser.
    }
  }

  take() {
    if (!this.day.value) return this.change(null)
    return this.change(`${this.day.value}T${this.clock.value || DEFAULT_CLOCK}`)
  }

  takeFree() {
    const next = this.model.loaded.nextFreeTime
    if (next) this.change(next.slice(0, 16), this.model.loaded.plan.timeZone)
  }

  /**
   * @param {string | null} localTime
   * @param {string} [timeZone]
   */
  change(localTime, timeZone = this.model.draft.timeZone) {
    this.model.change({ ...this.model.draft, localTime: localTime && `${localTime}:00`, timeZone })
  }
}
