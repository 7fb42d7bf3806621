import { button, el } from "../../ui/shared/dom.js"
import { tr, trLazy } from "../../ui/shared/words.js"
import { variantOf } from "./draft.js"
import { matchBadge } from "./media_strip.js"
import { buildFeed, buildGrid, buildVertical, buildWatch } from "./preview_frames.js"
import { ProfileGrids } from "./profile_grid.js"
import { formatOf, wholeCaption } from "./text_rules.js"

/** @import { FileAnswer } from "./answers.js" */
/** @import { GridTile } from "./profile_grid.js" */
/** @import { PlatformRules } from "./text_rules.js" */
/** @import { PostModel } from "./post_model.js" */

/**
 * A post as a platform would show it.
 *
 * @typedef {object} ShownPost
 * @property {string} workspace
 * @property {string} platform
 * @property {string} format
 * @property {string} account
 * @property {string} avatar data URL or ""
 * @property {string} caption with its hashtags
 * @property {string} title
 * @property {string} firstComment
 * @property {boolean} aiLabel
 * @property {{ assetId: string, file: FileAnswer | undefined, ratio: number | null, focus: number | null }[]} media
 * @property {number} page which file of a carousel
 * @property {(page: number) => void} turn
 * @property {boolean} isOpen the whole text, and not its beginning
 * @property {() => void} toggleText
 * @property {boolean} showsSafeAreas
 * @property {(GridTile | null)[]} grid posts around it on its profile, null for itself; only for the grid
 */

/** @type {Record<string, string>} */
const FRAME_LABELS = {
  feed: trLazy("Feed"),
  grid: trLazy("Profile grid"),
  reel: trLazy("Reel"),
  story: trLazy("Story"),
  vertical: trLazy("Full screen"),
  watch: trLazy("Watch page"),
}

/**
 * The ways a platform shows a post of this format.
 *
 * @param {string} platform
 * @param {string} format
 */
export const framesOf = (platform, format) => {
  if (platform === "tiktok") return ["vertical"]
  if (platform === "youtube") return format === "short" ? ["vertical"] : ["watch"]
  if (format === "story") return ["story"]
  if (format === "reel" || format === "short") return ["reel", "grid"]
  return ["feed", "grid"]
}

/** The post on each of its channels, drawn while one types. */
export class Preview {
  /** @param {PostModel} model */
  constructor(model) {
    this.model = model
    this.grids = new ProfileGrids(model, () => {
      this.key = ""
      this.draw(this.channelId)
    })
    this.node = el("aside", "preview")
    this.node.setAttribute("aria-label", tr("Preview"))
    this.head = el("div", "row wrap tabs")
    this.frame = el("div", "frame")
    this.foot = el("div", "row wrap foot")
    this.node.append(this.head, this.frame, this.foot)
    this.channelId = ""
    this.frameName = ""
    this.page = 0
    this.isOpen = false
    this.showsSafeAreas = false
    this.key = ""
  }

  /** @param {string} leadId the channel whose fields are edited */
  draw(leadId) {
    const { model } = this
    const ids = model.draft.variants.map(variant => variant.channelId)
    if (!ids.includes(this.channelId)) this.channelId = ids.includes(leadId) ? leadId : (ids[0] ?? "")
    const key = JSON.stringify([
      model.draft.variants,
      model.loaded.files,
      model.loaded.channels,
      this.channelId,
      model.draft.localTime,
      model.draft.timeZone,
      model.base.version,
      this.frameName,
      this.page,
      this.isOpen,
      this.showsSafeAreas,
    ])
    if (key === this.key) return
    this.key = key
    this.drawFrame(ids)
  }

  /** @param {string} channelId */
  show(channelId) {
    if (!channelId) return
    this.channelId = channelId
    this.page = 0
  }

  /** @param {string[]} ids */
  drawFrame(ids) {
    const { model } = this
    const variant = variantOf(model.draft, this.channelId)
    const channel = model.channelOf(this.channelId)
    const platform = channel && model.data.platforms[channel.platform]
    if (!variant || !channel || !platform) {
      this.head.replaceChildren()
      this.foot.replaceChildren()
      this.frame.replaceChildren(el("p", "help empty", tr("Choose a channel to see the post as it will look there.")))
      return
    }
    const format = formatOf(
      variant,
      variant.assetIds.map(id => model.loaded.files[id]?.kind ?? "image"),
      platform,
    )
    const frames = framesOf(channel.platform, format)
    if (!frames.includes(this.frameName)) this.frameName = frames[0]
    const shown = this.shownPost(platform, format)
    this.drawHead(ids, frames)
    this.frame.replaceChildren(this.build(shown))
    this.drawFoot(shown)
  }

