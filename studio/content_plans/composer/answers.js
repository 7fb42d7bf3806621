/** @import { Draft } from "./draft.js" */
/** @import { PlatformRules } from "./text_rules.js" */

/** States of posts that are out, or on their way: they stay as they were sent. */
export const SENT_STATES = new Set(["publishing", "published", "unknown"])

/**
 * What the API says of a post (backend/api/routes/composer.py).
 *
 * @typedef {object} ComposerAnswer
 * @property {PlanAnswer} plan
 * @property {Draft} draft
 * @property {{ version: number, savedAt: string, draft: Draft, before: Draft } | null} unsaved
 * @property {ChannelAnswer[]} channels
 * @property {Record<string, FileAnswer>} files
 * @property {ProblemAnswer[]} problems
 * @property {string[]} warnings
 * @property {boolean} reviewWanted
 * @property {boolean} needsApproval
 * @property {string} refusal
 * @property {boolean} paused
 * @property {Record<string, PostDetails>} posts
 * @property {string} cooldown
 * @property {string | null} nextFreeTime
 * @property {{ id: string, topic: string } | null} text
 * @property {string} repurposedFrom
 * @property {boolean} deleted
 * @property {{ id: string, said: string } | null} done
 * @property {string} actionRefusal
 *
 * @typedef {object} PlanAnswer
 * @property {string} id
 * @property {string} influencerId
 * @property {string} influencerName
 * @property {string} status
 * @property {string | null} localTime
 * @property {string} timeZone
 * @property {string | null} campaignId
 * @property {PostAnswer[]} variants
 * @property {number} version
 * @property {string} updatedAt
 *
 * @typedef {{ id: string, channelId: string, channelName: string, platform: string, status: string, url: string,
 *   publishedAt: string | null, error: string, note: string, notBefore: string | null }} PostAnswer
 * @typedef {{ id: string, name: string, platform: string, state: string, trouble: string, nickname: string,
 *   avatar: string, privacy: string }} ChannelAnswer
 * @typedef {{ kind: string, width: number | null, height: number | null, durationS: number | null,
 *   score: number | null, threshold: number | null, accepted: boolean, pictureId: string, videoId: string,
 *   title: string }} FileAnswer
 * @typedef {{ channelId: string, code: string, message: string, field: string, media: number | null, fix: string,
 *   blocks: boolean }} ProblemAnswer
 * @typedef {{ n: number, outcome: string, phase: string, said: string, sent: Record<string, any>, createdAt: string,
 *   endedAt: string | null }} AttemptAnswer
 * @typedef {{ attempts: AttemptAnswer[], jobId: string | null, progress: number | null, publisher: string,
 *   approver: string, profileUrl: string, phase: string, byHand: boolean, dueAt: string | null }} PostDetails
 */

/**
 * What `studio.content_plans.composer` sends.
 *
 * @typedef {object} ComposerData
 * @property {string} workspace
 * @property {string} user
 * @property {string} planId
 * @property {boolean} panel beside a page, and not a page of its own
 * @property {boolean} canEdit
 * @property {Record<string, PlatformRules>} platforms
 * @property {Record<string, string>} stateLabels
 * @property {Record<string, string>} languages
 * @property {Record<string, string>} categories
 * @property {string} pageUrl of the post
 * @property {string} channelsUrl
 * @property {Record<"pictures" | "videos", UploadLimits>} uploads
 *
 * @typedef {{ accept: string, maxBytes: number }} UploadLimits accept: extensions as of a file input
 */
