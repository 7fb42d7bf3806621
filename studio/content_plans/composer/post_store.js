import { ApiError, api, isRefusal, messageOf, send } from "../../ui/shared/api.js"
import { tr } from "../../ui/shared/words.js"
import { SENT_STATES } from "./answers.js"
import { Autosave } from "./autosave.js"
import { draftJson, isSame } from "./draft.js"
import { LocalCopies, tabId } from "./local_copy.js"
import { baseOf, mergeDrafts, withTheirs } from "./merge.js"
import { wallOf } from "./times.js"

/** @import { ComposerAnswer, ComposerData } from "./answers.js" */
/** @import { Draft } from "./draft.js" */
/** @import { Collision } from "./merge.js" */

/**
 * How safe the text is. saved: in the post; kept: in the studio, for oneself, until it is saved; local: in this browser
 * alone, so far.
 *
 * @typedef {{ kind: "saved" | "kept" | "local" | "refused", at: Date | null, message: string }} Safety
 */

/** What was done, with its undo, or went wrong. @typedef {{ text: string, isBad: boolean, undoId: string }} Notice */

/** Drafts that are kept while saving fails and reading does not. */
const MAX_UNANSWERED = 20
const TIMES = { pauseMs: 500, maxMs: 900, retryMs: 2000 }

/** One post: what is typed, what is stored, and the way between them. */
export class PostStore {
  /**
   * @param {ComposerData} data
   * @param {() => void} onChange
   */
  constructor(data, onChange) {
    this.data = data
    this.onChange = onChange
    this.copies = new LocalCopies(localStorage, `${data.workspace}:${data.user}:${data.planId}`, tabId())
    this.autosave = new Autosave(() => this.send(), TIMES)
    /** @type {ComposerAnswer | null} */
    this.answer = null
    /** Why there is nothing to show. */
    this.failure = ""
    /** @type {Draft} */
    this.draft = { topic: "", notes: "", localTime: null, timeZone: "", variants: [] }
    /** The plan that `draft` was typed over. */
    this.base = { version: 0, draft: this.draft }
    /** What the studio holds for this user: the unsaved edit, else the plan. */
    this.held = this.draft
    /** What the studio has as it was sent: it may write the same in another way. @type {object | null} */
    this.confirmed = null
    /** What was sent and may have arrived, until the studio has saved something newer. @type {Draft[]} */
    this.unanswered = []
    /** @type {Collision[]} */
    this.collisions = []
    /** @type {Safety} */
    this.safety = { kind: "saved", at: null, message: "" }
    /** @type {Notice | null} */
    this.notice = null
    /** The action on its way. @type {string} */
    this.acting = ""
    /** Whether it waits until what is typed has been sent. */
    this.isFlushing = false
    this.isClosed = false
  }

  get isActing() {
    return Boolean(this.acting)
  }

  get address() {
    return `/api/content-plans/${encodeURIComponent(this.data.planId)}`
  }

  get query() {
    return `?workspace=${encodeURIComponent(this.data.workspace)}`
  }

  /** What the API said last. Only after `load`. */
  get loaded() {
    if (!this.answer) throw new Error("The post is not loaded.")
    return this.answer
  }

  get states() {
    const states = this.draft.variants.map(variant => this.postOf(variant.channelId)?.status ?? "draft")
    return new Set(states.length ? states : ["draft"])
  }

  /** Drafts save themselves; what others rely on (in review, scheduled …) changes only when somebody saves it. */
  get savesItself() {
    return this.loaded.plan.variants.every(post => post.status === "draft")
  }

  /** Whether it differs from the post as it is saved. */
  get isDirty() {
    return !isSame(draftJson(this.draft), draftJson(this.base.draft)) && !(this.savesItself && !this.isUnsent)
  }

  /** Whether the studio does not have it yet. */
  get isUnsent() {
    const json = draftJson(this.draft)
    return !isSame(json, draftJson(this.held)) && !isSame(json, this.confirmed)
  }

  /** Channels whose post is out, or on its way. */
  get frozenChannels() {
    const sent = this.loaded.plan.variants.filter(post => SENT_STATES.has(post.status))
    return new Set(sent.map(post => post.channelId))
  }

  get isDateFrozen() {
    return !this.data.canEdit || this.frozenChannels.size > 0
  }

  /** @param {string} channelId */
  postOf(channelId) {
    return this.answer?.plan.variants.find(post => post.channelId === channelId)
  }

