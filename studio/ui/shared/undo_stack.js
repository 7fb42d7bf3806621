/**
 * Earlier states, the latest last; the oldest go when there are too many.
 *
 * @template State
 */
export class UndoStack {
  /** @param {number} limit */
  constructor(limit) {
    this.limit = limit
    /** @type {State[]} */
    this.states = []
  }

  get isEmpty() {
    return this.states.length === 0
  }

  /** @param {State} state */
  push(state) {
    this.states.push(state)
    if (this.states.length > this.limit) this.states.shift()
  }

  /** Takes the latest; undefined when there is none. */
  pop() {
    return this.states.pop()
  }

  get latest() {
    return this.states.at(-1)
  }
}
