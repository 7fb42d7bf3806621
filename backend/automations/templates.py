"""Automations to begin with."""

from __future__ import annotations

from dataclasses import dataclass

from backend.automations.definition import (
    AutomationDraft,
    CaptionDataset,
    CronTrigger,
    DrawPictures,
    EventTrigger,
    HandTrigger,
    MakeVideo,
    Notify,
    PlanPosts,
    PublishPosts,
    ReviewGate,
    SchedulePosts,
    TakePosts,
    TestPictures,
    TrainLora,
    WriteWords,
)
from backend.language import tr_lazy


@dataclass(frozen=True, slots=True)
class Template:
    """`sentence`: what it does, for people."""

    key: str
    sentence: str
    draft: AutomationDraft


TEMPLATES: dict[str, Template] = {
    template.key: template
    for template in (
        Template(
            "daily-content",
            tr_lazy(
                "Every day at 9:00: finishes today's drafts or plans three new posts, schedules them and sends you a summary."
            ),
            AutomationDraft(
                name=tr_lazy("Daily content"),
                trigger=CronTrigger(cron="0 9 * * *"),
                steps=(
                    TakePosts(when="today", lacking="words-or-picture", limit=5),
                    PlanPosts(only_if_none=True, clocks=("12:00", "15:00", "18:00")),
                    WriteWords(),
                    DrawPictures(),
                    SchedulePosts(),
                    Notify(),
                ),
            ),
        ),
        Template(
            "lora-pipeline",
            tr_lazy("After each upload: captions the dataset, trains a LoRA, creates test pictures and tells you."),
            AutomationDraft(
                name=tr_lazy("LoRA pipeline"),
                trigger=EventTrigger(event="dataset.ingested"),
                steps=(
                    CaptionDataset(),
                    TrainLora(),
                    TestPictures(),
                    Notify(message=tr_lazy("{influencer}: the new LoRA is ready. {summary}")),
                ),
            ),
        ),
        Template(
            "content-pipeline",
            tr_lazy(
                "When you start it: plans a post, creates its picture, turns it into a video, waits for your approval "
                "and publishes it."
            ),
            AutomationDraft(
                name=tr_lazy("Content pipeline"),
                trigger=HandTrigger(),
                steps=(
                    PlanPosts(clocks=("18:00",)),
                    MakeVideo(how="animate", seconds=6),
                    ReviewGate(),
                    PublishPosts(),
                    Notify(),
                ),
            ),
        ),
        Template(
            "weekly-plan",
            tr_lazy(
                "Every Sunday at 17:00: plans the coming week, waits a day for your approval and schedules what you approved."
            ),
            AutomationDraft(
                name=tr_lazy("Weekly plan"),
                trigger=CronTrigger(cron="0 17 * * 0"),
                steps=(
                    PlanPosts(days=7, clocks=("18:00",), skip_filled=True, wait_minutes=240),
                    ReviewGate(),
                    SchedulePosts(),
                    Notify(),
                ),
            ),
        ),
        Template(
            "night-training",
            tr_lazy("After each upload: captions the dataset and trains it in the coming night."),
            AutomationDraft(
                name=tr_lazy("Night trainings"),
                trigger=EventTrigger(event="dataset.ingested"),
                steps=(
                    CaptionDataset(),
                    TrainLora(at_night=True),
                    Notify(message=tr_lazy("{influencer}: trained over night. {summary}")),
                ),
            ),
        ),
    )
}