  /** @param {ShownPost} shown */
  build(shown) {
    switch (this.frameName) {
      case "grid":
        return buildGrid(shown)
      case "watch":
        return buildWatch(shown)
      case "feed":
        return buildFeed(shown)
      default:
        return buildVertical(shown, this.frameName)
    }
  }

  /**
   * @param {PlatformRules} platform
   * @param {string} format
   * @returns {ShownPost}
   */
  shownPost(platform, format) {
    const { model } = this
    const variant = variantOf(model.draft, this.channelId)
    const channel = model.channelOf(this.channelId)
    if (!variant || !channel) throw new Error("There is no post on this channel.")
    const rules = platform.formats[format]
    this.page = Math.min(this.page, Math.max(0, variant.assetIds.length - 1))
    return {
      workspace: model.data.workspace,
      platform: channel.platform,
      format,
      account: channel.nickname || channel.name,
      avatar: channel.avatar,
      caption: rules?.caption ? wholeCaption(variant.caption, variant.hashtags) : "",
      title: platform.title ? variant.title : "",
      firstComment: platform.comments && rules?.comment ? variant.firstComment : "",
      aiLabel: rules?.aiLabel ?? true,
      media: variant.assetIds.map(assetId => {
        const edit = variant.edits[assetId]
        return { assetId, file: model.loaded.files[assetId], ratio: edit?.ratio ?? null, focus: edit?.focus ?? null }
      }),
      page: this.page,
      turn: page => this.redraw({ page }),
      isOpen: this.isOpen,
      toggleText: () => this.redraw({ isOpen: !this.isOpen }),
      showsSafeAreas: this.showsSafeAreas,
      grid: this.frameName === "grid" ? this.grids.around(this.channelId) : [],
    }
  }

  /**
   * @param {Partial<{ page: number, isOpen: boolean, showsSafeAreas: boolean, frameName: string,
   *   channelId: string }>} values
   */
  redraw(values) {
    Object.assign(this, values)
    this.draw(this.channelId)
  }

  /**
   * @param {string[]} ids
   * @param {string[]} frames
   */
  drawHead(ids, frames) {
    const { model } = this
    const channelTabs = ids.map(id => {
      const channel = model.channelOf(id)
      const label = channel ? `${model.data.platforms[channel.platform]?.label} · ${channel.name}` : tr("Channel")
      const tab = button("", () => this.redraw({ channelId: id, page: 0 }), "quiet")
      tab.append(
        el("span", `platform ${channel?.platform}`, model.data.platforms[channel?.platform ?? ""]?.shortName ?? ""),
      )
      tab.title = label
      tab.setAttribute("aria-label", tr("Preview on {channel}", { channel: label }))
      tab.setAttribute("aria-pressed", String(id === this.channelId))
      return tab
    })
    const frameTabs = frames.map(name => {
      const tab = button(tr(FRAME_LABELS[name]), () => this.redraw({ frameName: name }), "quiet")
      tab.setAttribute("aria-pressed", String(name === this.frameName))
      return tab
    })
    this.head.replaceChildren(
      ...(ids.length > 1 ? channelTabs : []),
      el("span", "grow"),
      ...(frames.length > 1 ? frameTabs : []),
    )
  }

  /** @param {ShownPost} shown */
  drawFoot(shown) {
    const parts = []
    const badge = matchBadge(shown.media[shown.page]?.file)
    if (badge) {
      badge.textContent = badge.title
      parts.push(badge)
    }
    if (["reel", "story", "vertical"].includes(this.frameName)) {
      const label = el("label", "check")
      const box = el("input")
      box.type = "checkbox"
      box.checked = this.showsSafeAreas
      box.onchange = () => this.redraw({ showsSafeAreas: box.checked })
      label.append(box, el("span", "", tr("Show covered areas")))
      parts.push(label)
    }
    this.foot.replaceChildren(...parts)
  }
}
