"""Automations in words: a chosen time and its cron line say the same, and every step and trigger can be described."""

from __future__ import annotations

from datetime import time

from hypothesis import given
from hypothesis import strategies as st

from backend.automations import EVENTS, STEP_LABELS, TEMPLATES
from backend.automations.definition import Condition, CronTrigger, EventTrigger, PlanPosts, PublishPosts, TakePosts
from studio.automations import words
from studio.automations.schedule import LAST_DAY, Preset, cron_line, preset_of
from studio.ui.format import plain

TIMES = st.times().map(lambda at: time(at.hour, at.minute))
PRESETS = st.one_of(
    st.builds(Preset, st.sampled_from(["day", "weekdays"]), TIMES),
    st.builds(Preset, st.just("week"), TIMES, weekday=st.integers(0, 6)),
    st.builds(Preset, st.just("month"), TIMES, day=st.integers(1, LAST_DAY)),
)


@given(preset=PRESETS)
def test_what_is_chosen_is_shown_again(preset: Preset) -> None:
    line = cron_line(preset)
    assert CronTrigger(cron=line).cron == line
    assert preset_of(line) == preset


@given(line=st.text("0123456789 */,-LW#", max_size=14))
def test_any_other_line_stays_as_it_was_written(line: str) -> None:
    assert cron_line(preset_of(line)) == line or preset_of(cron_line(preset_of(line))) == preset_of(line)


def test_lines_that_no_preset_means_are_custom() -> None:
    for line in ("0 9 31 * *", "0 9 1 * 1", "*/30 * * * *", "0 9 * 6 *", "60 9 * * *", "0 24 * * *"):
        assert preset_of(line) == Preset("custom", line=line)
    assert words.cron_text("0 17 * * 0") == "Every Sunday at 17:00"
    assert words.cron_text("0 9 * * 1-5") == "Monday to Friday at 09:00"
    assert "June" in words.cron_text("0 9 * 6 *")


def test_every_step_and_every_trigger_is_described() -> None:
    assert set(words.STEP_CLASSES) == set(STEP_LABELS) == set(words.STEP_ICONS) == set(words.STEP_HINTS)
    for template in TEMPLATES.values():
        assert words.trigger_text(template.draft.trigger)
        texts = [words.step_text(step) for step in template.draft.steps]
        assert all(text and plain(text) for text in texts)
    for kind, cls in words.STEP_CLASSES.items():
        assert words.step_text(cls.model_construct()), kind
    for event in EVENTS:
        assert words.run_trigger_text({"kind": "event", "event": event})


def test_a_step_says_how_it_is_set() -> None:
    assert words.step_text(TakePosts(lacking="")) == "Drafts of today; at most 5."
    planned = words.step_text(PlanPosts(days=7, clocks=("18:00",), skip_filled=True))
    assert planned == "On the next 7 days at 18:00 (picture). Skips days that have a post."
    assert words.step_text(PublishPosts(minutes_between=90)) == "The first one now, then one every 90 minutes."
    weekend = Condition(test="weekday", weekdays=(6, 5), otherwise="skip")
    assert words.step_text(weekend) == "It is Saturday or Sunday; otherwise the next step is skipped."
    assert words.trigger_text(EventTrigger(event="post.approved")) == "A post was approved"
