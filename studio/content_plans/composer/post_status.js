import { messageOf, send } from "../../ui/shared/api.js"
import { button, el } from "../../ui/shared/dom.js"
import { tr, trLazy, trPlural } from "../../ui/shared/words.js"
import { externalLink } from "./links.js"
import { PopoverButton } from "./popover_menu.js"
import { clockText } from "./times.js"

/** @import { AttemptAnswer, PostAnswer, PostDetails } from "./answers.js" */
/** @import { PostModel } from "./post_model.js" */

const CAN_BE_CANCELLED = trLazy("You can still cancel.")
const CANNOT_BE_CANCELLED = trLazy(
  "It can no longer be stopped. The studio checks what became of it and never sends it twice.",
)
const OUTCOMES = /** @type {Record<string, string>} */ ({
  running: trLazy("Running"),
  published: trLazy("Published"),
  failed: trLazy("Failed"),
  unknown: trLazy("Unconfirmed"),
  released: trLazy("Tried again later"),
  held: trLazy("In face check"),
  missed: trLazy("Missed"),
})

/** What became of each post, and what people can do about it. */
export class PostStatus {
  /** @param {PostModel} model */
  constructor(model) {
    this.model = model
    this.node = el("section", "statuses")
    this.key = ""
  }

  draw() {
    const { loaded } = this.model
    const key = JSON.stringify([loaded.plan.variants, loaded.posts, loaded.deleted])
    if (key === this.key || this.node.querySelector(":popover-open")) return
    this.key = key
    const rows = loaded.plan.variants.flatMap(post => this.buildPost(post))
    const deleted = loaded.deleted ? [statusRow("🗑", tr("This post was deleted."))] : []
    this.node.replaceChildren(...deleted, ...rows)
    this.node.classList.toggle("gone", !this.node.childElementCount)
  }

  /**
   * @param {PostAnswer} post
   * @returns {HTMLElement[]}
   */
  buildPost(post) {
    const details = this.model.loaded.posts[post.id]
    /** @type {HTMLElement[]} */
    const rows = post.note ? [statusRow("✎", tr("Reviewer: {note}", { note: post.note }))] : []
    const built = this.buildState(post, details)
    if (built) rows.push(built)
    const { attempts = [] } = details ?? {}
    if (attempts.length) rows.push(buildAttempts(attempts))
    return rows
  }

  /**
   * @param {PostAnswer} post
   * @param {PostDetails | undefined} details
   */
  buildState(post, details) {
    const name = this.model.loaded.plan.variants.length > 1 ? `${post.channelName}: ` : ""
    switch (post.status) {
      case "publishing":
        return this.buildSending(name, post, details)
      case "published":
        return buildPublished(name, post, details, this.model.loaded.plan.timeZone)
      case "unknown":
        return this.buildUnknown(post, details)
      case "failed":
        return this.buildFailed(name, post)
      default:
        return post.error ? statusRow("⏱", `${name}${post.error}`, "warn") : null
    }
  }

  /**
   * @param {string} name
   * @param {PostAnswer} post
   * @param {PostDetails | undefined} details
   */
  buildSending(name, post, details) {
    const { model } = this
    const isFinal = details?.phase === "submitting"
    const note = post.error || tr(isFinal ? CANNOT_BE_CANCELLED : CAN_BE_CANCELLED)
    const row = statusRow("➤", name + [tr("Publishing …"), note].join(" "))
    const bar = el("div", `bar ${details?.progress ? "" : "unknown"}`)
    const filled = el("i")
    if (details?.progress) filled.style.width = `${Math.round(details.progress * 100)}%`
    bar.append(filled)
    row.append(bar)
    const jobId = details?.jobId
    if (jobId && model.data.canEdit && !isFinal)
      row.append(button(tr("Cancel"), () => this.run(`/api/jobs/${jobId}/cancel`, {})))
    return row
  }

  /**
   * @param {string} name
   * @param {PostAnswer} post
   */
  buildFailed(name, post) {
    const { model } = this
    const row = statusRow("⚠", `${name}${post.error}`, "bad")
    row.append(el("span", "help", tr("Not published. Fix the problem and try again.")))
    if (model.data.canEdit) row.append(button(tr("Try again"), () => model.act("publish", { postId: post.id })))
    return row
  }

