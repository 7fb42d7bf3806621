import { isSame } from "./draft.js"

/** @import { Draft, Variant } from "./draft.js" */

/**
 * A field that two have changed, each in another way. `channelId` "": of the plan.
 *
 * @typedef {object} Collision
 * @property {string} channelId
 * @property {string} field
 * @property {any} mine
 * @property {any} theirs
 */

const VARIANT_FIELDS = /** @type {(keyof Variant)[]} */ ([
  "format",
  "caption",
  "title",
  "hashtags",
  "assetIds",
  "edits",
  "coverAssetId",
  "firstComment",
  "altTexts",
  "privacy",
  "options",
])

/**
 * Puts what was typed (`mine`, over `before`) on top of what somebody else has saved meanwhile. Where both have changed
 * the same field, it stays as typed and is named in `collisions`.
 *
 * @param {Draft} before
 * @param {Draft} mine
 * @param {Draft} theirs
 * @returns {{ draft: Draft, collisions: Collision[], taken: number }} `taken`: how many fields are theirs now
 */
export const mergeDrafts = (before, mine, theirs) => {
  const merging = new Merging()
  const when = merging.field("", "time", timeOf(before), timeOf(mine), timeOf(theirs))
  const draft = {
    topic: merging.field("", "topic", before.topic, mine.topic, theirs.topic),
    notes: merging.field("", "notes", before.notes, mine.notes, theirs.notes),
    ...when,
    variants: mergeVariants(merging, before, mine, theirs),
  }
  return { draft, collisions: merging.collisions, taken: merging.taken }
}

/**
 * What was typed over when a save may have arrived without an answer: where `theirs` has what was sent, nobody else has
 * changed it.
 *
 * @param {Draft} before
 * @param {Draft} sent
 * @param {Draft} theirs
 * @returns {Draft}
 */
export const baseOf = (before, sent, theirs) => {
  const [old, own, other] = byChannel(before, sent, theirs)
  const variants = [...new Set([...old.keys(), ...own.keys()])].flatMap(channelId => {
    const [was, arrived, now] = [old, own, other].map(variants => variants.get(channelId))
    if (!arrived || !now) return was && (arrived || now) ? [was] : []
    const values = VARIANT_FIELDS.map(name => [name, baseValue((was ?? arrived)[name], arrived[name], now[name])])
    return [{ ...arrived, ...Object.fromEntries(values) }]
  })
  return {
    topic: baseValue(before.topic, sent.topic, theirs.topic),
    notes: baseValue(before.notes, sent.notes, theirs.notes),
    ...baseValue(timeOf(before), timeOf(sent), timeOf(theirs)),
    variants,
  }
}

/**
 * @template Value
 * @param {Value} before
 * @param {Value} sent
 * @param {Value} theirs
 */
const baseValue = (before, sent, theirs) => (isSame(sent, theirs) ? theirs : before)

/**
 * The draft with their value of a collision.
 *
 * @param {Draft} draft
 * @param {Collision} collision
 * @returns {Draft}
 */
export const withTheirs = (draft, { channelId, field, theirs }) => {
  if (field === "time") return { ...draft, ...theirs }
  if (!channelId) return { ...draft, [field]: theirs }
  const variants = draft.variants.map(variant =>
    variant.channelId === channelId ? { ...variant, [field]: theirs } : variant,
  )
  return { ...draft, variants }
}

class Merging {
  constructor() {
    /** @type {Collision[]} */
    this.collisions = []
    this.taken = 0
  }

  /**
   * @template Value
   * @param {string} channelId
   * @param {string} field
   * @param {Value} before
   * @param {Value} mine
   * @param {Value} theirs
   * @returns {Value}
   */
  field(channelId, field, before, mine, theirs) {
    if (isSame(mine, theirs) || isSame(theirs, before)) return mine
    if (isSame(mine, before)) {
      this.taken += 1
      return theirs
    }
    this.collisions.push({ channelId, field, mine, theirs })
    return mine
  }
}

/** @param {Draft[]} drafts */
const byChannel = (...drafts) =>
  drafts.map(draft => new Map(draft.variants.map(variant => [variant.channelId, variant])))

/** @param {Draft} draft */
const timeOf = ({ localTime, timeZone }) => ({ localTime, timeZone })

/**
 * @param {Merging} merging
 * @param {Draft} before
 * @param {Draft} mine
 * @param {Draft} theirs
 * @returns {Variant[]}
 */
const mergeVariants = (merging, before, mine, theirs) => {
  const [old, own, other] = byChannel(before, mine, theirs)
  const merged = mine.variants
    .filter(({ channelId }) => !(old.has(channelId) && !other.has(channelId)))
    .map(variant => {
      const saved = other.get(variant.channelId)
      return saved ? mergeVariant(merging, old.get(variant.channelId) ?? saved, variant, saved) : variant
    })
  const added = theirs.variants.filter(({ channelId }) => !old.has(channelId) && !own.has(channelId))
  return [...merged, ...added]
}

/**
 * @param {Merging} merging
 * @param {Variant} before
 * @param {Variant} mine
 * @param {Variant} theirs
 * @returns {Variant}
 */
const mergeVariant = (merging, before, mine, theirs) => {
  const values = VARIANT_FIELDS.map(name => [
    name,
    merging.field(mine.channelId, name, before[name], mine[name], theirs[name]),
  ])
  return { ...mine, ...Object.fromEntries(values) }
}
