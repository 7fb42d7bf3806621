import { readerLocale, tr, trLazy } from "../../ui/shared/words.js"

/** @import { VerbName } from "./verbs.js" */

/**
 * Where a command leads; Python opens it. `file` "": this page runs again. `workspace`: Home of another one;
 * `theme`: this person's from now on.
 *
 * @typedef {object} Destination
 * @property {string} [file]
 * @property {Record<string, string>} [query]
 * @property {string} [workspace]
 * @property {string} [theme]
 */

/**
 * A line of the palette: it leads somewhere, or does something. `id` lasts; `hint`: a second line; `keywords`: what
 * else it is called; `group`: "action", "page", or the noun of a hit. `quiet`: only for who types it.
 *
 * @typedef {object} Command
 * @property {string} id
 * @property {string} group
 * @property {string} label
 * @property {string} icon
 * @property {string} [hint]
 * @property {string} [keywords]
 * @property {string | null} [assetId]
 * @property {boolean} [quiet]
 * @property {Destination} [to]
 * @property {VerbName} [verb]
 * @property {string} [about] id of what the verb is about
 */

/**
 * What `studio.shell.command_palette.command_palette` sends. `pages`: file, title, icon, section, what else it is
 * called.
 *
 * @typedef {object} PaletteData
 * @property {string} workspace
 * @property {string} userId
 * @property {string} influencerId "" for all
 * @property {boolean} canEdit
 * @property {string} current the page that is shown
 * @property {[file: string, title: string, icon: string, section: string, keywords: string][]} pages
 * @property {[id: string, name: string][]} influencers
 * @property {string} theme
 * @property {boolean} singleKeys
 * @property {string} keysAsked another one each time the sheet of keys is asked for; "": never
 */

/**
 * What the palette asks for when it opens. `stoppedAt`: since when publishing is paused.
 *
 * @typedef {object} Surroundings
 * @property {{ stoppedAt: string | null, scheduled: number, held: number } | null} publishing
 * @property {{ id: string, name: string }[]} automations
 * @property {{ id: string, name: string }[]} workspaces
 */

/**
 * A row of `/api/search`.
 *
 * @typedef {object} SearchHit
 * @property {string} noun
 * @property {string} id
 * @property {string} title
 * @property {string} subtitle
 * @property {string | null} assetId
 * @property {string | null} at
 */

/** Noun of a hit -> heading, icon, the page that shows it, by which value of its address ("": none). */
/** @type {Record<string, [heading: string, icon: string, file: string, parameter: string]>} */
export const NOUNS = {
  influencer: [trLazy("Influencers"), "face_3", "influencers/influencers", "id"],
  post: [trLazy("Posts"), "edit_calendar", "calendar/post", "id"],
  picture: [trLazy("Pictures"), "imagesmode", "library/gallery", "id"],
  video: [trLazy("Videos"), "movie", "library/videos", "id"],
  reel: [trLazy("Reels"), "smart_display", "create/reels", "id"],
  text: [trLazy("Texts"), "notes", "create/texts", "id"],
  job: [trLazy("Activity"), "bolt", "settings/jobs", "id"],
  member: [trLazy("Members"), "group", "settings/workspace", ""],
  board: [trLazy("Boards"), "dashboard", "library/boards", "id"],
  dataset: [trLazy("Datasets"), "photo_library", "models/datasets", "id"],
  lora: [trLazy("LoRAs"), "extension", "models/loras", "id"],
  channel: [trLazy("Channels"), "cell_tower", "settings/channels", ""],
  track: [trLazy("Music"), "music_note", "library/music", "id"],
}
/** Opens with an id, or as a new one: it is none of the pages that are listed. */
const POST = "calendar/post"
const DATED = ["post", "picture", "video", "reel", "text", "job"]

/** @param {PaletteData} data @returns {Command[]} */
export const pageCommands = ({ pages }) =>
  pages.map(([file, title, icon, section, keywords]) => ({
    id: `page:${file}`,
    group: "page",
    label: title,
    icon,
    hint: section === title ? "" : section,
    keywords: `${section} ${keywords}`,
    to: { file },
  }))

/**
 * What this person may do, in the order of the list.
 *
 * @param {PaletteData} data
 * @param {Surroundings} around
 * @returns {Command[]}
 */
export const actionCommands = (data, around) => {
  const files = new Set([...data.pages.map(([file]) => file), ...(data.canEdit ? [POST] : [])])
  return [
    ...(data.canEdit ? [...daily(), ...publishing(around), ...making(data), ...runs(around)] : []),
    ...ofEverybody(data, around),
  ].filter(({ to }) => !to?.file || files.has(to.file))
}

