"""The form of one step, in a dialog: a new one, or one that is there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from backend import channels, datasets, webhooks
from backend.automations import MAX_STEPS, STEP_LABELS, WEEKDAYS
from backend.automations.definition import Step
from backend.errors import Invalid
from studio.automations import words
from studio.automations.fields import Fields
from studio.automations.working_copy import WorkingCopy
from studio.shell.frame import Page
from studio.ui.format import lines, plain

_WAIT_LABEL = "Wait for it at most"
_WAIT_HELP = "What is not ready by then goes on in the background and is left for you."


def open_step(page: Page, edited: WorkingCopy, n: int | None) -> None:
    """`n`: number of the step from 0; None: a new one."""
    edited.dialogs += 1
    key = edited.widget(f"step:{edited.dialogs}")
    step = edited.steps[n] if n is not None else None

    @st.dialog(STEP_LABELS[step.kind] if step else "Add a step", width="medium")
    def form() -> None:
        if step is None:
            _new(page, edited, key)
        else:
            step_fields(page, edited, f"{key}:{step.kind}", step, n, "Change")

    form()


def _new(page: Page, edited: WorkingCopy, key: str) -> None:
    kind = st.selectbox(
        "What it does",
        list(STEP_LABELS),
        format_func=lambda kind: f"{STEP_LABELS[kind]}: {words.STEP_HINTS[kind][:1].lower()}{words.STEP_HINTS[kind][1:]}",
        key=f"{key}:kind",
    )
    places = [f"After step {n + 1} ({STEP_LABELS[step.kind].lower()})" for n, step in enumerate(edited.steps)]
    position = len(places)
    if places:
        options = ["At the beginning", *places]
        chosen = st.selectbox("Where", options, position, key=f"{key}:where")
        position = options.index(chosen)
    cls = words.STEP_CLASSES[kind]
    step = cls.model_construct()  # with its defaults; what has none is empty
    step_fields(page, edited, f"{key}:{kind}", step, None, "Add", position=position)


def step_fields(page: Page, edited: WorkingCopy, key: str, step: Step, n: int | None, label: str, *, position: int = 0) -> None:
    """`n` None: it is put at `position`."""
    cls = type(step)
    start = {name: getattr(step, name, "") for name in cls.model_fields}
    fields = Fields(key, start)
    _FORMS[step.kind](page, fields)
    if not st.button(label, type="primary", key=f"{key}:apply"):
        return
    try:
        changed = cls(**{**{name: value for name, value in start.items() if name != "kind"}, **fields.values})
    except Invalid as error:
        fields.refuse(error)
        return
    value = changed.model_dump(mode="json")
    if n is not None:
        edited.values["steps"][n] = value
    else:
        edited.values["steps"].insert(position, value)
    st.rerun()


def can_add(edited: WorkingCopy) -> bool:
    return len(edited.values["steps"]) < MAX_STEPS


def _take_posts(_page: Page, fields: Fields) -> None:
    fields.choice("state", "Which posts", words.POST_STATES)
    fields.choice("when", "Of which days", words.DAYS)
    fields.choice("lacking", "What they lack", words.LACKING)
    fields.number("limit", "How many at most", 1, 20)


def _plan_posts(page: Page, fields: Fields) -> None:
    fields.number("days", "For how many days, from today on", 1, 14)
    shown = Fields(f"{fields.key}:text", {"clocks": ", ".join(fields.start["clocks"])})
    clocks = shown.text(
        "clocks",
        "Times of day, one post each",
        max_chars=60,
        placeholder="12:00, 18:30",
        help="Where the influencer lives. Empty: their recurring times.",
    )
    fields.take("clocks", tuple(part.strip() for part in clocks.split(",") if part.strip()))
    with page.transaction() as tx:
        names = {channel.id: channel.label for channel in channels.of(tx) if channel.deleted_at is None}
    fields.several("channel_ids", "Channels", names, placeholder="All that are connected")
    format_key = fields.choice("format", "What a post shows", words.FORMATS)
    if format_key == "carousel":
        fields.number("pictures", "Pictures a post", 2, 4)
    else:
        with_picture = st.checkbox("With a picture", bool(fields.start["pictures"]), key=f"{fields.key}:with-picture")
        fields.take("pictures", int(with_picture))
    fields.text("topic", "Topic", max_chars=200, placeholder="The writer thinks of one")
    fields.text("style", "Manner", max_chars=100, placeholder="As the influencer writes")
    fields.check("only_if_none", "Only if there is no post from the steps before")
    fields.check("skip_filled", "Leave out days that have a post already")
    fields.minutes("wait_minutes", _WAIT_LABEL, help=_WAIT_HELP)


def _write(_page: Page, fields: Fields) -> None:
    fields.text("style", "Manner", max_chars=100, placeholder="As the influencer writes")
    fields.minutes("wait_minutes", _WAIT_LABEL, help=_WAIT_HELP)


def _draw(_page: Page, fields: Fields) -> None:
    fields.number("n", "Pictures a post", 1, 4)
    fields.number("redraw", "Draw again if it does not look like the influencer, at most", 0, 6, help="0: never.")
    fields.minutes("wait_minutes", _WAIT_LABEL, help=_WAIT_HELP)


def _video(_page: Page, fields: Fields) -> None:
    fields.choice("how", "What", words.VIDEO_KINDS)
    fields.number("seconds", "Length in seconds, about", 2, 60)
    fields.minutes("wait_minutes", _WAIT_LABEL, help=_WAIT_HELP)


def _review(_page: Page, fields: Fields) -> None:
    fields.minutes(
        "wait_minutes", "Wait for an approval at most", help="Posts that nobody has looked at by then go no further."
    )


def _schedule(_page: Page, _fields: Fields) -> None:
    st.markdown("Nothing to set: each post goes out at its time. Those that your posting rules want reviewed wait for that.")


def _publish(_page: Page, fields: Fields) -> None:
    fields.number("minutes_between", "Minutes between two posts", 0, 720)
    fields.minutes("wait_minutes", "Wait for the last one at most")


def _wait(_page: Page, fields: Fields) -> None:
    options = {"for": "For some time", "until": "Until a time of day"}
    start = Fields(fields.key, {"how": "until" if fields.start["until"] else "for"})
    if start.choice("how", "How long", options) == "until":
        fields.clock("until", "Until, where the influencer lives")
        fields.take("minutes", 0)
    else:
        longer = Fields(fields.key, {"minutes": fields.start["minutes"] or 60})
        fields.take("minutes", longer.minutes("minutes", "For"))
        fields.take("until", "")


def _condition(_page: Page, fields: Fields) -> None:
    test = fields.choice("test", "Go on only if", words.TESTS)
    if test == "posts":
        fields.number("at_least", "Posts from the steps before, at least", 1, 100)
    elif test == "weekday":
        fields.several("weekdays", "Weekdays", dict(enumerate(WEEKDAYS)), placeholder="Choose")
    else:
        fields.number("percent", "Percent of the jobs so far, at most", 0, 100)
    if fields.choice("otherwise", "Otherwise", {"end": "The run ends", "skip": "The next steps are left out"}) == "skip":
        fields.number("skip", "How many steps", 1, MAX_STEPS)


def _notify(_page: Page, fields: Fields) -> None:
    fields.text("message", "What it says", max_chars=500, area=True)
    st.caption(plain("These are filled in: {influencer}, {posts}, {published}, {failed}, {summary}."))


def _webhook(page: Page, fields: Fields) -> None:
    with page.transaction() as tx:
        names = {endpoint.id: endpoint.name for endpoint in webhooks.endpoints(tx)}
    if not names:
        st.info("This workspace has no webhook endpoint yet. Make one in Settings, Webhooks.")
    fields.choice("endpoint_id", "Endpoint", names or {"": "None yet"})
    st.caption("Sent signed, and again until it is taken.")


def _dataset(page: Page, fields: Fields) -> None:
    with page.transaction() as tx:
        names = {card.id: card.name for card in datasets.page(tx, take=100).cards}
    chosen = str(fields.start["dataset_id"])
    options = {"": "The one that started the run", **({chosen: "A deleted dataset"} if chosen not in names else {}), **names}
    options[""] = "The one that started the run"
    fields.choice("dataset_id", "Dataset", options)


def _caption(page: Page, fields: Fields) -> None:
    _dataset(page, fields)
    fields.minutes("wait_minutes", _WAIT_LABEL)


def _train(page: Page, fields: Fields) -> None:
    _dataset(page, fields)
    fields.choice("preset", "Preset", words.PRESETS)
    fields.check("at_night", "Not before 22:00")
    fields.minutes("wait_minutes", _WAIT_LABEL)


def _test_pictures(_page: Page, fields: Fields) -> None:
    shown = Fields(f"{fields.key}:text", {"prompts": "\n".join(fields.start["prompts"])})
    prompts = shown.text("prompts", "Prompts, one a line", max_chars=2100, area=True, placeholder="A portrait")
    fields.take("prompts", lines(prompts))
    fields.number("n", "Pictures each", 1, 8)
    fields.minutes("wait_minutes", _WAIT_LABEL)


_FORMS: dict[str, Callable[[Page, Fields], Any]] = {
    "take-posts": _take_posts,
    "plan-posts": _plan_posts,
    "write": _write,
    "draw": _draw,
    "video": _video,
    "review": _review,
    "schedule": _schedule,
    "publish": _publish,
    "wait": _wait,
    "condition": _condition,
    "notify": _notify,
    "webhook": _webhook,
    "caption": _caption,
    "train": _train,
    "test-pictures": _test_pictures,
}
