import { messageOf, send } from "../../ui/shared/api.js"
import { button, el } from "../../ui/shared/dom.js"
import { tr } from "../../ui/shared/words.js"
import { CampaignField } from "./campaign_field.js"
import { ChannelBar } from "./channel_bar.js"
import { isSame, variantOf, withShared, withVariant } from "./draft.js"
import { FileDetails } from "./file_details.js"
import { MediaPicker } from "./media_picker.js"
import { MediaStrip } from "./media_strip.js"
import { PlatformOptions } from "./platform_options.js"
import { snippetMenu } from "./snippet_menu.js"
import { SuggestedPictures } from "./suggested_pictures.js"
import { TextField } from "./text_field.js"
import { fill, formatOf, hashtagText, parseHashtags, wholeCaption } from "./text_rules.js"
import { WhenField } from "./when_field.js"

/** @import { SharedField, Variant } from "./draft.js" */
/** @import { PostModel } from "./post_model.js" */
/** @import { Counter } from "./text_field.js" */
/** @import { TextRules } from "./text_rules.js" */

/** The fields: what the post shows, says, and when. */
export class Editor {
  /**
   * @param {PostModel} model
   * @param {(channelId: string) => void} onChannelShown
   */
  constructor(model, onChannelShown) {
    this.model = model
    this.node = el("div", "editor")
    this.channels = new ChannelBar(model, () => {
      onChannelShown(this.channels.isShared ? "" : this.channels.shown)
      this.draw()
    })
    this.strip = new MediaStrip(model, {
      change: assetIds => this.change("assetIds", assetIds),
      pick: () => this.picker.open(this.lead?.assetIds ?? []),
      select: () => this.draw(),
    })
    this.picker = new MediaPicker(model, choices => this.addFiles(choices))
    this.suggested = new SuggestedPictures(model, choice => this.addFiles([choice]))
    this.file = new FileDetails({
      onAltText: text => this.change("altTexts", { ...this.lead?.altTexts, [this.strip.selected]: text }),
      onEdit: edit => this.changeEdit(edit),
    })
    this.caption = this.field("caption", {
      label: tr("Caption"),
      rows: 5,
      maxLength: 5000,
      placeholder: tr("Write a caption …"),
    })
    this.hashtags = new TextField({
      label: tr("Hashtags"),
      onInput: text => this.change("hashtags", parseHashtags(text)),
      maxLength: 3000,
      placeholder: "#travel #trams",
    })
    this.firstComment = this.field("firstComment", { label: tr("First comment"), rows: 1, maxLength: 2200 })
    this.addSnippetMenus()
    this.title = this.field("title", { label: tr("Title"), maxLength: 300 })
    this.when = new WhenField(model)
    this.options = new PlatformOptions(model)
    this.campaign = new CampaignField(model)
    this.topic = new TextField({
      label: tr("Topic"),
      onInput: topic => model.change({ ...model.draft, topic }),
      maxLength: 300,
      placeholder: tr("What is it about? Followers do not see this."),
    })
    this.notes = new TextField({
      label: tr("Internal notes"),
      onInput: notes => model.change({ ...model.draft, notes }),
      rows: 2,
      maxLength: 4000,
    })
    this.tools = el("div", "row wrap tools")
    this.write = button(tr("Write it"), () => this.writeText(), "quiet")
    this.unwrite = button(tr("Back to my text"), () => {}, "quiet gone")
    this.tools.append(this.write, this.unwrite)
    const texts = [this.title, this.caption].map(field => field.node)
    const more = [this.hashtags, this.firstComment].map(field => field.node)
    const media = el("section", "media-part")
    media.append(this.strip.node, this.suggested.node, this.file.node)
    this.perChannel = el("div", "stack")
    this.perChannel.append(media, ...texts, this.tools, ...more)
    this.node.append(
      this.channels.node,
      this.perChannel,
      this.when.node,
      this.options.node,
      this.campaign.node,
      this.topic.node,
      this.notes.node,
      this.picker.node,
    )
  }

  /** @param {import("./media_picker.js").Choice[]} choices */
  addFiles(choices) {
    for (const { assetId, file } of choices) this.model.loaded.files[assetId] ??= file
    this.change("assetIds", [...(this.lead?.assetIds ?? []), ...choices.map(({ assetId }) => assetId)])
  }

