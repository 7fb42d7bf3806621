import { button, el } from "../../ui/shared/dom.js"
import { hashtagText } from "./text_rules.js"
import { wallText } from "./times.js"

/** @import { Collision } from "./merge.js" */
/** @import { PostModel } from "./post_model.js" */

/** @type {Record<string, string>} */
const LABELS = {
  topic: "Topic",
  notes: "Internal notes",
  time: "Time",
  caption: "Caption",
  hashtags: "Hashtags",
  title: "Title",
  firstComment: "First comment",
  assetIds: "Pictures and videos",
  altTexts: "Alt texts",
  edits: "Crops",
  format: "Format",
  privacy: "Who can see it",
  options: "Options",
  coverAssetId: "Cover",
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
    const title = el("strong", "", "This post was changed elsewhere while you had it open.")
    const many = collisions.length === 1 ? "One field was" : `${collisions.length} fields were`
    const lead = el("p", "help", `${many} changed there too. What you typed is still here. Choose what stays.`)
    const all = el("div", "row")
    if (collisions.length > 1) {
      all.append(
        button("Keep all of mine", () => this.resolveAll("mine")),
        button("Take all of theirs", () => this.resolveAll("theirs")),
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
    const row = el("div", "collision")
    row.append(
      el("span", "name", `${name ? `${name}: ` : ""}${LABELS[collision.field] ?? collision.field}`),
      buildSide("Theirs", valueText(collision.theirs)),
      buildSide("Yours", valueText(collision.mine)),
    )
    const buttons = el("div", "row")
    buttons.append(
      button("Keep mine", () => model.resolve(collision, "mine"), "main"),
      button("Take theirs", () => model.resolve(collision, "theirs")),
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
  side.append(el("span", "help", label), el("span", "text", text || "empty"))
  return side
}

/**
 * @param {any} value
 * @returns {string}
 */
const valueText = value => {
  if (typeof value === "string") return value
  if (Array.isArray(value)) {
    return value.some(entry => String(entry).startsWith("ast_")) ? `${value.length} files` : hashtagText(value)
  }
  if (value && "localTime" in value)
    return value.localTime ? `${wallText(value.localTime)} (${value.timeZone})` : "No date"
  return Object.values(value ?? {})
    .map(entry => (typeof entry === "object" ? JSON.stringify(entry) : String(entry)))
    .join("; ")
}
