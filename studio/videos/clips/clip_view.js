import { mediaUrl } from "../../ui/shared/api.js"
import { button, el, setIfChanged } from "../../ui/shared/dom.js"
import { tr } from "../../ui/shared/words.js"
import { clipTitle, lengthText } from "./clip_text.js"

/** @import { Clip } from "./clip_text.js" */

/** @typedef {{ onOpen: () => void, onFavourite: () => void, onPost: () => void }} ClipActions */

/** A poster that plays while it is pointed at. */
export class ClipView {
  /**
   * @param {string} workspace
   * @param {Clip} clip
   * @param {ClipActions} actions
   */
  constructor(workspace, clip, { onOpen, onFavourite, onPost }) {
    this.filmUrl = mediaUrl(workspace, clip.assetId)
    /** @type {HTMLVideoElement | null} */
    this.film = null
    this.node = el("div", "clip")
    this.picture = el("div", "pic")
    this.img = el("img")
    this.length = el("span", "length")
    this.title = el("b", "cut grow")
    this.stars = el("span", "stars")
    this.heart = button("♥", onFavourite, "heart")
    this.post = button(tr("Create post"), () => this.openFilm(onPost), "post")
    this.open = button("", () => this.openFilm(onOpen), "open")
    this.build()
    this.img.src = mediaUrl(workspace, clip.assetId, "?w=320")
    this.node.onpointerenter = event => {
      if (event.pointerType !== "touch") this.play()
    }
    this.node.onpointerleave = () => this.stop()
  }

  build() {
    const arrow = el("div", "play")
    arrow.append(el("i"))
    this.img.loading = "lazy"
    this.img.decoding = "async"
    this.img.alt = ""
    this.img.onload = () => {
      this.img.classList.add("here")
      this.picture.style.setProperty("--poster", `url("${this.img.src}")`)
    }
    this.picture.append(this.img, this.length, arrow)
    const foot = el("div", "foot")
    foot.append(this.title, this.stars)
    this.node.setAttribute("role", "listitem")
    this.node.append(this.picture, foot, this.open, this.heart, this.post)
  }

  /** The film is fetched when somebody points at it, not before. */
  play() {
    if (this.film || matchMedia("(prefers-reduced-motion: reduce)").matches) return
    const film = el("video")
    this.film = film
    film.muted = true
    film.loop = true
    film.playsInline = true
    film.src = this.filmUrl
    film.onplaying = () => this.node.classList.add("playing")
    this.picture.insertBefore(film, this.length)
    // A browser may refuse to play, and ends what is waited for when the film is taken away: the poster stays.
    film.play().catch(() => {})
  }

  /** @param {() => void} onOpen */
  openFilm(onOpen) {
    this.stop()
    onOpen()
  }

  stop() {
    const { film } = this
    if (!film) return
    this.film = null
    film.pause()
    film.removeAttribute("src")
    film.load()
    film.remove()
    this.node.classList.remove("playing")
  }

  /**
   * @param {Clip} clip
   * @param {boolean} canEdit
   */
  draw(clip, canEdit) {
    const title = clipTitle(clip)
    const length = lengthText(clip.seconds)
    setIfChanged(this.title, "textContent", title)
    setIfChanged(this.length, "textContent", length)
    setIfChanged(this.stars, "textContent", "★".repeat(clip.rating))
    this.node.classList.toggle("faved", clip.favourite)
    this.open.setAttribute("aria-label", tr("Play {title}, {length}", { title, length }))
    this.heart.classList.toggle("gone", !canEdit && !clip.favourite)
    this.heart.disabled = !canEdit
    this.post.classList.toggle("gone", !canEdit)
    this.heart.setAttribute("aria-label", clip.favourite ? tr("Remove from favourites") : tr("Make it a favourite"))
    this.heart.setAttribute("aria-pressed", String(clip.favourite))
  }
}
