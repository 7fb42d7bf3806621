import { messageOf, send } from "../../ui/shared/api.js"
import { button, el } from "../../ui/shared/dom.js"
import { externalLink } from "./links.js"
import { PopoverButton } from "./popover_menu.js"
import { clockText } from "./times.js"

/** @import { AttemptAnswer, PostAnswer, PostDetails } from "./answers.js" */
/** @import { PostModel } from "./post_model.js" */

const CAN_BE_CANCELLED = "You can still cancel."
const CANNOT_BE_CANCELLED =
  "It cannot be stopped any more. The studio finds out what became of it, and never sends it twice."
const OUTCOMES = /** @type {Record<string, string>} */ ({
  running: "Running",
  published: "Published",
  failed: "Failed",
  unknown: "Unconfirmed",
  released: "Tried again later",
  held: "Held",
  missed: "Missed",
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
    const deleted = loaded.deleted ? [el("p", "status", "🗑 This post was deleted.")] : []
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
    const rows = post.note ? [statusRow("✎", `Reviewer: ${post.note}`)] : []
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
        return buildPublished(name, post, details)
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
    const row = statusRow(
      "➤",
      `${name}Publishing … ${post.error || (isFinal ? CANNOT_BE_CANCELLED : CAN_BE_CANCELLED)}`,
    )
    const bar = el("div", `bar ${details?.progress ? "" : "unknown"}`)
    const filled = el("i")
    if (details?.progress) filled.style.width = `${Math.round(details.progress * 100)}%`
    bar.append(filled)
    row.append(bar)
    const jobId = details?.jobId
    if (jobId && model.data.canEdit && !isFinal)
      row.append(button("Cancel", () => this.run(`/api/jobs/${jobId}/cancel`, {})))
    return row
  }

  /**
   * @param {string} name
   * @param {PostAnswer} post
   */
  buildFailed(name, post) {
    const { model } = this
    const row = statusRow("⚠", `${name}${post.error}`, "bad")
    row.append(el("span", "help", "Not published. Fix the problem and try again."))
    if (model.data.canEdit) row.append(button("Try again", () => model.act("publish", { postId: post.id })))
    return row
  }

  /**
   * @param {PostAnswer} post
   * @param {PostDetails | undefined} details
   */
  buildUnknown(post, details) {
    const row = statusRow("?", `${post.channelName}: ${post.error || "We could not confirm this post."}`, "bad")
    row.append(el("span", "help", "Look at the account. It is never posted again by itself."))
    if (details?.profileUrl) row.append(externalLink("Open the account", details.profileUrl))
    if (!this.model.data.canEdit) return row
    const resolve = `/api/content-plans/posts/${post.id}/resolve`
    const found = new PopoverButton("It is there", () => {
      const address = el("input")
      address.placeholder = "https://… (if you have it)"
      address.setAttribute("aria-label", "Its address")
      const go = button("Mark as published", () => this.run(resolve, { isPublished: true, url: address.value }), "main")
      return [address, go]
    })
    const missing = new PopoverButton("Not there, post again", () => {
      const text = "Are you sure that it is not on the account? If it is there after all, followers see it twice."
      const again = async () => {
        if (await this.run(resolve, { isPublished: false })) await this.model.act("publish", { postId: post.id })
      }
      return [el("p", "", text), button("It is not there: post again now", again, "main")]
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
 */
const buildPublished = (name, post, details) => {
  const by = details?.byHand ? `by hand${details.publisher ? `, as ${details.publisher} says` : ""}` : "by the studio"
  const when = post.publishedAt ? ` ${clockText(new Date(post.publishedAt))}` : ""
  const approver = details?.approver ? `, approved by ${details.approver}` : ""
  const row = statusRow("✓", `${name}Published${when} ${by}${approver}.`, "good")
  if (post.url) row.append(externalLink("Open the post", post.url))
  else if (!details?.byHand) row.append(el("span", "help", "The platform has not said yet where it is."))
  const comment = details?.attempts[0]?.sent?.comment
  if (comment?.state === "written") row.append(el("span", "help", "First comment written."))
  if (comment?.state === "failed") row.append(el("span", "help", `First comment not written. ${comment.said ?? ""}`))
  return row
}

/** @param {AttemptAnswer[]} attempts */
const buildAttempts = attempts => {
  const details = el("details", "attempts")
  const word = attempts.length === 1 ? "1 try to publish it" : `${attempts.length} tries to publish it`
  details.append(el("summary", "", word))
  for (const attempt of attempts) {
    const line = el("p", "help")
    const outcomeText = attempt.said ? ` ${attempt.said}` : ""
    const outcome = OUTCOMES[attempt.outcome] ?? attempt.outcome
    const at = clockText(new Date(attempt.createdAt))
    line.textContent = `${outcome}, try ${attempt.n}, ${at}.${outcomeText} ${sentText(attempt.sent)}`
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
  const kind = files.some((/** @type {any} */ file) => file.kind === "video") ? "video" : "picture"
  const parts = files.length ? [`${files.length} ${kind}${files.length === 1 ? "" : "s"}`] : []
  if (sent.format) parts.push(sent.format)
  if (sent.privacy) parts.push(`seen by ${String(sent.privacy).replaceAll("_", " ").toLowerCase()}`)
  parts.push(sent.ai_made ? "marked as AI-made" : "not marked as AI-made")
  return `Sent: ${parts.join(" · ")}`
}
