import { api, messageOf } from "../../ui/shared/api.js"
import { button, el } from "../../ui/shared/dom.js"
import { tr, trLazy } from "../../ui/shared/words.js"
import { withVariant } from "./draft.js"

/** @import { ChannelAnswer } from "./answers.js" */
/** @import { Variant } from "./draft.js" */
/** @import { PostModel } from "./post_model.js" */

/**
 * What a platform's account may do now, as it said when it was asked.
 *
 * @typedef {object} AccountAnswer
 * @property {string} name
 * @property {string} nickname
 * @property {string[]} privacy
 * @property {number | null} maxVideoS
 * @property {boolean} commentsOff
 * @property {boolean} duetOff
 * @property {boolean} stitchOff
 */

const FORMAT_LABELS = /** @type {Record<string, string>} */ ({
  "": trLazy("Auto"),
  picture: trLazy("Picture"),
  carousel: trLazy("Carousel"),
  reel: trLazy("Reel"),
  story: trLazy("Story"),
  video: trLazy("Video"),
  short: trLazy("Short"),
})
/** What applies where nothing is stored. @type {Record<string, any>} */
const DEFAULTS = {
  share_to_feed: true,
  allow_comments: false,
  allow_duet: false,
  allow_stitch: false,
  own_brand: false,
  paid_partnership: false,
  auto_music: false,
  category: "22",
  language: "",
  location_id: "",
}
const MAX_OFFSET_MINUTES = 720

/** Format, audience and what only one platform asks, of one channel. */
export class PlatformOptions {
  /** @param {PostModel} model */
  constructor(model) {
    this.model = model
    this.node = el("div", "options")
    this.key = ""
    /** Those that were asked, by channel id. @type {Map<string, AccountAnswer>} */
    this.accounts = new Map()
  }

  draw() {
    const { model } = this
    const key = JSON.stringify([
      model.draft.variants.map(({ channelId, format, privacy, options, assetIds }) => [
        channelId,
        format,
        privacy,
        options,
        assetIds,
      ]),
      model.loaded.channels,
      [...model.frozenChannels],
      [...this.accounts],
    ])
    if (key === this.key || this.isTyping) return
    this.key = key
    const open = new Set(
      [...this.node.querySelectorAll("details[open]")].map(node => node.getAttribute("data-channel")),
    )
    const sections = model.draft.variants.flatMap(variant => {
      const channel = model.channelOf(variant.channelId)
      return channel ? [this.buildChannel(channel, variant, open.has(channel.id))] : []
    })
    this.node.replaceChildren(...sections)
  }

  /** Whether somebody types into one of its fields: they stay as they are then. */
  get isTyping() {
    return Boolean(this.node.querySelector("input[type=text]:focus, input[type=number]:focus"))
  }

  /**
   * @param {ChannelAnswer} channel
   * @param {Variant} variant
   * @param {boolean} isOpen
   */
  buildChannel(channel, variant, isOpen) {
    const { model } = this
    const platform = model.data.platforms[channel.platform]
    const details = el("details")
    details.dataset.channel = channel.id
    const isMissing = platform.privacy === "by hand" && !variant.privacy && !channel.privacy
    details.open = isOpen || isMissing
    const label = model.draft.variants.length > 1 ? `${platform.label} · ${channel.name}` : platform.label
    details.append(el("summary", "", tr("Options for {channel}", { channel: label })))
    const fields = new OptionFields(this, channel, variant)
    const row = el("div", "row wrap fields")
    row.append(fields.format())
    if (platform.privacy !== "none") row.append(fields.privacy())
    if (model.draft.variants.length > 1 || variant.options.after_minutes) row.append(fields.offset())
    details.append(row, ...fields.own())
    return details
  }

  /** @param {ChannelAnswer} channel */
  async ask(channel) {
    const { model } = this
    try {
      const path = `/api/channels/${encodeURIComponent(channel.id)}/account${model.query}`
      this.accounts.set(channel.id, await api(path))
      this.draw()
    } catch (error) {
      model.warn(messageOf(error))
    }
  }
}

