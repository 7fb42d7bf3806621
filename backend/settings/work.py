"""Settings of files on their way in, of jobs and workers, and of how long things are kept."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, Field

from backend.kit.quantities import byte_count
from backend.settings.section import SettingsSection, env, split

MB = 1024 * 1024
Bytes = Annotated[int, BeforeValidator(byte_count)]
"""As 104857600, 100MB or 4GB."""
Seconds = Annotated[tuple[float, ...], BeforeValidator(split)]
"""Several, comma-separated."""


class UploadSettings(SettingsSection):
    """Uploads"""

    max_picture_size: Bytes = env("MAX_UPLOAD_SIZE", 100 * MB, "a picture file")
    max_archive_size: Bytes = env("MAX_ARCHIVE_SIZE", 4096 * MB)
    max_lora_size: Bytes = env("MAX_LORA_SIZE", 2048 * MB)
    max_music_size: Bytes = env("MAX_MUSIC_SIZE", 200 * MB, "a sound file of the music library")
    max_video_size: Bytes = env("MAX_VIDEO_SIZE", 1024 * MB, "a video of one's own")
    max_dataset_images: int = env("MAX_DATASET_IMAGES", 5000)
    max_image_pixels: int = env("MAX_IMAGE_PIXELS", 40_000_000)
    min_image_side: int = env("MIN_IMAGE_SIDE", 64)
    max_style_pdf_size: Bytes = env("MAX_STYLE_PDF_SIZE", 50 * MB, "a PDF that a writing style learns from")
    max_style_pages: int = env("MAX_STYLE_PAGES", 1000, "pages of one")


class JobSettings(SettingsSection):
    """Jobs

    `concurrency_*`: how many jobs of a group of kinds run at once; `JobType.limit_setting` names one.
    """

    concurrency_training: int = env("QUEUE_CONCURRENCY_TRAINING", 1, also="QUEUE_CONCURRENCY_LORA_TRAINING")
    concurrency_content: int = env("QUEUE_CONCURRENCY_CONTENT", 3, also="QUEUE_CONCURRENCY_CONTENT_GEN")
    concurrency_video: int = env("QUEUE_CONCURRENCY_VIDEO", 2, also="QUEUE_CONCURRENCY_VIDEO_GEN")
    concurrency_writing: int = env("QUEUE_CONCURRENCY_WRITING", 3)
    concurrency_style_texts: int = env("QUEUE_CONCURRENCY_STYLE_TEXTS", 10, "texts written in a writing style at once")
    concurrency_ingest: int = env("QUEUE_CONCURRENCY_INGEST", 2)
    concurrency_publishing: int = env("QUEUE_CONCURRENCY_PUBLISHING", 4, "posts sent at once")
    max_per_workspace: int = env("MAX_CONCURRENT_JOBS", 10, "running jobs of one workspace")
    maintenance_every_s: int = env("UPKEEP_EVERY_S", 3600)
    heartbeat_s: float = env("JOB_BEAT_S", 1.0, "how often workers report, and learn what was cancelled")
    lease_s: float = env("JOB_LEASE_S", 15.0)
    deaths_within_s: float = env(
        "JOB_DEATHS_WITHIN_S",
        3600.0,
        "a job that is killed three times within so long, without a finished step, has failed",
    )
    retry_delays_s: Seconds = env("JOB_RETRY_DELAYS_S", (5.0, 25.0, 125.0))
    tick_s: float = env("JOB_TICK_S", 1.0)
    stall_s: float = env("JOB_STALL_S", 120.0)
    deadline_content_s: float = env("JOB_DEADLINE_CONTENT_S", 600.0)
    deadline_training_s: float = env("JOB_DEADLINE_TRAINING_S", 12 * 3600.0)
    deadline_ingest_s: float = env("JOB_DEADLINE_INGEST_S", 2 * 3600.0)
    deadline_video_s: float = env("JOB_DEADLINE_VIDEO_S", 1800.0)
    deadline_publishing_s: float = env("JOB_DEADLINE_PUBLISHING_S", 3600.0)


class WorkerSettings(SettingsSection):
    """Workers"""

    threads: int = env("WORKER_THREADS", 4, "jobs at once for each queue of a worker")
    poll_ms: int = env("WORKER_POLL_MS", 5000, "how often an idle worker looks for a wake-up it was not told of")
    device_probe_s: float = env("DEVICE_PROBE_S", 15.0, "how often a device marked down is tried again")
    stop_grace_s: float = env("WORKER_STOP_GRACE_S", 20.0)
    health_port: int = env("WORKER_HEALTH_PORT", 0, "where a worker answers /health, /ready, /metrics; 0: nowhere")
    health_host: str = env("WORKER_HEALTH_HOST", "127.0.0.1", "0.0.0.0 in containers")
    fault_step: str = env("FAULT_STEP", "", "tests only: `<kind>:<step>:kill|freeze` stops the worker process there")


AuditDays = Annotated[int, Field(ge=30)]


class RetentionSettings(SettingsSection):
    """Retention"""

    unused_days: int = env("RETAIN_UNUSED_DAYS", 90)
    archive_days: int = env("RETAIN_ARCHIVE_DAYS", 7, "ZIP files people asked for")
    purge_after_days: int = env("PURGE_AFTER_DAYS", 7)
    trash_days: int = env("RETAIN_TRASH_DAYS", 30, "deleted pictures, videos, reels, texts, posts, boards and music")
    renditions_days: int = env("RETAIN_RENDITIONS_DAYS", 30, "files prepared for platforms that no post asked for since")
    undo_days: int = env("RETAIN_ACTS_DAYS", 30, "how long acts on pictures can be undone")
    audit_days: AuditDays = env("AUDIT_DAYS", 400, "how long the audit log knows who did what, at least 30")
    audit_archive: bool = env("AUDIT_ARCHIVE", True, "what leaves the audit log is written to STUDIO_DATA/audit first")
    sessions_hours: int = env("SESSION_CLEANUP_HOURS", 24)
    jobs_hours: int = env("JOB_CLEANUP_HOURS", 24 * 30)
    log_days: int = env("LOG_DAYS", 7, "log files of `make run`")