  /**
   * @param {PostAnswer} post
   * @param {PostDetails | undefined} details
   */
  buildUnknown(post, details) {
    const trouble = post.error || tr("We could not confirm this post.")
    const row = statusRow("?", `${post.channelName}: ${trouble}`, "bad")
    row.append(el("span", "help", tr("Check the account. The studio never posts it again by itself.")))
    if (details?.profileUrl) row.append(externalLink(tr("Open the account"), details.profileUrl))
    if (!this.model.data.canEdit) return row
    const resolve = `/api/content-plans/posts/${post.id}/resolve`
    const found = new PopoverButton(tr("It is there"), () => {
      const address = el("input")
      address.placeholder = tr("https://… (optional)")
      address.setAttribute("aria-label", tr("Link of the post"))
      const go = button(
        tr("Mark as published"),
        () => this.run(resolve, { isPublished: true, url: address.value }),
        "main",
      )
      return [address, go]
    })
    const missing = new PopoverButton(tr("Not there, post again"), () => {
      const text = tr("Are you sure it is not on the account? If it is there after all, followers see it twice.")
      const again = async () => {
        if (await this.run(resolve, { isPublished: false })) await this.model.act("publish", { postId: post.id })
      }
      return [el("p", "", text), button(tr("It is not there: post again now"), again, "main")]
    })
    row.append(found.node, missing.node)
    return row
  }

  /**
   * @param {string} path
   * @param {object} body
   */
  async run(path, body) {
    const { model } = this
    try {
      await send(path, body, model.data.workspace)
      await model.readAgain()
      return true
    } catch (error) {
      return model.warn(messageOf(error))
    }
  }
}

/**
 * @param {string} icon
 * @param {string} text
 * @param {string} [tone]
 */
const statusRow = (icon, text, tone = "") => {
  const row = el("div", `status row wrap ${tone}`)
  const sign = el("span", "sign", icon)
  sign.setAttribute("aria-hidden", "true")
  row.append(sign, el("span", "grow", text))
  return row
}

/**
 * @param {string} name
 * @param {PostAnswer} post
 * @param {PostDetails | undefined} details
 * @param {string} timeZone
 */
const buildPublished = (name, post, details, timeZone) => {
  const row = statusRow("✓", `${name}${publishedText(post, details, timeZone)}`, "good")
  if (post.url) row.append(externalLink(tr("Open the post"), post.url))
  else if (!details?.byHand) row.append(el("span", "help", tr("The platform has not sent its link yet.")))
  const comment = details?.attempts[0]?.sent?.comment
  if (comment?.state === "written") row.append(el("span", "help", tr("First comment written.")))
  if (comment?.state === "failed")
    row.append(el("span", "help", [tr("First comment not written."), comment.said ?? ""].join(" ")))
  return row
}

/**
 * When it was published, by whom, and who approved it.
 *
 * @param {PostAnswer} post
 * @param {PostDetails | undefined} details
 * @param {string} timeZone of the post, in which the page says when it was due
 */
const publishedText = (post, details, timeZone) => {
  const time = post.publishedAt ? clockText(new Date(post.publishedAt), new Date(), timeZone) : ""
  const facts = [time ? tr("Published {time}", { time }) : tr("Published")]
  if (!details?.byHand) facts.push(tr("by the studio"))
  else facts.push(details.publisher ? tr("by hand: {person}", { person: details.publisher }) : tr("by hand"))
  if (details?.approver) facts.push(tr("approved by {person}", { person: details.approver }))
  return facts.join(" · ")
}

/** @param {AttemptAnswer[]} attempts */
const buildAttempts = attempts => {
  const details = el("details", "attempts")
  const summary = trPlural("{n} attempt to publish it", "{n} attempts to publish it", attempts.length)
  details.append(el("summary", "", summary))
  for (const attempt of attempts) {
    const line = el("p", "help")
    const values = {
      outcome: tr(OUTCOMES[attempt.outcome] ?? attempt.outcome),
      n: attempt.n,
      time: clockText(new Date(attempt.createdAt)),
    }
    const sentences = [tr("{outcome}, attempt {n}, {time}.", values), attempt.said, sentText(attempt.sent)]
    line.textContent = sentences.filter(Boolean).join(" ")
    details.append(line)
  }
  return details
}

/**
 * “Sent: 2 pictures · carousel · marked as AI-made”
 *
 * @param {Record<string, any>} sent
 */
const sentText = sent => {
  const files = sent.files ?? []
  if (!files.length && !("ai_made" in sent)) return ""
  const hasVideo = files.some((/** @type {any} */ file) => file.kind === "video")
  const { length } = files
  const parts = []
  if (length)
    parts.push(hasVideo ? trPlural("{n} video", "{n} videos", length) : trPlural("{n} picture", "{n} pictures", length))
  if (sent.format) parts.push(sent.format)
  if (sent.privacy)
    parts.push(tr("seen by: {choice}", { choice: String(sent.privacy).replaceAll("_", " ").toLowerCase() }))
  parts.push(sent.ai_made ? tr("marked as AI-made") : tr("not marked as AI-made"))
  return tr("Sent: {facts}", { facts: parts.join(" · ") })
}
