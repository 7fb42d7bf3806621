/**
 * Sentences in the language of the reader. Python sends what a component's script has of them with its data
 * (studio/ui/browser_component.py); English needs none. The English sentence is the key, as in Python
 * (backend/language): call `tr` when something is drawn, never at the top of a module, and mark tables with `trLazy`.
 */

/**
 * `firstDay` of a week: 0 is Sunday; `hours`: 12 or 24.
 *
 * @typedef {object} Words
 * @property {string} language
 * @property {Record<string, string | string[]>} texts
 * @property {number} firstDay
 * @property {number} hours
 */
/** @typedef {Record<string, string | number>} Values */

/** @type {Words} */
let readerWords = { language: "en", texts: {}, firstDay: 1, hours: 24 }

/** @param {Words | undefined} sent */
export const setWords = sent => {
  readerWords = sent ?? { language: "en", texts: {}, firstDay: 1, hours: 24 }
}

/** The language that numbers and dates are written in too: `toLocaleString(readerLanguage())`. */
export const readerLanguage = () => readerWords.language

/** The locale of dates and times: English as Europeans write it, the day before the month. */
export const readerLocale = () => (readerWords.language === "en" ? "en-GB" : readerWords.language)

/** The day that a week starts on: 0 is Sunday. */
export const readerFirstDay = () => readerWords.firstDay

/** Whether hours are read as 2:20 PM. */
export const readsTwelveHours = () => readerWords.hours === 12

/**
 * `tr("Moved to place {place} of {n}.", { place: 2, n: 5 })`; a number with `:,` gets the signs of the language.
 *
 * @param {string} template
 * @param {Values} [values]
 */
export const tr = (template, values) => {
  const translated = readerWords.texts[template]
  return filledTemplate(typeof translated === "string" ? translated : template, values)
}

/**
 * `trPlural("{n} picture", "{n} pictures", 3)`; `n` is a place of both.
 *
 * @param {string} template
 * @param {string} plural
 * @param {number} n
 * @param {Values} [values]
 */
export const trPlural = (template, plural, n, values) => {
  const translated = readerWords.texts[template]
  const [singularForm, pluralForm] = Array.isArray(translated) ? translated : [template, plural]
  return filledTemplate((n === 1 ? singularForm : pluralForm) ?? plural, { n, ...values })
}

/**
 * Marks a sentence of a table, which `tr` words when it is shown.
 *
 * @param {string} template
 */
export const trLazy = template => template

/** @param {string} template @param {Values} [values] */
const filledTemplate = (template, values) =>
  values
    ? template.replace(/\{(\w+)(:,)?\}/g, (place, name, grouped) => {
        const value = values[name]
        if (value === undefined) return place
        return grouped ? value.toLocaleString(readerWords.language) : String(value)
      })
    : template
