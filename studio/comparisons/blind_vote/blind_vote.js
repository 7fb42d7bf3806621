import { mediaUrl, messageOf, send } from "../../ui/shared/api.js"
import { button, el, setIfChanged } from "../../ui/shared/dom.js"
import { setWords, tr } from "../../ui/shared/words.js"
import { choiceOfKey, countText, percentVoted } from "./ballot.js"

/** @import { Words } from "../../ui/shared/words.js" */
/** @import { Ballot, BallotChoice, BallotPair } from "./ballot.js" */

/**
 * What `studio.comparisons.blind_vote.blind_vote` sends.
 *
 * @typedef {Ballot & { workspace: string, trial: string, ratio: string, words?: Words }} BlindVoteData
 */

/** Keys typed in one of these are its own. */
const OWN_KEYS = "input, textarea, select, [contenteditable=true], [role=listbox], [role=radiogroup], dialog"

class BlindVote {
  /**
   * @param {HTMLElement} root
   * @param {BlindVoteData} data
   */
  constructor(root, data) {
    this.workspace = data.workspace
    this.trial = data.trial
    /** @type {Ballot} */
    this.ballot = data
    this.isBusy = false
    /** Ballots shown; pictures of an earlier one come too late. */
    this.turn = 0
    /** @type {ComponentRun<BlindVoteData>["setTriggerValue"]} */
    this.setTriggerValue = () => {}
    this.left = this.buildSide("left", tr("Left"), tr("Left is better"))
    this.right = this.buildSide("right", tr("Right"), tr("Right is better"))
    this.prompt = el("div", "prompt muted")
    this.stage = el("div", "stage")
    this.choices = el("div", "acts")
    this.ended = el("div", "ended")
    this.error = el("div", "bad")
    this.bar = el("div", "bar")
    this.fill = el("i")
    this.count = el("div", "muted told")
    this.undo = buildKeyed(tr("Undo last vote"), "⌫", () => this.takeBack())
    this.build(root)
    this.listening = new AbortController()
    document.addEventListener("keydown", event => this.onKey(event), { signal: this.listening.signal })
    this.show(data)
    // Away from the switch that was clicked: arrow keys belong to the pictures now.
    this.stage.focus({ preventScroll: true })
  }

  /** @param {HTMLElement} root */
  build(root) {
    this.stage.tabIndex = -1
    this.stage.append(this.left.node, this.right.node)
    this.choices.append(
      buildKeyed(tr("Left"), "←", () => this.vote("left")),
      buildKeyed(tr("Equal"), "↑", () => this.vote("tie")),
      buildKeyed(tr("Right"), "→", () => this.vote("right")),
      buildKeyed(tr("Skip"), "↓", () => this.vote("skip")),
    )
    this.ended.append(el("div", "", tr("You have seen every pair. Thank you.")))
    this.error.setAttribute("role", "alert")
    this.bar.append(this.fill)
    this.undo.classList.add("quiet")
    const foot = el("div", "foot")
    const finish = button(tr("See the result"), () => this.setTriggerValue("finished", { at: Date.now() }))
    foot.append(this.undo, this.count, finish)
    root.replaceChildren(this.prompt, this.stage, this.choices, this.ended, this.error, this.bar, foot)
  }

  /**
   * @param {"left" | "right"} choice
   * @param {string} label
   * @param {string} description
   */
  buildSide(choice, label, description) {
    const node = button("", () => this.vote(choice), "side")
    const img = el("img")
    img.alt = label
    node.setAttribute("aria-label", description)
    node.append(img, el("span", "choose", label))
    return { node, img }
  }

  /** @param {ComponentRun<BlindVoteData>} run */
  update({ data, setTriggerValue }) {
    this.setTriggerValue = setTriggerValue
    this.stage.style.setProperty("--ratio", data.ratio)
  }

  close() {
    this.listening.abort()
  }

