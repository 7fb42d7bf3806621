import { mediaUrl } from "../../ui/shared/api.js"
import { button, el, setIfChanged } from "../../ui/shared/dom.js"
import { mountable } from "../../ui/shared/mount.js"
import { moved, Ordering } from "../../ui/shared/ordering.js"
import { Press } from "../../ui/shared/press.js"
import { readerLanguage, tr } from "../../ui/shared/words.js"
import { barsOf, clock, startsOf } from "./timing.js"

/** @import { StripScene } from "./timing.js" */

/**
 * What `studio.reels.scene_strip.scene_strip` sends.
 *
 * @typedef {object} StripData
 * @property {string} workspace
 * @property {boolean} canEdit
 * @property {StripScene[]} scenes
 * @property {string} selected
 * @property {string} undo what the undo takes back; "": nothing
 * @property {number} handled `at` of the last event that the page has acted on
 */

/**
 * @typedef {object} StripEvent
 * @property {string} name
 * @property {number} at when, in ms since 1970; no two have the same
 */

const PX_PER_SECOND = 26
const MIN_WIDTH = 92
const PX_PER_BAR = 3

/**
 * Once for a double click, also for one that began at a button which stood there before, such as the “Cancel” of a job.
 *
 * @param {() => void} act
 */
const once = act => (/** @type {PointerEvent} */ event) => {
  if (event.detail < 2) act()
}

/** The scenes of a reel as a timeline: as wide as they are long, with their picture, their voice and their words. */
class SceneStrip {
  /** @param {HTMLElement} root */
  constructor(root) {
    /** @type {StripScene[]} */
    this.scenes = []
    this.selected = ""
    this.key = ""
    /** The scene that has the focus after the next drawing. */
    this.focusNext = ""
    /** @type {StripEvent[]} what was done that the page has not acted on yet */
    this.events = []
    /** @type {ComponentRun<StripData>["setStateValue"]} */
    this.setStateValue = () => {}
    this.ordering = new Ordering({
      move: (from, to) => this.move(from, to),
      focus: n => this.handle(this.scenes[n]?.id)?.focus(),
      remove: n => this.remove(n),
    })
    this.bar = el("div", "row tools")
    this.tools = {
      total: el("span", "muted grow cut"),
      earlier: button(tr("← Earlier"), () => this.move(this.place, this.place - 1), "quiet"),
      later: button(tr("Later →"), () => this.move(this.place, this.place + 1), "quiet"),
      copy: button(
        tr("Duplicate"),
        once(() => this.act("duplicated", { id: this.selected })),
        "quiet",
      ),
      remove: button(
        tr("Delete"),
        once(() => this.remove(this.place)),
        "quiet",
      ),
      back: button(tr("Undo"), () => this.act("undone", {}), "quiet"),
    }
    this.bar.append(...Object.values(this.tools))
    this.list = el("ol", "strip")
    this.list.setAttribute("aria-label", tr("Scenes, in order"))
    this.live = el("span", "unseen")
    this.live.setAttribute("aria-live", "polite")
    root.replaceChildren(this.bar, this.list, this.live)
    root.onkeydown = event => this.onKey(event)
    this.listening = new AbortController()
    this.press = new Press(root, this.listening.signal)
    this.isStale = false
    this.list.addEventListener("dragend", () => {
      if (this.isStale) this.draw()
    })
  }

  /** @param {ComponentRun<StripData>} run */
  update({ data, setStateValue }) {
    this.setStateValue = setStateValue
    this.events = this.events.filter(event => event.at > data.handled)
    if (this.events.length) return // what these change is shown already; the run that acts on them brings the rest
    this.data = data
    const key = JSON.stringify({ ...data, handled: 0 })
    if (key === this.key) return
    this.key = key
    this.scenes = data.scenes
    this.selected = data.selected
    this.draw()
  }

  close() {
    this.listening.abort()
  }

  draw() {
    if (!this.data) return
    // what is pressed or dragged must stay the same element until it is let go of
    if (this.press.isDown && !this.isStale) this.drawWhenReleased()
    this.isStale = this.press.isDown || this.ordering.dragged >= 0
    if (this.isStale) return
    const { canEdit, undo } = this.data
    const hadFocus = this.list.contains(document.activeElement) || Boolean(this.focused())
    const focused = this.focusNext || (hadFocus ? (this.focused()?.dataset.scene ?? "") : "")
    const starts = startsOf(this.scenes)
    this.list.replaceChildren(...this.scenes.map((scene, n) => this.buildScene(scene, n, starts[n], canEdit)))
    if (canEdit) this.list.append(this.buildAdd())
    this.drawTools(undo)
    this.bar.classList.toggle("gone", !canEdit)
    if (focused) this.handle(focused)?.focus()
    this.focusNext = ""
  }

  async drawWhenReleased() {
    await this.press.released()
    if (this.isStale) this.draw()
  }

  focused() {
    return /** @type {HTMLElement | null} */ (this.list.querySelector(":focus"))
  }

  get place() {
    return this.scenes.findIndex(({ id }) => id === this.selected)
  }

  /**
   * The buttons stay the same elements: one that is replaced while it is pressed loses the click.
   *
   * @param {string} undo
   */
  drawTools(undo) {
    const { earlier, later, copy, remove, back, total } = this.tools
    earlier.disabled = this.place <= 0
    later.disabled = this.place < 0 || this.place >= this.scenes.length - 1
    copy.disabled = this.place < 0
    remove.disabled = this.place < 0 || this.scenes.length === 1
    back.disabled = !undo
    back.title = undo
    const length = this.scenes.reduce((sum, { seconds }) => sum + seconds, 0)
    const isMeasured = this.scenes.every(other => other.isMeasured)
    setIfChanged(total, "textContent", isMeasured ? clock(length) : tr("about {time}", { time: clock(length) }))
  }

