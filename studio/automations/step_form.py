"""The form of one step, in a dialog: a new one, or one that is there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from backend import channels, datasets, webhooks
from backend.automations import MAX_STEPS, STEP_LABELS, WEEKDAYS
from backend.automations.definition import Step
from backend.errors import Invalid
from backend.language import tr, tr_lazy, worded
from studio.automations import words
from studio.automations.fields import Fields
from studio.automations.working_copy import WorkingCopy
from studio.shell.frame import Page
from studio.ui.format import lines, plain

_WAIT_LABEL = tr_lazy("Maximum wait")
_WAIT_HELP = tr_lazy("What is not ready by then continues in the background and is left for you.")


def open_step(page: Page, edited: WorkingCopy, n: int | None) -> None:
    """`n`: number of the step from 0; None: a new one."""
    edited.dialogs += 1
    key = edited.widget(f"step:{edited.dialogs}")
    step = edited.steps[n] if n is not None else None

    @st.dialog(worded(STEP_LABELS[step.kind]) if step else tr("Add a step"), width="medium")
    def form() -> None:
        if step is None:
            _new(page, edited, key)
        else:
            step_fields(page, edited, f"{key}:{step.kind}", step, n, tr("Change"))

    form()


def _new(page: Page, edited: WorkingCopy, key: str) -> None:
    kind = st.selectbox(
        tr("What it does"),
        list(STEP_LABELS),
        format_func=lambda kind: f"{worded(STEP_LABELS[kind])}: {worded(words.STEP_HINTS[kind])}",
        key=f"{key}:kind",
    )
    position = len(edited.steps)
    if edited.steps:
        before = ["", *(step.kind for step in edited.steps)]
        position = st.selectbox(
            tr("Where"),
            range(len(before)),
            position,
            format_func=lambda n: (
                tr("After step {n} ({step})", n=n, step=worded(STEP_LABELS[before[n]])) if n else tr("At the beginning")
            ),
            key=f"{key}:where",
        )
    cls = words.STEP_CLASSES[kind]
    step = cls.model_construct()  # with its defaults; what has none is empty
    step_fields(page, edited, f"{key}:{kind}", step, None, tr("Add"), position=position)


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
    fields.choice("state", tr("Which posts"), words.POST_STATES)
    fields.choice("when", tr("Of which days"), words.DAYS)
    fields.choice("lacking", tr("What is missing"), words.LACKING)
    fields.number("limit", tr("Maximum number"), 1, 20)


def _plan_posts(page: Page, fields: Fields) -> None:
    fields.number("days", tr("Number of days, from today"), 1, 14)
    shown = Fields(f"{fields.key}:text", {"clocks": ", ".join(fields.start["clocks"])})
    clocks = shown.text(
        "clocks",
        tr("Times of day, one post each"),
        max_chars=60,
        placeholder="12:00, 18:30",
        help=tr("In the influencer's time zone. Empty: their recurring times."),
    )
    fields.take("clocks", tuple(part.strip() for part in clocks.split(",") if part.strip()))
    with page.transaction() as tx:
        names = {channel.id: channel.label for channel in channels.of(tx) if channel.deleted_at is None}
    fields.several("channel_ids", tr("Channels"), names, placeholder=tr("All connected channels"))
    format_key = fields.choice("format", tr("Format"), words.FORMATS)
    if format_key == "carousel":
        fields.number("pictures", tr("Pictures for each post"), 2, 4)
    else:
        with_picture = st.checkbox(tr("With a picture"), bool(fields.start["pictures"]), key=f"{fields.key}:with-picture")
        fields.take("pictures", int(with_picture))
    fields.text("topic", tr("Topic"), max_chars=200, placeholder=tr("The writer chooses one"))
    fields.text("style", tr("Tone"), max_chars=100, placeholder=tr("As the influencer writes"))
    fields.check("only_if_none", tr("Only if there is no post from the steps before"))
    fields.check("skip_filled", tr("Skip days that have a post already"))
    fields.minutes("wait_minutes", worded(_WAIT_LABEL), help=worded(_WAIT_HELP))


def _write(_page: Page, fields: Fields) -> None:
    fields.text("style", tr("Tone"), max_chars=100, placeholder=tr("As the influencer writes"))
    fields.minutes("wait_minutes", worded(_WAIT_LABEL), help=worded(_WAIT_HELP))


def _draw(_page: Page, fields: Fields) -> None:
    fields.number("n", tr("Pictures for each post"), 1, 4)
    fields.number("redraw", tr("Retries for pictures below the face match threshold"), 0, 6, help=tr("0: never"))
    fields.minutes("wait_minutes", worded(_WAIT_LABEL), help=worded(_WAIT_HELP))


def _video(_page: Page, fields: Fields) -> None:
    fields.choice("how", tr("Type"), words.VIDEO_KINDS)
    fields.number("seconds", tr("Approximate length in seconds"), 2, 60)
    fields.minutes("wait_minutes", worded(_WAIT_LABEL), help=worded(_WAIT_HELP))


def _review(_page: Page, fields: Fields) -> None:
    fields.minutes(
        "wait_minutes", tr("Maximum wait for an approval"), help=tr("Posts that nobody has reviewed by then go no further.")
    )


def _schedule(_page: Page, _fields: Fields) -> None:
    st.markdown(tr("Nothing to set: each post goes out at its time. Posts that need a review wait for it."))


def _publish(_page: Page, fields: Fields) -> None:
    fields.number("minutes_between", tr("Minutes between two posts"), 0, 720)
    fields.minutes("wait_minutes", tr("Maximum wait for the last one"))


def _wait(_page: Page, fields: Fields) -> None:
    options = {"for": tr("For some time"), "until": tr("Until a time of day")}
    start = Fields(fields.key, {"how": "until" if fields.start["until"] else "for"})
    if start.choice("how", tr("How long"), options) == "until":
        fields.clock("until", tr("Until, in the influencer's time zone"))
        fields.take("minutes", 0)
    else:
        longer = Fields(fields.key, {"minutes": fields.start["minutes"] or 60})
        fields.take("minutes", longer.minutes("minutes", tr("For")))
        fields.take("until", "")


def _condition(_page: Page, fields: Fields) -> None:
    test = fields.choice("test", tr("Continue only if"), words.TESTS)
    if test == "posts":
        fields.number("at_least", tr("Posts from the steps before, at least"), 1, 100)
    elif test == "weekday":
        fields.several("weekdays", tr("Weekdays"), dict(enumerate(WEEKDAYS)), placeholder=tr("Choose"))
    else:
        fields.number("percent", tr("Failed jobs so far, at most (%)"), 0, 100)
    if (
        fields.choice("otherwise", tr("Otherwise"), {"end": tr("The run ends"), "skip": tr("The next steps are skipped")})
        == "skip"
    ):
        fields.number("skip", tr("How many steps"), 1, MAX_STEPS)


def _notify(_page: Page, fields: Fields) -> None:
    fields.text("message", tr("Message"), max_chars=500, area=True)
    blanks = "{influencer}, {posts}, {published}, {failed}, {summary}"
    st.caption(plain(tr("These are filled in: {blanks}.", blanks=blanks)))


def _webhook(page: Page, fields: Fields) -> None:
    with page.transaction() as tx:
        names = {endpoint.id: endpoint.name for endpoint in webhooks.endpoints(tx)}
    if not names:
        st.info(tr("This workspace has no webhook endpoint yet. Add one in Settings → Webhooks."))
    fields.choice("endpoint_id", tr("Endpoint"), names or {"": tr("None yet")})
    st.caption(tr("Signed, and sent again until it is accepted."))


def _dataset(page: Page, fields: Fields) -> None:
    with page.transaction() as tx:
        names = {card.id: card.name for card in datasets.page(tx, take=100).cards}
    chosen = str(fields.start["dataset_id"])
    options = {
        "": tr("The one that started the run"),
        **({chosen: tr("Deleted dataset")} if chosen not in names else {}),
        **names,
    }
    options[""] = tr("The one that started the run")
    fields.choice("dataset_id", tr("Dataset"), options)


def _caption(page: Page, fields: Fields) -> None:
    _dataset(page, fields)
    fields.minutes("wait_minutes", worded(_WAIT_LABEL))


def _train(page: Page, fields: Fields) -> None:
    _dataset(page, fields)
    fields.choice("preset", tr("Preset"), words.PRESETS)
    fields.check("at_night", tr("Not before 22:00"))
    fields.minutes("wait_minutes", worded(_WAIT_LABEL))


def _test_pictures(_page: Page, fields: Fields) -> None:
    shown = Fields(f"{fields.key}:text", {"prompts": "\n".join(fields.start["prompts"])})
    prompts = shown.text("prompts", tr("Prompts, one per line"), max_chars=2100, area=True, placeholder="A portrait")
    fields.take("prompts", lines(prompts))
    fields.number("n", tr("Pictures for each prompt"), 1, 8)
    fields.minutes("wait_minutes", worded(_WAIT_LABEL))


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
