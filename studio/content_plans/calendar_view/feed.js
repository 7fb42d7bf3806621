import { api, mediaUrl } from "../../ui/shared/api.js"
import { el } from "../../ui/shared/dom.js"
import { tr } from "../../ui/shared/words.js"
import { timeOf } from "./entry.js"
import { asDate, dateLocale } from "./wall_time.js"

/** @import { CalendarView } from "./calendar.js" */
/** @import { WallTime } from "./wall_time.js" */

/**
 * A post of a channel as the API's feed lists it.
 *
 * @typedef {object} FeedTile
 * @property {string} planId
 * @property {string} title
 * @property {string} state
 * @property {WallTime} localTime
 * @property {string} assetId
 * @property {boolean} isVideo
 * @property {number} mediaCount
 */

/**
 * @typedef {object} FeedAnswer
 * @property {string} channelId
 * @property {string} channelName
 * @property {string} platform
 * @property {FeedTile[]} data
 * @property {boolean} more
 */

const SHORT_DAY = /** @type {const} */ ({ day: "numeric", month: "short", timeZone: "UTC" })
const PUBLISHED = "published"

/** The grid of a profile as it will look when everything is out. */
export class Feed {
  /** @param {CalendarView} view */
  constructor(view) {
    this.view = view
    this.node = el("div", "feed gone")
    /** Empty: the first of the influencer. */
    this.channelId = ""
    this.answer = ""
  }

  /** Channels that can be shown. */
  get channels() {
    const { channels, influencer } = this.view.data
    return channels.filter(([, , influencerId]) => !influencer || influencerId === influencer)
  }

  /** Reads and, if anything has changed, draws. */
  async read() {
    const { workspace, zone, influencer } = this.view.data
    const { channels } = this
    if (!channels.some(([id]) => id === this.channelId)) this.channelId = ""
    const channel = this.channelId || (influencer ? "" : (channels[0]?.[0] ?? ""))
    if (!channels.length) {
      this.answer = ""
      this.node.replaceChildren(
        el("p", "muted none", tr("No channel yet. Connect one in Settings, then its grid is here.")),
      )
      return
    }
    const query = new URLSearchParams({ workspace, zone, influencer, channel })
    /** @type {FeedAnswer} */
    const answer = await api(`/api/content-plans/feed?${query}`)
    await this.view.press.released()
    const text = JSON.stringify([answer, channels])
    if (text === this.answer) return
    this.answer = text
    this.draw(answer)
  }

  /** @param {FeedAnswer} answer */
  draw(answer) {
    const coming = answer.data.filter(({ state }) => state !== PUBLISHED).length
    const head = el("div", "profile")
    const face = el("span", "avatar", (answer.channelName || "?").slice(0, 1).toUpperCase())
    const text = el("div", "grow")
    const published = `${answer.data.length - coming}${answer.more ? "+" : ""}`
    const counts = tr("{coming} to come · {published} published", { coming, published })
    text.append(el("b", "cut", answer.channelName), el("div", "muted", counts))
    head.append(face, text)
    if (this.channels.length > 1) head.append(this.buildChoice(answer.channelId))
    const grid = el("div", `grid ${answer.platform}`)
    grid.append(...answer.data.map(tile => this.buildTile(tile)))
    const nodes = answer.data.length
      ? [head, grid]
      : [head, el("p", "muted none", tr("Nothing is planned or published on this channel yet."))]
    this.node.replaceChildren(...nodes)
  }

  /** @param {string} channelId */
  buildChoice(channelId) {
    const select = el("select")
    select.setAttribute("aria-label", tr("Channel"))
    select.append(...this.channels.map(([id, label]) => new Option(label, id)))
    select.value = channelId
    select.onchange = () => {
      this.channelId = select.value
      this.view.reload()
    }
    return select
  }

  /** @param {FeedTile} tile */
  buildTile(tile) {
    const { view } = this
    const state = view.data.states[tile.state] ?? tile.state
    const day = `${asDate(tile.localTime).toLocaleDateString(dateLocale(), SHORT_DAY)}, ${timeOf(tile.localTime)}`
    const node = el("button", tile.state === PUBLISHED ? "tile" : "tile coming")
    node.type = "button"
    node.dataset.spot = tile.planId
    node.title = `${tile.title} · ${state} · ${day}`
    node.setAttribute("aria-label", node.title)
    node.append(this.buildTilePicture(tile))
    if (tile.isVideo) node.append(el("span", "kind", "▶"))
    else if (tile.mediaCount > 1) node.append(el("span", "kind", `${tile.mediaCount}`))
    if (tile.state !== PUBLISHED) {
      const label = el("span", "when")
      label.append(el("b", "", state), ` ${day}`)
      node.append(label)
    }
    node.onclick = () => view.open(tile.planId)
    return node
  }

  /** @param {FeedTile} tile */
  buildTilePicture(tile) {
    const without = () => el("span", "empty", tile.title)
    if (!tile.assetId) return without()
    const img = el("img")
    img.loading = "lazy"
    img.decoding = "async"
    img.alt = ""
    img.draggable = false
    img.onerror = () => img.replaceWith(without())
    img.src = mediaUrl(this.view.data.workspace, tile.assetId, "?w=320")
    return img
  }
}
