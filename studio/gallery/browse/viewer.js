import { api, mediaUrl, messageOf, send } from "../../ui/shared/api.js"
import { button, el } from "../../ui/shared/dom.js"
import { mountable } from "../../ui/shared/mount.js"
import { tr } from "../../ui/shared/words.js"
import { recallSession, searchParams } from "./query.js"
import { Zoom } from "./zoom.js"

/** @import { PictureAct } from "./acts.js" */

/** @typedef {{ id: string, assetId: string, prompt: string }} ShownPicture */

/**
 * What `studio.gallery.browse.viewer` sends.
 *
 * @typedef {object} ViewerExtras
 * @property {string} workspace
 * @property {string} board
 * @property {boolean} canEdit
 * @property {number} width
 * @property {number} height
 * @property {boolean} favourite
 *
 * @typedef {ShownPicture & ViewerExtras} ViewerData
 */

/**
 * The pictures before and after one in its list.
 *
 * @typedef {{ before?: ShownPicture, after?: ShownPicture }} Neighbours
 */

/** px that an arrow moves an enlarged picture. @type {Record<string, [x: number, y: number]>} */
const PUSHES = { arrowleft: [60, 0], arrowright: [-60, 0], arrowup: [0, 60], arrowdown: [0, -60] }
/** Keys typed in one of these are its own. */
const OWN_KEYS = "input,textarea,select,[contenteditable],[role=dialog],[role=slider],[role=radiogroup]"

/** One picture large on its own page: zoom, the one before and after it in the list people came from, stars by key. */
class PictureViewer {
  /**
   * @param {HTMLElement} root
   * @param {ViewerData} data
   */
  constructor(root, data) {
    this.data = data
    /** @type {string | null} */
    this.id = null
    /** null: not known yet. @type {Neighbours | null} */
    this.neighbours = null
    /** Where people wanted to go while the neighbours were on their way. @type {keyof Neighbours | null} */
    this.wanted = null
    this.turn = 0
    /** @type {ComponentRun<ViewerData>["setTriggerValue"]} */
    this.setTriggerValue = () => {}
    this.area = el("div", "view")
    this.img = el("img")
    this.note = el("p", "bad gone")
    this.before = button("‹", () => this.step("before"), "step")
    this.after = button("›", () => this.step("after"), "step")
    this.before.setAttribute("aria-label", tr("Previous picture (←)"))
    this.after.setAttribute("aria-label", tr("Next picture (→)"))
    this.img.draggable = false
    this.img.decoding = "async"
    this.note.setAttribute("role", "alert")
    const pane = el("div", "pane")
    pane.append(this.img)
    this.area.append(pane, this.before, this.after)
    root.replaceChildren(this.area, this.note)
    // Without Ctrl the wheel scrolls the page.
    this.zoom = new Zoom(
      this.area,
      () => [this.img],
      event => event.ctrlKey,
    )
    this.img.ondblclick = () => this.zoom.toggle()
    this.listening = new AbortController()
    document.addEventListener("keydown", event => this.onKey(event), { signal: this.listening.signal })
  }

  /** @param {ComponentRun<ViewerData>} run */
  update({ data, setTriggerValue }) {
    this.data = data
    this.setTriggerValue = setTriggerValue
    this.area.style.aspectRatio = `${data.width} / ${data.height}`
    if (this.id === data.id) return
    this.show(data)
    this.wanted = null
    this.findNeighbours(data.id)
  }

  close() {
    this.listening.abort()
  }

  /** @param {string} text empty: nothing to say */
  report(text) {
    this.note.textContent = text
    this.note.classList.toggle("gone", !text)
  }

  /** @param {ShownPicture} picture */
  show(picture) {
    this.zoom.reset()
    this.report("")
    this.id = picture.id
    const src = mediaUrl(this.data.workspace, picture.assetId)
    if (this.img.getAttribute("src") === src) return
    this.img.src = src
    this.img.alt = picture.prompt
  }

  /** @param {keyof Neighbours} side */
  step(side) {
    if (!this.neighbours) {
      this.wanted = side
      return
    }
    const next = this.neighbours[side]
    if (!next) return
    this.show(next)
    this.setTriggerValue("moved", { id: next.id, at: Date.now() })
    this.findNeighbours(next.id)
  }

  drawSteps() {
    this.before.classList.toggle("gone", !this.neighbours?.before)
    this.after.classList.toggle("gone", !this.neighbours?.after)
  }

  /**
   * Asks for the neighbours in the list people came from; where that list is gone, in the whole gallery.
   *
   * @param {string} id
   */
  async findNeighbours(id) {
    this.turn += 1
    const { turn } = this
    this.neighbours = null
    this.drawSteps()
    const { data } = this
    const path = `/api/pictures/${id}/around?`
    const found = await api(path + searchParams(data, recallSession(data).query ?? {}))
      .catch(() => api(`${path}workspace=${encodeURIComponent(data.workspace)}`))
      .catch(() => ({}))
    if (turn !== this.turn) return
    this.neighbours = found
    this.drawSteps()
    for (const picture of [found.before, found.after]) {
      if (picture) new Image().src = mediaUrl(data.workspace, picture.assetId)
    }
    const { wanted } = this
    this.wanted = null
    if (wanted) this.step(wanted)
  }

  /** @param {PictureAct} act */
  async act(act) {
    const { workspace } = this.data
    try {
      const path = `/api/pictures/acts?workspace=${encodeURIComponent(workspace)}`
      await send(path, { ...act, pictureIds: [this.id] }, workspace)
      this.report("")
      this.setTriggerValue("changed", { at: Date.now() })
    } catch (error) {
      this.report(messageOf(error))
    }
  }

  /** @param {KeyboardEvent} event */
  onKey(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return
    const at = event.composedPath()[0]
    if (at instanceof Element && at.closest(OWN_KEYS)) return
    if (this.actOnKey(event.key.toLowerCase())) event.preventDefault()
  }

  /**
   * Whether the key means something here.
   *
   * @param {string} key
   */
  actOnKey(key) {
    const { data, zoom } = this
    if (zoom.isZoomed && key in PUSHES) zoom.push(...PUSHES[key])
    else if (key === "arrowleft") this.step("before")
    else if (key === "arrowright") this.step("after")
    else if (key === "z") zoom.toggle()
    else if (data.canEdit && key === "p") this.setTriggerValue("post", { id: this.id, at: Date.now() })
    else if (data.canEdit && key === "f") this.act({ kind: "favourite", favourite: !data.favourite })
    else if (data.canEdit && /^[0-5]$/.test(key)) this.act({ kind: "rate", rating: Number(key) })
    else return false
    return true
  }
}

export default mountable((root, /** @type {ComponentRun<ViewerData>} */ { data }) => new PictureViewer(root, data))
