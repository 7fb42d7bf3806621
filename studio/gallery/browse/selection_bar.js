import { button, el, setIfChanged } from "../../ui/shared/dom.js"
import { tr, trPlural } from "../../ui/shared/words.js"

/** @import { PictureBrowser } from "./browse.js" */

/** While something is chosen: how many, and what can be done with it. */
export class SelectionBar {
  /** @param {PictureBrowser} browser */
  constructor(browser) {
    this.browser = browser
    this.node = el("div", "row chosen gone")
    this.count = el("b")
    this.all = button("", () => browser.chooseAll(true))
    this.rate = button(tr("Rate"), () => browser.popup.toggle(this.rate, () => this.buildRatings()))
    this.heart = titled(
      button("♥", () => this.toggleFavourite()),
      tr("Favourite (F)"),
    )
    this.heart.setAttribute("aria-label", tr("Favourite"))
    this.board = titled(
      button(tr("Board"), () => browser.acts.pickBoard(this.board, "board-add")),
      tr("Add to a board (B)"),
    )
    this.move = titled(
      button(tr("Move"), () => browser.acts.pickBoard(this.move, "board-move")),
      tr("Move to another board"),
    )
    this.takeOff = titled(
      button(tr("Remove"), () => browser.acts.act({ kind: "board-remove", boardId: browser.data.board })),
      tr("Remove from this board; the pictures stay in the gallery"),
    )
    this.compare = titled(
      button(tr("Compare"), () => browser.acts.compare()),
      tr("Compare 2 to 4 pictures (C)"),
    )
    this.similar = titled(
      button(tr("Similar"), () => browser.findSimilar()),
      tr("Find pictures that look like this one (S)"),
    )
    this.zip = titled(
      button(tr("ZIP"), () => browser.popup.toggle(this.zip, () => this.buildZipChoices())),
      tr("Download as ZIP, with a manifest"),
    )
    this.post = titled(
      button(tr("Create post"), () => browser.acts.createPost()),
      tr("A draft with these pictures, several as a carousel (P)"),
    )
    this.animate = titled(
      button(tr("Animate"), () => browser.acts.animate()),
      tr("A video of each picture"),
    )
    this.remove = button(tr("Delete"), () => browser.acts.act({ kind: "delete" }))
    this.node.append(
      this.count,
      this.all,
      this.post,
      this.rate,
      this.heart,
      this.board,
      this.move,
      this.takeOff,
      this.compare,
      this.similar,
      this.animate,
      this.zip,
      this.remove,
      el("span", "grow"),
      button(tr("Clear"), () => browser.chooseNone()),
    )
  }

  /** @returns {HTMLElement[]} */
  buildRatings() {
    const { browser } = this
    return [5, 4, 3, 2, 1, 0].map(rating => {
      const pick = () => {
        browser.popup.close()
        browser.acts.act({ kind: "rate", rating })
      }
      return button(rating ? "★".repeat(rating) : tr("No rating"), pick, "quiet")
    })
  }

  /** @returns {HTMLElement[]} */
  buildZipChoices() {
    const { browser } = this
    return [
      button(tr("Pictures"), () => browser.acts.downloadZip(false), "quiet"),
      button(tr("Pictures with prompt metadata"), () => browser.acts.downloadZip(true), "quiet"),
    ]
  }

  toggleFavourite() {
    const favourite = !this.browser.selected().every(item => item.favourite)
    this.browser.acts.act({ kind: "favourite", favourite })
  }

  /** Shows what can be done now. Returns whether anything is chosen. */
  draw() {
    const { data, list, selection } = this.browser
    const count = selection.count(list.total)
    this.node.classList.toggle("gone", !count)
    if (!count) return false
    const whole = selection.wholeList
    const title = list.countText()
    setIfChanged(
      this.count,
      "textContent",
      whole ? tr("All {count} selected", { count: title }) : trPlural("{n:,} selected", "{n:,} selected", count),
    )
    setIfChanged(this.all, "textContent", tr("Select all {count}", { count: title }))
    this.all.classList.toggle(
      "gone",
      whole || !data.canEdit || Boolean(list.similar) || (list.total ?? 0) <= selection.size,
    )
    for (const control of [this.post, this.rate, this.heart, this.board, this.animate, this.zip, this.remove]) {
      control.classList.toggle("gone", !data.canEdit)
    }
    for (const control of [this.move, this.takeOff]) control.classList.toggle("gone", !data.canEdit || !data.board)
    this.compare.classList.toggle("gone", whole || count < 2 || count > 4)
    this.similar.classList.toggle("gone", whole || count !== 1)
    return true
  }
}

/**
 * @param {HTMLButtonElement} control
 * @param {string} title
 */
const titled = (control, title) => Object.assign(control, { title })
