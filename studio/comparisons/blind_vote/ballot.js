import { tr, trPlural } from "../../ui/shared/words.js"

/**
 * Two pictures of the same prompt.
 *
 * @typedef {object} BallotPair
 * @property {string} leftId
 * @property {string} rightId
 * @property {string} leftAssetId
 * @property {string} rightAssetId
 * @property {string} prompt
 */

/**
 * What there is to vote on. `pair` null: all have been seen; `left`: votes until the order is likely settled.
 *
 * @typedef {{ pair: BallotPair | null, votes: number, mine: number, left: number, undoable: boolean }} Ballot
 */

/** @typedef {"left" | "right" | "tie" | "skip"} BallotChoice */

/** @param {Ballot} ballot */
export const countText = ({ votes, mine, left, pair }) => {
  const done =
    mine === votes
      ? trPlural("{n:,} vote.", "{n:,} votes.", votes)
      : trPlural("{n:,} vote, {mine} of them yours.", "{n:,} votes, {mine} of them yours.", votes, { mine })
  return `${done} ${whatIsLeft(pair !== null, left)}`
}

/** @param {boolean} hasPair @param {number} left votes */
const whatIsLeft = (hasPair, left) => {
  if (!hasPair) return tr("You have seen every pair.")
  if (left) return tr("About {left} more until the order is likely settled.", { left })
  return tr("The order is likely settled; more votes make it more certain.")
}

/** How far the votes are, in whole percent. @param {Ballot} ballot */
export const percentVoted = ({ votes, left }) => (votes + left ? Math.round((votes / (votes + left)) * 100) : 0)

/** @type {Record<string, BallotChoice>} */
const CHOICES = { ArrowLeft: "left", ArrowRight: "right", ArrowUp: "tie", ArrowDown: "skip" }

/**
 * What a key chooses; undefined: nothing.
 *
 * @param {string} key
 * @returns {BallotChoice | undefined}
 */
export const choiceOfKey = key => CHOICES[key]
