import { api, mediaUrl, messageOf } from "../../ui/shared/api.js"
import { button, el } from "../../ui/shared/dom.js"
import { percentText } from "../../ui/shared/format.js"
import { tr } from "../../ui/shared/words.js"
import { droppedFiles } from "../../ui/uploader/dropped_files.js"
import { MediaUpload } from "./media_upload.js"

/** @import { FileAnswer } from "./answers.js" */
/** @import { UploadedMedia } from "./media_upload.js" */
/** @import { PostModel } from "./post_model.js" */

/** @typedef {{ assetId: string, title: string, file: FileAnswer }} Choice */

const TAKE = 60

/** A dialog to choose pictures and videos of the influencer, several at once, or to upload them. */
export class MediaPicker {
  /**
   * @param {PostModel} model
   * @param {(choices: Choice[]) => void} onChosen
   */
  constructor(model, onChosen) {
    this.model = model
    this.onChosen = onChosen
    this.kind = "pictures"
    this.search = ""
    /** @type {string | null} */
    this.cursor = null
    /** @type {Choice[]} */
    this.choices = []
    /** In the order they were chosen. @type {Choice[]} */
    this.chosen = []
    /** What was uploaded here and need not be in the list. @type {Choice[]} */
    this.uploaded = []
    /** @type {Set<string>} */
    this.used = new Set()
    this.round = 0
    this.node = el("dialog", "picker")
    this.node.setAttribute("aria-label", tr("Add pictures or videos"))
    this.node.oncancel = event => event.stopPropagation()
    this.node.onclick = event => {
      if (event.target === this.node) this.node.close()
    }
    this.node.ondragover = event => event.preventDefault()
    this.node.ondrop = async event => {
      event.preventDefault()
      if (event.dataTransfer) this.upload.add(await droppedFiles(event.dataTransfer))
    }
    this.upload = new MediaUpload(model, media => this.takeUploaded(media))
    this.build()
  }

  build() {
    const head = el("div", "row")
    this.tabs = ["pictures", "videos"].map(kind => {
      const tab = button(kind === "pictures" ? tr("Pictures") : tr("Videos"), () => this.show(kind), "quiet")
      tab.dataset.kind = kind
      return tab
    })
    this.searchField = el("input")
    this.searchField.type = "search"
    this.searchField.placeholder = tr("Search")
    this.searchField.setAttribute("aria-label", tr("Search pictures"))
    this.searchField.onchange = () => this.show(this.kind)
    const close = button("×", () => this.node.close(), "quiet")
    close.setAttribute("aria-label", tr("Close"))
    head.append(...this.tabs, el("span", "grow"), this.searchField, close)
    this.grid = el("div", "grid")
    this.grid.setAttribute("role", "group")
    this.note = el("p", "help")
    this.more = button(tr("Show more"), () => this.read(), "quiet")
    this.add = button(tr("Add"), () => this.finish(), "main")
    const foot = el("div", "row wrap foot")
    foot.append(this.upload.node, this.more, el("span", "grow"), this.add)
    this.node.append(head, this.grid, this.note, this.upload.news, foot)
  }

  /** @param {string[]} used */
  open(used) {
    this.used = new Set(used)
    // What has arrived since it was closed is selected; what was taken then is in the post
    this.chosen = this.uploaded.filter(({ assetId }) => !this.used.has(assetId))
    this.uploaded = [...this.chosen]
    this.node.showModal()
    this.upload.open()
    this.show(this.kind)
  }

  close() {
    this.upload.close()
  }

  /** @param {UploadedMedia[]} media */
  takeUploaded(media) {
    const choices = media.map(({ kind, assetId, title }) => uploadedChoice(kind, assetId, title))
    const isKnown = (/** @type {Choice[]} */ list, /** @type {Choice} */ { assetId }) =>
      this.used.has(assetId) || list.some(other => other.assetId === assetId)
    this.uploaded = [...choices.filter(choice => !isKnown(this.uploaded, choice)), ...this.uploaded]
    this.chosen = [...this.chosen, ...choices.filter(choice => !isKnown(this.chosen, choice))]
    this.drawAdd()
    const [{ kind }] = media.slice(-1)
    if (this.node.open) this.show(kind)
  }

  /** @param {string} kind */
  show(kind) {
    this.kind = kind
    this.cursor = null
    this.choices = []
    for (const tab of this.tabs ?? []) tab.setAttribute("aria-pressed", String(tab.dataset.kind === kind))
    this.searchField?.classList.toggle("gone", kind !== "pictures")
    this.grid?.replaceChildren()
    this.read()
  }

  async read() {
    this.round += 1
    const { round, kind } = this
    this.setNote(tr("Loading …"))
    try {
      const answer = await api(this.address)
      if (round !== this.round) return
      this.cursor = answer.nextCursor
      this.choices.push(...answer.data.map(kind === "pictures" ? pictureChoice : videoChoice).filter(Boolean))
      this.setNote(this.choices.length || this.unlisted.length ? "" : this.emptyText)
    } catch (error) {
      this.setNote(messageOf(error))
    }
    this.draw()
  }