  /**
   * @param {StripScene} scene
   * @param {number} n
   * @param {number} start
   * @param {boolean} canEdit
   */
  buildScene(scene, n, start, canEdit) {
    const isSelected = scene.id === this.selected
    const item = el("li", isSelected ? "scene on" : "scene")
    const width = Math.max(MIN_WIDTH, Math.round(scene.seconds * PX_PER_SECOND))
    item.style.width = `${width}px`
    const open = button("", () => this.select(scene.id), "open")
    open.dataset.scene = scene.id
    open.setAttribute("aria-pressed", String(isSelected))
    const values = { place: n + 1, n: this.scenes.length }
    open.setAttribute(
      "aria-label",
      scene.words
        ? tr("Scene {place} of {n}: {words}", { ...values, words: scene.words })
        : tr("Scene {place} of {n}, without words", values),
    )
    open.append(this.buildPicture(scene, n), this.buildWaveform(scene, width), el("span", "words", scene.words || "–"))
    const about = scene.isMeasured ? "" : "~"
    const seconds = scene.seconds.toLocaleString(readerLanguage(), {
      minimumFractionDigits: 1,
      maximumFractionDigits: 1,
    })
    open.append(el("span", "muted time", `${clock(start)} · ${about}${seconds} s`))
    item.append(open)
    if (canEdit) {
      this.ordering.attach(item, open, n)
      if (this.scenes.length > 1) open.setAttribute("aria-keyshortcuts", "Alt+ArrowLeft Alt+ArrowRight Delete")
    }
    return item
  }

  /**
   * @param {StripScene} scene
   * @param {number} n
   */
  buildPicture(scene, n) {
    const frame = el("span", "picture")
    if (scene.assetId) {
      const image = el("img")
      image.src = mediaUrl(this.data?.workspace ?? "", scene.assetId, "?w=320")
      image.alt = ""
      image.draggable = false
      frame.append(image)
    } else {
      frame.append(el("span", "muted empty", tr("Created with the next render")))
    }
    frame.append(el("span", "number", String(n + 1)))
    return frame
  }

  /**
   * @param {StripScene} scene
   * @param {number} width px
   */
  buildWaveform(scene, width) {
    const bars = barsOf(scene.waveform, Math.floor(width / PX_PER_BAR))
    const line = el("span", bars.length ? "wave" : "wave unknown")
    line.setAttribute("aria-hidden", "true")
    const total = Math.max(1, bars.length)
    const path = bars.map((bar, n) => {
      const height = Math.max(0.03, bar / 100)
      return `M${(n + 0.5) / total} ${0.5 - height / 2}v${height}`
    })
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg")
    svg.setAttribute("viewBox", "0 0 1 1")
    svg.setAttribute("preserveAspectRatio", "none")
    const drawn = document.createElementNS("http://www.w3.org/2000/svg", "path")
    drawn.setAttribute("d", path.join("") || "M0 .5h1")
    svg.append(drawn)
    line.append(svg)
    return line
  }

  buildAdd() {
    const item = el("li", "scene add")
    const add = button(
      "+",
      once(() => this.act("added", { after: this.scenes.at(-1)?.id ?? "" })),
      "open",
    )
    add.setAttribute("aria-label", tr("Add a scene at the end"))
    item.append(add)
    return item
  }

  /** @param {string | undefined} id */
  handle(id) {
    return id ? /** @type {HTMLElement | null} */ (this.list.querySelector(`[data-scene="${CSS.escape(id)}"]`)) : null
  }

  /**
   * A state, not a trigger: Streamlit drops the triggers of a run that the next event interrupts. So each event is
   * sent again with the next ones, until the page has acted on it.
   *
   * @param {string} name
   * @param {object} values
   */
  act(name, values) {
    const at = Math.max(Date.now(), (this.events.at(-1)?.at ?? this.data?.handled ?? 0) + 1)
    this.events = [...this.events, { ...values, name, at }]
    this.setStateValue("events", this.events)
  }

  /** @param {string} id */
  select(id) {
    if (id === this.selected) return
    this.selected = id
    this.focusNext = id
    this.draw()
    this.act("selected", { id })
  }

  /**
   * Shown at once; the page then says how it is.
   *
   * @param {number} from
   * @param {number} to
   */
  move(from, to) {
    if (!this.data?.canEdit || to < 0 || to >= this.scenes.length || from === to) return
    const { id } = this.scenes[from]
    this.scenes = moved(this.scenes, from, to)
    this.selected = id
    this.focusNext = id
    this.live.textContent = tr("Moved to place {place} of {n}.", { place: to + 1, n: this.scenes.length })
    this.draw()
    this.act("ordered", { ids: this.scenes.map(scene => scene.id), moved: id })
  }

  /** @param {number} n */
  remove(n) {
    if (!this.data?.canEdit || this.scenes.length < 2) return
    const { id } = this.scenes[n]
    this.scenes = this.scenes.filter(scene => scene.id !== id)
    this.selected = this.scenes[Math.min(n, this.scenes.length - 1)].id
    this.focusNext = this.selected
    this.draw()
    this.act("removed", { id, next: this.selected })
  }

  /** @param {KeyboardEvent} event */
  onKey(event) {
    if (!(event.ctrlKey || event.metaKey) || !this.data?.canEdit) return
    if (event.key === "z" && this.data.undo) {
      event.preventDefault()
      this.act("undone", {})
    } else if (event.key === "d" && this.selected) {
      event.preventDefault()
      this.act("duplicated", { id: this.selected })
    }
  }
}

export default mountable(
  (/** @type {HTMLElement} */ root, /** @type {ComponentRun<StripData>} */ _run) => new SceneStrip(root),
)
