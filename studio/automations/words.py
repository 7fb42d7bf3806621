"""What automations look like in words: what starts them, what their steps do, what their runs wait for. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, get_args

from backend.automations import EVENTS, WEEKDAYS, AutomationRunCard, describe_cron
from backend.automations.definition import (
    Condition,
    CronTrigger,
    DrawPictures,
    EventTrigger,
    PlanPosts,
    PublishPosts,
    Step,
    TakePosts,
    TestPictures,
    TrainLora,
    Trigger,
    Wait,
    WebhookTrigger,
)
from studio.automations.schedule import PRESET_LABELS, preset_of
from studio.ui.format import clock_time, count, state_badge

STEP_CLASSES: dict[str, type[Any]] = {cls.model_fields["kind"].default: cls for cls in get_args(get_args(Step)[0])}
TRIGGER_CLASSES: dict[str, type[Any]] = {cls.model_fields["kind"].default: cls for cls in get_args(get_args(Trigger)[0])}
TRIGGER_LABELS = {
    "cron": "At set times",
    "event": "When something happens",
    "webhook": "When a program calls its address",
    "hand": "Only when somebody starts it",
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
    "take-posts": "Goes on with posts that are on the calendar already.",
    "plan-posts": "Plans new posts, with words and pictures.",
    "write": "Writes the words of posts that have none.",
    "draw": "Draws the pictures of posts that have none.",
    "video": "Makes a reel, or makes a picture move.",
    "review": "Waits until somebody approves the posts.",
    "schedule": "Schedules the posts at their times.",
    "publish": "Publishes the posts, one after the other.",
    "wait": "Waits some time, or until a time of day.",
    "condition": "Goes on only where something holds.",
    "notify": "Sends a notice.",
    "webhook": "Sends what was done to a webhook endpoint.",
    "caption": "Captions the pictures of a dataset.",
    "train": "Trains a LoRA on a dataset.",
    "test-pictures": "Draws pictures with the new LoRA.",
}
WHEN = {"today": "of today", "week": "of the next 7 days", "undated": "without a date", "any": "of any day"}
DAYS = {"today": "Today", "week": "The next 7 days", "undated": "Without a date", "any": "Any day"}
POST_STATES = {"draft": "Drafts", "in_review": "Posts in review", "approved": "Approved posts", "scheduled": "Scheduled posts"}
LACKING = {
    "": "All of them",
    "words": "Only without words",
    "picture": "Only without a picture or video",
    "words-or-picture": "Only without words or without a picture",
}
FORMATS = {"picture": "Picture", "carousel": "Carousel", "story": "Story", "reel": "Reel"}
PRESETS = {"quick": "Quick", "character": "Character", "style": "Style"}
VIDEO_KINDS = {"animate": "The picture moves", "reel": "A reel with voice and subtitles"}
TESTS = {"posts": "There are enough posts", "weekday": "Today is a certain weekday", "failures": "Few jobs have failed"}
WAITS = {
    "jobs": "Waits for its jobs",
    "review": "Waits for an approval",
    "posts": "Waits until its posts are out",
    "time": "Waits for its time",
}
STEP_BADGES = {
    "": ":gray-badge[Not begun]",
    "running": ":blue-badge[Running]",
    "done": ":green-badge[Done]",
    "skipped": ":gray-badge[Left out]",
    "failed": ":red-badge[Failed]",
    "cancelled": ":gray-badge[Cancelled]",
}


def trigger_text(trigger: Trigger) -> str:
    """“Every day at 09:00”, “A post was approved”."""
    match trigger:
        case CronTrigger():
            return cron_text(trigger.cron)
        case EventTrigger():
            return EVENTS[trigger.event]
        case WebhookTrigger():
            return "A program calls its address"
        case _:
            return "Started by hand"


def cron_text(line: str) -> str:
    """“Every Sunday at 17:00”."""
    preset = preset_of(line)
    match preset.kind:
        case "custom":
            return describe_cron(line)
        case "week":
            days = f"Every {WEEKDAYS[preset.weekday]}"
        case "month":
            days = f"Every month, on day {preset.day},"
        case _:
            days = PRESET_LABELS[preset.kind]
    return f"{days} at {preset.at:%H:%M}"


def run_trigger_text(trigger: Mapping[str, Any]) -> str:
    """What has started a run."""
    match trigger.get("kind"):
        case "cron":
            return "by the clock"
        case "event":
            label = EVENTS.get(str(trigger.get("event")), "something happened")
            return label[:1].lower() + label[1:]
        case "webhook":
            return "by a program"
        case _:
            return "by hand"


def run_badge(run: AutomationRunCard) -> str:
    """A run's state as Streamlit markdown."""
    if run.state == "refused":
        return ":orange-badge[Did not start]"
    return state_badge(run.state)


