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
  return run => {
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
 * The element that load.py gives every component.
 *
 * @param {ParentNode} parent
 */
const rootOf = parent => {
  const root = parent.querySelector(".root")
  if (!(root instanceof HTMLElement)) throw new Error("The component has no root element.")
  return root
}
