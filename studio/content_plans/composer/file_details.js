import { button, el, setIfChanged } from "../../ui/shared/dom.js"
import { tr } from "../../ui/shared/words.js"
import { TextField } from "./text_field.js"
import { fill } from "./text_rules.js"

/** @import { FileEdit } from "./draft.js" */
/** @import { FileAnswer } from "./answers.js" */
/** @import { TextLimit } from "./text_rules.js" */

/**
 * What is shown of the chosen file.
 *
 * @typedef {object} ShownFile
 * @property {string} assetId "": none
 * @property {FileAnswer | undefined} file
 * @property {number} place from 1; 0: the only one
 * @property {string} altText
 * @property {FileEdit | undefined} edit
 * @property {TextLimit | null} limit
 * @property {boolean} isFrozen
 */

const RATIOS = [
  [1, 1],
  [4, 5],
  [5, 4],
  [9, 16],
  [16, 9],
  [3, 4],
  [4, 3],
  [2, 3],
  [3, 2],
]

/** Alt text of the chosen file, and how it is changed for this post. */
export class FileDetails {
  /** @param {{ onAltText(text: string): void, onEdit(edit: FileEdit | null): void }} on */
  constructor(on) {
    this.on = on
    this.node = el("div", "file-details")
    this.altText = new TextField({
      label: tr("Alt text"),
      onInput: text => on.onAltText(text),
      maxLength: 1000,
      placeholder: tr("What the picture shows, for people who cannot see it"),
    })
    this.edit = el("div", "row wrap edit")
    this.focus = el("input")
    this.focus.type = "range"
    this.focus.min = "0"
    this.focus.max = "100"
    this.focus.step = "1"
    this.note = el("span", "grow help")
    this.undo = button(tr("Do not change it"), () => on.onEdit(null), "quiet")
    this.edit.append(this.note, this.focus, this.undo)
    this.node.append(this.altText.node, this.edit)
    /** @type {FileEdit} */
    this.shown = {}
    this.focus.oninput = () => on.onEdit({ ...this.shown, focus: Number(this.focus.value) / 100 })
  }

  /** @param {ShownFile} shown */
  draw({ assetId, file, place, altText, edit, limit, isFrozen }) {
    const isPicture = Boolean(assetId && file?.kind !== "video")
    this.node.classList.toggle("gone", !isPicture && !edit)
    this.altText.node.classList.toggle("gone", !isPicture)
    setIfChanged(
      this.altText.label,
      "textContent",
      place ? tr("Alt text of picture {place}", { place }) : tr("Alt text"),
    )
    this.altText.draw(altText, isFrozen, altText && limit ? [fill(altText, limit)] : [])
    this.shown = edit ?? {}
    this.edit.classList.toggle("gone", !edit)
    if (!edit) return
    const ends = cropEnds(file, edit.ratio)
    setIfChanged(this.note, "textContent", [editText(edit), tr("The original stays as it is.")].join(" "))
    this.focus.classList.toggle("gone", !ends || isFrozen)
    this.focus.setAttribute("aria-label", ends)
    this.focus.title = ends
    setIfChanged(this.focus, "value", String(Math.round((edit.focus ?? 0.5) * 100)))
    this.undo.classList.toggle("gone", isFrozen)
  }
}

/** @param {FileEdit} edit */
const editText = edit => {
  const parts = [
    edit.ratio && tr("cropped to {ratio}", { ratio: ratioText(edit.ratio) }),
    edit.width && tr("at most {n} px wide", { n: edit.width }),
    edit.least && tr("enlarged to {n} px", { n: edit.least }),
    edit.seconds && tr("only the first {n} s", { n: edit.seconds }),
    edit.transcode && tr("converted"),
  ].filter(Boolean)
  return tr("For this post: {changes}.", { changes: parts.join(", ") })
}

/** @param {number} ratio */
const ratioText = ratio => {
  const known = RATIOS.find(([width, height]) => Math.abs(width / height - ratio) < 0.01 * ratio)
  return known ? known.join(":") : `${ratio.toFixed(2)}:1`
}

/**
 * What moving the crop does: between which ends; "": nothing is cut away.
 *
 * @param {FileAnswer | undefined} file
 * @param {number | undefined} ratio
 */
const cropEnds = (file, ratio) => {
  if (!ratio || !file?.width || !file.height) return ""
  const own = file.width / file.height
  if (Math.abs(own - ratio) < 0.005 * ratio) return ""
  return own > ratio ? tr("Keep more of the left or the right") : tr("Keep more of the top or the bottom")
}
