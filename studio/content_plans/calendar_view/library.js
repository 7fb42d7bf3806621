import { tr } from "../../ui/shared/words.js"

/** Scripts by their address, so that each comes once a page. They hang on the window: a component is evaluated anew. */
const libraries = () => {
  window.__studio_libraries ??= {}
  return window.__studio_libraries
}

/**
 * Loads a vendored library. It comes as a script: components are modules made of blobs and cannot import it.
 *
 * @param {string} src
 * @returns {Promise<void>}
 */
export const loadLibrary = src => {
  const known = libraries()[src]
  if (known) return known
  const loading = new Promise((resolve, reject) => {
    const script = document.createElement("script")
    script.src = src
    script.onload = () => resolve(undefined)
    script.onerror = () => {
      delete libraries()[src]
      reject(new Error(tr("The calendar could not be loaded. Load the page again.")))
    }
    document.head.append(script)
  })
  libraries()[src] = loading
  return loading
}
