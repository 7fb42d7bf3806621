import { messageOf } from "../../ui/shared/api.js"
import { button, el } from "../../ui/shared/dom.js"
import { tr } from "../../ui/shared/words.js"

/** @import { Done } from "../../inbox/inbox_list/entry_verbs.js" */
/** @import { Question } from "./verbs.js" */

/**
 * What is asked before something is done: what it touches, and two buttons. Done at most once, however often it is
 * pressed.
 */
export class QuestionView {
  /** @param {Question} question @param {{ onDone: (done: Done) => void, onBack: () => void }} on */
  constructor(question, { onDone, onBack }) {
    this.question = question
    this.onDone = onDone
    const title = el("h2", "", question.title)
    title.id = "palette-title"
    const lines = el("ul")
    lines.append(...question.lines.map(line => el("li", "", line)))
    const notes = question.notes.map(note => el("p", "", note))
    this.error = el("p", "bad")
    this.error.setAttribute("role", "alert")
    this.back = button(question.act ? tr("Cancel") : tr("Back"), onBack)
    this.yes = button(question.yes, () => this.act(), "main")
    const buttons = el("div", "row buttons")
    buttons.append(...(question.act ? [this.yes, this.back] : [this.back]))
    this.node = el("div", "question")
    this.node.append(title, ...(question.lines.length ? [lines] : []), ...notes, this.error, buttons)
    // The Enter that chose the verb, still held down, is no answer.
    this.node.onkeydown = event => {
      if (event.repeat && event.key === "Enter") event.preventDefault()
    }
  }

  focus() {
    const main = this.question.act ? this.yes : this.back
    main.focus()
  }

  async act() {
    const { act } = this.question
    if (!act || this.yes.disabled) return
    this.yes.disabled = true
    this.error.textContent = ""
    try {
      this.onDone(await act())
    } catch (error) {
      this.error.textContent = messageOf(error)
      this.yes.disabled = false
      this.yes.focus()
    }
  }
}
