import { ApiError, api, messageOf, send } from "../../ui/shared/api.js"
import { tr } from "../../ui/shared/words.js"
import { draftJson, withFixed } from "./draft.js"
import { outcomeText } from "./footer_actions.js"
import { PostStore } from "./post_store.js"
import { wallText } from "./times.js"

/** @import { ComposerAnswer } from "./answers.js" */

/** One post, and what is done with it: each action carries what is on the screen. */
export class PostModel extends PostStore {
  /**
   * Saves what is on the screen and acts on it, in one go.
   *
   * @param {string} action
   * @param {{ postId?: string, note?: string, notice?: string }} [more] `notice`: shown when it was done
   */
  async act(action, { notice = "", ...more } = {}) {
    if (this.isActing) return false
    if (this.hasPassed) return this.warn(tr("That time has passed. Choose a later one."))
    this.begin(action || "save")
    this.autosave.cancel()
    await this.autosave.flush()
    this.isFlushing = false
    if (this.collisions.length) {
      this.acting = ""
      return this.warn(tr("First choose which of the changes below stay."))
    }
    const sent = this.draft
    try {
      const body = { version: this.base.version, ...draftJson(sent), action, ...more }
      const answer = await this.sendOnce(`${this.address}/save`, body)
      this.acting = ""
      this.confirmAction(answer, sent)
      if (answer.actionRefusal) return this.warn(tr("Not done: {reason}", { reason: answer.actionRefusal }))
      this.tell(notice || sentenceOf(answer, action), answer.done?.id)
      return true
    } catch (error) {
      this.acting = ""
      if (!(error instanceof ApiError && error.code === "changed_since")) return this.warn(messageOf(error))
      await this.mergeNewer()
      return this.warn(tr("Not done: this post was changed elsewhere meanwhile. Check it, then try again."))
    } finally {
      this.onChange()
    }
  }

  /**
   * @param {string} path
   * @param {object} body
   * @returns {Promise<ComposerAnswer>}
   */
  sendOnce(path, body) {
    const headers = { "content-type": "application/json", "x-workspace": this.data.workspace, "x-studio": "1" }
    const key = { "idempotency-key": crypto.randomUUID?.() ?? `${Date.now()}:${Math.random()}` }
    return api(path, { method: "POST", headers: { ...headers, ...key }, body: JSON.stringify(body) })
  }

  /** Before anything is awaited: a second press finds it acting. @param {string} action */
  begin(action) {
    this.acting = action
    this.isFlushing = true
    this.notice = null
    this.onChange()
  }

  /**
   * Does something with the post as it is saved; nothing while something else is being done. What goes wrong is told.
   *
   * @param {string} action
   * @param {() => Promise<void>} run
   */
  async work(action, run) {
    if (this.isActing) return
    this.begin(action)
    try {
      await this.autosave.flush()
      this.isFlushing = false
      await run()
    } catch (error) {
      this.warn(messageOf(error))
    }
    this.acting = ""
    this.onChange()
  }

  /** Drops what was typed and not saved. */
  async discard() {
    this.autosave.cancel()
    this.collisions = []
    await this.work("discard", async () => {
      this.take(await send(`${this.address}/unsaved-edit`, {}, this.data.workspace, "DELETE"))
      this.copies.remove()
      this.setSafe(null)
    })
  }

  /** @param {number} versionNumber */
  async restoreVersion(versionNumber) {
    await this.work("restore", async () => {
      const path = `${this.address}/versions/${versionNumber}/restore`
      this.take(await send(path, { version: this.base.version }, this.data.workspace))
      this.copies.remove()
      this.setSafe(new Date())
      this.tell(tr("Restored."))
      this.tellOthers()
    })
  }

  /**
   * Fixes a problem in what is typed.
   *
   * @param {string} channelId
   * @param {string} code "" with channelId "": all that can be
   */
  async fix(channelId, code) {
    try {
      const body = { version: this.base.version, ...draftJson(this.draft), channelId, code }
      const answer = await send(`${this.address}/fixed-draft`, body, this.data.workspace)
      this.change(withFixed(this.draft, answer.draft, this.frozenChannels))
    } catch (error) {
      this.warn(messageOf(error))
    }
  }

  /** @param {string} undoId */
  async undo(undoId) {
    await this.work("undo", async () => {
      await send(`/api/content-plans/acts/${undoId}/undo`, {}, this.data.workspace)
      this.take(await this.read())
      this.tell(tr("Undone."))
      this.tellOthers()
    })
  }
}

/**
 * What became of the post, as a sentence; "" where its state says it.
 *
 * @param {ComposerAnswer} answer
 * @param {string} action
 */
const sentenceOf = ({ plan }, action) =>
  action ? outcomeText(plan.status, plan.localTime ? wallText(plan.localTime) : "") : ""