  addSnippetMenus() {
    const sets = snippetMenu(this.model, {
      label: tr("Sets ▾"),
      path: "/api/hashtag-sets",
      part: "hashtags",
      insert: ({ hashtags = [] }) => {
        const all = [...(this.lead?.hashtags ?? []), ...hashtags]
        this.change("hashtags", parseHashtags(hashtagText(all)))
      },
      body: () => (this.lead?.hashtags.length ? { hashtags: this.lead.hashtags } : null),
    })
    const templates = snippetMenu(this.model, {
      label: tr("Templates ▾"),
      path: "/api/comment-templates",
      part: "comments",
      insert: ({ text = "" }) => this.change("firstComment", text),
      body: () => (this.lead?.firstComment.trim() ? { text: this.lead.firstComment } : null),
    })
    this.snippetMenus = [sets, templates]
    for (const { node } of this.snippetMenus) node.classList.add("gone") // until the post is there
    this.hashtags.label.after(sets.node)
    this.firstComment.label.after(templates.node)
  }

  /**
   * A field of texts that channels share.
   *
   * @param {"caption" | "firstComment" | "title"} name
   * @param {{ label: string, rows?: number, maxLength: number, placeholder?: string }} options
   */
  field(name, options) {
    return new TextField({ ...options, onInput: text => this.change(name, text) })
  }

  /** The variant that is shown. */
  get lead() {
    return variantOf(this.model.draft, this.channels.leadId)
  }

  /** The channels that a change goes to. */
  get targets() {
    const { draft, frozenChannels } = this.model
    if (!this.channels.isShared) return draft.variants.filter(({ channelId }) => channelId === this.channels.shown)
    return draft.variants.filter(({ channelId }) => !frozenChannels.has(channelId))
  }

  /**
   * @template {SharedField} Field
   * @param {Field} field
   * @param {Variant[Field]} value
   */
  change(field, value) {
    const { model, channels } = this
    const { draft, frozenChannels } = model
    const { leadId } = channels
    model.change(
      channels.isShared
        ? withShared(draft, { leadId, field, value, frozen: frozenChannels })
        : withVariant(draft, leadId, { [field]: value }),
    )
  }

  /** @param {import("./draft.js").FileEdit | null} edit */
  changeEdit(edit) {
    const { model } = this
    const assetId = this.strip.selected
    const shown = this.lead?.edits[assetId]
    let { draft } = model
    for (const { channelId, edits } of this.targets) {
      if (!isSame(edits[assetId], shown)) continue
      const { [assetId]: _, ...others } = edits
      draft = withVariant(draft, channelId, { edits: edit ? { ...others, [assetId]: edit } : others })
    }
    model.change(draft)
  }

  close() {
    this.picker.close()
  }

  draw() {
    const { lead, model } = this
    this.channels.draw()
    this.perChannel.classList.toggle("gone", !lead)
    if (lead) this.drawVariant(lead)
    this.when.draw()
    this.options.draw()
    this.campaign.draw()
    this.topic.draw(model.draft.topic, !model.data.canEdit)
    this.notes.draw(model.draft.notes, !model.data.canEdit)
  }

  /** @param {Variant} lead */
  drawVariant(lead) {
    const { model } = this
    const isFrozen = model.isFrozen(lead.channelId)
    const shown = this.targets.length ? this.targets : [lead]
    const rules = shown.flatMap(variant => this.rulesOf(variant) ?? [])
    this.strip.draw(lead.assetIds, isFrozen)
    this.suggested.draw(model.data.canEdit && !isFrozen && !lead.assetIds.length)
    this.drawFile(lead, isFrozen)
    this.caption.draw(lead.caption, isFrozen, counters(rules, "text", wholeText))
    const shownTags = parseHashtags(this.hashtags.input.value)
    const tagText = isSame(shownTags, lead.hashtags) ? this.hashtags.input.value : hashtagText(lead.hashtags)
    this.hashtags.draw(tagText, isFrozen, tagCounters(rules))
    const platforms = this.targets.map(
      ({ channelId }) => model.data.platforms[model.channelOf(channelId)?.platform ?? ""],
    )
    this.firstComment.node.classList.toggle(
      "gone",
      !lead.firstComment && !platforms.some(platform => platform?.comments),
    )
    this.firstComment.draw(
      lead.firstComment,
      isFrozen,
      lead.firstComment ? counters(rules, "text", ({ firstComment }) => firstComment) : [],
    )
    this.title.node.classList.toggle("gone", !platforms.some(platform => platform?.title) && !lead.title)
    this.title.draw(
      lead.title,
      isFrozen,
      counters(
        rules.filter(({ hasTitle }) => hasTitle),
        "heading",
        ({ title }) => title,
      ),
    )
    for (const { node } of [{ node: this.tools }, ...(this.snippetMenus ?? [])]) node.classList.toggle("gone", isFrozen)
  }

