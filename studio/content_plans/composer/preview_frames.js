import { mediaUrl } from "../../ui/shared/api.js"
import { button, el } from "../../ui/shared/dom.js"
import { tr, trLazy } from "../../ui/shared/words.js"

/** @import { GridTile } from "./profile_grid.js" */
/** @import { ShownPost } from "./preview.js" */

/** Characters of a caption before “… more”. @type {Record<string, number>} */
const FOLD = { instagram: 125, sandbox: 125, tiktok: 90, youtube: 100 }
/** Width/height: a feed shows pictures between these, a profile's grid always so. */
const FEED_RATIOS = { least: 4 / 5, most: 1.91 }
const GRID_RATIO = 3 / 4
const GRID_TILES = 9
/**
 * What the app draws over a vertical post, in percent of its height (top, bottom) and width (left, right).
 *
 * @type {Record<string, number[]>}
 */
const COVERED = { reel: [14, 35, 6, 6], story: [14, 20, 0, 0], tiktok: [7, 22, 6, 13], youtube: [15, 20, 4, 12] }
const AI_LABELS = /** @type {Record<string, string>} */ ({
  tiktok: trLazy("Creator labeled as AI-generated"),
  youtube: trLazy("Altered or synthetic content"),
})
const AI_INFO = trLazy("AI info")

/**
 * A picture in the feed, or several to swipe.
 *
 * @param {ShownPost} post
 */
export const buildFeed = post => {
  const card = el("article", "card feed")
  const head = el("div", "row")
  const names = el("span", "grow")
  names.append(el("strong", "", post.account), buildAiLabel(post))
  head.append(buildAvatar(post), names, el("span", "muted", "⋯"))
  card.append(head, buildCarousel(post, feedRatio(post)))
  const icons = el("div", "row icons")
  icons.append(el("span", "", "♡"), el("span", "", "◯"), el("span", "", "➤"), el("span", "grow"), el("span", "", "⚑"))
  for (const icon of icons.children) icon.setAttribute("aria-hidden", "true")
  card.append(icons, buildCaption(post, `${post.account} `))
  if (post.firstComment.trim()) {
    const comment = el("p", "comment")
    comment.append(el("strong", "", `${post.account} `), ...tagged(post.firstComment))
    card.append(comment)
  }
  return card
}

/**
 * The profile's grid as it will be, with this post among those before and after it.
 *
 * @param {ShownPost} post
 */
export const buildGrid = post => {
  const grid = el("div", "card profile-grid")
  for (let n = 0; n < GRID_TILES; n += 1) {
    const shown = post.grid[n]
    const tile = el("div", "tile")
    tile.style.aspectRatio = String(GRID_RATIO)
    if (shown === null) fillOwnTile(tile, post)
    else if (shown) fillTile(tile, post, shown)
    grid.append(tile)
  }
  return grid
}

/**
 * @param {HTMLElement} tile
 * @param {ShownPost} post
 */
const fillOwnTile = (tile, post) => {
  tile.classList.add("own")
  tile.title = tr("This post")
  if (!post.media.length) return
  tile.append(buildMedia(post, 0, GRID_RATIO))
  if (post.media.length > 1) tile.append(el("span", "kind", "❐"))
  if (post.media[0].file?.kind === "video") tile.append(el("span", "kind", "▶"))
}

/**
 * @param {HTMLElement} tile
 * @param {ShownPost} post
 * @param {GridTile} shown
 */
const fillTile = (tile, { workspace }, { assetId, title, state, localTime, isVideo, mediaCount }) => {
  tile.title = `${title}, ${localTime.slice(0, 10)}`
  tile.classList.toggle("coming", state !== "published")
  if (!assetId) return
  const image = el("img")
  image.src = mediaUrl(workspace, assetId, "?w=320")
  image.alt = tile.title
  fit(image, GRID_RATIO, "")
  tile.append(image)
  if (mediaCount > 1) tile.append(el("span", "kind", "❐"))
  if (isVideo) tile.append(el("span", "kind", "▶"))
}

