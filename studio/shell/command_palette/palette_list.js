import { mediaUrl } from "../../ui/shared/api.js"
import { el } from "../../ui/shared/dom.js"
import { headingOf } from "./commands.js"

/** @import { Command } from "./commands.js" */

/** @typedef {{ group: string, commands: Command[] }} ListGroup */

const THUMB = "?w=160"

/** The listbox under the field: groups of options, one of which is active while the focus stays in the field. */
export class PaletteList {
  /** @param {HTMLInputElement} field @param {(command: Command) => void} onChoose */
  constructor(field, onChoose) {
    this.field = field
    this.onChoose = onChoose
    this.node = el("div", "list")
    this.node.id = "palette-list"
    this.node.setAttribute("role", "listbox")
    field.setAttribute("aria-controls", this.node.id)
    /** @type {Command[]} */
    this.commands = []
    /** @type {HTMLElement[]} */
    this.options = []
    this.at = 0
    // The field keeps the focus.
    this.node.onmousedown = event => event.preventDefault()
  }

  /**
   * Draws the groups anew. The active option stays the same command where it is still there and `keep` says so.
   *
   * @param {ListGroup[]} groups
   * @param {string} workspace
   * @param {boolean} keep
   */
  show(groups, workspace, keep) {
    const activeId = keep ? this.active?.id : undefined
    this.commands = groups.flatMap(({ commands }) => commands)
    this.options = this.commands.map((command, n) => this.buildOption(command, n, workspace))
    let first = 0
    this.node.replaceChildren(
      ...groups.map(({ group, commands }) => {
        const box = el("div", "group")
        const heading = el("div", "heading", headingOf(group))
        heading.id = `palette-group-${group}`
        box.setAttribute("role", "group")
        box.setAttribute("aria-labelledby", heading.id)
        box.append(heading, ...this.options.slice(first, first + commands.length))
        first += commands.length
        return box
      }),
    )
    const place = this.commands.findIndex(({ id }) => id === activeId)
    this.activate(Math.max(0, place), false)
    if (!keep) this.node.scrollTop = 0
  }

  get active() {
    return this.commands[this.at]
  }

  /** @param {number} step */
  move(step) {
    const n = this.commands.length
    if (n) this.activate((((this.at + step) % n) + n) % n, true)
  }

  /** @param {number} place @param {boolean} scroll */
  activate(place, scroll) {
    this.options[this.at]?.setAttribute("aria-selected", "false")
    this.at = place
    const option = this.options[place]
    option?.setAttribute("aria-selected", "true")
    if (option) this.field.setAttribute("aria-activedescendant", option.id)
    else this.field.removeAttribute("aria-activedescendant")
    if (scroll) option?.scrollIntoView({ block: "nearest" })
  }

  /** @param {Command} command @param {number} n @param {string} workspace */
  buildOption(command, n, workspace) {
    const option = el("div", "option")
    option.id = `palette-option-${n}`
    option.setAttribute("role", "option")
    option.setAttribute("aria-selected", "false")
    option.onclick = () => this.onChoose(command)
    option.onpointermove = () => {
      if (this.at !== n) this.activate(n, false)
    }
    const words = el("span", "words")
    words.append(el("span", "cut", command.label))
    if (command.hint) words.append(el("span", "cut hint", command.hint))
    option.append(pictureOf(command, workspace), words)
    return option
  }
}

/** A thumbnail, or a sign of Streamlit's own icon font. @param {Command} command @param {string} workspace */
const pictureOf = ({ assetId, icon }, workspace) => {
  const sign = el("span", "icon", icon)
  sign.setAttribute("aria-hidden", "true")
  if (!assetId) return sign
  const image = el("img", "thumb")
  image.alt = ""
  image.loading = "lazy"
  image.onerror = () => image.replaceWith(sign)
  image.src = mediaUrl(workspace, assetId, THUMB)
  return image
}
