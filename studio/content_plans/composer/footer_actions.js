import { tr } from "../../ui/shared/words.js"

/**
 * A button of the footer. `asks`: what it wants to know first.
 *
 * @typedef {object} FooterAction
 * @property {string} action as the API calls it; "": saves alone
 * @property {string} label
 * @property {boolean} [isMain]
 * @property {"publish" | "note" | "date"} [asks]
 */

/**
 * @typedef {object} FooterFacts
 * @property {Set<string>} states of the posts
 * @property {boolean} isDirty there are changes that nobody has saved
 * @property {boolean} savesItself
 * @property {boolean} isDated
 * @property {boolean} reviewWanted by the posting rules
 * @property {boolean} needsApproval before it can be published
 */

const OPEN = ["draft", "failed", "missed", "in_review", "approved"]

/**
 * What can be done with a post now, from left to right; the main thing is the last but one, or the last.
 *
 * @param {FooterFacts} facts
 * @returns {FooterAction[]}
 */
export const footerActions = facts => {
  const { states, isDirty, reviewWanted } = facts
  const has = (/** @type {string[]} */ ...names) => names.some(name => states.has(name))
  /** @type {FooterAction[]} */
  const actions = []
  if (has("on_hold")) actions.push({ action: "release", label: tr("Resume"), isMain: true })
  if (has("in_review")) actions.push({ action: "reject", label: tr("Send back"), asks: "note" })
  if (reviewWanted && has("draft", "failed", "missed")) actions.push({ action: "review", label: tr("Send for review") })
  if (has(...OPEN)) actions.push(scheduling(facts))
  else if (has("scheduled") && isDirty && reviewWanted) {
    actions.push({ action: "approve", label: tr("Approve changes"), isMain: true })
  }
  if (has(...OPEN, "scheduled")) actions.push(publishing(facts))
  return actions
}

/**
 * @param {FooterFacts} facts
 * @returns {FooterAction}
 */
const scheduling = ({ states, isDated, reviewWanted, isDirty }) => {
  const reopens = isDirty && reviewWanted && (states.has("approved") || states.has("scheduled"))
  const approves = states.has("in_review") || reopens || (reviewWanted && states.has("draft"))
  if (!isDated) {
    return approves && states.has("in_review")
      ? { action: "approve", label: tr("Approve"), isMain: true }
      : { action: "schedule", label: tr("Schedule"), isMain: true, asks: "date" }
  }
  return approves
    ? { action: "approve", label: tr("Approve and schedule"), isMain: true }
    : { action: "schedule", label: tr("Schedule"), isMain: true }
}

/**
 * @param {FooterFacts} facts
 * @returns {FooterAction}
 */
const publishing = ({ needsApproval, isDirty, reviewWanted }) =>
  needsApproval || (isDirty && reviewWanted)
    ? { action: "approve_and_publish", label: tr("Approve and publish"), asks: "publish" }
    : { action: "publish", label: tr("Publish now"), asks: "publish" }

/**
 * What was done, as a sentence.
 *
 * @param {string} status of the plan afterwards
 * @param {string} when its time, as people read it; "": none
 */
export const outcomeText = (status, when) => {
  const sentences = {
    scheduled: tr("Scheduled for {time}.", { time: when }),
    in_review: tr("Sent for review: someone has to approve it."),
    approved: when ? tr("Approved, not scheduled.") : tr("Approved. Give it a date to schedule it."),
    on_hold: tr("On hold: it does not go out until you resume it."),
    draft: tr("It is a draft again."),
    published: tr("Marked as published."),
    publishing: "",
  }
  return /** @type {Record<string, string>} */ (sentences)[status] ?? tr("Done.")
}
