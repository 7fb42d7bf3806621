import { trLazy } from "../../ui/shared/words.js"

/**
 * A card of the tour. `targets`: what it points at, the first that is seen; `isSkippedAlone`: left out without one.
 *
 * @typedef {{ targets: readonly string[], title: string, text: string, isSkippedAlone?: boolean }} TourStep
 */

const FOLDED_MENU = "[data-testid=stExpandSidebarButton]"

/** @type {readonly TourStep[]} */
export const TOUR_STEPS = [
  {
    targets: [],
    title: trLazy("This is Home"),
    text: trLazy("It shows what goes out today, what waits for you, what is running, and the week ahead."),
  },
  {
    targets: [".st-key-menu", FOLDED_MENU],
    title: trLazy("The menu follows the work"),
    text: trLazy("Create, keep in the library, plan on the calendar, look at the results."),
  },
  {
    targets: [".st-key-menu a[href*='/influencers']", FOLDED_MENU],
    title: trLazy("It begins with an influencer"),
    text: trLazy("Everything about one person on one page: persona, voice, face, channels and posts."),
  },
  {
    targets: [".st-key-top-bar-new"],
    title: trLazy("Start anything from anywhere"),
    text: trLazy("A picture, a video, a text, a post or a new influencer."),
    isSkippedAlone: true,
  },
  {
    targets: [".st-key-menu a[href*='/calendar']", FOLDED_MENU],
    title: trLazy("Posts live on the calendar"),
    text: trLazy("Drafts are reviewed, scheduled and published there. Nothing goes out before somebody approves it."),
  },
  {
    targets: [".st-key-status-badges"],
    title: trLazy("What runs, and what waits for you"),
    text: trLazy("On the left what is running, on the right what needs you in the inbox."),
    isSkippedAlone: true,
  },
  {
    targets: [".st-key-icon-only-user"],
    title: trLazy("Help is here"),
    text: trLazy("Under your picture are your profile, help about the page you are on, and this tour."),
  },
]