def has_ended(run: AutomationRunCard) -> bool:
    return run.state in ("completed", "failed", "cancelled", "refused")


def waits_text(run: AutomationRunCard) -> str:
    """What it waits for; "": for nothing."""
    return "" if has_ended(run) or not run.waits_for else WAITS[run.waits_for]


def minutes_text(minutes: int) -> str:
    """“10 minutes”, “2 hours”, “1 day”."""
    for length, noun in ((24 * 60, "day"), (60, "hour")):
        if minutes and minutes % length == 0:
            return count(minutes // length, noun)
    return count(minutes, "minute")


def next_text(at: datetime, zone: str, *, now: datetime | None = None) -> str:
    """“tomorrow 09:00 (Rome)”."""
    return f"{clock_time(at, zone, now=now)} ({place(zone)})"


def place(zone: str) -> str:
    """“Rome” of Europe/Rome."""
    return zone.rpartition("/")[2].replace("_", " ")


def step_text(step: Step) -> str:
    """What a step does, as it is set."""
    return _TEXTS[step.kind](step)


def _take_text(step: TakePosts) -> str:
    lacking = LACKING[step.lacking]
    which = f", {lacking[:1].lower()}{lacking[1:]}" if step.lacking else ""
    return f"{POST_STATES[step.state]} {WHEN[step.when]}{which}; at most {step.limit}."


def _draw_text(step: DrawPictures) -> str:
    return f"{count(step.n, 'picture')} a post. Waits at most {minutes_text(step.wait_minutes)}."


def _publish_text(step: PublishPosts) -> str:
    if not step.minutes_between:
        return "All at once, now."
    return f"The first one now, then one every {minutes_text(step.minutes_between)}."


def _wait_text(step: Wait) -> str:
    return f"Until {step.until}, where the influencer lives." if step.until else f"{minutes_text(step.minutes)}."


def _train_text(step: TrainLora) -> str:
    night = ", not before 22:00" if step.at_night else ""
    return f"On {_dataset(step.dataset_id).lower()}; preset {PRESETS[step.preset]}{night}."


def _test_pictures_text(step: TestPictures) -> str:
    return f"{count(step.n, 'picture')} for {count(len(step.prompts), 'prompt') if step.prompts else 'a portrait'}."


def _plan_text(step: PlanPosts) -> str:
    times = f"at {', '.join(step.clocks)}" if step.clocks else "at the recurring times"
    days = "today" if step.days == 1 else f"on the next {step.days} days"
    only = " Only if there is no post yet." if step.only_if_none else ""
    skip = " Days that have a post are left out." if step.skip_filled else ""
    topic = f" Topic: {step.topic}." if step.topic else ""
    pictures = "without pictures" if not step.pictures else FORMATS[step.format].lower()
    return f"{days[:1].upper()}{days[1:]} {times} ({pictures}).{topic}{only}{skip}"


def _condition_text(step: Condition) -> str:
    match step.test:
        case "posts":
            holds = f"There {'is' if step.at_least == 1 else 'are'} at least {count(step.at_least, 'post')}"
        case "weekday":
            holds = "It is " + " or ".join(WEEKDAYS[day] for day in sorted(step.weekdays))
        case _:
            holds = f"At most {step.percent} % of the jobs have failed"
    if step.otherwise == "end":
        return f"{holds}; otherwise the run ends."
    left_out = "the next step is" if step.skip == 1 else f"the next {step.skip} steps are"
    return f"{holds}; otherwise {left_out} left out."


def _dataset(dataset_id: str) -> str:
    return "The chosen dataset" if dataset_id else "The dataset that started the run"


_TEXTS: dict[str, Callable[[Any], str]] = {
    "take-posts": _take_text,
    "plan-posts": _plan_text,
    "write": lambda step: f"For posts that have none. Waits at most {minutes_text(step.wait_minutes)}.",
    "draw": _draw_text,
    "video": lambda step: f"{VIDEO_KINDS[step.how]}, about {count(step.seconds, 'second')}.",
    "review": lambda step: f"Goes on with what is approved, after {minutes_text(step.wait_minutes)} at the latest.",
    "schedule": lambda _: "Each post at its time; those without one at the next free times.",
    "publish": _publish_text,
    "wait": _wait_text,
    "condition": _condition_text,
    "notify": lambda step: f"“{step.message}”",
    "webhook": lambda _: "Sends what was done so far to the chosen endpoint.",
    "caption": lambda step: f"{_dataset(step.dataset_id)}. Waits at most {minutes_text(step.wait_minutes)}.",
    "train": _train_text,
    "test-pictures": _test_pictures_text,
}