  /** @param {string} channelId */
  channelOf(channelId) {
    return this.answer?.channels.find(channel => channel.id === channelId)
  }

  /** @param {string} channelId */
  isFrozen(channelId) {
    return !this.data.canEdit || this.frozenChannels.has(channelId)
  }

  /** @returns {Promise<ComposerAnswer>} */
  read() {
    return api(`${this.address}/composer${this.query}`)
  }

  async load() {
    await closing().get(this.address)
    try {
      this.take(await this.read())
      this.restore()
    } catch (error) {
      this.failure = messageOf(error)
    }
    this.onChange()
  }

  /**
   * Shows what the studio has, with the caller's unsaved edit on top of it.
   *
   * @param {ComposerAnswer} answer
   */
  take(answer) {
    this.hold(answer)
    this.draft = this.held
    const { unsaved } = answer
    if (!unsaved) return
    if (unsaved.version !== answer.plan.version) this.putOnTop(unsaved.before, unsaved.draft)
    if (this.isDirty) this.safety = { kind: "kept", at: new Date(unsaved.savedAt), message: "" }
  }

  /** @param {ComposerAnswer} answer */
  hold(answer) {
    const { plan, draft, unsaved } = answer
    this.answer = answer
    this.base = { version: plan.version, draft }
    this.held = unsaved?.version === plan.version ? unsaved.draft : draft
    this.confirmed = null
  }

  /** Brings back what this browser had when the tab was closed, or the studio was gone. */
  restore() {
    const copy = this.data.canEdit ? this.copies.read() : null
    if (!copy) return
    this.unanswered = copy.sent
    this.putOnTop(copy.before, copy.draft)
    if (!this.isUnsent) {
      this.copies.remove()
      return
    }
    this.safety = { kind: "local", at: null, message: "" }
    if (!this.notice) this.tell(tr("What you had typed here is back."))
    this.autosave.touch()
  }

  /**
   * What was typed over an older version, on top of the newer one.
   *
   * @param {Draft} before
   * @param {Draft} mine
   */
  putOnTop(before, mine) {
    const base = this.unanswered.reduce((typedOver, sent) => baseOf(typedOver, sent, this.held), before)
    const { draft, collisions, taken } = mergeDrafts(base, mine, this.held)
    this.draft = draft
    this.collisions = collisions
    if (collisions.length) return
    if (taken) this.tell(tr("This post was changed elsewhere meanwhile: those changes are in, and yours are kept."))
  }

  /** @param {Draft} draft */
  change(draft) {
    if (!this.data.canEdit) return
    this.draft = draft
    this.safety = { kind: "local", at: null, message: "" }
    this.writeCopy()
    this.autosave.touch()
    this.onChange()
  }

  /** @param {Date | null} at when it was saved; null: nothing is said of it */
  setSafe(at) {
    this.safety = { kind: "saved", at, message: "" }
  }

  writeCopy() {
    this.copies.write({ before: this.held, sent: this.unanswered, draft: this.draft, at: Date.now() })
  }

  /** Sends what is typed: into a draft, or into the caller's unsaved edit. Throws when the studio does not answer. */
  async send() {
    if (this.collisions.length || (this.acting && !this.isFlushing) || this.isClosed) return false
    try {
      if (this.unanswered.length) await this.mergeNewer()
      if (this.collisions.length) return false
      if (this.isUnsent) await this.sendDraft()
      else this.settle(this.draft, this.savesItself ? "saved" : "kept")
    } catch (error) {
      return await this.onRefused(error)
    }
    return true
  }

  async sendDraft() {
    const sent = this.draft
    const json = this.sendable(sent)
    const body = { version: this.base.version, ...json }
    const { workspace } = this.data
    const unsavedAt = this.loaded.unsaved?.savedAt ?? null
    this.unanswered = [...this.unanswered.filter(draft => !isSame(draft, json)), json].slice(-MAX_UNANSWERED)
    this.writeCopy()
    try {
      const answer = this.savesItself
        ? await send(`${this.address}/save`, { ...body, typing: true }, workspace)
        : await send(`${this.address}/unsaved-edit`, { ...body, unsavedAt }, workspace, "PUT")
      this.confirm(answer, sent)
    } catch (error) {
      if (isRefusal(error)) this.unanswered = this.unanswered.filter(draft => draft !== json)
      throw error
    }
  }

