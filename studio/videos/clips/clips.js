import { api, messageOf, send } from "../../ui/shared/api.js"
import { el, placeChild, removeOthers, setIfChanged } from "../../ui/shared/dom.js"
import { mountable } from "../../ui/shared/mount.js"
import { tr } from "../../ui/shared/words.js"
import { ClipView } from "./clip_view.js"

/** @import { Clip } from "./clip_text.js" */

/**
 * What `studio.videos.clips.clips` sends.
 *
 * @typedef {object} ClipsData
 * @property {string} workspace
 * @property {boolean} canEdit
 * @property {Record<string, string>} asked filters
 * @property {{ data: Clip[], nextCursor: string | null }} first
 */

const PAGE = 60
/** The next page is fetched when its place is so near. */
const NEAR_FOOT = "600px"

class Clips {
  /**
   * @param {HTMLElement} root
   * @param {ClipsData} data
   */
  constructor(root, data) {
    this.data = data
    /** @type {Map<string, ClipView>} */
    this.views = new Map()
    /** @type {Clip[]} */
    this.items = []
    /** Cursor of the next page; null: all is here. @type {string | null} */
    this.next = null
    this.isLoading = false
    /** The first page that was taken over. */
    this.first = ""
    /** @type {ComponentRun<ClipsData>["setTriggerValue"]} */
    this.setTriggerValue = () => {}
    this.error = el("div", "bad gone")
    this.grid = el("div", "grid")
    this.foot = el("div", "more")
    this.grid.setAttribute("role", "list")
    this.grid.setAttribute("aria-label", tr("Videos"))
    this.error.setAttribute("role", "alert")
    root.replaceChildren(this.error, this.grid, this.foot)
    const onSeen = (/** @type {IntersectionObserverEntry[]} */ entries) => {
      if (entries.some(entry => entry.isIntersecting)) this.loadMore()
    }
    this.ending = new IntersectionObserver(onSeen, { rootMargin: NEAR_FOOT })
    this.ending.observe(this.foot)
  }

  /** @param {ComponentRun<ClipsData>} run */
  update({ data, setTriggerValue }) {
    this.data = data
    this.setTriggerValue = setTriggerValue
    const first = JSON.stringify(data.first)
    if (first !== this.first) {
      this.first = first
      this.items = data.first.data.map(clip => ({ ...clip }))
      this.next = data.first.nextCursor
    }
    this.draw()
  }

  close() {
    for (const view of this.views.values()) view.stop()
    this.ending.disconnect()
  }

  draw() {
    removeOthers(this.views, new Set(this.items.map(clip => clip.id)), view => view.stop())
    for (const [place, clip] of this.items.entries()) {
      const view = this.viewOf(clip)
      placeChild(this.grid, view.node, place)
      view.draw(clip, this.data.canEdit)
    }
  }

  /** @param {Clip} clip */
  viewOf(clip) {
    const { id } = clip
    const view =
      this.views.get(id) ??
      new ClipView(this.data.workspace, clip, {
        onOpen: () => this.setTriggerValue("opened", { id, at: Date.now() }),
        onFavourite: () => this.toggleFavourite(id),
        onPost: () => this.setTriggerValue("post", { id, at: Date.now() }),
      })
    this.views.set(id, view)
    return view
  }

  /** @param {unknown} error null: nothing is wrong any more */
  showError(error) {
    setIfChanged(this.error, "textContent", error ? messageOf(error) : "")
    this.error.classList.toggle("gone", !error)
  }

  /** Shown at once, and taken back when the server refuses. @param {string} id */
  async toggleFavourite(id) {
    const clip = this.items.find(item => item.id === id)
    if (!clip) return
    const favourite = !clip.favourite
    const { workspace } = this.data
    clip.favourite = favourite
    this.draw()
    try {
      const path = `/api/videos/${encodeURIComponent(id)}?workspace=${encodeURIComponent(workspace)}`
      await send(path, { favourite }, workspace, "PUT")
      this.showError(null)
    } catch (error) {
      clip.favourite = !favourite
      this.draw()
      this.showError(error)
    }
  }

  async loadMore() {
    if (this.isLoading || !this.next) return
    this.isLoading = true
    const { asked, workspace } = this.data
    try {
      const query = new URLSearchParams({ workspace, take: String(PAGE), cursor: this.next, ...asked })
      const page = await api(`/api/videos?${query}`)
      this.items = this.items.concat(page.data)
      this.next = page.nextCursor
      this.draw()
      this.showError(null)
    } catch (error) {
      this.showError(error)
    } finally {
      this.isLoading = false
    }
  }
}

export default mountable((root, /** @type {ComponentRun<ClipsData>} */ { data }) => new Clips(root, data))
