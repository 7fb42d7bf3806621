/** Calls once after so many milliseconds, in which it can stand still. */
export class Countdown {
  /** @param {number} ms @param {() => void} onEnd @param {() => number} [now] */
  constructor(ms, onEnd, now = () => performance.now()) {
    this.left = ms
    this.onEnd = onEnd
    this.now = now
    this.startedAt = 0
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined
    this.isOver = false
  }

  resume() {
    if (this.timer !== undefined || this.isOver) return
    this.startedAt = this.now()
    this.timer = setTimeout(() => {
      this.stop()
      this.onEnd()
    }, this.left)
  }

  pause() {
    if (this.timer === undefined) return
    clearTimeout(this.timer)
    this.timer = undefined
    this.left = Math.max(0, this.left - (this.now() - this.startedAt))
  }

  /** For good. */
  stop() {
    this.pause()
    this.isOver = true
  }
}