  get emptyText() {
    if (this.searchField?.value) return tr("No results.")
    return this.kind === "pictures" ? tr("No pictures yet. Create some first.") : tr("No videos yet.")
  }

  get address() {
    const { data, loaded } = this.model
    const query = new URLSearchParams({
      workspace: data.workspace,
      influencer: loaded.plan.influencerId,
      take: `${TAKE}`,
    })
    if (this.cursor) query.set("cursor", this.cursor)
    const search = this.searchField?.value.trim()
    if (this.kind === "pictures" && search) query.set("q", search)
    if (this.kind === "pictures") query.set("total", "false")
    return `/api/${this.kind}?${query}`
  }

  /** @param {string} text */
  setNote(text) {
    if (this.note) this.note.textContent = text
  }

  draw() {
    const shown = [...this.unlisted, ...this.choices].filter(({ assetId }) => !this.used.has(assetId))
    const focused = /** @type {HTMLElement | null} */ (this.grid?.querySelector(":focus"))?.dataset.asset
    this.grid?.replaceChildren(...shown.map(choice => this.buildChoice(choice)))
    this.more?.classList.toggle("gone", !this.cursor)
    if (focused) this.focusChoice(focused)
    this.drawAdd()
  }

  /** @param {string} assetId */
  focusChoice(assetId) {
    /** @type {HTMLElement | null | undefined} */
    const node = this.grid?.querySelector(`[data-asset="${CSS.escape(assetId)}"]`)
    node?.focus()
  }

  /** Of what was uploaded here: what the list does not show. */
  get unlisted() {
    const kind = this.kind === "videos" ? "video" : "image"
    const listed = new Set(this.choices.map(({ assetId }) => assetId))
    return this.uploaded.filter(({ assetId, file }) => file.kind === kind && !listed.has(assetId))
  }

  drawAdd() {
    if (!this.add) return
    this.add.disabled = !this.chosen.length
    this.add.textContent = this.chosen.length > 1 ? tr("Add {n}", { n: this.chosen.length }) : tr("Add")
  }

  /** @param {Choice} choice */
  buildChoice(choice) {
    const { workspace } = this.model.data
    const place = () => this.chosen.findIndex(({ assetId }) => assetId === choice.assetId)
    const node = button("", () => toggle(), "thumb")
    node.dataset.asset = choice.assetId
    const image = el("img")
    image.src = mediaUrl(workspace, choice.assetId, "?w=160")
    image.loading = "lazy"
    image.alt = choice.title || tr("Picture")
    const number = el("span", "number gone")
    node.append(image, number)
    if (choice.file.score !== null && choice.file.threshold !== null && choice.file.score < choice.file.threshold) {
      node.append(el("span", "match warn", percentText(choice.file.score)))
    }
    if (choice.file.kind === "video") node.append(el("span", "kind", "▶"))
    const draw = () => {
      node.setAttribute("aria-pressed", String(place() >= 0))
      number.textContent = String(place() + 1)
      number.classList.toggle("gone", place() < 0)
    }
    const toggle = () => {
      this.chosen =
        place() >= 0 ? this.chosen.filter(({ assetId }) => assetId !== choice.assetId) : [...this.chosen, choice]
      this.draw()
    }
    node.ondblclick = () => {
      if (place() < 0) this.chosen = [...this.chosen, choice]
      this.finish()
    }
    draw()
    return node
  }

  finish() {
    this.node.close()
    this.uploaded = []
    this.upload.forgetReady()
    if (this.chosen.length) this.onChosen(this.chosen)
  }
}

const NO_FACTS = {
  width: null,
  height: null,
  durationS: null,
  score: null,
  threshold: null,
  accepted: false,
  pictureId: "",
  videoId: "",
}

/**
 * @param {import("./upload_orders.js").MediaKind} kind
 * @param {string} assetId
 * @param {string} title
 * @returns {Choice}
 */
const uploadedChoice = (kind, assetId, title) => ({
  assetId,
  title,
  file: { ...NO_FACTS, title, kind: kind === "videos" ? "video" : "image" },
})

/**
 * @param {{ assetId: string, prompt: string, identityScore: number | null, identityLine: number | null,
 *   gate: string }} picture
 * @returns {Choice}
 */
export const pictureChoice = picture => {
  const match = { score: picture.identityScore, threshold: picture.identityLine, accepted: picture.gate === "approved" }
  return {
    assetId: picture.assetId,
    title: picture.prompt,
    file: { ...NO_FACTS, ...match, title: picture.prompt, kind: "image" },
  }
}

/**
 * @param {{ assetId: string | null, title: string, width: number, height: number, seconds: number }} video
 * @returns {Choice | null}
 */
const videoChoice = ({ assetId, title, width, height, seconds }) =>
  assetId ? { assetId, title, file: { ...NO_FACTS, kind: "video", title, width, height, durationS: seconds } } : null
