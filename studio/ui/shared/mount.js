import { setWords } from "./words.js"

/**
 * What Streamlit calls at each run of the page (components v2): one view per element, made at its first run, updated
 * at each, closed when the element goes.
 *
 * @template Data
 * @param {(root: HTMLElement, run: ComponentRun<Data>) => ComponentView<Data>} create
 * @returns {(run: ComponentRun<Data>) => () => void}
 */
export const mountable = create => {
  /** @type {WeakMap<object, ComponentView<Data>>} */
  const mounted = new WeakMap()
  return given => {
    const run = noted(given)
    setWords(/** @type {{ words?: import("./words.js").Words } | null} */ (run.data)?.words)
    const { parentElement } = run
    const view = mounted.get(parentElement) ?? create(rootOf(parentElement), run)
    mounted.set(parentElement, view)
    view.update(run)
    return () => {
      view.close()
      mounted.delete(parentElement)
    }
  }
}

/**
 * With a note in the window of when something was last sent to Python: the run that it causes begins a moment later.
 *
 * @template Data
 * @param {ComponentRun<Data>} run
 * @returns {ComponentRun<Data>}
 */
const noted = run => {
  /** @param {"setTriggerValue" | "setStateValue"} send @returns {(name: string, value: unknown) => void} */
  const noting = send => (name, value) => {
    window.__studioSentAt = Date.now()
    run[send](name, value)
  }
  return { ...run, setTriggerValue: noting("setTriggerValue"), setStateValue: noting("setStateValue") }
}

/**
 * The element that load.py gives every component.
 *
 * @param {ParentNode} parent
 */
const rootOf = parent => {
  const root = parent.querySelector(".root")
  if (!(root instanceof HTMLElement)) throw new Error("The component has no root element.")
  return root
}
