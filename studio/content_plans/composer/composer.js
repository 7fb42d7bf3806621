import { button, el, setIfChanged, targetOf } from "../../ui/shared/dom.js"
import { mountable } from "../../ui/shared/mount.js"
import { poll } from "../../ui/shared/polling.js"
import { tr } from "../../ui/shared/words.js"
import { Conflicts } from "./conflicts.js"
import { Editor } from "./editor.js"
import { Footer } from "./footer.js"
import { Origin } from "./origin.js"
import { PostMenu } from "./post_menu.js"
import { PostModel } from "./post_model.js"
import { PostStatus } from "./post_status.js"
import { Preview } from "./preview.js"
import { ProblemList } from "./problem_list.js"
import { wallText } from "./times.js"
import { Versions } from "./versions.js"

/** @import { ComposerData } from "./answers.js" */

const POLL_MS = { sending: 2000, quiet: 10_000 }

/** The composer: one post on a page of its own, or in a panel beside a page. */
export class Composer {
  /**
   * @param {HTMLElement} root
   * @param {ComposerData} data
   */
  constructor(root, data) {
    this.root = root
    this.data = data
    /** @type {ComponentRun<ComposerData>["setTriggerValue"]} */
    this.setTriggerValue = () => {}
    this.model = new PostModel(data, () => this.draw())
    this.listening = new AbortController()
    this.isClosing = false
    this.preview = new Preview(this.model)
    this.editor = new Editor(this.model, channelId => this.preview.show(channelId))
    this.footer = new Footer(this.model, () => this.editor.when.focus())
    this.status = new PostStatus(this.model)
    this.problems = new ProblemList(this.model)
    this.conflicts = new Conflicts(this.model)
    this.versions = new Versions(this.model)
    this.origin = new Origin(this.model)
    this.build()
    this.model.load().then(() => this.startPolling())
  }

  build() {
    this.title = el("h2", "title", tr("Loading …"))
    this.title.tabIndex = -1
    this.facts = el("p", "facts row wrap")
    this.menu = new PostMenu(this.model, {
      act: action => this.footer.act({ action, label: action }),
      open: planId => this.setTriggerValue("opened", { id: planId }),
    })
    const head = el("header", "head")
    const names = el("div", "grow")
    names.append(this.title, this.facts)
    const tools = el("div", "row")
    this.viewTabs = this.buildViewTabs()
    tools.append(this.viewTabs, this.versions.node, this.menu.node)
    head.append(names, tools)
    const main = el("div", "main-part")
    main.append(this.conflicts.node, this.status.node, this.problems.node, this.editor.node, this.origin.node)
    this.body = el("div", "body")
    this.body.append(main, this.preview.node)
    this.frame = this.data.panel ? el("dialog", "composer panel") : el("div", "composer")
    this.frame.dataset.view = "edit"
    this.frame.dataset.state = "loading"
    this.frame.append(head, this.body, this.footer.node)
    this.root.replaceChildren(this.frame)
    if (this.frame instanceof HTMLDialogElement) this.openPanel(this.frame, tools)
    const { signal } = this.listening
    this.frame.addEventListener("keydown", event => this.onKey(/** @type {KeyboardEvent} */ (event)), { signal })
    if (!this.data.panel) document.addEventListener("keydown", event => this.onKeyOfPage(event), { signal })
    window.addEventListener("pagehide", () => this.model.autosave.flush().catch(() => {}), { signal })
  }

  /**
   * @param {HTMLDialogElement} panel
   * @param {HTMLElement} tools
   */
  openPanel(panel, tools) {
    const page = el("a", "link", "⤢")
    page.href = this.data.pageUrl
    page.title = tr("Open as a page")
    page.setAttribute("aria-label", tr("Open as a page"))
    const close = button("×", () => this.closePanel(), "quiet")
    close.setAttribute("aria-label", tr("Close"))
    tools.append(page, close)
    panel.setAttribute("aria-label", tr("Post"))
    panel.addEventListener("cancel", event => {
      event.preventDefault()
      this.closePanel()
    })
    // A press on what is behind it; a text that is marked and let go of there does not close it.
    panel.addEventListener("pointerdown", event => {
      if (event.target === panel) this.closePanel()
    })
    panel.showModal()
    this.title?.focus()
  }

  /**
   * Closes at once; what was typed is sent on the way, and stands in this browser until it has arrived. Python hears of
   * it now: later it could interrupt the run that the next key or press has caused.
   */
  closePanel() {
    if (this.isClosing) return
    this.isClosing = true
    this.model.close()
    if (this.frame instanceof HTMLDialogElement) this.frame.close()
    window.dispatchEvent(new CustomEvent("studio:post-closed", { detail: { id: this.data.planId } }))
    this.setTriggerValue("closed", { id: this.data.planId })
  }

