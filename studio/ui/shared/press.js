/** Whether the pointer is down: what is drawn anew between its press and its release loses the click. */
export class Press {
  /**
   * @param {HTMLElement} root
   * @param {AbortSignal} signal
   */
  constructor(root, signal) {
    /** @type {(() => void)[]} */
    this.waiting = []
    this.isDown = false
    const down = () => {
      this.isDown = true
    }
    root.addEventListener("pointerdown", down, { signal, capture: true })
    for (const name of ["pointerup", "pointercancel", "blur", "dragend"]) {
      window.addEventListener(name, () => this.release(), { signal, capture: true })
    }
    signal.addEventListener("abort", () => this.release())
  }

  /** Done once the pointer is up, and its click has been handled. */
  async released() {
    if (this.isDown) await new Promise(resolve => this.waiting.push(() => resolve(null)))
  }

  release() {
    if (!this.isDown) return
    this.isDown = false
    const { waiting } = this
    this.waiting = []
    setTimeout(() => {
      for (const go of waiting) go()
    })
  }
}
