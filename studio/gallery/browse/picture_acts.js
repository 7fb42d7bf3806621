import { api, send } from "../../ui/shared/api.js"
import { clamp } from "../../ui/shared/numbers.js"
import { trPlural } from "../../ui/shared/words.js"
import { applyAct, freshKey, isOptimistic, snapshot } from "./acts.js"
import { buildBoardPicker } from "./board_picker.js"
import { openComparison } from "./compare.js"
import { FIRST_PAGE, LONGEST_PAGE } from "./picture_list.js"
import { followZip } from "./zip_download.js"

/** @import { DoneAct, PictureAct } from "./acts.js" */
/** @import { PictureBrowser } from "./browse.js" */

/** What can be done with pictures: each act is on what is chosen, or on one picture. */
export class PictureActs {
  /** @param {PictureBrowser} browser */
  constructor(browser) {
    this.browser = browser
    /** The act that Ctrl Z takes back. @type {DoneAct | null} */
    this.last = null
  }

  /**
   * The same number of stars again takes them away.
   *
   * @param {number} index
   * @param {number} stars
   */
  rate(index, stars) {
    const { browser } = this
    const rating = browser.list.items[index].rating === stars ? 0 : stars
    this.act({ kind: "rate", rating }, browser.selectedOr(index))
  }

  /** @param {number} index */
  favourite(index) {
    const { browser } = this
    this.act({ kind: "favourite", favourite: !browser.list.items[index].favourite }, browser.selectedOr(index))
  }

  /**
   * @param {PictureAct} act
   * @param {string[]} [ids] what is chosen when left out
   */
  async act(act, ids) {
    const { list, selection, data } = this.browser
    if (!data.canEdit) return
    const meant = ids ?? [...selection.ids]
    if (!meant.length) return
    const wholeList = selection.wholeList && (!ids || ids.length > 1)
    const isMeant = (/** @type {{ id: string }} */ item) => wholeList || meant.includes(item.id)
    const restore = !wholeList && isOptimistic(act, meant.length) ? snapshot(list.items) : null
    if (restore) {
      applyAct(list.items, act, isMeant)
      this.browser.redraw()
    }
    try {
      const path = `/api/pictures/acts?${list.address}${wholeList ? "&all=true" : ""}`
      const done = await this.post(path, { ...act, pictureIds: wholeList ? [] : meant })
      if (!restore) this.finish(act, isMeant, wholeList)
      this.offerUndo(done)
      this.browser.redraw()
      this.browser.showTitle()
    } catch (error) {
      restore?.()
      this.browser.redraw()
      this.browser.report(error)
    }
  }

  /**
   * Shows what the server has done.
   *
   * @param {PictureAct} act
   * @param {(item: { id: string }) => boolean} isMeant
   * @param {boolean} wholeList
   */
  finish(act, isMeant, wholeList) {
    const { browser } = this
    const { list } = browser
    list.keep(applyAct(list.items, act, isMeant))
    browser.keepFocusInList()
    browser.chooseNone()
    if (wholeList) list.load()
  }

  /**
   * @param {string} path
   * @param {object} body
   */
  post(path, body) {
    return api(path, {
      method: "POST",
      headers: { "content-type": "application/json", "idempotency-key": freshKey() },
      body: JSON.stringify(body),
    })
  }

  /** @param {DoneAct} done */
  offerUndo(done) {
    this.last = done
    this.browser.toast.offerUndo(done.said, () => this.undo(done))
  }

  /** @param {DoneAct | null} done */
  async undo(done) {
    if (!done) return
    const { data, list, toast } = this.browser
    try {
      const workspace = encodeURIComponent(data.workspace)
      await send(`/api/pictures/acts/${done.id}/undo?workspace=${workspace}`, {}, data.workspace)
      this.last = null
      toast.hide()
      await list.load(clamp(list.items.length + done.count, FIRST_PAGE, LONGEST_PAGE))
    } catch (error) {
      this.browser.report(error)
    }
  }

  /**
   * @param {HTMLElement} anchor
   * @param {"board-add" | "board-move"} kind
   */
  async pickBoard(anchor, kind) {
    const { browser } = this
    const { data, list, popup } = browser
    if (popup.isOpen(anchor)) {
      popup.close()
      return
    }
    const onPick = (/** @type {string} */ boardId) => {
      popup.close()
      this.act({ kind, boardId, ...(kind === "board-move" ? { fromBoardId: data.board } : {}) })
    }
    try {
      const boards = await list.ask("/api/boards")
      popup.open(anchor, buildBoardPicker(browser, boards.data, onPick))
    } catch (error) {
      browser.report(error)
    }
  }

  /** @param {boolean} withRecipe whether the pictures say how they were made */
  async downloadZip(withRecipe) {
    const { list, popup, selection } = this.browser
    popup.close()
    const { wholeList } = selection
    try {
      const job = await this.post(`/api/pictures/archive?${list.address}${wholeList ? "&all=true" : ""}`, {
        pictureIds: wholeList ? [] : [...selection.ids],
        withRecipe,
        name: "pictures",
      })
      followZip(this.browser, job.id)
    } catch (error) {
      this.browser.report(error)
    }
  }

  animate() {
    const { browser } = this
    const most = browser.data.filmsAtOnce
    if (browser.selection.wholeList || browser.selection.size > most) {
      browser.report(
        new Error(
          trPlural(
            "At most {n} picture becomes a video at once. Select fewer.",
            "At most {n} pictures become videos at once. Select fewer.",
            most,
          ),
        ),
      )
      return
    }
    browser.clearNote()
    browser.setTriggerValue("animated", { ids: browser.selected().map(item => item.id), at: Date.now() })
  }

  /**
   * A draft with these pictures, in the order they were chosen in.
   *
   * @param {number} [index] this picture alone; else what is chosen
   */
  createPost(index) {
    const { browser } = this
    const { data, list, selection } = browser
    const ids = index === undefined ? [...selection.ids] : [list.items[index].id]
    if (selection.wholeList || ids.length > data.filesInPost) {
      browser.report(
        new Error(
          trPlural(
            "A post has at most {n} picture. Select fewer.",
            "A post has at most {n} pictures. Select fewer.",
            data.filesInPost,
          ),
        ),
      )
      return
    }
    browser.clearNote()
    browser.remember(ids[0])
    browser.setTriggerValue("post", { ids, at: Date.now() })
  }

  compare() {
    const { root, data } = this.browser
    const items = this.browser.selected()
    if (items.length >= 2 && items.length <= 4) openComparison(root, data.workspace, items)
  }
}
