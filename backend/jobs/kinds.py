"""The kinds of jobs: their queue, how long they may take, how often they are retried, what limits them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from backend.settings import Settings

Queue = Literal["gpu", "cpu", "net"]
QUEUES: tuple[Queue, ...] = ("gpu", "cpu", "net")


@dataclass(frozen=True, slots=True)
class KindSpec:
    """How jobs of one kind are run. `*_setting`: names in Settings.

    `device`: capability of the device it must hold (`image`, `trainer`), empty: none. `limit_setting`: how many may run at
    once; kinds with the same setting share the limit; empty: no limit. `stall_s`: seconds without progress after which it is
    stopped, 0: the setting `job_stall_s`. `v`: version of the payload; workers also take jobs of version v-1, so that a release
    can run what the one before enqueued.
    """

    kind: str
    queue: Queue
    v: int = 1
    deadline_setting: str = "job_deadline_content_s"
    stall_s: float = 0.0
    max_retries: int = 3
    limit_setting: str = ""
    device: str = ""

    @property
    def versions(self) -> tuple[str, ...]:
        return tuple(f"{self.kind}:{v}" for v in (self.v, self.v - 1) if v > 0)

    def deadline_s(self, settings: Settings) -> float:
        return float(getattr(settings, self.deadline_setting))

    def stalled_after_s(self, settings: Settings) -> float:
        return self.stall_s or settings.job_stall_s

    def limit(self, settings: Settings) -> int | None:
        return int(getattr(settings, self.limit_setting)) if self.limit_setting else None


KINDS: dict[str, KindSpec] = {}


def register(spec: KindSpec) -> KindSpec:
    """Adds a kind to KINDS. At import only."""
    KINDS[spec.kind] = spec
    return spec


_INGEST: Any = {"deadline_setting": "job_deadline_ingest_s", "stall_s": 300.0, "limit_setting": "queue_concurrency_ingest"}
_TRAINING: Any = {
    "deadline_setting": "job_deadline_training_s",
    "limit_setting": "queue_concurrency_training",
}

register(KindSpec("dataset-ingest", "cpu", **_INGEST))
register(KindSpec("dataset-scan", "cpu", **_INGEST))
_CAPTIONS: Any = {"deadline_setting": "job_deadline_ingest_s", "stall_s": 300.0}
register(KindSpec("auto-caption", "net", **_CAPTIONS))
register(KindSpec("auto-caption-local", "cpu", **_CAPTIONS, limit_setting="queue_concurrency_ingest"))
register(KindSpec("lora-training", "gpu", stall_s=900.0, max_retries=1, device="trainer", **_TRAINING))
register(KindSpec("image-generation", "gpu", stall_s=300.0, limit_setting="queue_concurrency_content", device="image"))
register(KindSpec("image-upscale", "cpu", stall_s=300.0, limit_setting="queue_concurrency_ingest"))
register(KindSpec("image-upscale-gpu", "gpu", stall_s=300.0, limit_setting="queue_concurrency_content", device="image"))
register(KindSpec("image-sheet", "cpu", stall_s=300.0))
_VIDEO: Any = {"deadline_setting": "job_deadline_video_s", "stall_s": 300.0}
register(KindSpec("video-generation", "cpu", limit_setting="queue_concurrency_video", **_VIDEO))
register(KindSpec("video-generation-gpu", "gpu", limit_setting="queue_concurrency_content", device="image", **_VIDEO))
_TRIAL: Any = {"deadline_setting": "job_deadline_training_s", "limit_setting": "queue_concurrency_content"}
register(KindSpec("lora-trial", "gpu", stall_s=300.0, device="image", **_TRIAL))
register(KindSpec("trial-scores", "cpu", stall_s=300.0))
register(KindSpec("trial-grid", "cpu", stall_s=300.0))
register(KindSpec("identity-calibration", "cpu", stall_s=300.0))
register(KindSpec("identity-scoring", "cpu", deadline_setting="job_deadline_ingest_s", stall_s=300.0))
register(KindSpec("style-training", "cpu", stall_s=300.0, limit_setting="queue_concurrency_ingest"))
register(KindSpec("style-generation", "net", stall_s=300.0, limit_setting="max_concurrent_jobs"))
register(KindSpec("media-preparation", "cpu", **_VIDEO))
register(KindSpec("picture-archive", "cpu", deadline_setting="job_deadline_ingest_s", stall_s=300.0))
register(KindSpec("picture-import", "cpu", deadline_setting="job_deadline_ingest_s", stall_s=300.0))
_WRITING: Any = {"stall_s": 300.0, "limit_setting": "queue_concurrency_writing"}
register(KindSpec("content-generation", "net", **_WRITING))
register(KindSpec("content-ideas", "net", **_WRITING))
_PUBLISHING: Any = {"deadline_setting": "job_deadline_publishing_s", "limit_setting": "queue_concurrency_publishing"}
register(KindSpec("autopost", "net", stall_s=300.0, **_PUBLISHING))
_SERIES: Any = {"deadline_setting": "job_deadline_ingest_s", "stall_s": 300.0}
register(KindSpec("content-plan", "net", **_SERIES, limit_setting="queue_concurrency_writing"))
register(KindSpec("content-plan-picture", "net", **_SERIES))
register(KindSpec("upkeep", "cpu", deadline_setting="job_deadline_ingest_s", stall_s=600.0))