  /**
   * The draft as it can be saved: a time that has passed waits for another one.
   *
   * @param {Draft} draft
   */
  sendable(draft) {
    const json = draftJson(draft)
    if (!this.hasPassed) return json
    return { ...json, localTime: this.base.draft.localTime, timeZone: this.base.draft.timeZone }
  }

  /** Whether a time was chosen that has passed. */
  get hasPassed() {
    const { localTime, timeZone } = this.draft
    const isChosen = !isSame([localTime, timeZone], [this.base.draft.localTime, this.base.draft.timeZone])
    return Boolean(localTime && isChosen && localTime <= wallOf(timeZone))
  }

  /**
   * @param {ComposerAnswer} answer
   * @param {Draft} sent
   */
  confirm(answer, sent) {
    this.hold(answer)
    this.unanswered = []
    this.confirmed = draftJson(sent)
    this.settle(sent, this.savesItself ? "saved" : "kept")
    this.tellOthers()
  }

  /**
   * An action changes more than was typed, as publishing changes the time: that is shown, unless somebody types on.
   *
   * @param {ComposerAnswer} answer
   * @param {Draft} sent
   */
  confirmAction(answer, sent) {
    this.confirm(answer, sent)
    if (this.draft === sent) {
      this.draft = this.held
      this.settle(this.draft, "saved")
    } else this.autosave.touch()
  }

  /**
   * @param {Draft} sent
   * @param {"saved" | "kept"} kind
   */
  settle(sent, kind) {
    const isKept = kind === "kept" && this.isDirty
    if (sent === this.draft) {
      this.copies.remove()
      this.safety = { kind: isKept ? "kept" : "saved", at: new Date(), message: "" }
    } else {
      this.writeCopy()
    }
    this.onChange()
  }

  /**
   * Returns whether to go on by itself. Throws what a later try may mend.
   *
   * @param {unknown} error
   */
  async onRefused(error) {
    if (error instanceof ApiError && error.code === "changed_since") {
      await this.mergeNewer()
      return !this.collisions.length
    }
    this.safety = { kind: isRefusal(error) ? "refused" : "local", at: null, message: messageOf(error) }
    this.onChange()
    if (!isRefusal(error)) throw error
    return false
  }

  /** Somebody may have saved another version: what was typed stays on top of it. */
  async mergeNewer() {
    const answer = await this.read()
    const { held, draft } = this
    this.hold(answer)
    this.putOnTop(held, draft)
    this.writeCopy()
    if (this.isUnsent && !this.collisions.length) this.autosave.touch()
    this.onChange()
  }

  /**
   * @param {Collision} collision
   * @param {"mine" | "theirs"} choice
   */
  resolve(collision, choice) {
    this.collisions = this.collisions.filter(other => other !== collision)
    this.change(choice === "theirs" ? withTheirs(this.draft, collision) : this.draft)
  }

  /** Reads the post again: states change, and others write. */
  async readAgain() {
    if (!this.answer || this.autosave.isBusy || this.acting || this.collisions.length) return
    const { draft } = this
    const answer = await this.read()
    if (this.autosave.isBusy || this.acting || this.draft !== draft) return
    const isSameText =
      answer.plan.version === this.base.version && answer.unsaved?.savedAt === this.loaded.unsaved?.savedAt
    if (isSameText) this.answer = answer
    else if (this.isUnsent) await this.mergeNewer()
    else this.take(answer)
    this.onChange()
  }

  /**
   * @param {string} text
   * @param {string} [undoId]
   */
  tell(text, undoId = "") {
    this.notice = text ? { text, isBad: false, undoId } : null
    this.onChange()
  }

  /** @param {string} text */
  warn(text) {
    this.notice = { text, isBad: true, undoId: "" }
    this.onChange()
    return false
  }

  /** The calendar behind the panel reads again (calendar_view/calendar.js). */
  tellOthers() {
    window.dispatchEvent(new CustomEvent("studio:plans"))
  }

  /** Sends what waits; it stands in this browser all the same until the studio has confirmed it. */
  async close() {
    const sending = this.autosave.flush().catch(() => {})
    closing().set(this.address, sending)
    await sending
    if (closing().get(this.address) === sending) closing().delete(this.address)
    this.isClosed = true
    this.autosave.cancel()
  }
}

/** A post that is opened again at once waits for what was typed. On the window: a component is evaluated anew. */
const closing = () => {
  window.__studioPosts ??= new Map()
  return window.__studioPosts
}