/**
 * A reel, story, TikTok or Short: the whole screen.
 *
 * @param {ShownPost} post
 * @param {string} frame
 */
export const buildVertical = (post, frame) => {
  const card = el("article", `card vertical ${frame}`)
  if (post.media.length) card.append(buildMedia(post, post.page, null))
  if (post.showsSafeAreas)
    card.append(...buildCovered(COVERED[frame === "vertical" ? post.platform : frame] ?? COVERED.reel))
  if (post.media.length > 1) card.append(...buildTurners(post))
  if (frame === "story") {
    const head = el("div", "story-head row")
    head.append(buildAvatar(post), el("strong", "", post.account), buildAiLabel(post))
    const reply = el("div", "story-foot", tr("Send message"))
    card.append(el("div", "story-bar"), head, reply)
    return card
  }
  const side = el("div", "side")
  side.setAttribute("aria-hidden", "true")
  side.append(...["♡", "◯", "➤", "⋯"].map(icon => el("span", "", icon)))
  const text = el("div", "over")
  const name = el("div", "row")
  name.append(buildAvatar(post), el("strong", "", post.account))
  text.append(name)
  if (post.title) text.append(el("strong", "heading", post.title))
  text.append(buildCaption(post, ""), buildAiLabel(post))
  card.append(side, text)
  return card
}

/**
 * YouTube's watch page.
 *
 * @param {ShownPost} post
 */
export const buildWatch = post => {
  const card = el("article", "card watch")
  const screen = el("div", "screen")
  if (post.media.length) screen.append(buildMedia(post, 0, null))
  const row = el("div", "row")
  row.append(buildAvatar(post), el("strong", "grow cut", post.account), el("span", "pill", tr("Subscribe")))
  const box = el("div", "about")
  box.append(buildCaption(post, ""), buildAiLabel(post))
  card.append(screen, el("h3", "heading", post.title || tr("Title")), row, box)
  return card
}

/** @param {ShownPost} post */
const buildAvatar = ({ avatar, account }) => {
  if (!avatar) return el("span", "avatar", account.slice(0, 1).toUpperCase())
  const image = el("img", "avatar")
  image.src = avatar
  image.alt = ""
  return image
}

/** @param {ShownPost} post */
const buildAiLabel = ({ aiLabel, platform }) => {
  const label = el("span", "ai-label", aiLabel ? tr(AI_LABELS[platform] ?? AI_INFO) : "")
  if (aiLabel) label.title = tr("Every post is marked as made with AI")
  return label
}

/**
 * Width/height of the feed's frame: that of the first file, within what the platform shows.
 *
 * @param {ShownPost} post
 */
const feedRatio = ({ media, platform }) => {
  const [first] = media
  const own = first?.ratio ?? (first?.file?.width && first.file.height ? first.file.width / first.file.height : 1)
  if (platform !== "instagram") return own
  return Math.min(FEED_RATIOS.most, Math.max(FEED_RATIOS.least, own))
}

/**
 * @param {ShownPost} post
 * @param {number} ratio
 */
const buildCarousel = (post, ratio) => {
  const frame = el("div", "media")
  frame.style.aspectRatio = String(ratio)
  if (!post.media.length) {
    frame.classList.add("none")
    frame.append(el("span", "help", tr("No picture or video yet")))
    return frame
  }
  frame.append(buildMedia(post, post.page, ratio))
  if (post.media.length > 1) frame.append(...buildTurners(post))
  return frame
}

/** @param {ShownPost} post */
const buildTurners = post => {
  const count = post.media.length
  const back = button("‹", () => post.turn(post.page - 1), "turn back")
  const on = button("›", () => post.turn(post.page + 1), "turn on")
  back.setAttribute("aria-label", tr("Previous picture"))
  on.setAttribute("aria-label", tr("Next picture"))
  back.classList.toggle("gone", post.page === 0)
  on.classList.toggle("gone", post.page === count - 1)
  return [back, on, el("span", "pages", `${post.page + 1}/${count}`)]
}

