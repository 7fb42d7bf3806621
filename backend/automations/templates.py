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
            "Every day at 9:00: finishes today's drafts or plans three new posts, schedules them and says what became of it.",
            AutomationDraft(
                name="Daily content",
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
            "After each upload: captions the dataset, trains a LoRA, draws test pictures and tells you.",
            AutomationDraft(
                name="LoRA pipeline",
                trigger=EventTrigger(event="dataset.ingested"),
                steps=(
                    CaptionDataset(),
                    TrainLora(),
                    TestPictures(),
                    Notify(message="{influencer}: the new LoRA is ready. {summary}"),
                ),
            ),
        ),
        Template(
            "content-pipeline",
            "When you start it: plans a post, draws its picture, makes it move, waits for your approval and publishes it.",
            AutomationDraft(
                name="Content pipeline",
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
            "Every Sunday at 17:00: plans the coming week, waits a day for your approval and schedules what you approved.",
            AutomationDraft(
                name="Weekly plan",
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
            "After each upload: captions the dataset and trains it in the coming night.",
            AutomationDraft(
                name="Night trainings",
                trigger=EventTrigger(event="dataset.ingested"),
                steps=(
                    CaptionDataset(),
                    TrainLora(at_night=True),
                    Notify(message="{influencer}: trained over night. {summary}"),
                ),
            ),
        ),
    )
}
