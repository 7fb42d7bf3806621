import { el } from "../../ui/shared/dom.js"
import { tr } from "../../ui/shared/words.js"

/** A choice: what it stands for, and what people read. @typedef {[value: string, label: string]} Option */

/**
 * The options of a table, in the language of the reader.
 *
 * @param {Option[]} options
 * @returns {Option[]}
 */
export const wordedOptions = options => options.map(([value, label]) => [value, tr(label)])

/**
 * @param {string} label
 * @param {HTMLElement} control
 */
export const field = (label, control) => {
  const box = el("label", "field")
  box.append(el("span", "muted", label), control)
  return box
}

/**
 * @param {string} label
 * @param {Option[]} options
 * @param {(value: string) => void} onPick
 */
export const select = (label, options, onPick) => {
  const node = el("select")
  node.setAttribute("aria-label", label)
  fillSelect(node, options)
  node.onchange = () => onPick(node.value)
  return node
}

/**
 * @param {HTMLSelectElement} node
 * @param {Option[]} options
 * @param {string} [value] the one to choose; the one chosen before when left out
 */
export const fillSelect = (node, options, value = node.value) => {
  node.replaceChildren(...options.map(([key, text]) => Object.assign(el("option", "", text), { value: key })))
  node.value = value
}
