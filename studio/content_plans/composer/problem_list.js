import { button, el } from "../../ui/shared/dom.js"
import { tr, trPlural } from "../../ui/shared/words.js"

/** @import { ProblemAnswer } from "./answers.js" */
/** @import { PostModel } from "./post_model.js" */

/** As many are shown at once; more are folded. */
const SHOWN = 4

/** What keeps the post from going out, and advice; each with what mends it. */
export class ProblemList {
  /** @param {PostModel} model */
  constructor(model) {
    this.model = model
    this.node = el("section", "problems gone")
    this.node.setAttribute("aria-label", tr("Problems"))
    this.key = ""
  }

  draw() {
    const { model } = this
    const problems = model.loaded.deleted ? [] : model.loaded.problems
    const key = JSON.stringify([
      problems,
      model.loaded.paused,
      model.draft.variants.map(({ assetIds }) => assetIds.length),
    ])
    if (key === this.key) return
    this.key = key
    this.node.classList.toggle("gone", !problems.length && !model.loaded.paused)
    const paused = model.loaded.paused
      ? [el("p", "problem", tr("Publishing is paused: it goes out when publishing is resumed."))]
      : []
    const blocking = onceEach(problems.filter(problem => problem.blocks))
    const advice = onceEach(problems.filter(problem => !problem.blocks))
    this.node.replaceChildren(...paused, ...this.buildBlocking(blocking), ...this.buildAdvice(advice))
  }

  /** @param {ProblemAnswer[][]} groups */
  buildBlocking(groups) {
    const { model } = this
    if (!groups.length) return []
    const box = el("div", "problem blocks")
    const head = el("div", "row")
    const title = trPlural(
      "{n} thing to fix before it can go out",
      "{n} things to fix before it can go out",
      groups.length,
    )
    head.append(el("strong", "grow", `⚠ ${title}`))
    const fixable = groups.filter(([problem]) => problem.fix)
    if (fixable.length > 1 && model.data.canEdit)
      head.append(button(tr("Fix {n}", { n: fixable.length }), () => model.fix("", "")))
    box.append(head, ...groups.slice(0, SHOWN).map(group => this.buildRow(group)))
    if (groups.length > SHOWN)
      box.append(buildFolded(tr("{n} more", { n: groups.length - SHOWN }), groups.slice(SHOWN), this))
    return [box]
  }

  /** @param {ProblemAnswer[][]} groups */
  buildAdvice(groups) {
    if (!groups.length) return []
    return [buildFolded(trPlural("{n} hint", "{n} hints", groups.length), groups, this)]
  }

  /** @param {ProblemAnswer[]} group */
  buildRow(group) {
    const { model } = this
    const [problem] = group
    const row = el("div", "row line")
    const several = model.draft.variants.length > 1
    const names = several
      ? [...new Set(group.map(({ channelId }) => model.channelOf(channelId)?.name ?? ""))].join(", ")
      : ""
    const files = model.draft.variants.find(({ channelId }) => channelId === problem.channelId)?.assetIds.length ?? 0
    const numbers = new Set(group.flatMap(({ media }) => (media === null ? [] : [media + 1])))
    const file = numbers.size && files > 1 ? tr("File {places}:", { places: [...numbers].join(", ") }) : ""
    const text = el("span", "grow")
    if (names) text.append(el("strong", "", `${names} `))
    text.append([file, problem.message].filter(Boolean).join(" "))
    row.append(text)
    if (problem.fix && model.data.canEdit) {
      row.append(
        button(problem.fix, async () => {
          for (const channelId of new Set(group.map(member => member.channelId)))
            await model.fix(channelId, problem.code)
        }),
      )
    }
    return row
  }
}

/**
 * @param {string} label
 * @param {ProblemAnswer[][]} groups
 * @param {ProblemList} list
 */
const buildFolded = (label, groups, list) => {
  const details = el("details")
  details.append(el("summary", "", label), ...groups.map(group => list.buildRow(group)))
  return details
}

/**
 * The same problem of several channels or files is said once.
 *
 * @param {ProblemAnswer[]} problems
 */
const onceEach = problems => {
  /** @type {Map<string, ProblemAnswer[]>} */
  const groups = new Map()
  for (const problem of problems) {
    const key = JSON.stringify([problem.code, problem.message])
    groups.set(key, [...(groups.get(key) ?? []), problem])
  }
  return [...groups.values()]
}
