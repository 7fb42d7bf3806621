import { mountable } from "../shared/mount.js"
import { leaveAndReturn, TEXT_FIELDS } from "../shared/typed_text.js"

/**
 * What `studio.ui.form_keys.form_keys` sends.
 *
 * @typedef {object} FormKeysData
 * @property {number} pause ms
 * @property {string} workspace
 * @property {string} form
 * @property {Record<string, { key: string, kept: string }>} fields
 */

/** Where Ctrl+Enter means something of its own. */
const OTHER_FORMS = "[role=dialog], [data-testid=stPopoverBody], [data-testid=stForm]"

class FormKeys {
  /** @param {FormKeysData} data */
  constructor(data) {
    this.data = data
    /** What was typed last, by the name of the value. @type {Map<string, string>} */
    this.typed = new Map()
    /** @type {ComponentRun<FormKeysData>["setTriggerValue"]} */
    this.setTriggerValue = () => {}
    /** @type {number | undefined} */
    this.timer = undefined
    this.listening = new AbortController()
    const { signal } = this.listening
    document.addEventListener("keydown", event => this.onKey(event), { capture: true, signal })
    document.addEventListener("input", event => this.onInput(event), { capture: true, signal })
    window.addEventListener("pagehide", () => this.sendUnkept(), { signal })
  }

  /** @param {ComponentRun<FormKeysData>} run */
  update({ data, setTriggerValue }) {
    this.setTriggerValue = setTriggerValue
    this.data = data
  }

  close() {
    clearTimeout(this.timer)
    this.listening.abort()
    this.sendUnkept()
  }

  /** @param {KeyboardEvent} event */
  onKey(event) {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || event.shiftKey || event.altKey) return
    const [target] = event.composedPath()
    if (target instanceof Element && target.closest(OTHER_FORMS)) return
    event.preventDefault()
    event.stopPropagation()
    if (event.repeat) return
    if (target instanceof HTMLElement && target.matches(TEXT_FIELDS)) leaveAndReturn(target)
    this.setTriggerValue("submitted", { at: Date.now() })
  }

  /** @param {Event} event */
  onInput({ target }) {
    if (!(target instanceof HTMLInputElement || target instanceof HTMLTextAreaElement)) return
    if (!target.matches(TEXT_FIELDS) || target.closest(OTHER_FORMS) || target.getAttribute("role") === "combobox")
      return
    for (const [name, { key }] of Object.entries(this.data.fields))
      if (target.closest(`.st-key-${CSS.escape(keyClass(key))}`)) this.typed.set(name, target.value)
    clearTimeout(this.timer)
    this.timer = window.setTimeout(() => leaveAndReturn(target), this.data.pause)
  }

  /** A page that is left may break off the run that would have kept what was typed last. */
  sendUnkept() {
    const { fields, form, workspace } = this.data
    const texts = [...this.typed].filter(([name, text]) => fields[name] && fields[name].kept.trim() !== text.trim())
    this.typed.clear()
    if (!texts.length) return
    fetch(`/api/recipes/unsaved-forms/${encodeURIComponent(form)}`, {
      method: "PATCH",
      credentials: "same-origin",
      keepalive: true,
      headers: { "content-type": "application/json", "x-workspace": workspace, "x-studio": "1" },
      body: JSON.stringify({ texts: Object.fromEntries(texts) }),
    }).catch(() => {})
  }
}

/**
 * Streamlit's class for a key, without its prefix.
 *
 * @param {string} key
 */
const keyClass = key => key.trim().replace(/[^a-zA-Z0-9_-]/g, "-")

export default mountable((_, /** @type {ComponentRun<FormKeysData>} */ { data }) => new FormKeys(data))
