/**
 * A new element.
 *
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {string} [className]
 * @param {string} [text]
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export const el = (tag, className, text) => {
  const node = document.createElement(tag)
  if (className) node.className = className
  if (text !== undefined) node.textContent = text
  return node
}

/**
 * @param {string} text
 * @param {((event: PointerEvent) => unknown) | null} onClick
 * @param {string} [className]
 */
export const button = (text, onClick, className) => {
  const node = el("button", className, text)
  node.type = "button"
  node.onclick = onClick
  return node
}

/**
 * Sets a property only when it differs: keeps focus, selection and transitions alive while polling.
 *
 * @template {object} Target
 * @template {keyof Target} Name
 * @param {Target} target
 * @param {Name} name
 * @param {Target[Name]} value
 */
export const setIfChanged = (target, name, value) => {
  if (target[name] !== value) target[name] = value
}

/**
 * The element an event began at.
 *
 * @param {Event} event
 */
export const targetOf = event => /** @type {HTMLElement} */ (event.target)

/**
 * The element that has the focus, also inside a shadow root.
 *
 * @param {Node} node
 */
export const focusedNear = node => {
  const tree = /** @type {Document | ShadowRoot} */ (node.getRootNode())
  return /** @type {HTMLElement | null} */ (tree.activeElement)
}

/**
 * Makes the children of `parent` the given nodes, in order, moving only those that stand elsewhere.
 *
 * @param {HTMLElement} parent
 * @param {HTMLElement} node
 * @param {number} place
 */
export const placeChild = (parent, node, place) => {
  if (parent.children[place] !== node) parent.insertBefore(node, parent.children[place] ?? null)
}

/**
 * Removes the views of rows that are gone.
 *
 * @template {{ node: HTMLElement }} View
 * @param {Map<string, View>} views
 * @param {Set<string>} keep
 * @param {(view: View) => void} [onRemoved]
 */
export const removeOthers = (views, keep, onRemoved) => {
  for (const [id, view] of views) {
    if (keep.has(id)) continue
    onRemoved?.(view)
    view.node.remove()
    views.delete(id)
  }
}
