import { api, messageOf } from "../../ui/shared/api.js"
import { button, el } from "../../ui/shared/dom.js"
import { mountable } from "../../ui/shared/mount.js"
import { offerUndo, say } from "../../ui/shared/undo_offer.js"
import { tr, trPlural } from "../../ui/shared/words.js"
import { actionCommands, hitCommand, NOUNS, pageCommands } from "./commands.js"
import { GlobalKeys, isMac, searchField } from "./global_keys.js"
import { HitSearch } from "./hit_search.js"
import { buildKeySheet, keyText } from "./key_sheet.js"
import { fit, matching, wordsOf } from "./matching.js"
import { PaletteList } from "./palette_list.js"
import { QuestionView } from "./question_view.js"
import { RecentChoices } from "./recent.js"
import { PALETTE_VERBS } from "./verbs.js"

/** @import { Done } from "../../inbox/inbox_list/entry_verbs.js" */
/** @import { Command, Destination, PaletteData, SearchHit, Surroundings } from "./commands.js" */
/** @import { ListGroup } from "./palette_list.js" */
/** @import { Question } from "./verbs.js" */

const MOST_ACTIONS = 6
const MOST_PAGES = 5
const STEPS = /** @type {Record<string, number>} */ ({ ArrowDown: 1, ArrowUp: -1, PageDown: 6, PageUp: -6 })

/** The Search button, the palette that it and Ctrl K open, the sheet of keys, and the keys of every page. */
class CommandPalette {
  /** @param {HTMLElement} root @param {PaletteData} data */
  constructor(root, data) {
    this.data = data
    /** @type {ComponentRun<PaletteData>["setTriggerValue"]} */
    this.setTriggerValue = () => {}
    /** @type {Surroundings} */
    this.around = { publishing: null, automations: [], workspaces: [] }
    /** What was found for `words`. @type {{ words: string, hits: SearchHit[], error: string }} */
    this.found = { words: "", hits: [], error: "" }
    this.search = new HitSearch(found => {
      this.found = found
      this.draw(true)
    })
    this.opener = this.buildOpener()
    this.field = this.buildField()
    this.list = new PaletteList(this.field, command => this.choose(command))
    this.nothing = el("p", "nothing muted gone")
    this.status = el("p", "unseen")
    this.status.setAttribute("role", "status")
    this.body = el("div", "body")
    this.dialog = el("dialog", "palette")
    this.dialog.append(this.body)
    this.dialog.oncancel = event => this.onCancel(event)
    this.dialog.onclick = event => {
      if (event.target === this.dialog) this.shut()
    }
    this.dialog.onclose = () => this.dialog.open || this.onClosed()
    /** Who had the focus before. @type {HTMLElement | null} */
    this.before = null
    root.replaceChildren(this.opener, this.dialog)
    this.keys = new GlobalKeys({
      openPalette: () => this.toggle(),
      openKeys: () => this.openKeys(),
      search: () => this.searchPage(),
      makeNew: () => this.makeNew(),
      go: file => this.goByKey(file),
      isOff: () => !this.data.singleKeys,
    })
  }

  buildOpener() {
    const text = keyText("Ctrl+k", isMac())
    const opener = button("", () => this.open(), "opener")
    const icon = el("span", "icon", "search")
    icon.setAttribute("aria-hidden", "true")
    const hint = el("kbd", "", text)
    hint.setAttribute("aria-hidden", "true")
    opener.append(icon, el("span", "word", tr("Search")), hint)
    opener.setAttribute("aria-haspopup", "dialog")
    opener.setAttribute("aria-keyshortcuts", isMac() ? "Meta+K" : "Control+K")
    opener.title = tr("Search, go anywhere, do anything ({keys})", { keys: text })
    return opener
  }

  buildField() {
    const field = el("input", "field")
    field.type = "text"
    field.maxLength = 200
    field.autocomplete = "off"
    field.spellcheck = false
    field.placeholder = tr("Search, or say what to do")
    field.setAttribute("role", "combobox")
    field.setAttribute("aria-expanded", "true")
    field.setAttribute("aria-autocomplete", "list")
    field.setAttribute("aria-label", tr("Search, or say what to do"))
    field.oninput = () => {
      this.search.search(this.typed, this.data.workspace)
      this.draw(false)
    }
    field.onkeydown = event => this.onKey(event)
    return field
  }

  get typed() {
    return this.field.value.trim()
  }

  get recent() {
    return new RecentChoices(localStorage, this.data.userId, this.data.workspace)
  }