  /**
   * @param {Variant} lead
   * @param {boolean} isFrozen
   */
  drawFile(lead, isFrozen) {
    const { selected } = this.strip
    const place = lead.assetIds.length > 1 ? lead.assetIds.indexOf(selected) + 1 : 0
    this.file.draw({
      assetId: selected,
      file: this.model.loaded.files[selected],
      place,
      altText: lead.altTexts[selected] ?? "",
      edit: lead.edits[selected],
      limit: this.rulesOf(lead)?.rules.alt ?? null,
      isFrozen,
    })
  }

  /**
   * The rules of a variant's platform and format, with the platform's short name.
   *
   * @param {Variant} variant
   * @returns {Ruled | null}
   */
  rulesOf(variant) {
    const { model } = this
    const platform = model.data.platforms[model.channelOf(variant.channelId)?.platform ?? ""]
    if (!platform) return null
    const kinds = variant.assetIds.map(id => model.loaded.files[id]?.kind ?? "image")
    const { rules } = platform.formats[formatOf(variant, kinds, platform)]
    return { name: platform.shortName, variant, rules, hasTitle: platform.title }
  }

  /** Has the text engine write caption and hashtags; what stood there comes back with a click. */
  async writeText() {
    const { model } = this
    const before = model.draft
    this.write.disabled = true
    this.write.textContent = tr("Writing …")
    try {
      const topic = before.topic || before.variants[0]?.caption.slice(0, 200) || "an ordinary day"
      const body = { order: { influencerId: model.loaded.plan.influencerId, topic } }
      const { data } = await send("/api/drafts/write", body, model.data.workspace)
      const [text] = data
      this.change("caption", text.caption)
      this.change("hashtags", text.hashtags)
      const selected = this.strip.selected
      if (selected && !this.lead?.altTexts[selected])
        this.change("altTexts", { ...this.lead?.altTexts, [selected]: text.altText })
      this.unwrite.classList.remove("gone")
      this.unwrite.onclick = () => {
        this.unwrite.classList.add("gone")
        model.change({ ...model.draft, variants: before.variants })
      }
    } catch (error) {
      model.warn(messageOf(error))
    } finally {
      this.write.disabled = false
      this.write.textContent = tr("Write another")
    }
  }
}

/**
 * A variant with the rules of its platform and format.
 *
 * @typedef {{ name: string, rules: TextRules, variant: Variant, hasTitle: boolean }} Ruled
 */

/** @param {Variant} variant */
const wholeText = ({ caption, hashtags }) => wholeCaption(caption, hashtags)

/**
 * How full a text is on each platform; what is the same everywhere is said once.
 *
 * @param {Ruled[]} all
 * @param {"text" | "heading"} part
 * @param {(variant: Variant) => string} read
 * @returns {Counter[]}
 */
const counters = (all, part, read) =>
  named(
    all.flatMap(({ name, rules, variant }) => {
      const limit = rules[part]
      return limit ? [{ name, ...fill(read(variant), limit) }] : []
    }),
  )

/** @param {Ruled[]} all */
const tagCounters = all =>
  named(
    all.flatMap(({ name, rules, variant }) => {
      const tags = wholeText(variant).matchAll(/#[\p{L}\p{N}_]+/gu)
      const count = new Set([...tags].map(([tag]) => tag.toLowerCase())).size
      const most = rules.hashtags
      return most ? [{ name, text: `${count} / ${most}`, isOver: count > most, isNear: count === most }] : []
    }),
  )

/** @param {(Counter & { name: string })[]} known */
const named = known => {
  if (new Set(known.map(({ text }) => text)).size <= 1) return known.slice(0, 1)
  const different = new Map(known.map(({ name, text, ...rest }) => [`${name} ${text}`, rest]))
  return [...different].map(([text, rest]) => ({ text, ...rest }))
}