  /**
   * The next pair appears when both pictures are loaded: nobody votes on half of it.
   *
   * @param {Ballot} ballot
   */
  async show(ballot) {
    this.ballot = ballot
    this.turn += 1
    const { turn } = this
    const { pair } = ballot
    this.stage.classList.toggle("gone", !pair)
    this.choices.classList.toggle("gone", !pair)
    this.ended.classList.toggle("gone", Boolean(pair))
    if (pair) {
      this.stage.classList.add("changing")
      const [left, right] = await this.loadPictures(pair)
      if (turn !== this.turn) return
      this.left.img.src = left
      this.right.img.src = right
      setIfChanged(this.prompt, "textContent", pair.prompt)
      this.stage.classList.remove("changing")
      this.clearChoice()
    }
    this.showCount()
  }

  /**
   * Returns the addresses of both pictures when they can be painted at once.
   *
   * @param {BallotPair} pair
   */
  async loadPictures({ leftAssetId, rightAssetId }) {
    const sources = [leftAssetId, rightAssetId].map(assetId => mediaUrl(this.workspace, assetId))
    const images = sources.map(source => Object.assign(new Image(), { src: source }))
    // A picture that cannot be shown must not end the vote.
    await Promise.all(images.map(image => image.decode().catch(() => {})))
    return images.map(image => image.src)
  }

  /** Together with the pictures: who sees the new count can vote. */
  showCount() {
    setIfChanged(this.count, "textContent", countText(this.ballot))
    this.fill.style.width = `${percentVoted(this.ballot)}%`
    this.undo.disabled = !this.ballot.undoable
    this.isBusy = false
  }

  clearChoice() {
    this.left.node.classList.remove("chosen")
    this.right.node.classList.remove("chosen")
  }

  /** @param {BallotChoice} choice */
  vote(choice) {
    const { pair } = this.ballot
    if (this.isBusy || !pair) return
    if (choice === "left" || choice === "right") this[choice].node.classList.add("chosen")
    const body = { leftId: pair.leftId, rightId: pair.rightId, choice }
    this.change(send(`/api/trials/${this.trial}/votes`, body, this.workspace))
  }

  takeBack() {
    if (this.isBusy || this.undo.disabled) return
    this.change(send(`/api/trials/${this.trial}/votes/last`, {}, this.workspace, "DELETE"))
  }

  /**
   * Waits for the ballot that follows.
   *
   * @param {Promise<Ballot>} request
   */
  async change(request) {
    this.isBusy = true
    setIfChanged(this.error, "textContent", "")
    try {
      await this.show(await request)
    } catch (error) {
      setIfChanged(this.error, "textContent", messageOf(error))
      this.clearChoice()
      this.isBusy = false
    }
  }

  /** @param {KeyboardEvent} event */
  onKey(event) {
    const isShortcut = event.ctrlKey || event.metaKey || event.altKey
    if (isShortcut || event.repeat || isTyping(event) || !this.ballot.pair) return
    const choice = choiceOfKey(event.key)
    if (event.key === "Backspace") this.takeBack()
    else if (choice) this.vote(choice)
    else return
    event.preventDefault()
  }
}

/** @param {Event} event */
const isTyping = event => event.composedPath().some(node => node instanceof Element && node.matches(OWN_KEYS))

/**
 * A button that shows its key.
 *
 * @param {string} text
 * @param {string} key
 * @param {() => void} onClick
 */
const buildKeyed = (text, key, onClick) => {
  const control = button(text, onClick)
  control.append(el("kbd", "", key))
  return control
}

/** @type {WeakMap<object, BlindVote>} */
const mountedVotes = new WeakMap()

/** Another trial in the same element is another vote. @param {ComponentRun<BlindVoteData>} run */
export default function mountVote(run) {
  const { data, parentElement } = run
  setWords(data.words)
  let view = mountedVotes.get(parentElement)
  if (view?.trial !== data.trial) {
    view?.close()
    const root = parentElement.querySelector(".root")
    if (!(root instanceof HTMLElement)) throw new Error("The component has no root element.")
    view = new BlindVote(root, data)
    mountedVotes.set(parentElement, view)
  }
  const shown = view
  shown.update(run)
  return () => {
    shown.close()
    mountedVotes.delete(parentElement)
  }
}
