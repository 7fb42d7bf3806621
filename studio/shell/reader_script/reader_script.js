import { mountable } from "../../ui/shared/mount.js"

/**
 * What `studio.shell.reader_script` sends.
 *
 * @typedef {{ language: string, theme: string | null, cookie: string }} ReaderData
 */

const YEAR_S = 365 * 86_400

/** For the page that is shown where the studio cannot be reached. @param {string} language */
const keepLanguage = language => {
  try {
    localStorage.setItem("studio_language", language)
  } catch {
    // No storage: that page follows the browser.
  }
}

/** @param {ReaderData} data */
const apply = ({ language, theme, cookie }) => {
  document.documentElement.lang = language
  if (theme === null) return
  keepLanguage(language)
  const found = document.cookie.split("; ").find(pair => pair.startsWith(`${cookie}=`))
  const current = found?.slice(cookie.length + 1)
  const chosen = theme || "system"
  if (chosen === current || (current === undefined && chosen === "system")) return
  // The index page reads it before Streamlit starts (studio/shell/first_paint.py).
  // biome-ignore lint/suspicious/noDocumentCookie: the Cookie Store API is not in every browser
  document.cookie = `${cookie}=${chosen}; path=/; max-age=${YEAR_S}; samesite=lax`
  location.reload()
}

export default mountable(() => ({
  update: (/** @type {ComponentRun<ReaderData>} */ { data }) => apply(data),
  close() {},
}))
