/** Saves a moment after the last change, at the latest a second after the first; one at a time. */
export class Autosave {
  /**
   * @param {() => Promise<boolean>} save false: not done, and is not to be tried again by itself
   * @param {{ pauseMs: number, maxMs: number, retryMs: number }} times
   */
  constructor(save, times) {
    this.save = save
    this.times = times
    /** When the oldest change that was not sent was made. @type {number | null} */
    this.since = null
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined
    /** @type {Promise<void> | null} */
    this.saving = null
  }

  /** Something was changed. */
  touch() {
    this.since ??= Date.now()
    const { pauseMs, maxMs } = this.times
    this.wait(Math.max(0, Math.min(pauseMs, this.since + maxMs - Date.now())))
  }

  /** Whether something waits or is on its way. */
  get isBusy() {
    return this.since !== null || this.saving !== null
  }

  /** Forgets what waits. */
  cancel() {
    clearTimeout(this.timer)
    this.since = null
  }

  /** Sends now what waits, and is done when the studio has answered. */
  async flush() {
    clearTimeout(this.timer)
    await this.saving
    if (this.since !== null) await this.run()
  }

  /** @param {number} ms */
  wait(ms) {
    clearTimeout(this.timer)
    this.timer = setTimeout(() => this.run(), ms)
  }

  async run() {
    await this.saving
    if (this.since === null) return
    this.since = null
    this.saving = this.send()
    await this.saving
  }

  async send() {
    try {
      const goesOn = await this.save()
      if (!goesOn) this.cancel()
      else if (this.since !== null) this.wait(this.times.pauseMs)
    } catch {
      this.since ??= Date.now()
      this.wait(this.times.retryMs)
    } finally {
      this.saving = null
    }
  }
}
