/** States of a job that has ended. */
const FINAL_STATES = new Set(["completed", "failed", "cancelled"])

/** @param {string} state */
export const hasEnded = state => FINAL_STATES.has(state)

/**
 * Calls `tick` now and again `everyMs` after each finish, five times slower while the tab is hidden; returns a stopper.
 * What `tick` throws does not end it: the next round asks again.
 *
 * @param {() => Promise<unknown>} tick
 * @param {number} everyMs
 */
export const poll = (tick, everyMs) => {
  /** @type {number | undefined} */
  let timer
  let stopped = false
  const turn = async () => {
    if (stopped) return
    await tick().catch(() => {})
    if (!stopped) timer = window.setTimeout(turn, document.hidden ? everyMs * 5 : everyMs)
  }
  const wake = () => {
    if (document.hidden || stopped) return
    clearTimeout(timer)
    turn()
  }
  document.addEventListener("visibilitychange", wake)
  turn()
  return () => {
    stopped = true
    clearTimeout(timer)
    document.removeEventListener("visibilitychange", wake)
  }
}

/** A poll that follows an address: the same address goes on, another one starts anew, none stops it. */
export class AddressPoll {
  constructor() {
    /** The address asked now or last; stays after `stop`. */
    this.address = ""
    /** @type {(() => void) | null} */
    this.stopPolling = null
  }

  /**
   * @param {string} address
   * @param {() => Promise<unknown>} tick
   * @param {number} everyMs
   */
  follow(address, tick, everyMs) {
    if (address === this.address && address) return
    this.stop()
    this.address = address
    if (address) this.stopPolling = poll(tick, everyMs)
  }

  stop() {
    this.stopPolling?.()
    this.stopPolling = null
  }
}
