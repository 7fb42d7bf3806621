import { trLazy } from "../../ui/shared/words.js"

/**
 * The one list of keys: `?` draws it, and keys.test.js holds that it has every key that a module of pages handles.
 *
 * `keys`: as events of the browser have them, "Ctrl+" before those with a modifier (Cmd on a Mac); `text`: what
 * they do.
 *
 * @typedef {{ keys: string[], text: string }} KeyLine
 */

/**
 * `pages`: those it is about, [] for every page; `modules`: which handle these keys, from studio/.
 *
 * @typedef {{ title: string, pages: string[], modules: string[], lines: KeyLine[] }} KeyGroup
 */

const ARROWS = ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"]
const SIDEWAYS = ["ArrowLeft", "ArrowRight"]
const RATINGS = ["0", "1", "2", "3", "4", "5"]

/** Letter after G -> the page it opens. @type {Record<string, string>} */
export const GO_TO = {
  h: "home/home",
  i: "inbox/inbox",
  c: "calendar/calendar",
  p: "create/pictures",
  v: "create/videos",
  r: "create/reels",
  t: "create/texts",
  l: "library/gallery",
  f: "influencers/influencers",
  m: "models/loras",
  a: "calendar/automations",
  j: "settings/jobs",
  s: "settings/workspace",
}

