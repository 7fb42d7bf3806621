/** @import { WallTime } from "../calendar_view/wall_time.js" */

/**
 * What is published on one channel.
 *
 * @typedef {object} Variant
 * @property {string} channelId
 * @property {string} format "": what suits the files
 * @property {string} caption
 * @property {string} title
 * @property {string[]} hashtags without #
 * @property {string[]} assetIds
 * @property {Record<string, FileEdit>} edits by asset id
 * @property {string} coverAssetId
 * @property {string} firstComment
 * @property {Record<string, string>} altTexts by asset id
 * @property {string} privacy
 * @property {Record<string, any>} options
 */

/**
 * How a file is changed for this post.
 *
 * @typedef {{ ratio?: number, focus?: number, [change: string]: any }} FileEdit
 */

/**
 * A post as it is on the screen. `localTime` null: no date.
 *
 * @typedef {object} Draft
 * @property {string} topic
 * @property {string} notes
 * @property {WallTime | null} localTime
 * @property {string} timeZone
 * @property {Variant[]} variants
 */

/** Texts and files that channels usually share. */
export const SHARED_FIELDS = /** @type {const} */ ([
  "caption",
  "hashtags",
  "assetIds",
  "altTexts",
  "firstComment",
  "title",
])
/** @typedef {typeof SHARED_FIELDS[number]} SharedField */

/**
 * @param {string} channelId
 * @returns {Variant}
 */
const emptyVariant = channelId => ({
  channelId,
  format: "",
  caption: "",
  title: "",
  hashtags: [],
  assetIds: [],
  edits: {},
  coverAssetId: "",
  firstComment: "",
  altTexts: {},
  privacy: "",
  options: {},
})

/**
 * JSON with sorted names: equal for equal values.
 *
 * @param {any} value
 * @returns {string}
 */
const canonical = value => {
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`
  if (value === null || typeof value !== "object") return JSON.stringify(value) ?? "null"
  const names = Object.keys(value).filter(name => value[name] !== undefined)
  return `{${names
    .sort()
    .map(name => `${name}:${canonical(value[name])}`)
    .join()}}`
}

/**
 * @param {any} one
 * @param {any} other
 */
export const isSame = (one, other) => one === other || canonical(one) === canonical(other)

/**
 * The variant of a channel, if it has one.
 *
 * @param {Draft} draft
 * @param {string} channelId
 */
export const variantOf = (draft, channelId) => draft.variants.find(variant => variant.channelId === channelId)

/**
 * The draft with some fields of one channel's variant changed.
 *
 * @param {Draft} draft
 * @param {string} channelId
 * @param {Partial<Variant>} values
 * @returns {Draft}
 */
export const withVariant = (draft, channelId, values) => ({
  ...draft,
  variants: draft.variants.map(variant => (variant.channelId === channelId ? { ...variant, ...values } : variant)),
})

/**
 * The draft with a shared field changed on all the channels that have the same as `leadId`; the others keep their own.
 *
 * @template {SharedField} Field
 * @param {Draft} draft
 * @param {{ leadId: string, field: Field, value: Variant[Field], frozen: Set<string> }} change `frozen`: channels that
 *   cannot be changed any more
 * @returns {Draft}
 */
export const withShared = (draft, { leadId, field, value, frozen }) => {
  const before = variantOf(draft, leadId)?.[field]
  const variants = draft.variants.map(variant =>
    !frozen.has(variant.channelId) && isSame(variant[field], before) ? { ...variant, [field]: value } : variant,
  )
  return { ...draft, variants }
}

/**
 * A draft that was fixed: a shared text that was mended for one channel is so for all that share it.
 *
 * @param {Draft} before
 * @param {Draft} fixed
 * @param {Set<string>} frozen
 * @returns {Draft}
 */
export const withFixed = (before, fixed, frozen) => {
  let draft = before
  for (const { channelId, ...values } of fixed.variants) {
    const variant = variantOf(before, channelId)
    if (!variant || frozen.has(channelId)) continue
    const changed = SHARED_FIELDS.filter(field => !isSame(values[field], variant[field]))
    for (const field of changed) draft = withShared(draft, { leadId: channelId, field, value: values[field], frozen })
    draft = withVariant(draft, channelId, { edits: values.edits })
  }
  return draft
}

/**
 * The draft with a post on one more channel: it begins with what the first one has.
 *
 * @param {Draft} draft
 * @param {string} channelId
 * @returns {Draft}
 */
export const withChannel = (draft, channelId) => {
  const [first] = draft.variants
  const shared = first ? Object.fromEntries(SHARED_FIELDS.map(field => [field, first[field]])) : {}
  return { ...draft, variants: [...draft.variants, { ...emptyVariant(channelId), ...shared }] }
}

/**
 * @param {Draft} draft
 * @param {string} channelId
 * @returns {Draft}
 */
export const withoutChannel = (draft, channelId) => ({
  ...draft,
  variants: draft.variants.filter(variant => variant.channelId !== channelId),
})

/**
 * The API's JSON of it, with what the API would drop left out.
 *
 * @param {Draft} draft
 */
export const draftJson = draft => ({
  topic: draft.topic.trim(),
  notes: draft.notes.trim(),
  localTime: draft.localTime,
  timeZone: draft.timeZone,
  variants: draft.variants.map(variant => ({
    ...variant,
    edits: Object.fromEntries(Object.entries(variant.edits).filter(([assetId]) => variant.assetIds.includes(assetId))),
    caption: variant.caption.trim(),
    title: variant.title.trim(),
    firstComment: variant.firstComment.trim(),
    altTexts: Object.fromEntries(
      Object.entries(variant.altTexts)
        .map(([assetId, text]) => [assetId, text.trim()])
        .filter(([, text]) => text),
    ),
  })),
})