class OptionFields {
  /**
   * @param {PlatformOptions} parent
   * @param {ChannelAnswer} channel
   * @param {Variant} variant
   */
  constructor(parent, channel, variant) {
    this.parent = parent
    this.model = parent.model
    this.channel = channel
    this.variant = variant
    this.platform = this.model.data.platforms[channel.platform]
    this.isFrozen = this.model.isFrozen(channel.id)
    this.account = parent.accounts.get(channel.id)
    this.hasVideo = variant.assetIds.some(id => this.model.loaded.files[id]?.kind === "video")
  }

  /** @param {Partial<Variant>} values */
  change(values) {
    this.model.change(withVariant(this.model.draft, this.channel.id, values))
  }

  /**
   * @param {string} name
   * @param {any} value undefined, or its default: it is not stored
   */
  setOption(name, value) {
    const { options } = this.model.draft.variants.find(({ channelId }) => channelId === this.channel.id) ?? this.variant
    const { [name]: _, ...others } = options
    const isDefault = value === undefined || value === DEFAULTS[name]
    this.change({ options: isDefault ? others : { ...others, [name]: value } })
  }

  /** @param {string} name */
  option(name) {
    return this.variant.options[name] ?? DEFAULTS[name]
  }

  format() {
    const choices = ["", ...Object.keys(this.platform.formats)].map(name => [name, tr(FORMAT_LABELS[name] ?? name)])
    return this.select(tr("Format"), choices, this.variant.format, format => this.change({ format }))
  }

  privacy() {
    const { platform, variant, channel, account } = this
    const labels = platform.privacyLabels
    const offered = account?.privacy?.length ? account.privacy : Object.keys(labels)
    const ofChannel = labels[channel.privacy]
      ? tr("Like the channel: {choice}", { choice: labels[channel.privacy] })
      : ""
    const empty = ofChannel || (platform.privacy === "by hand" ? tr("Choose …") : tr("Public"))
    const known = variant.privacy && !offered.includes(variant.privacy) ? [variant.privacy] : []
    const choices = [["", empty], ...[...offered, ...known].map(name => [name, labels[name] ?? name])]
    return this.select(tr("Who can see it"), choices, variant.privacy, privacy => this.change({ privacy }))
  }

  offset() {
    const field = this.number(tr("Minutes after the post’s time"), this.variant.options.after_minutes ?? 0, minutes =>
      this.setOption("after_minutes", Math.round(minutes) || undefined),
    )
    field.max = String(MAX_OFFSET_MINUTES)
    field.step = "5"
    return this.labelled(tr("Minutes later"), field)
  }

  /** What only this platform asks. */
  own() {
    switch (this.channel.platform) {
      case "instagram":
        return this.instagram()
      case "tiktok":
        return this.tiktok()
      case "youtube":
        return this.youtube()
      default:
        return []
    }
  }

  instagram() {
    const names = this.text(tr("Collaborators"), (this.variant.options.collaborators ?? []).join(", "), text => {
      const list = words(text).map(name => name.replace(/^@/, ""))
      this.setOption("collaborators", list.length ? list : undefined)
    })
    names.placeholder = tr("up to 3 names, separated by commas")
    const place = this.text(tr("Location ID"), this.option("location_id"), text =>
      this.setOption("location_id", text.trim()),
    )
    place.placeholder = tr("ID of a Facebook Page with an address")
    const video = this.hasVideo ? [this.check("share_to_feed", tr("Show the reel in the feed too")), this.cover()] : []
    return [
      row(this.labelled(tr("Collaborators"), names), this.labelled(tr("Location ID"), place)),
      ...(video.length ? [row(...video)] : []),
    ]
  }

  tiktok() {
    const { account } = this
    const switches = [this.check("allow_comments", tr("Allow comments"), account?.commentsOff)]
    if (this.hasVideo) {
      switches.push(
        this.check("allow_duet", tr("Allow duets"), account?.duetOff),
        this.check("allow_stitch", tr("Allow stitches"), account?.stitchOff),
        this.cover(),
      )
    } else switches.push(this.check("auto_music", tr("Let TikTok add music")))
    const brands = [
      this.check("own_brand", tr("Promotes our own brand")),
      this.check("paid_partnership", tr("Paid partnership with another brand")),
    ]
    const facts = account ? [tr("Goes to {account}.", { account: account.nickname || account.name })] : []
    if (account?.maxVideoS) facts.push(tr("Videos last at most {n} s.", { n: account.maxVideoS }))
    const note = el("span", "help", facts.join(" "))
    const ask = this.isFrozen
      ? []
      : [
          button(
            account ? tr("Ask TikTok again") : tr("Ask TikTok what the account may do"),
            () => this.parent.ask(this.channel),
            "quiet",
          ),
        ]
    return [row(...switches), row(...brands), row(note, ...ask)]
  }