  /** @param {ComponentRun<PaletteData>} run */
  update({ data, setTriggerValue }) {
    const areKeysAsked = data.keysAsked !== this.data.keysAsked
    this.data = data
    this.setTriggerValue = setTriggerValue
    if (areKeysAsked) this.openKeys()
  }

  close() {
    this.keys.close()
    this.search.stop()
  }

  toggle() {
    if (this.dialog.open) this.shut()
    else this.open()
  }

  open() {
    this.field.value = ""
    this.found = { words: "", hits: [], error: "" }
    this.showList()
    this.openDialog("palette", tr("Search"))
    this.field.focus()
    this.readSurroundings()
  }

  openKeys() {
    const titles = new Map(this.data.pages.map(([file, title]) => [file, title]))
    const sheet = buildKeySheet(
      { page: this.data.current, titles, isOff: !this.data.singleKeys },
      () => this.shut(),
      () => this.leaveTo({ file: "settings/account" }),
    )
    this.body.replaceChildren(...sheet)
    this.openDialog("palette sheet", "")
    const groups = this.body.querySelector(".sheet-groups")
    if (groups instanceof HTMLElement) groups.focus()
  }

  /** @param {string} className @param {string} label "": the title inside names it */
  openDialog(className, label) {
    this.dialog.className = className
    if (label) {
      this.dialog.setAttribute("aria-label", label)
      this.dialog.removeAttribute("aria-labelledby")
    } else {
      this.dialog.removeAttribute("aria-label")
      this.dialog.setAttribute("aria-labelledby", "palette-title")
    }
    if (this.dialog.open) return
    this.before = focused()
    this.dialog.showModal()
  }

  /** At once: the browser tells of a close later, and the palette may be open again by then. */
  shut() {
    if (!this.dialog.open) return
    this.dialog.close()
    this.onClosed()
  }

  onClosed() {
    this.search.stop()
    this.body.replaceChildren()
    if (this.before && !this.before.isConnected) this.opener.focus()
    else this.before?.focus()
    this.before = null
  }

  /** Esc goes back from a question to the list, and else closes. @param {Event} event */
  onCancel(event) {
    event.preventDefault()
    if (this.body.querySelector(".question")) this.backToList()
    else this.shut()
  }

  showList() {
    const head = el("div", "head row")
    const icon = el("span", "icon", "search")
    icon.setAttribute("aria-hidden", "true")
    const close = button("×", () => this.shut(), "quiet close")
    close.setAttribute("aria-label", tr("Close"))
    head.append(icon, this.field, close)
    const foot = el("div", "foot muted")
    foot.append(el("span", "", tr("↑ ↓ choose")), el("span", "", tr("Enter open")), el("span", "", tr("Esc close")))
    this.body.replaceChildren(head, this.list.node, this.nothing, this.status, foot)
    this.draw(false)
  }

  backToList() {
    this.showList()
    this.openDialog("palette", tr("Search"))
    this.field.focus()
  }

  /** What actions depend on. Each part may fail by itself: its actions are left out then. */
  async readSurroundings() {
    const { canEdit, workspace } = this.data
    const query = new URLSearchParams({ workspace })
    const [session, publishing, automations] = await Promise.allSettled([
      api("/api/session"),
      canEdit ? api(`/api/posting-rules?${query}`) : null,
      canEdit ? api(`/api/automations?${query}`) : null,
    ])
    this.around = {
      workspaces: session.status === "fulfilled" ? session.value.workspaces : [],
      publishing: publishing.status === "fulfilled" ? publishing.value : null,
      automations: automations.status === "fulfilled" ? (automations.value?.data ?? []) : [],
    }
    if (this.dialog.open && this.list.node.isConnected) this.draw(true)
  }

  /** @param {boolean} keep the active option */
  draw(keep) {
    const groups = this.groups()
    this.list.show(groups, this.data.workspace, keep)
    const n = this.list.commands.length
    const isAnswered = !this.typed || this.found.words === this.typed
    const { error } = this.found
    this.nothing.textContent =
      error || (isAnswered ? tr("Nothing found for “{words}”.", { words: this.typed }) : tr("Searching …"))
    this.nothing.classList.toggle("bad", Boolean(error))
    this.nothing.classList.toggle("gone", n > 0 && !error)
    if (isAnswered && this.typed) this.status.textContent = n ? trPlural("{n} result", "{n} results", n) : ""
    else this.status.textContent = ""
  }

