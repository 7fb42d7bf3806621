import { button, el, setIfChanged } from "../../ui/shared/dom.js"
import { tr, trPlural } from "../../ui/shared/words.js"
import { footerActions } from "./footer_actions.js"
import { PopoverButton } from "./popover_menu.js"
import { clockText, wallText } from "./times.js"

/** @import { FooterAction } from "./footer_actions.js" */
/** @import { PostModel } from "./post_model.js" */

/** Always in view: how safe the text is, and what can be done with the post. */
export class Footer {
  /**
   * @param {PostModel} model
   * @param {() => void} onDateWanted
   */
  constructor(model, onDateWanted) {
    this.model = model
    this.onDateWanted = onDateWanted
    this.node = el("footer", "footer")
    this.notice = el("div", "notice row gone")
    this.notice.setAttribute("aria-live", "polite")
    this.safety = el("span", "safety grow")
    this.safety.setAttribute("role", "status")
    this.buttons = el("div", "row buttons")
    const row = el("div", "row bar-row")
    row.append(this.safety, this.buttons)
    this.node.append(this.notice, row)
    this.key = ""
  }

  draw() {
    this.drawNotice()
    this.drawSafety()
    this.node.classList.toggle("readonly", !this.model.data.canEdit)
    if (this.model.data.canEdit) this.drawButtons()
  }

  drawNotice() {
    const { notice } = this.model
    this.notice.classList.toggle("gone", !notice)
    const key = JSON.stringify(notice)
    if (this.notice.dataset.key === key) return
    this.notice.dataset.key = key
    if (!notice) return
    this.notice.classList.toggle("bad", notice.isBad)
    this.notice.setAttribute("role", notice.isBad ? "alert" : "status")
    this.notice.replaceChildren(el("span", "grow", notice.text))
    if (notice.undoId) this.notice.append(button(tr("Undo"), () => this.model.undo(notice.undoId)))
    const close = button("×", () => this.model.tell(""), "quiet small")
    close.setAttribute("aria-label", tr("Close this message"))
    this.notice.append(close)
  }

  drawSafety() {
    setIfChanged(this.safety, "textContent", this.safetyText)
    this.safety.classList.toggle("bad", this.model.safety.kind === "refused")
    this.safety.dataset.kind = this.model.safety.kind
  }

  get safetyText() {
    const { acting, data, safety, collisions } = this.model
    if (acting) return tr("Working …")
    if (!data.canEdit) return tr("You can look at this post, but not change it.")
    if (collisions.length) return tr("Not saved yet: choose first what stays.")
    if (safety.kind === "refused") return [tr("Not saved."), safety.message].join(" ")
    if (safety.kind === "local")
      return safety.message ? [tr("Not saved yet."), safety.message].join(" ") : tr("Saving …")
    if (safety.kind === "kept") {
      return safety.at
        ? tr("Unsaved changes, kept for you at {time}.", { time: clockText(safety.at) })
        : tr("Unsaved changes.")
    }
    return safety.at ? tr("Saved {time}", { time: clockText(safety.at) }) : ""
  }

  drawButtons() {
    const { model } = this
    const { loaded, acting, isDirty } = model
    const actions = loaded.deleted ? [] : footerActions(this.facts)
    const { length } = model.collisions
    const key = JSON.stringify([
      actions,
      acting,
      isDirty,
      length,
      loaded.refusal,
      model.draft.localTime,
      loaded.deleted,
    ])
    if (key === this.key || this.buttons.querySelector(":popover-open")) return
    this.key = key
    const focused = /** @type {HTMLElement | null} */ (this.buttons.querySelector(":focus"))?.dataset.action
    const discard = isDirty && !model.savesItself ? [this.button(tr("Discard"), "discard", () => model.discard())] : []
    const save = this.button(tr("Save"), "save", () => this.act({ action: "", label: tr("Save") }))
    save.disabled = this.isBlocked || (!isDirty && !loaded.unsaved)
    save.setAttribute("aria-keyshortcuts", "Control+S")
    this.buttons.replaceChildren(
      ...(loaded.deleted ? [] : [...discard, save]),
      ...actions.map(action => this.buildAction(action)),
    )
    /** @type {HTMLElement | null} */
    const again = focused ? this.buttons.querySelector(`[data-action="${focused}"]`) : null
    again?.focus()
  }

  get facts() {
    const { model } = this
    const { reviewWanted, needsApproval } = model.loaded
    const { states, isDirty, savesItself } = model
    return { states, isDirty, savesItself, isDated: Boolean(model.draft.localTime), reviewWanted, needsApproval }
  }

  /** What its coloured button does: schedule, approve. */
  pressMain() {
    /** @type {HTMLButtonElement | null} */
    const main = this.buttons.querySelector(":scope > button.main")
    main?.click()
  }

  get isBlocked() {
    return Boolean(this.model.acting || this.model.collisions.length)
  }

  /**
   * @param {string} label
   * @param {string} action
   * @param {() => unknown} run
   */
  button(label, action, run) {
    const node = button(this.model.acting === action ? `${label} …` : label, run)
    node.dataset.action = action
    node.disabled = this.isBlocked
    return node
  }

  /** @param {FooterAction} action */
  buildAction(action) {
    if (action.asks === "publish") return this.buildPublish(action)
    if (action.asks === "note") return this.buildSendBack(action)
    const run = action.asks === "date" ? this.onDateWanted : () => this.act(action)
    const node = this.button(action.label, action.action, run)
    node.classList.toggle("main", Boolean(action.isMain))
    return node
  }

  /** @param {FooterAction} action */
  buildPublish(action) {
    const { model } = this
    const unsent = model.draft.variants.filter(variant => !model.frozenChannels.has(variant.channelId))
    const ask = new PopoverButton(action.label, () => {
      const names = unsent.map(({ channelId }) => model.channelOf(channelId)?.name ?? tr("Channel"))
      const question = trPlural("Publish now to {n} channel?", "Publish now to {n} channels?", unsent.length)
      const title = el("strong", "", question)
      const list = el("ul")
      list.append(...names.map(name => el("li", "", name)))
      const notes = []
      if (action.action === "approve_and_publish") notes.push(tr("It needs an approval: this approves it."))
      if (model.draft.localTime) notes.push(tr("It was planned for {time}.", { time: wallText(model.draft.localTime) }))
      const go = button(
        action.label,
        () => {
          ask.close()
          this.act(action)
        },
        "main",
      )
      go.dataset.first = ""
      return [title, list, ...notes.map(note => el("p", "help", note)), go]
    })
    ask.button.dataset.action = action.action
    ask.button.disabled = this.isBlocked || !unsent.length
    if (model.acting === action.action) ask.button.textContent = `${action.label} …`
    return ask.node
  }

  /** @param {FooterAction} action */
  buildSendBack(action) {
    const ask = new PopoverButton(action.label, () => {
      const label = el("label", "name", tr("What should change?"))
      const note = el("textarea")
      note.rows = 3
      note.maxLength = 2000
      label.append(note)
      const go = button(
        tr("Send back"),
        () => {
          ask.close()
          this.act(action, { note: note.value, notice: tr("Sent back with your note.") })
        },
        "main",
      )
      note.oninput = () => {
        go.disabled = !note.value.trim()
      }
      go.disabled = true
      return [label, go]
    })
    ask.button.dataset.action = action.action
    ask.button.disabled = this.isBlocked
    return ask.node
  }

  /**
   * @param {FooterAction} action
   * @param {{ note?: string, notice?: string }} [more]
   */
  act({ action }, more = {}) {
    return this.model.act(action, more)
  }
}
