import { button, el } from "../../ui/shared/dom.js"
import { tr } from "../../ui/shared/words.js"
import { isSame, SHARED_FIELDS, variantOf, withChannel, withoutChannel } from "./draft.js"
import { menuItem, PopoverButton } from "./popover_menu.js"

/** @import { PostModel } from "./post_model.js" */

/** Which channels the post goes to, and whose fields are shown. "" in `shown`: those that all share. */
export class ChannelBar {
  /**
   * @param {PostModel} model
   * @param {() => void} onShow
   */
  constructor(model, onShow) {
    this.model = model
    this.onShow = onShow
    this.shown = ""
    this.node = el("div", "channels")
    this.node.setAttribute("role", "group")
    this.node.setAttribute("aria-label", tr("Channels"))
    this.tabs = el("div", "row tabs")
    this.hint = el("p", "help")
    this.add = new PopoverButton(tr("+ Channel"), () => this.buildChoices(), { className: "quiet", role: "menu" })
    this.html = ""
  }

  /** The channel whose fields are shown, or which stands for all of them. */
  get leadId() {
    const { draft, frozenChannels } = this.model
    if (this.shown && variantOf(draft, this.shown)) return this.shown
    const open = draft.variants.find(variant => !frozenChannels.has(variant.channelId))
    return (open ?? draft.variants[0])?.channelId ?? ""
  }

  /** Whether what is typed goes to all channels that share it. */
  get isShared() {
    return !this.shown || !variantOf(this.model.draft, this.shown)
  }

  draw() {
    const { model } = this
    const { draft } = model
    const ids = draft.variants.map(variant => variant.channelId)
    const key = JSON.stringify([
      ids,
      this.shown,
      model.loaded.channels,
      model.loaded.plan.variants,
      ids.map(id => this.differs(id)),
    ])
    if (key === this.html) return
    this.html = key
    const several = ids.length > 1
    this.tabs.replaceChildren(
      ...(several ? [this.buildTab("", tr("All channels"))] : []),
      ...ids.map(id => this.buildTab(id, this.labelOf(id))),
    )
    this.hint.textContent = this.hintText(ids)
    const canAdd = model.data.canEdit && model.loaded.channels.some(channel => !ids.includes(channel.id))
    this.node.replaceChildren(this.tabs, ...(canAdd ? [this.add.node] : []), this.hint)
  }

  /** @param {string[]} ids */
  hintText(ids) {
    const { model } = this
    if (!ids.length) {
      return model.loaded.channels.length
        ? tr("No channel chosen: it is kept as an idea.")
        : tr("No channel yet. Connect an account under Channels.")
    }
    if (ids.length === 1) return ""
    if (!this.isShared) return tr("Only for {channel}.", { channel: this.labelOf(this.shown) })
    const own = ids.filter(id => id !== this.leadId && this.differs(id)).map(id => this.labelOf(id))
    if (own.length < 2)
      return own.length ? tr("{channel} has its own version and stays as it is.", { channel: own[0] }) : ""
    return tr("{channels} have their own versions and stay as they are.", { channels: own.join(", ") })
  }

  /** @param {string} channelId */
  labelOf(channelId) {
    const channel = this.model.channelOf(channelId)
    const name = channel?.name ?? this.model.postOf(channelId)?.channelName ?? tr("Channel")
    const platform = channel ? this.model.data.platforms[channel.platform]?.label : ""
    return platform && platform !== name ? `${platform} · ${name}` : name
  }

  /**
   * Whether a channel has a text or files of its own.
   *
   * @param {string} channelId
   */
  differs(channelId) {
    const { draft } = this.model
    const lead = draft.variants[0]
    const variant = variantOf(draft, channelId)
    return Boolean(variant && lead && SHARED_FIELDS.some(field => !isSame(variant[field], lead[field])))
  }

  /**
   * @param {string} channelId
   * @param {string} label
   */
  buildTab(channelId, label) {
    const { model } = this
    const isShown = this.isShared ? channelId === "" || model.draft.variants.length === 1 : channelId === this.shown
    const tab = el("span", `tab ${isShown ? "on" : ""}`)
    const show = button("", () => this.show(channelId), "quiet")
    const channel = model.channelOf(channelId)
    if (channel)
      show.append(el("span", `platform ${channel.platform}`, model.data.platforms[channel.platform]?.shortName))
    show.append(el("span", "cut", channel && model.draft.variants.length > 1 ? channel.name : label))
    if (channelId && model.draft.variants.length > 1 && this.differs(channelId)) {
      const dot = el("span", "dot", "•")
      dot.title = tr("Has its own version")
      show.append(dot)
    }
    show.setAttribute("aria-pressed", String(isShown))
    show.title = label
    tab.append(show)
    if (channelId && !model.isFrozen(channelId)) {
      const remove = button("×", () => this.remove(channelId), "quiet small")
      remove.setAttribute("aria-label", tr("Do not post on {channel}", { channel: label }))
      tab.append(remove)
    }
    return tab
  }

  buildChoices() {
    const { model } = this
    const used = new Set(model.draft.variants.map(variant => variant.channelId))
    return model.loaded.channels
      .filter(channel => !used.has(channel.id))
      .map(channel =>
        menuItem(this.add, this.labelOf(channel.id), () => model.change(withChannel(model.draft, channel.id))),
      )
  }

  /** @param {string} channelId */
  show(channelId) {
    this.shown = this.model.draft.variants.length > 1 ? channelId : ""
    this.onShow()
  }

  /** @param {string} channelId */
  remove(channelId) {
    if (this.shown === channelId) this.shown = ""
    this.model.change(withoutChannel(this.model.draft, channelId))
  }
}