/** @returns {Command[]} */
const daily = () => [
  {
    ...action("approve-today", tr("Approve today's posts"), "done_all", { verb: "approveToday" }),
    hint: tr("Asks first, with the list of them"),
  },
  action("fill-week", tr("Fill the week"), "calendar_add_on", {
    to: { file: "calendar/calendar", query: { fill: "1" } },
  }),
  action("new-picture", tr("New picture"), "brush", { to: { file: "create/pictures" } }),
  action("new-post", tr("New post"), "edit_calendar", { to: { file: POST, query: { new: "1" } } }),
  action("new-text", tr("New text"), "ink_pen", { to: { file: "create/texts" } }),
  action("new-video", tr("New video"), "movie", { to: { file: "create/videos" } }),
  action("new-reel", tr("New reel"), "smart_display", { to: { file: "create/reels" } }),
  action("new-influencer", tr("New influencer"), "person_add", { to: { file: "influencers/wizard" } }),
  action("new-automation", tr("New automation"), "auto_mode", {
    to: { file: "calendar/automations", query: { new: "choose" } },
  }),
]

/** @param {Surroundings} around @returns {Command[]} */
const publishing = ({ publishing: state }) => {
  if (!state) return []
  return [
    state.stoppedAt
      ? {
          ...action("resume", tr("Resume publishing"), "play_arrow", { verb: "resume" }),
          hint: tr("Posts that wait: {n}. Asks first.", { n: state.held }),
        }
      : {
          ...action("pause", tr("Pause publishing"), "front_hand", { verb: "pause" }),
          hint: tr("Nothing goes out until it is resumed. Scheduled posts: {n}", { n: state.scheduled }),
          keywords: tr("stop"),
        },
  ]
}

/** @param {PaletteData} data @returns {Command[]} */
const making = ({ influencers }) =>
  influencers.flatMap(([id, name]) => [
    {
      ...action(`picture-of:${id}`, tr("New picture of {name}", { name }), "brush", {
        to: { file: "create/pictures", query: { influencer: id } },
      }),
      quiet: true,
    },
    {
      ...action(`post-of:${id}`, tr("New post of {name}", { name }), "edit_calendar", {
        to: { file: POST, query: { new: "1", influencer: id } },
      }),
      quiet: true,
    },
  ])

/** @param {Surroundings} around @returns {Command[]} */
const runs = ({ automations }) =>
  automations.map(({ id, name }) => ({
    ...action(`run:${id}`, tr("Run automation “{name}”", { name }), "auto_mode", { verb: "run" }),
    about: id,
    hint: tr("Asks first, with what it would do"),
    quiet: true,
  }))

/** @param {PaletteData} data @param {Surroundings} around @returns {Command[]} */
const ofEverybody = ({ theme, workspace }, { workspaces }) => [
  {
    ...action("read-all", tr("Mark all notices as read"), "mark_email_read", { verb: "readAll" }),
    hint: tr("Asks first"),
  },
  action("check", tr("Test connections"), "stethoscope", {
    to: { file: "settings/connections", query: { again: "1" } },
  }),
  ...THEMES.filter(([value]) => value !== theme).map(([value, label, icon]) => ({
    ...action(`theme:${value || "system"}`, tr(label), icon, { to: { theme: value } }),
    keywords: tr("theme appearance"),
  })),
  ...workspaces
    .filter(({ id }) => id !== workspace)
    .map(({ id, name }) => ({
      ...action(`workspace:${id}`, tr("Switch to workspace {name}", { name }), "swap_horiz", { to: { workspace: id } }),
      quiet: true,
    })),
  action("keys", tr("Show all keys"), "keyboard", { verb: "keys" }),
  action("sign-out", tr("Sign out"), "logout", { verb: "signOut" }),
]

/** @type {[value: string, label: string, icon: string][]} */
const THEMES = [
  ["light", trLazy("Light theme"), "light_mode"],
  ["dark", trLazy("Dark theme"), "dark_mode"],
  ["", trLazy("Theme of this device"), "contrast"],
]

/**
 * @param {string} id
 * @param {string} label
 * @param {string} icon
 * @param {Pick<Command, "to" | "verb">} does
 * @returns {Command}
 */
const action = (id, label, icon, does) => ({ id: `action:${id}`, group: "action", label, icon, ...does })

/** @param {SearchHit} hit @returns {Command} */
export const hitCommand = ({ noun, id, title, subtitle, assetId, at }) => {
  const [, icon, file, parameter] = NOUNS[noun]
  return {
    id: `hit:${noun}:${id}`,
    group: noun,
    label: title.trim() || tr("Untitled"),
    icon,
    hint: [subtitle, at && DATED.includes(noun) ? dayText(at) : ""].filter(Boolean).join(" · "),
    assetId,
    to: { file, query: parameter ? { [parameter]: id } : {} },
  }
}

/** @param {string} at */
const dayText = at =>
  new Date(at).toLocaleDateString(readerLocale(), { day: "numeric", month: "short", year: "numeric" })

/** The heading of a group. @param {string} group */
export const headingOf = group => {
  if (group === "recent") return tr("Recent")
  if (group === "action") return tr("Actions")
  if (group === "page") return tr("Pages")
  return tr(NOUNS[group][0])
}
