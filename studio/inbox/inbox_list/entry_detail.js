import { mediaUrl } from "../../ui/shared/api.js"
import { button, el } from "../../ui/shared/dom.js"
import { percentText } from "../../ui/shared/format.js"
import { tr } from "../../ui/shared/words.js"
import { actionsOf, entryState } from "./entry.js"
import { faceChip, whenText } from "./entry_row.js"

/** @import { EntryAction, EntryPost, InboxEntry } from "./entry.js" */

/** Files shown beside the first. */
const MOST_FILES = 9

/** The selected entry, large: its pictures, its words, what is wrong, and what can be done. */
export class EntryDetail {
  /** @param {(entry: InboxEntry, action: EntryAction, note: string) => void} onAct */
  constructor(onAct) {
    this.onAct = onAct
    this.node = el("section", "detail")
    this.node.setAttribute("aria-label", tr("Selected"))
    this.drawn = ""
    /** The action whose question is open. @type {EntryAction | null} */
    this.asked = null
    /** The note as it is typed: it stays when somebody else changes the entry meanwhile. */
    this.typed = ""
    /** @type {InboxEntry | null} */
    this.entry = null
  }

  /**
   * @param {InboxEntry | null} entry
   * @param {{ workspace: string, canEdit: boolean }} shown
   */
  draw(entry, { workspace, canEdit }) {
    const drawn = JSON.stringify([entry, canEdit])
    if (drawn === this.drawn) return
    const isOther = entry?.id !== this.entry?.id
    this.drawn = drawn
    this.entry = entry
    if (isOther) {
      this.asked = null
      this.typed = ""
    }
    this.node.classList.toggle("gone", !entry)
    if (!entry) return
    this.node.dataset.subject = entry.id
    this.acts = el("div", "row acts")
    this.question = el("div", "question gone")
    const head = el("div", "row")
    head.append(el("h2", "grow", entry.title))
    const facts = factsOf(entry)
    const trouble = entry.message ? [el("p", entry.noun === "notice" ? "text" : "wrong", entry.message)] : []
    const texts = el("div", "texts")
    texts.append(...postTexts(entry))
    const media = files(entry, workspace)
    this.node.replaceChildren(head, facts, this.acts, this.question, ...trouble, ...media, texts)
    this.drawActs(entry, canEdit)
    if (this.asked) this.ask(entry, this.asked)
    if (isOther) this.node.scrollTop = 0
  }

  /** @param {InboxEntry} entry @param {boolean} canEdit */
  drawActs(entry, canEdit) {
    this.acts?.replaceChildren(
      ...actionsOf(entry, canEdit).map(action => {
        const node = button(tr(action.label), () => this.start(entry, action), action.main ? "main" : "")
        node.setAttribute("aria-label", tr(action.label))
        node.setAttribute("aria-keyshortcuts", action.key)
        node.dataset.key = action.key.toUpperCase()
        return node
      }),
    )
  }

  /**
   * Does it, or asks first what has to be said.
   *
   * @param {InboxEntry} entry
   * @param {EntryAction} action
   */
  start(entry, action) {
    if (action.asks) this.ask(entry, action)
    else this.onAct(entry, action, "")
  }

  /** @param {InboxEntry} entry @param {EntryAction} action */
  ask(entry, action) {
    this.asked = action
    const close = () => {
      this.asked = null
      this.question?.classList.add("gone")
    }
    const cancel = button(tr("Cancel"), close, "quiet")
    if (action.asks === "again") {
      const doubt = tr("Is it really not on the account?")
      const risk = tr("If it is there after all, followers see it twice, and only you can delete one of them.")
      const warning = el("p", "", `${doubt} ${risk}`)
      this.showQuestion(
        warning,
        button(tr("It is not there: post again now"), () => this.onAct(entry, action, ""), "main"),
        cancel,
      )
      return
    }
    const note = el("textarea")
    note.maxLength = 2000
    note.rows = 3
    note.placeholder = tr("What should change?")
    note.setAttribute("aria-label", tr("What should change?"))
    const go = button(tr("Send back"), () => this.onAct(entry, action, note.value.trim()), "main")
    note.value = this.typed
    go.disabled = !note.value.trim()
    note.oninput = () => {
      this.typed = note.value
      go.disabled = !note.value.trim()
    }
    note.onkeydown = event => {
      event.stopPropagation()
      if (event.key === "Escape") close()
      else if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) go.click()
    }
    this.showQuestion(note, go, cancel)
    note.focus()
  }

  /** @param {HTMLElement} field @param {...HTMLElement} buttons */
  showQuestion(field, ...buttons) {
    const row = el("div", "row")
    row.append(...buttons)
    this.question?.replaceChildren(field, row)
    this.question?.classList.remove("gone")
  }
}

/** State, time, kind and face match. @param {InboxEntry} entry */
const factsOf = entry => {
  const facts = el("div", "row facts")
  facts.append(el("span", `chip ${entry.kind}`, entryState(entry)))
  const words = [whenText(entry), entry.wall ? entry.zone : "", entry.label]
  facts.append(...words.filter(Boolean).map(text => el("span", "muted", text)))
  const face = faceChip(entry)
  if (face && entry.threshold !== null) {
    face.textContent += entry.isFaceBelow ? tr(", needs {percent}", { percent: percentText(entry.threshold) }) : ""
    facts.append(face)
  }
  return facts
}

/**
 * The first file large, the others small below it. A click on a small one shows it large.
 *
 * @param {InboxEntry} entry
 * @param {string} workspace
 */
const files = ({ assetIds, title }, workspace) => {
  if (!assetIds.length) return []
  const large = el("img", "large")
  large.alt = title
  large.src = mediaUrl(workspace, assetIds[0], "?w=640")
  if (assetIds.length === 1) return [large]
  const small = el("div", "row small")
  for (const [n, assetId] of assetIds.slice(0, MOST_FILES).entries()) {
    const pick = button("", () => {
      large.src = mediaUrl(workspace, assetId, "?w=640")
    })
    pick.setAttribute("aria-label", tr("File {n} of {total}", { n: n + 1, total: assetIds.length }))
    const img = el("img")
    img.alt = ""
    img.src = mediaUrl(workspace, assetId, "?w=160")
    pick.append(img)
    small.append(pick)
  }
  return [large, small]
}

/**
 * The texts of a post, those that are the same on several channels once.
 *
 * @param {InboxEntry} entry
 */
const postTexts = ({ posts }) => {
  /** @type {Map<string, EntryPost[]>} */
  const byText = new Map()
  for (const post of posts) byText.set(post.text, [...(byText.get(post.text) ?? []), post])
  return [...byText].flatMap(([text, same]) => {
    const channels = el("div", "row channels")
    channels.append(...same.map(post => channelName(post)))
    const notes = [...new Set(same.map(({ note }) => note).filter(Boolean))]
    return [
      channels,
      el("p", text ? "text" : "text muted", text || tr("No caption yet")),
      ...notes.map(note => el("p", "note", tr("Reviewer: {note}", { note }))),
    ]
  })
}

/** @param {EntryPost} post */
const channelName = ({ channelName: name, profileUrl }) => {
  if (!profileUrl) return el("strong", "", name)
  const link = el("a", "", `${name} ↗`)
  link.href = profileUrl
  link.target = "_blank"
  link.rel = "noopener"
  return link
}
