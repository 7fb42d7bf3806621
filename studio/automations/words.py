"""What automations look like in words: what starts them, what their steps do, what their runs wait for. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, get_args

from babel.dates import get_timezone_location
from babel.lists import format_list

from backend.automations import EVENTS, WEEKDAYS, AutomationRunCard, describe_cron
from backend.automations.definition import (
    CaptionDataset,
    Condition,
    CronTrigger,
    DrawPictures,
    EventTrigger,
    MakeVideo,
    PlanPosts,
    PublishPosts,
    ReviewGate,
    Step,
    TakePosts,
    TestPictures,
    TrainLora,
    Trigger,
    Wait,
    WebhookTrigger,
    WriteWords,
)
from backend.language import joined, reader, tr, tr_lazy, tr_plural, worded
from studio.automations.schedule import preset_of
from studio.ui.format import clock_time, state_badge, time_text

STEP_CLASSES: dict[str, type[Any]] = {cls.model_fields["kind"].default: cls for cls in get_args(get_args(Step)[0])}
TRIGGER_CLASSES: dict[str, type[Any]] = {cls.model_fields["kind"].default: cls for cls in get_args(get_args(Trigger)[0])}
TRIGGER_LABELS = {
    "cron": tr_lazy("At set times"),
    "event": tr_lazy("When something happens"),
    "webhook": tr_lazy("When a program calls its address"),
    "hand": tr_lazy("Only when somebody starts it"),
}
TRIGGER_ICONS = {
    "cron": ":material/schedule:",
    "event": ":material/bolt:",
    "webhook": ":material/webhook:",
    "hand": ":material/touch_app:",
}
STEP_ICONS = {
    "take-posts": ":material/event_note:",
    "plan-posts": ":material/calendar_add_on:",
    "write": ":material/ink_pen:",
    "draw": ":material/brush:",
    "video": ":material/movie:",
    "review": ":material/how_to_reg:",
    "schedule": ":material/event_available:",
    "publish": ":material/send:",
    "wait": ":material/hourglass_empty:",
    "condition": ":material/alt_route:",
    "notify": ":material/notifications:",
    "webhook": ":material/webhook:",
    "caption": ":material/label:",
    "train": ":material/model_training:",
    "test-pictures": ":material/imagesmode:",
}
STEP_HINTS = {
    "take-posts": tr_lazy("Continues with posts that are in the calendar already."),
    "plan-posts": tr_lazy("Plans new posts, with text and pictures."),
    "write": tr_lazy("Writes the text of posts that have none."),
    "draw": tr_lazy("Creates the pictures of posts that have none."),
    "video": tr_lazy("Makes a reel, or turns a picture into a video."),
    "review": tr_lazy("Waits until somebody approves the posts."),
    "schedule": tr_lazy("Schedules the posts at their times."),
    "publish": tr_lazy("Publishes the posts, one after the other."),
    "wait": tr_lazy("Waits some time, or until a time of day."),
    "condition": tr_lazy("Continues only if a condition is met."),
    "notify": tr_lazy("Sends a notice."),
    "webhook": tr_lazy("Sends what was done to a webhook endpoint."),
    "caption": tr_lazy("Captions the pictures of a dataset."),
    "train": tr_lazy("Trains a LoRA on a dataset."),
    "test-pictures": tr_lazy("Creates pictures with the new LoRA."),
}
_OF_DAYS = {
    # Translators: “Drafts of today, only without text; at most 5.”
    "today": tr_lazy("of today"),
    "week": tr_lazy("of the next 7 days"),
    "undated": tr_lazy("without a date"),
    "any": tr_lazy("of any day"),
}
DAYS = {
    "today": tr_lazy("Today"),
    "week": tr_lazy("The next 7 days"),
    "undated": tr_lazy("Without a date"),
    "any": tr_lazy("Any day"),
}
POST_STATES = {
    "draft": tr_lazy("Drafts"),
    "in_review": tr_lazy("Posts in review"),
    "approved": tr_lazy("Approved posts"),
    "scheduled": tr_lazy("Scheduled posts"),
}
LACKING = {
    "": tr_lazy("All of them"),
    "words": tr_lazy("Only without text"),
    "picture": tr_lazy("Only without a picture or video"),
    "words-or-picture": tr_lazy("Only without text or without a picture"),
}
_ONLY_LACKING = {
    "words": tr_lazy("only without text"),
    "picture": tr_lazy("only without a picture or video"),
    "words-or-picture": tr_lazy("only without text or without a picture"),
}
FORMATS = {
    "picture": tr_lazy("Picture"),
    "carousel": tr_lazy("Carousel"),
    "story": tr_lazy("Story"),
    "reel": tr_lazy("Reel"),
}
PRESETS = {"quick": tr_lazy("Quick"), "character": tr_lazy("Character"), "style": tr_lazy("Style")}
VIDEO_KINDS = {"animate": tr_lazy("Picture that moves"), "reel": tr_lazy("Reel with voice and subtitles")}
TESTS = {
    "posts": tr_lazy("There are enough posts"),
    "weekday": tr_lazy("It is one of these weekdays"),
    "failures": tr_lazy("Few jobs have failed"),
}
WAITS = {
    "jobs": tr_lazy("Waits for its jobs"),
    "review": tr_lazy("Waits for an approval"),
    "posts": tr_lazy("Waits until its posts are published"),
    "time": tr_lazy("Waits for its time"),
}
_STEP_STATES = {
    "": ("gray", tr_lazy("Not started")),
    "running": ("blue", tr_lazy("Running")),
    "done": ("green", tr_lazy("Done")),
    "skipped": ("gray", tr_lazy("Skipped")),
    "failed": ("red", tr_lazy("Failed")),
    "cancelled": ("gray", tr_lazy("Cancelled")),
}


def trigger_text(trigger: Trigger) -> str:
    """“Every day at 09:00”, “A post was approved”."""
    match trigger:
        case CronTrigger():
            return cron_text(trigger.cron)
        case EventTrigger():
            return worded(EVENTS[trigger.event])
        case WebhookTrigger():
            return tr("A program calls its address")
        case _:
            return tr("Started by hand")


def cron_text(line: str) -> str:
    """“Every Sunday at 17:00”."""
    preset = preset_of(line)
    at = time_text(preset.at)
    match preset.kind:
        case "day":
            return tr("Every day at {time}", time=at)
        case "weekdays":
            return tr("Monday to Friday at {time}", time=at)
        case "week":
            return tr("Every {weekday} at {time}", weekday=worded(WEEKDAYS[preset.weekday]), time=at)
        case "month":
            return tr("Every month, on day {day}, at {time}", day=preset.day, time=at)
        case _:
            return describe_cron(line, reader().language)


def run_trigger_text(trigger: Mapping[str, Any]) -> str:
    """What has started a run."""
    match trigger.get("kind"):
        case "cron":
            return tr("Started on schedule")
        case "event":
            return worded(EVENTS.get(str(trigger.get("event")), tr_lazy("Started by an event")))
        case "webhook":
            return tr("Started by a program")
        case _:
            return tr("Started by hand")


def run_badge(run: AutomationRunCard) -> str:
    """A run's state as Streamlit markdown."""
    if run.state == "refused":
        return f":orange-badge[{tr('Did not start')}]"
    if run.state == "completed" and run.has_failed_step:
        return f":orange-badge[{tr('Ended, with a failed step')}]"
    return state_badge(run.state)


