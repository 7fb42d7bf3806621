import { mountable } from "../../ui/shared/mount.js"

/** What `studio.content_plans.form_keeper.keeper` sends. @typedef {{ stamp: number, pause: number }} KeeperData */

/** Fields whose text Streamlit takes when they are left. */
const TEXT_FIELDS = "textarea, input:not([type]), input[type=text], input[type=number]"

/**
 * In a dialog with a form: what is typed reaches Python without leaving the field, Escape always closes, and the focus
 * stays in the dialog.
 */
class Keeper {
  /**
   * @param {HTMLElement} root
   * @param {KeeperData} data
   */
  constructor(root, data) {
    this.data = data
    /** The field that was typed in, not taken yet. @type {HTMLElement | null} */
    this.field = null
    /** @type {number | undefined} */
    this.timer = undefined
    /** null: on a page of its own. */
    this.dialog = dialogOf(root)
    this.listening = new AbortController()
    const { signal } = this.listening
    document.addEventListener("input", event => this.onInput(event), { capture: true, signal })
    document.addEventListener("keydown", event => this.onKey(event), { capture: true, signal })
    this.redrawing = new MutationObserver(() => requestAnimationFrame(() => this.focusDialog()))
    if (!this.dialog) return
    if (!this.dialog.hasAttribute("tabindex")) this.dialog.tabIndex = -1
    this.redrawing.observe(this.dialog, { childList: true, subtree: true })
  }

  /** @param {ComponentRun<KeeperData>} run */
  update({ data }) {
    // The calendar behind the dialog reads again (calendar/calendar.js).
    if (this.data.stamp !== data.stamp) window.dispatchEvent(new CustomEvent("studio:plans"))
    this.data = data
  }

  close() {
    clearTimeout(this.timer)
    this.redrawing.disconnect()
    this.listening.abort()
  }

  /** @param {Event} event */
  onInput({ target }) {
    if (!(target instanceof HTMLElement) || !this.isOurs(target)) return
    clearTimeout(this.timer)
    this.field = target
    this.timer = window.setTimeout(() => this.takeTyped(), this.data.pause)
  }

  /** @param {HTMLElement} field */
  isOurs(field) {
    if (!field.matches(TEXT_FIELDS) || field.getAttribute("role") === "combobox") return false
    return !this.dialog || this.dialog.contains(field)
  }

  takeTyped() {
    clearTimeout(this.timer)
    const { field } = this
    this.field = null
    if (field) leaveAndReturn(field)
  }

  /**
   * What closes a dialog takes with it what was typed a moment ago. What redraws a dialog takes the focus along, and
   * with it the Escape that would close it.
   *
   * @param {KeyboardEvent} event
   */
  onKey(event) {
    if (event.key !== "Escape") return
    this.takeTyped()
    if (!this.hasLostFocus) return
    /** @type {HTMLElement | null | undefined} */
    const close = this.dialog?.querySelector("button[aria-label=Close]")
    close?.click()
  }

  focusDialog() {
    if (this.hasLostFocus) this.dialog?.focus({ preventScroll: true })
  }

  /** Whether the dialog is there and nothing on the page has the focus. */
  get hasLostFocus() {
    return Boolean(this.dialog?.isConnected) && document.activeElement === document.body
  }
}

/**
 * The dialog that a node stands in, also outside its shadow root.
 *
 * @param {HTMLElement} node
 * @returns {HTMLElement | null}
 */
const dialogOf = node => {
  const root = node.getRootNode()
  const host = root instanceof ShadowRoot ? root.host : null
  return node.closest("[role=dialog]") ?? host?.closest("[role=dialog]") ?? null
}

/**
 * Streamlit takes a field's text when it is left: this leaves it, for Streamlit alone, and comes back at once.
 *
 * @param {HTMLElement} field
 */
const leaveAndReturn = field => {
  if (!field.isConnected || document.activeElement !== field) return
  field.dispatchEvent(new FocusEvent("focusout", { bubbles: true }))
  field.dispatchEvent(new FocusEvent("focusin", { bubbles: true }))
}

export default mountable((root, /** @type {ComponentRun<KeeperData>} */ { data }) => new Keeper(root, data))
