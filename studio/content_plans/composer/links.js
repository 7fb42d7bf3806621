import { el } from "../../ui/shared/dom.js"

/**
 * To a page of the studio.
 *
 * @param {string} text
 * @param {string} url
 */
export const internalLink = (text, url) => {
  const node = el("a", "link cut", text)
  node.href = url
  return node
}

/**
 * To somewhere else, in a tab of its own.
 *
 * @param {string} text
 * @param {string} url
 */
export const externalLink = (text, url) => {
  const node = internalLink(text, url)
  node.target = "_blank"
  node.rel = "noopener"
  return node
}
