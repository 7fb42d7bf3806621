/** @import { Command } from "./commands.js" */

const MOST = 6

/**
 * What this person chose last in this workspace, kept in this browser. Commands that are no longer there are left out;
 * hits are kept whole, since nothing is asked for before something is typed.
 */
export class RecentChoices {
  /** @param {Pick<Storage, "getItem" | "setItem">} storage @param {string} userId @param {string} workspace */
  constructor(storage, userId, workspace) {
    this.storage = storage
    this.key = `studio-recent:${userId}:${workspace}`
  }

  /** @returns {Command[]} */
  read() {
    try {
      const kept = JSON.parse(this.storage.getItem(this.key) ?? "[]")
      return Array.isArray(kept) ? kept.filter(({ id }) => typeof id === "string") : []
    } catch {
      return []
    }
  }

  /** @param {Command} command */
  add(command) {
    const kept = [command, ...this.read().filter(({ id }) => id !== command.id)].slice(0, MOST)
    try {
      this.storage.setItem(this.key, JSON.stringify(kept))
    } catch {
      // A browser without room or permission keeps none; the palette works without.
    }
  }

  /**
   * Newest first, as they are now.
   *
   * @param {Command[]} commands that this person has
   */
  among(commands) {
    const byId = new Map(commands.map(command => [command.id, command]))
    return this.read().flatMap(kept => {
      if (kept.id.startsWith("hit:")) return [kept]
      const current = byId.get(kept.id)
      return current ? [current] : []
    })
  }
}
