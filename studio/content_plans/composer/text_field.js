import { el, setIfChanged } from "../../ui/shared/dom.js"

/** How full a field is on one platform. @typedef {{ text: string, isOver: boolean, isNear: boolean }} Counter */

let fieldCount = 0

/** A text field with its label and counters. What is typed goes to `onInput` at once. */
export class TextField {
  /**
   * @param {object} options
   * @param {string} options.label
   * @param {(text: string) => void} options.onInput
   * @param {number} [options.rows] several lines, at least so many
   * @param {number} [options.maxLength]
   * @param {string} [options.placeholder]
   * @param {string} [options.help]
   */
  constructor({ label, onInput, rows = 0, maxLength, placeholder = "", help = "" }) {
    fieldCount += 1
    this.node = el("div", "field")
    this.input = rows ? el("textarea") : el("input")
    if (this.input instanceof HTMLTextAreaElement) this.input.rows = rows
    else this.input.type = "text"
    this.input.id = `field-${fieldCount}`
    this.input.placeholder = placeholder
    if (maxLength) this.input.maxLength = maxLength
    this.label = el("label", "name", label)
    this.label.htmlFor = this.input.id
    this.counters = el("span", "counters")
    this.counters.id = `field-${fieldCount}-counters`
    this.input.setAttribute("aria-describedby", this.counters.id)
    const head = el("div", "row over-field")
    head.append(this.label, el("span", "grow"), this.counters)
    this.node.append(head, this.input)
    if (help) this.node.append(el("span", "help", help))
    this.input.oninput = () => onInput(this.input.value)
  }

  /**
   * @param {string} text
   * @param {boolean} isFrozen
   * @param {Counter[]} [counters]
   */
  draw(text, isFrozen, counters = []) {
    setIfChanged(this.input, "value", text)
    setIfChanged(this.input, "readOnly", isFrozen)
    this.node.classList.toggle("frozen", isFrozen)
    this.drawCounters(counters)
  }

  /** @param {Counter[]} counters */
  drawCounters(counters) {
    const nodes = counters.map(({ text, isOver, isNear }) => {
      const tone = isOver ? "over" : isNear && "near"
      return el("span", `counter ${tone || ""}`, isOver ? `⚠ ${text}` : text)
    })
    const html = nodes.map(node => node.outerHTML).join("")
    if (this.counters.innerHTML !== html) this.counters.replaceChildren(...nodes)
    this.input.setAttribute("aria-invalid", String(counters.some(counter => counter.isOver)))
  }
}