/** @type {KeyGroup[]} */
export const KEY_GROUPS = [
  {
    title: trLazy("Everywhere"),
    pages: [],
    modules: ["shell/status_badges/undo_toasts.js", "shell/command_palette/key_meaning.js"],
    lines: [
      { keys: ["Ctrl+k"], text: trLazy("search, go anywhere, do anything") },
      { keys: ["Ctrl+z"], text: trLazy("undo what the toast says") },
      { keys: ["/"], text: trLazy("search this page") },
      { keys: ["n"], text: trLazy("make something new") },
      { keys: ["g"], text: trLazy("go to a page, with a second letter") },
      { keys: ["?"], text: trLazy("show these keys") },
    ],
  },
  {
    title: trLazy("Forms"),
    pages: ["create/pictures", "create/videos", "create/texts"],
    modules: ["ui/form_keys/form_keys.js"],
    lines: [{ keys: ["Ctrl+Enter"], text: trLazy("start") }],
  },
  {
    title: trLazy("Inbox"),
    pages: ["inbox/inbox"],
    modules: [
      "inbox/inbox_list/inbox_list.js",
      "inbox/inbox_list/entry.js",
      "inbox/inbox_list/entry_detail.js",
      "inbox/inbox_list/entry_row.js",
    ],
    lines: [
      { keys: ["j", "k"], text: trLazy("next, previous") },
      { keys: ["a"], text: trLazy("approve, or what else the first button says") },
      { keys: ["r"], text: trLazy("send back, reject, dismiss") },
      { keys: ["e", "Enter"], text: trLazy("open") },
      { keys: ["t"], text: trLazy("move to the next free time") },
      { keys: ["x"], text: trLazy("select") },
      { keys: ["Escape"], text: trLazy("clear the selection") },
      { keys: ["z"], text: trLazy("undo") },
      { keys: ["Ctrl+Enter"], text: trLazy("send the note") },
    ],
  },
  {
    title: trLazy("Calendar"),
    pages: ["calendar/calendar"],
    modules: ["content_plans/calendar_view/keys.js", "content_plans/calendar_view/board.js"],
    lines: [
      { keys: ARROWS, text: trLazy("from post to post") },
      { keys: ["Enter"], text: trLazy("open the post") },
      { keys: ["m"], text: trLazy("menu of the post") },
      { keys: ["Ctrl+z"], text: trLazy("undo the last move") },
    ],
  },
  {
    title: trLazy("Post"),
    pages: ["calendar/post", "calendar/calendar", "inbox/inbox"],
    modules: ["content_plans/composer/composer.js", "content_plans/composer/media_strip.js", "ui/shared/ordering.js"],
    lines: [
      { keys: ["Ctrl+s"], text: trLazy("save") },
      { keys: ["Ctrl+Enter"], text: trLazy("schedule, approve: what the coloured button says") },
      { keys: SIDEWAYS, text: trLazy("from file to file; with Alt the file moves") },
      { keys: ["Delete", "Backspace"], text: trLazy("take the file out") },
    ],
  },
  {
    title: trLazy("Gallery"),
    pages: ["library/gallery", "library/boards"],
    modules: [
      "gallery/browse/browse_keys.js",
      "gallery/browse/browse.js",
      "gallery/browse/search_bar.js",
      "ui/shared/grid_keys.js",
    ],
    lines: [
      { keys: [...ARROWS, "Home", "End"], text: trLazy("from picture to picture; with Alt it moves on its board") },
      { keys: ["Enter"], text: trLazy("open") },
      { keys: [" "], text: trLazy("select; with Shift a whole range") },
      { keys: ["Ctrl+a"], text: trLazy("select all that are shown") },
      { keys: ["Escape"], text: trLazy("clear the selection") },
      { keys: RATINGS, text: trLazy("rate") },
      { keys: ["f"], text: trLazy("favourite") },
      { keys: ["p"], text: trLazy("create a post") },
      { keys: ["c"], text: trLazy("compare 2 to 4 selected") },
      { keys: ["s"], text: trLazy("find similar") },
      { keys: ["b"], text: trLazy("add to a board") },
      { keys: ["Delete"], text: trLazy("delete") },
      { keys: ["Ctrl+z"], text: trLazy("undo") },
      { keys: ["/"], text: trLazy("search") },
    ],
  },
  {
    title: trLazy("One picture"),
    pages: ["library/gallery"],
    modules: ["gallery/browse/viewer.js"],
    lines: [
      { keys: SIDEWAYS, text: trLazy("previous, next") },
      { keys: ["z"], text: trLazy("zoom") },
      { keys: ["f"], text: trLazy("favourite") },
      { keys: ["p"], text: trLazy("create a post") },
      { keys: RATINGS, text: trLazy("rate") },
    ],
  },
  {
    title: trLazy("Compared pictures"),
    pages: ["library/gallery"],
    modules: ["gallery/browse/compare.js"],
    lines: [
      { keys: SIDEWAYS, text: trLazy("move the divider") },
      { keys: ["s"], text: trLazy("slider, or side by side") },
      { keys: ["z"], text: trLazy("zoom") },
    ],
  },
  {
    title: trLazy("Pictures just made"),
    pages: ["create/pictures"],
    modules: ["ui/picture_grid/picture_grid.js", "ui/picture_grid/tile_bar.js"],
    lines: [
      { keys: ARROWS, text: trLazy("from picture to picture") },
      { keys: ["Enter"], text: trLazy("open") },
      { keys: [" "], text: trLazy("select") },
      { keys: ["Escape"], text: trLazy("clear the selection") },
      { keys: RATINGS, text: trLazy("rate") },
      { keys: ["f"], text: trLazy("favourite") },
      { keys: ["p"], text: trLazy("create a post") },
      { keys: ["e"], text: trLazy("edit an area") },
      { keys: ["u"], text: trLazy("upscale") },
      { keys: ["v"], text: trLazy("animate") },
      { keys: ["r"], text: trLazy("reuse the seed") },
      { keys: ["d"], text: trLazy("download") },
      { keys: ["Delete"], text: trLazy("delete") },
    ],
  },
  {
    title: trLazy("Edit an area"),
    pages: ["create/pictures", "models/datasets"],
    modules: ["ui/mask_canvas/mask_canvas.js", "ui/mask_canvas/strokes.js"],
    lines: [
      { keys: ["b", "e"], text: trLazy("paint, erase") },
      { keys: ["r"], text: trLazy("rectangle") },
      { keys: ["h"], text: trLazy("move the picture") },
      { keys: ["[", "]"], text: trLazy("smaller brush, larger brush") },
      { keys: ["i"], text: trLazy("invert") },
      { keys: ["+", "=", "-"], text: trLazy("zoom in, zoom out") },
      { keys: ["0"], text: trLazy("show all") },
      { keys: ["f"], text: trLazy("full screen") },
      { keys: ARROWS, text: trLazy("move the brush") },
      { keys: [" ", "Enter"], text: trLazy("paint with the brush") },
      { keys: ["Ctrl+z"], text: trLazy("undo") },
    ],
  },
  {
    title: trLazy("Reel"),
    pages: ["create/reels"],
    modules: ["reels/scene_strip/scene_strip.js", "ui/shared/ordering.js"],
    lines: [
      { keys: SIDEWAYS, text: trLazy("from scene to scene; with Alt the scene moves") },
      { keys: ["Ctrl+d"], text: trLazy("duplicate the scene") },
      { keys: ["Delete", "Backspace"], text: trLazy("delete the scene") },
      { keys: ["Ctrl+z"], text: trLazy("undo") },
    ],
  },
  {
    title: trLazy("Datasets"),
    pages: ["models/datasets"],
    modules: ["datasets/dataset_grid/dataset_grid.js", "datasets/cropper/cropper.js"],
    lines: [
      { keys: ARROWS, text: trLazy("from picture to picture, or move the crop") },
      { keys: ["Enter"], text: trLazy("open") },
      { keys: [" "], text: trLazy("select") },
      { keys: ["Escape"], text: trLazy("clear the selection") },
    ],
  },
  {
    title: trLazy("Training"),
    pages: ["models/training"],
    modules: ["training/loss_chart/loss_chart.js", "training/loss_chart/curves.js"],
    lines: [{ keys: [...SIDEWAYS, "Home", "End"], text: trLazy("along the loss; with Shift in large steps") }],
  },
  {
    title: trLazy("Comparisons"),
    pages: ["models/comparisons"],
    modules: [
      "comparisons/blind_vote/blind_vote.js",
      "comparisons/blind_vote/ballot.js",
      "comparisons/trial_grid/large_view.js",
    ],
    lines: [
      { keys: SIDEWAYS, text: trLazy("the left one, the right one") },
      { keys: ["ArrowUp", "ArrowDown"], text: trLazy("a tie, skip") },
      { keys: ["Backspace"], text: trLazy("take the vote back") },
    ],
  },
  {
    title: trLazy("Music"),
    pages: ["library/music"],
    modules: ["music/tracks/track_view.js"],
    lines: [{ keys: [...SIDEWAYS, "Home"], text: trLazy("back, forward, to the start") }],
  },
]

/**
 * Modules whose keys are those that every menu, list, dialog and field of their kind has: arrows, Enter, Space, Escape.
 */
export const OF_WIDGETS = [
  "content_plans/calendar_view/calendar.js",
  "content_plans/calendar_view/menu.js",
  "content_plans/calendar_view/panel.js",
  "content_plans/composer/campaign_field.js",
  "content_plans/composer/popover_menu.js",
  "gallery/browse/board_picker.js",
  "gallery/browse/popup.js",
  "gallery/browse/touch_drag.js",
  "help/tour/tour.js",
  "shell/command_palette/command_palette.js",
  "shell/command_palette/global_keys.js",
  "shell/command_palette/question_view.js",
  "shell/status_badges/status_badges.js",
  "videos/clips/clip_view.js",
]

/**
 * The groups in the order in which a page shows them: those of every page, its own, the others.
 *
 * @param {string} page
 */
export const groupsFor = page => {
  /** @param {KeyGroup} group */
  const rank = ({ pages }) => {
    if (!pages.length) return 0
    return pages.includes(page) ? 1 : 2
  }
  return KEY_GROUPS.toSorted((a, b) => rank(a) - rank(b))
}
