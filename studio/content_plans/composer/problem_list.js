import { button, el } from "../../ui/shared/dom.js"

/** @import { ProblemAnswer } from "./answers.js" */
/** @import { PostModel } from "./post_model.js" */

/** What keeps the post from going out, and advice; each with what mends it. */
export class ProblemList {
  /** @param {PostModel} model */
  constructor(model) {
    this.model = model
    this.node = el("section", "problems gone")
    this.node.setAttribute("aria-label", "Problems")
    this.key = ""
  }

  draw() {
    const { model } = this
    const problems = model.loaded.deleted ? [] : model.loaded.problems
    const key = JSON.stringify([problems, model.loaded.paused, model.draft.variants.length])
    if (key === this.key) return
    this.key = key
    this.node.classList.toggle("gone", !problems.length && !model.loaded.paused)
    const fixable = problems.filter(problem => problem.blocks && problem.fix)
    const rows = grouped(problems).map(group => this.buildRow(group))
    const paused = model.loaded.paused
      ? [el("p", "problem", "⏸ Publishing is paused: it goes out when publishing is resumed.")]
      : []
    const all =
      fixable.length > 1 && model.data.canEdit ? [button(`Fix all ${fixable.length}`, () => model.fix("", ""))] : []
    this.node.replaceChildren(...paused, ...rows, ...all)
  }

  /** @param {ProblemAnswer[]} group */
  buildRow(group) {
    const { model } = this
    const [problem] = group
    const row = el("div", `problem row ${problem.blocks ? "blocks" : ""}`)
    const several = model.draft.variants.length > 1
    const names = several
      ? [...new Set(group.map(({ channelId }) => model.channelOf(channelId)?.name ?? ""))].join(", ")
      : ""
    const files = model.draft.variants.find(({ channelId }) => channelId === problem.channelId)?.assetIds.length ?? 0
    const file = problem.media !== null && files > 1 ? `File ${problem.media + 1}: ` : ""
    const text = el("span", "grow", `${problem.blocks ? "⚠" : "ⓘ"} ${names && `${names}: `}${file}${problem.message}`)
    row.append(text)
    if (problem.fix && model.data.canEdit) {
      row.append(
        button(problem.fix, async () => {
          for (const { channelId, code } of group) await model.fix(channelId, code)
        }),
      )
    }
    return row
  }
}

/**
 * The same problem of several channels is said once.
 *
 * @param {ProblemAnswer[]} problems
 */
const grouped = problems => {
  /** @type {Map<string, ProblemAnswer[]>} */
  const groups = new Map()
  for (const problem of problems) {
    const key = JSON.stringify([problem.code, problem.message, problem.media])
    groups.set(key, [...(groups.get(key) ?? []), problem])
  }
  return [...groups.values()]
}