/**
 * One file, cropped as it is sent, and then to `ratio` as the platform does; null: whole.
 *
 * @param {ShownPost} post
 * @param {number} n
 * @param {number | null} ratio
 */
const buildMedia = (post, n, ratio) => {
  const { assetId, file, ratio: edited, focus } = post.media[n]
  const place = focus === null ? "" : `${focus * 100}% ${focus * 100}%`
  /** @param {HTMLElement} node */
  const fitted = node => {
    if (edited !== null) return buildCropped(node, { ratio: edited, place, isWhole: ratio === null })
    fit(node, ratio, place)
    return node
  }
  if (file?.kind === "video") {
    const video = el("video")
    video.src = mediaUrl(post.workspace, assetId)
    video.poster = mediaUrl(post.workspace, assetId, "?w=640")
    video.muted = true
    video.loop = true
    video.playsInline = true
    video.controls = true
    video.preload = "none"
    return fitted(video)
  }
  const image = el("img")
  image.src = mediaUrl(post.workspace, assetId, "?w=640")
  image.alt = ""
  return fitted(image)
}

/**
 * As it is sent: cropped to `ratio`, in a box of that shape, which covers the frame or, where `isWhole`, lies inside
 * it.
 *
 * @param {HTMLElement} node
 * @param {{ ratio: number, place: string, isWhole: boolean }} crop
 */
const buildCropped = (node, { ratio, place, isWhole }) => {
  fit(node, ratio, place)
  node.style.aspectRatio = String(ratio)
  node.style.width = `${isWhole ? "min" : "max"}(100cqw, 100cqh * ${ratio})`
  const box = el("div", "sent")
  box.append(node)
  return box
}

/**
 * @param {HTMLElement} node
 * @param {number | null} ratio
 * @param {string} place
 */
const fit = (node, ratio, place) => {
  node.style.objectFit = ratio === null ? "contain" : "cover"
  if (place) node.style.objectPosition = place
}

/** @param {number[]} covered */
const buildCovered = ([top, bottom, left, right]) => {
  const areas = [
    { top: 0, left: 0, right: 0, height: `${top}%` },
    { bottom: 0, left: 0, right: 0, height: `${bottom}%` },
    { top: `${top}%`, bottom: `${bottom}%`, left: 0, width: `${left}%` },
    { top: `${top}%`, bottom: `${bottom}%`, right: 0, width: `${right}%` },
  ]
  return areas.map(area => {
    const node = el("div", "covered")
    for (const [name, value] of Object.entries(area)) node.style.setProperty(name, String(value))
    return node
  })
}

/**
 * The text with what the platform folds away behind “more”.
 *
 * @param {ShownPost} post
 * @param {string} name before it
 */
const buildCaption = (post, name) => {
  const text = el("p", "text")
  const { caption, isOpen } = post
  const limit = FOLD[post.platform] ?? FOLD.instagram
  const firstLine = caption.split("\n", 1)[0]
  const folded = caption.length > limit ? caption.slice(0, limit).replace(/\s+\S*$/, "") : firstLine
  const isFolded = !isOpen && folded.length < caption.length
  if (name) text.append(el("strong", "", name))
  text.append(...tagged(isFolded ? `${folded}… ` : `${caption} `))
  if (folded.length < caption.length) text.append(button(isOpen ? tr("less") : tr("more"), post.toggleText, "more"))
  return text
}

/**
 * Text with its hashtags and mentions as links look.
 *
 * @param {string} text
 * @returns {(string | HTMLElement)[]}
 */
const tagged = text =>
  text.split(/([#@][\p{L}\p{N}_.]+)/u).map(part => (/^[#@]./.test(part) ? el("span", "tag", part) : part))
