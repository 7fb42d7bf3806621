import { readerLanguage } from "./words.js"

/** @param {number} n */
export const bytes = n => {
  if (n < 1024) return `${n} B`
  if (n < 1024 ** 2) return `${rounded(n / 1024, 0)} KB`
  if (n < 1024 ** 3) return `${rounded(n / 1024 ** 2, 1)} MB`
  return `${rounded(n / 1024 ** 3, 2)} GB`
}

/** @param {number} n @param {number} places after the decimal sign of the reader's language */
const rounded = (n, places) =>
  n.toLocaleString(readerLanguage(), {
    minimumFractionDigits: places,
    maximumFractionDigits: places,
    useGrouping: false,
  })

/** @param {number} s seconds */
export const duration = s => {
  if (s < 60) return `${Math.max(1, Math.round(s))} s`
  if (s < 3600) return `${Math.round(s / 60)} min`
  return `${Math.floor(s / 3600)} h ${Math.round((s % 3600) / 60)} min`
}

/** @param {number} n */
export const grouped = n => n.toLocaleString(readerLanguage())

/** "64%", rounded down, so that nothing below a threshold looks as if it had reached it. @param {number} share */
export const percentText = share => `${Math.floor(share * 100 + 1e-9)}%`