  buildViewTabs() {
    const tabs = el("div", "view-tabs row")
    for (const [name, label] of [
      ["edit", tr("Write")],
      ["preview", tr("Preview")],
    ]) {
      const tab = button(label, () => this.showView(name), "quiet")
      tab.dataset.view = name
      tab.setAttribute("aria-pressed", String(name === "edit"))
      tabs.append(tab)
    }
    return tabs
  }

  /** On a phone: fields or preview. @param {string} name */
  showView(name) {
    if (this.frame) this.frame.dataset.view = name
    for (const tab of this.viewTabs?.querySelectorAll("button") ?? []) {
      tab.setAttribute("aria-pressed", String(tab.dataset.view === name))
    }
  }

  /** A page that was just opened has the focus on its heading. @param {KeyboardEvent} event */
  onKeyOfPage(event) {
    const target = targetOf(event)
    if (target === document.body || target.matches(".st-key-top-bar h1")) this.onCommand(event)
  }

  /** @param {KeyboardEvent} event */
  onKey(event) {
    this.onCommand(event)
    // Streamlit has keys of its own (C, R): they are not for what is typed here.
    event.stopPropagation()
  }

  /** @param {KeyboardEvent} event */
  onCommand(event) {
    const isCommand = event.ctrlKey || event.metaKey
    if (isCommand && event.key.toLowerCase() === "s") {
      event.preventDefault()
      if (this.data.canEdit) this.footer.act({ action: "", label: tr("Save") })
    } else if (isCommand && event.key === "Enter" && !event.repeat && !targetOf(event).closest("[popover]")) {
      event.preventDefault()
      this.footer.pressMain()
    }
  }

  /** @param {ComponentRun<ComposerData>} run */
  update({ data, setTriggerValue }) {
    this.data = data
    this.setTriggerValue = setTriggerValue
  }

  startPolling() {
    if (this.isClosing) return
    let rounds = 0
    this.stopPolling = poll(async () => {
      rounds += 1
      const isSending = this.model.answer?.plan.variants.some(
        post => post.status === "publishing" || isDue(post, this.model),
      )
      if (isSending || rounds % (POLL_MS.quiet / POLL_MS.sending) === 0) await this.model.readAgain()
    }, POLL_MS.sending)
  }

  close() {
    this.listening.abort()
    this.stopPolling?.()
    this.editor.close()
    if (!this.isClosing) this.model.close()
  }

  draw() {
    const { model } = this
    if (model.failure) {
      setIfChanged(/** @type {HTMLElement} */ (this.title), "textContent", model.failure)
      this.body?.classList.add("gone")
      return
    }
    if (!model.answer) return
    if (this.frame) this.frame.dataset.state = "loaded"
    this.drawHead()
    this.conflicts.draw()
    this.status.draw()
    this.problems.draw()
    this.editor.draw()
    this.origin.draw()
    this.preview.draw(this.editor.channels.leadId)
    this.footer.draw()
    this.root.dataset.ready = "yes"
    this.root.dataset.saved = model.safety.kind
  }

  drawHead() {
    const { draft, loaded, data } = this.model
    const words =
      draft.topic || draft.variants.map(({ title, caption }) => title || caption).find(Boolean) || tr("New post")
    if (this.title) setIfChanged(this.title, "textContent", words.replaceAll(/\s+/g, " ").slice(0, 120))
    const when = draft.localTime ? `${wallText(draft.localTime)} · ${draft.timeZone}` : tr("No date yet")
    const key = JSON.stringify([loaded.plan.status, when, loaded.deleted])
    if (!this.facts || this.facts.dataset.key === key) return
    this.facts.dataset.key = key
    const state = el("span", `state ${loaded.plan.status}`, data.stateLabels[loaded.plan.status] ?? loaded.plan.status)
    this.facts.replaceChildren(state, el("span", "", loaded.plan.influencerName), el("span", "muted", when))
  }
}

/**
 * Whether a scheduled post is late, or due in a moment.
 *
 * @param {{ id: string, status: string }} post
 * @param {PostModel} model
 */
const isDue = (post, model) => {
  const due = model.answer?.posts[post.id]?.dueAt
  return post.status === "scheduled" && Boolean(due) && Date.parse(due ?? "") < Date.now() + POLL_MS.quiet
}

export default mountable((root, /** @type {ComponentRun<ComposerData>} */ { data }) => new Composer(root, data))
