import { button, el } from "../../ui/shared/dom.js"
import { tr, trLazy, trPlural } from "../../ui/shared/words.js"
import { hashtagText } from "./text_rules.js"
import { wallText } from "./times.js"

/** @import { Collision } from "./merge.js" */
/** @import { PostModel } from "./post_model.js" */

/** @type {Record<string, string>} */
const LABELS = {
  topic: trLazy("Topic"),
  notes: trLazy("Internal notes"),
  time: trLazy("Time"),
  caption: trLazy("Caption"),
  hashtags: trLazy("Hashtags"),
  title: trLazy("Title"),
  firstComment: trLazy("First comment"),
  assetIds: trLazy("Pictures and videos"),
  altTexts: trLazy("Alt texts"),
  edits: trLazy("Crops"),
  format: trLazy("Format"),
  privacy: trLazy("Who can see it"),
  options: trLazy("Options"),
  coverAssetId: trLazy("Cover"),
}

/** Fields that somebody else has changed while they were typed in: what stays? */
export class Conflicts {
  /** @param {PostModel} model */
  constructor(model) {
    this.model = model
    this.node = el("section", "conflicts gone")
    this.node.setAttribute("role", "alert")
    this.key = ""
  }

  draw() {
    const { collisions } = this.model
    const key = JSON.stringify(collisions)
    if (key === this.key) return
    this.key = key
    this.node.classList.toggle("gone", !collisions.length)
    if (!collisions.length) return
    const title = el("strong", "", tr("This post was changed elsewhere while you had it open."))
    const sentence = trPlural(
      "{n} field was changed there too. What you typed is still here. Choose what stays.",
      "{n} fields were changed there too. What you typed is still here. Choose what stays.",
      collisions.length,
    )
    const lead = el("p", "help", sentence)
    const all = el("div", "row")
    if (collisions.length > 1) {
      all.append(
        button(tr("Keep all of mine"), () => this.resolveAll("mine")),
        button(tr("Take all of theirs"), () => this.resolveAll("theirs")),
      )
    }
    this.node.replaceChildren(title, lead, ...collisions.map(collision => this.buildRow(collision)), all)
  }

  /** @param {"mine" | "theirs"} choice */
  resolveAll(choice) {
    for (const collision of this.model.collisions) this.model.resolve(collision, choice)
  }

  /** @param {Collision} collision */
  buildRow(collision) {
    const { model } = this
    const name = model.draft.variants.length > 1 ? model.channelOf(collision.channelId)?.name : ""
    const label = tr(LABELS[collision.field] ?? collision.field)
    const row = el("div", "collision")
    row.append(
      el("span", "name", name ? `${name}: ${label}` : label),
      buildSide(tr("Theirs"), valueText(collision.theirs)),
      buildSide(tr("Yours"), valueText(collision.mine)),
    )
    const buttons = el("div", "row")
    buttons.append(
      button(tr("Keep mine"), () => model.resolve(collision, "mine"), "main"),
      button(tr("Take theirs"), () => model.resolve(collision, "theirs")),
    )
    row.append(buttons)
    return row
  }
}

/**
 * @param {string} label
 * @param {string} text
 */
const buildSide = (label, text) => {
  const side = el("div", "side")
  side.append(el("span", "help", label), el("span", "text", text || tr("empty")))
  return side
}

/**
 * @param {any} value
 * @returns {string}
 */
const valueText = value => {
  if (typeof value === "string") return value
  if (Array.isArray(value)) {
    return value.some(entry => String(entry).startsWith("ast_"))
      ? trPlural("{n} file", "{n} files", value.length)
      : hashtagText(value)
  }
  if (value && "localTime" in value)
    return value.localTime ? `${wallText(value.localTime)} (${value.timeZone})` : tr("No date")
  return Object.values(value ?? {})
    .map(entry => (typeof entry === "object" ? JSON.stringify(entry) : String(entry)))
    .join("; ")
}
