import { button, el, setIfChanged } from "../../ui/shared/dom.js"
import { clockText, waveformPath } from "../../ui/shared/waveform.js"
import { tr } from "../../ui/shared/words.js"

/**
 * @typedef {object} Track
 * @property {string} id
 * @property {string} title
 * @property {string} facts licence and credit, or what it sounds like
 * @property {string} uses where it is played
 * @property {number} seconds
 * @property {number[]} peaks 0..100
 * @property {string} source address of its sound
 * @property {boolean} isOwn
 */

/** @typedef {{ onToggle: () => void, onSeek: (share: number) => void, onOpen: () => void }} TrackActions */

const BARS = 96
const STEP_S = 5
const SVG = "http://www.w3.org/2000/svg"

/** A track: play, title, waveform (click to go there, arrow keys), length. */
export class TrackView {
  /** @param {TrackActions} actions */
  constructor({ onToggle, onSeek, onOpen }) {
    this.source = ""
    this.seconds = 0
    this.share = 0
    this.title = ""
    this.node = el("div", "track")
    this.node.setAttribute("role", "listitem")
    this.toggle = button("", onToggle, "play")
    this.words = el("div", "words")
    this.name = el("b", "cut")
    this.facts = el("div", "muted cut facts")
    this.uses = el("div", "muted cut uses")
    this.error = el("div", "bad gone")
    this.error.setAttribute("role", "alert")
    this.words.append(this.name, this.facts, this.uses, this.error)
    this.wave = el("div", "wave")
    this.wave.tabIndex = 0
    this.wave.setAttribute("role", "slider")
    this.wave.setAttribute("aria-valuemin", "0")
    this.all = document.createElementNS(SVG, "path")
    this.played = document.createElementNS(SVG, "path")
    this.played.setAttribute("class", "played")
    this.svg = document.createElementNS(SVG, "svg")
    this.svg.setAttribute("preserveAspectRatio", "none")
    this.svg.setAttribute("aria-hidden", "true")
    this.svg.append(this.all, this.played)
    this.wave.append(this.svg)
    this.length = el("span", "muted length")
    this.open = button("", onOpen, "quiet")
    this.node.append(this.toggle, this.words, this.wave, this.length, this.open)
    this.wave.onclick = event => {
      const box = this.wave.getBoundingClientRect()
      onSeek(Math.min(0.999, Math.max(0, (event.clientX - box.left) / box.width)))
    }
    this.wave.onkeydown = event => {
      const by = { ArrowRight: STEP_S, ArrowLeft: -STEP_S, Home: -Infinity }[event.key]
      if (by === undefined) return
      event.preventDefault()
      onSeek(Math.min(0.999, Math.max(0, this.share + by / (this.seconds || 1))))
    }
    this.showPlace(0, false)
  }

  /**
   * @param {Track} track
   * @param {boolean} canEdit
   */
  draw(track, canEdit) {
    this.source = track.source
    this.seconds = track.seconds
    this.title = track.title
    setIfChanged(this.name, "textContent", track.title)
    setIfChanged(this.facts, "textContent", track.facts)
    setIfChanged(this.uses, "textContent", track.uses)
    this.uses.classList.toggle("gone", !track.uses)
    setIfChanged(this.length, "textContent", clockText(track.seconds))
    setIfChanged(this.open, "textContent", track.isOwn && canEdit ? tr("Edit") : tr("Details"))
    this.open.setAttribute("aria-label", `${this.open.textContent}: ${track.title}`)
    this.svg.setAttribute("viewBox", `0 0 ${Math.min(BARS, track.peaks.length || 1)} 100`)
    const path = waveformPath(track.peaks, BARS)
    for (const line of [this.all, this.played]) if (line.getAttribute("d") !== path) line.setAttribute("d", path)
    this.wave.setAttribute("aria-label", tr("Position in {title}", { title: track.title }))
    this.wave.setAttribute("aria-valuemax", String(Math.round(track.seconds)))
    this.showPlace(this.share, this.node.classList.contains("playing"))
  }

  /**
   * @param {number} share 0..1
   * @param {boolean} isPlaying
   */
  showPlace(share, isPlaying) {
    this.share = share
    this.node.classList.toggle("playing", isPlaying)
    this.played.style.clipPath = `inset(0 ${(100 * (1 - share)).toFixed(2)}% 0 0)`
    setIfChanged(this.toggle, "textContent", isPlaying ? "❚❚" : "▶")
    this.toggle.setAttribute(
      "aria-label",
      isPlaying ? tr("Pause {title}", { title: this.title }) : tr("Play {title}", { title: this.title }),
    )
    this.wave.setAttribute("aria-valuenow", String(Math.round(share * this.seconds)))
    this.wave.setAttribute(
      "aria-valuetext",
      tr("{time} of {length}", { time: clockText(share * this.seconds), length: clockText(this.seconds) }),
    )
  }

  /** @param {string} sentence "": nothing is wrong */
  showError(sentence) {
    setIfChanged(this.error, "textContent", sentence)
    this.error.classList.toggle("gone", !sentence)
  }
}