  youtube() {
    const { model } = this
    const tags = this.text(tr("Tags"), (this.variant.options.tags ?? []).join(", "), text => {
      const list = words(text)
      this.setOption("tags", list.length ? list : undefined)
    })
    tags.placeholder = tr("search words, separated by commas")
    const kids = /** @type {Record<string, string>} */ ({
      "": tr("Like the channel"),
      false: tr("No"),
      true: tr("Yes"),
    })
    const madeForKids = String(this.variant.options.made_for_kids ?? "")
    return [
      row(this.labelled(tr("Tags"), tags)),
      row(
        this.select(tr("Category"), Object.entries(model.data.categories), this.option("category"), value =>
          this.setOption("category", value),
        ),
        this.select(
          tr("Language"),
          [["", tr("Not specified")], ...Object.entries(model.data.languages)],
          this.option("language"),
          value => this.setOption("language", value),
        ),
        this.select(tr("Made for kids"), Object.entries(kids), madeForKids, value =>
          this.setOption("made_for_kids", value ? value === "true" : undefined),
        ),
      ),
    ]
  }

  cover() {
    const ms = this.variant.options.cover_ms
    const field = this.number(tr("Cover at second"), ms === undefined || ms === null ? "" : ms / 1000, seconds =>
      this.setOption("cover_ms", Number.isFinite(seconds) ? Math.round(seconds * 1000) : undefined),
    )
    field.step = "0.5"
    field.placeholder = tr("auto")
    return this.labelled(tr("Cover at second"), field)
  }

  /**
   * @param {string} label
   * @param {string[][]} choices
   * @param {string} value
   * @param {(value: string) => void} onChange
   */
  select(label, choices, value, onChange) {
    const field = el("select")
    field.append(...choices.map(([name, text]) => new Option(text, name)))
    field.value = value
    field.disabled = this.isFrozen
    field.onchange = () => onChange(field.value)
    return this.labelled(label, field)
  }

  /**
   * @param {string} label
   * @param {string} value
   * @param {(text: string) => void} onChange
   */
  text(label, value, onChange) {
    const field = el("input")
    field.type = "text"
    field.value = value
    field.setAttribute("aria-label", label)
    field.disabled = this.isFrozen
    field.oninput = () => onChange(field.value)
    return field
  }

  /**
   * @param {string} label
   * @param {string | number} value
   * @param {(value: number) => void} onChange
   */
  number(label, value, onChange) {
    const field = el("input")
    field.type = "number"
    field.min = "0"
    field.value = String(value)
    field.setAttribute("aria-label", label)
    field.disabled = this.isFrozen
    field.oninput = () => onChange(field.valueAsNumber)
    return field
  }

  /**
   * @param {string} name
   * @param {string} text
   * @param {boolean} [isOff] the account does not allow it
   */
  check(name, text, isOff = false) {
    const label = el("label", "check")
    const box = el("input")
    box.type = "checkbox"
    box.checked = Boolean(this.option(name)) && !isOff
    box.disabled = this.isFrozen || isOff
    box.onchange = () => this.setOption(name, box.checked)
    label.append(box, el("span", "", isOff ? tr("{option} (off for this account)", { option: text }) : text))
    return label
  }

  /**
   * @param {string} text
   * @param {HTMLElement} field
   */
  labelled(text, field) {
    const label = el("label", "small-field")
    label.append(el("span", "name", text), field)
    return label
  }
}

/** @param {HTMLElement[]} nodes */
const row = (...nodes) => {
  const node = el("div", "row wrap fields")
  node.append(...nodes)
  return node
}

/** @param {string} text */
const words = text =>
  text
    .split(",")
    .map(word => word.trim())
    .filter(Boolean)
