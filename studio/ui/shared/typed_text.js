/** Fields whose text Streamlit takes when they are left. */
export const TEXT_FIELDS = "textarea, input:not([type]), input[type=text], input[type=number]"

/**
 * Streamlit takes a field's text when it is left: this leaves it, for Streamlit alone, and comes back at once.
 *
 * @param {HTMLElement} field
 */
export const leaveAndReturn = field => {
  if (!field.isConnected || document.activeElement !== field) return
  field.dispatchEvent(new FocusEvent("focusout", { bubbles: true }))
  field.dispatchEvent(new FocusEvent("focusin", { bubbles: true }))
}