def step_badge(state: str) -> str:
    """The state of a run's step as Streamlit markdown."""
    color, label = _STEP_STATES[state]
    return f":{color}-badge[{worded(label)}]"


def has_ended(run: AutomationRunCard) -> bool:
    return run.state in ("completed", "failed", "cancelled", "refused")


def waits_text(run: AutomationRunCard) -> str:
    """What it waits for; "": for nothing."""
    return "" if has_ended(run) or not run.waits_for else worded(WAITS[run.waits_for])


def minutes_text(minutes: int) -> str:
    """“10 minutes”, “2 hours”, “1 day”."""
    if minutes and minutes % (24 * 60) == 0:
        return tr_plural("{n:,} day", "{n:,} days", minutes // (24 * 60))
    if minutes and minutes % 60 == 0:
        return tr_plural("{n:,} hour", "{n:,} hours", minutes // 60)
    return tr_plural("{n:,} minute", "{n:,} minutes", minutes)


def next_text(at: datetime, zone: str, *, now: datetime | None = None) -> str:
    """“tomorrow 09:00 (Rome)”."""
    return f"{clock_time(at, zone, now=now)} ({place(zone)})"


def place(zone: str) -> str:
    """“Rome” of Europe/Rome."""
    return get_timezone_location(zone, locale=reader().language, return_city=True)


def step_text(step: Step) -> str:
    """What a step does, as it is set."""
    return _TEXTS[step.kind](step)


def _take_text(step: TakePosts) -> str:
    posts, days = worded(POST_STATES[step.state]), worded(_OF_DAYS[step.when])
    if not step.lacking:
        return tr("{posts} {of_days}; at most {most}.", posts=posts, of_days=days, most=step.limit)
    return tr(
        "{posts} {of_days}, {lacking}; at most {most}.",
        posts=posts,
        of_days=days,
        lacking=worded(_ONLY_LACKING[step.lacking]),
        most=step.limit,
    )


def _waits_at_most(minutes: int) -> str:
    return tr("Waits at most {time}.", time=minutes_text(minutes))


def _write_text(step: WriteWords) -> str:
    return joined(tr("For posts that have none."), _waits_at_most(step.wait_minutes))


def _draw_text(step: DrawPictures) -> str:
    pictures = tr_plural("{n:,} picture for each post.", "{n:,} pictures for each post.", step.n)
    return joined(pictures, _waits_at_most(step.wait_minutes))


def _video_text(step: MakeVideo) -> str:
    if step.how == "reel":
        return tr_plural("Reel of about {n:,} second.", "Reel of about {n:,} seconds.", step.seconds)
    return tr_plural("Picture that moves for about {n:,} second.", "Picture that moves for about {n:,} seconds.", step.seconds)


def _review_text(step: ReviewGate) -> str:
    return tr("Continues with what is approved, after {time} at the latest.", time=minutes_text(step.wait_minutes))


def _publish_text(step: PublishPosts) -> str:
    if not step.minutes_between:
        return tr("All at once, now.")
    return tr("The first one now, then one every {time}.", time=minutes_text(step.minutes_between))


def _wait_text(step: Wait) -> str:
    if step.until:
        return tr("Until {time}, in the influencer's time zone.", time=step.until)
    return tr("Waits {time}.", time=minutes_text(step.minutes))


def _caption_text(step: CaptionDataset) -> str:
    dataset = tr("The chosen dataset.") if step.dataset_id else tr("The dataset that started the run.")
    return joined(dataset, _waits_at_most(step.wait_minutes))


def _train_text(step: TrainLora) -> str:
    dataset = tr("On the chosen dataset.") if step.dataset_id else tr("On the dataset that started the run.")
    preset = tr("Preset: {preset}.", preset=worded(PRESETS[step.preset]))
    return joined(dataset, preset, tr("Not before 22:00.") if step.at_night else "")


def _test_pictures_text(step: TestPictures) -> str:
    if not step.prompts:
        return tr_plural("{n:,} portrait.", "{n:,} portraits.", step.n)
    if len(step.prompts) == 1:
        return tr_plural("{n:,} picture of one prompt.", "{n:,} pictures of one prompt.", step.n)
    return tr_plural(
        "{n:,} picture for each of {prompts} prompts.",
        "{n:,} pictures for each of {prompts} prompts.",
        step.n,
        prompts=len(step.prompts),
    )


def _plan_text(step: PlanPosts) -> str:
    shows = worded(FORMATS[step.format]).lower() if step.pictures else tr("without pictures")
    times = ", ".join(step.clocks)
    if step.days == 1:
        sentence = (
            tr("Today at {times} ({shows}).", times=times, shows=shows)
            if times
            else tr("Today at the recurring times ({shows}).", shows=shows)
        )
    else:
        sentence = (
            tr("On the next {days} days at {times} ({shows}).", days=step.days, times=times, shows=shows)
            if times
            else tr("On the next {days} days at the recurring times ({shows}).", days=step.days, shows=shows)
        )
    return joined(
        sentence,
        tr("Topic: {topic}.", topic=step.topic) if step.topic else "",
        tr("Only if there is no post yet.") if step.only_if_none else "",
        tr("Skips days that have a post.") if step.skip_filled else "",
    )


def _condition_text(step: Condition) -> str:
    match step.test:
        case "posts":
            condition = tr_plural("There is at least {n:,} post", "There are at least {n:,} posts", step.at_least)
        case "weekday":
            days = [worded(WEEKDAYS[day]) for day in sorted(step.weekdays)]
            condition = tr("It is {weekdays}", weekdays=format_list(days, style="or", locale=reader().language))
        case _:
            condition = tr("At most {percent}% of the jobs have failed", percent=step.percent)
    if step.otherwise == "end":
        return tr("{condition}; otherwise the run ends.", condition=condition)
    return tr_plural(
        "{condition}; otherwise the next step is skipped.",
        "{condition}; otherwise the next {n} steps are skipped.",
        step.skip,
        condition=condition,
    )


_TEXTS: dict[str, Callable[[Any], str]] = {
    "take-posts": _take_text,
    "plan-posts": _plan_text,
    "write": _write_text,
    "draw": _draw_text,
    "video": _video_text,
    "review": _review_text,
    "schedule": lambda _: tr("Each post at its time; posts without one at the next free times."),
    "publish": _publish_text,
    "wait": _wait_text,
    "condition": _condition_text,
    "notify": lambda step: f"“{step.message}”",
    "webhook": lambda _: tr("Sends what was done so far to the chosen endpoint."),
    "caption": _caption_text,
    "train": _train_text,
    "test-pictures": _test_pictures_text,
}
