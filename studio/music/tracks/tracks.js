import { placeChild, removeOthers } from "../../ui/shared/dom.js"
import { mountable } from "../../ui/shared/mount.js"
import { tr } from "../../ui/shared/words.js"
import { TrackView } from "./track_view.js"

/** @import { Track } from "./track_view.js" */

/**
 * What `studio.music.tracks.tracks` sends.
 *
 * @typedef {object} TracksData
 * @property {boolean} canEdit
 * @property {Track[]} tracks
 */

/** One sound at a time: the player belongs to the track that was started last. */
class Tracks {
  /** @param {HTMLElement} root */
  constructor(root) {
    this.list = document.createElement("div")
    this.list.className = "tracks"
    this.list.setAttribute("role", "list")
    root.replaceChildren(this.list)
    /** @type {Map<string, TrackView>} */
    this.views = new Map()
    this.player = new Audio()
    this.player.preload = "none"
    /** @type {TrackView | null} */
    this.playing = null
    /** @type {ComponentRun<TracksData>["setTriggerValue"]} */
    this.setTriggerValue = () => {}
    for (const event of /** @type {const} */ (["timeupdate", "play", "pause", "ended", "error"])) {
      this.player.addEventListener(event, () => this.follow())
    }
  }

  /** @param {ComponentRun<TracksData>} run */
  update({ data, setTriggerValue }) {
    this.setTriggerValue = setTriggerValue
    this.list.setAttribute("aria-label", tr("Music"))
    removeOthers(this.views, new Set(data.tracks.map(track => track.id)), view => {
      if (view === this.playing) this.stop()
    })
    for (const [place, track] of data.tracks.entries()) {
      const view = this.views.get(track.id) ?? this.newView(track.id)
      placeChild(this.list, view.node, place)
      view.draw(track, data.canEdit)
    }
  }

  close() {
    this.stop()
  }

  /** @param {string} id */
  newView(id) {
    const view = new TrackView({
      onToggle: () => (view === this.playing && !this.player.paused ? this.player.pause() : this.play(view, null)),
      onSeek: share => this.play(view, share),
      onOpen: () => this.setTriggerValue("opened", { id, at: Date.now() }),
    })
    this.views.set(id, view)
    return view
  }

  /**
   * @param {TrackView} view
   * @param {number | null} share 0..1: where it goes on; null: where it was
   */
  play(view, share) {
    if (this.playing !== view) {
      this.playing?.showPlace(0, false)
      this.playing = view
      this.player.src = view.source
    }
    if (share !== null) this.player.currentTime = share * view.seconds
    view.showError("")
    this.player.play().catch(error => {
      if (error.name !== "AbortError") view.showError(tr("This track cannot be played. Reload the page and try again."))
    })
  }

  follow() {
    this.playing?.showPlace(this.player.currentTime / (this.playing.seconds || 1), !this.player.paused)
  }

  stop() {
    this.player.pause()
    this.player.removeAttribute("src")
    this.player.load()
    this.playing = null
  }
}

export default mountable((root, /** @type {ComponentRun<TracksData>} */ _run) => new Tracks(root))
