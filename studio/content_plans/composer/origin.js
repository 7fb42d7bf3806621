import { mediaUrl } from "../../ui/shared/api.js"
import { el } from "../../ui/shared/dom.js"
import { tr } from "../../ui/shared/words.js"
import { internalLink } from "./links.js"
import { matchBadge } from "./media_strip.js"

/** @import { PostModel } from "./post_model.js" */

/** What the post was made from: its pictures with their prompts, its text, the post that it repeats. */
export class Origin {
  /** @param {PostModel} model */
  constructor(model) {
    this.model = model
    this.node = el("details", "origin")
    this.key = ""
  }

  draw() {
    const { model } = this
    const { files, text, repurposedFrom } = model.loaded
    const used = [...new Set(model.draft.variants.flatMap(variant => variant.assetIds))]
    const known = used.filter(id => files[id]?.pictureId || files[id]?.videoId || files[id]?.title)
    const key = JSON.stringify([known, text, repurposedFrom])
    if (key === this.key) return
    this.key = key
    this.node.classList.toggle("gone", !known.length && !text && !repurposedFrom)
    this.node.replaceChildren(
      el("summary", "", tr("Made from")),
      ...known.map(id => this.buildFile(id)),
      ...(text
        ? [internalLink(tr("Text: {topic}", { topic: text.topic }), this.address("write", { id: text.id }))]
        : []),
      ...(repurposedFrom
        ? [internalLink(tr("The post it repeats"), this.address("post", { id: repurposedFrom }))]
        : []),
    )
  }

  /**
   * @param {string} path
   * @param {Record<string, string>} query
   */
  address(path, query) {
    return `/${path}?${new URLSearchParams({ ws: this.model.data.workspace, ...query })}`
  }

  /** @param {string} assetId */
  buildFile(assetId) {
    const file = this.model.loaded.files[assetId]
    const row = el("div", "row source")
    const image = el("img")
    image.src = mediaUrl(this.model.data.workspace, assetId, "?w=160")
    image.alt = ""
    const title = file.title || (file.kind === "video" ? tr("Video") : tr("Picture"))
    const address = file.pictureId
      ? this.address("gallery", { id: file.pictureId })
      : this.address("videos", { id: file.videoId })
    row.append(image, file.pictureId || file.videoId ? internalLink(title, address) : el("span", "", title))
    const badge = matchBadge(file)
    if (badge) row.append(badge)
    return row
  }
}