  /** @returns {ListGroup[]} */
  groups() {
    const pages = pageCommands(this.data)
    const actions = actionCommands(this.data, this.around)
    const { typed } = this
    if (!typed) {
      const recent = this.recent.among([...actions, ...pages])
      const isNew = (/** @type {Command} */ { id, quiet }) => !quiet && !recent.some(known => known.id === id)
      return filled([
        { group: "recent", commands: recent },
        { group: "action", commands: actions.filter(isNew) },
        { group: "page", commands: pages.filter(isNew) },
      ])
    }
    const hits = this.hitsFor(typed).map(hitCommand)
    return filled([
      { group: "action", commands: matching(typed, actions, MOST_ACTIONS) },
      { group: "page", commands: matching(typed, pages, MOST_PAGES) },
      ...Object.keys(NOUNS).map(noun => ({ group: noun, commands: hits.filter(({ group }) => group === noun) })),
    ])
  }

  /** Hits for these words; until they are there, those of the words before that fit still. @param {string} typed */
  hitsFor(typed) {
    const { words, hits } = this.found
    if (words === typed) return hits
    const pieces = wordsOf(typed)
    return hits.filter(({ title, subtitle }) => fit(pieces, { label: title, keywords: subtitle }) !== undefined)
  }

  /** @param {KeyboardEvent} event */
  onKey(event) {
    if (event.isComposing) return
    const step = STEPS[event.key]
    if (step) {
      event.preventDefault()
      this.list.move(step)
    } else if (event.key === "Enter") {
      event.preventDefault()
      if (!event.repeat && this.list.active) this.choose(this.list.active)
    }
    // Streamlit has keys of its own; what is typed here is not for them.
    event.stopPropagation()
  }

  /** @param {Command} command */
  async choose(command) {
    this.recent.add(command)
    if (command.to) return this.leaveTo(command.to)
    if (command.verb === "keys") return this.openKeys()
    if (!command.verb) return
    this.list.node.setAttribute("aria-busy", "true")
    try {
      const answer = await PALETTE_VERBS[command.verb](this.data, command)
      if ("said" in answer) this.tellDone(answer)
      else this.ask(answer)
    } catch (error) {
      this.nothing.textContent = messageOf(error)
      this.nothing.className = "nothing bad"
    } finally {
      this.list.node.removeAttribute("aria-busy")
    }
  }

  /** @param {Question} question */
  ask(question) {
    if (!this.dialog.open) return
    const view = new QuestionView(question, { onDone: done => this.tellDone(done), onBack: () => this.backToList() })
    this.body.replaceChildren(view.node)
    this.openDialog("palette", "")
    view.focus()
  }

  /** @param {Done} done */
  tellDone({ said, undo }) {
    this.shut()
    if (!said) return
    if (undo) offerUndo({ id: `palette-${Date.now()}`, text: said, request: undo })
    else say(said)
    this.runPage()
  }

  /** The page shows what has changed; not while a dialog of it is open, which that would close. */
  runPage() {
    if (!document.querySelector("[role=dialog]")) this.send({ file: "" })
  }

  /** @param {Destination} to */
  leaveTo(to) {
    this.before = null
    this.shut()
    this.send(to)
  }

  /** @param {Destination} to */
  send(to) {
    this.setTriggerValue("chosen", { ...to, at: Date.now() })
  }

  /** @param {string} file */
  goByKey(file) {
    const isAllowed = this.data.pages.some(([known]) => known === file)
    if (isAllowed) this.send({ file })
    return isAllowed
  }

  /** Where the page has no field to search in, it is the palette that searches. */
  searchPage() {
    const field = searchField(tr("Search"))
    if (field) field.focus()
    else this.open()
  }

  /** Opens the New menu of the top bar on its first entry. */
  makeNew() {
    const menu = document.querySelector(".st-key-top-bar-new button")
    if (!(menu instanceof HTMLElement)) return
    if (!menu.checkVisibility()) return this.open() // a phone's bar has its own
    menu.click()
    let tries = 30
    const focusFirst = () => {
      const link = document.querySelector("[data-testid=stPopoverBody] a")
      if (link instanceof HTMLElement) link.focus()
      else if (tries--) setTimeout(focusFirst, 30)
    }
    focusFirst()
  }
}

/** @param {ListGroup[]} groups */
const filled = groups => groups.filter(({ commands }) => commands.length)

/** The element that has the focus, also in a component. */
const focused = () => {
  let at = document.activeElement
  while (at?.shadowRoot?.activeElement) at = at.shadowRoot.activeElement
  return at instanceof HTMLElement && at !== document.body ? at : null
}

export default mountable((root, /** @type {ComponentRun<PaletteData>} */ { data }) => new CommandPalette(root, data))
