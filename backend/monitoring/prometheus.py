"""The newest sample as metrics. Names: `studio_<thing>_<unit>` in base units; labels are closed sets, never a workspace."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from backend.monitoring.schemas import Figures, MinuteSample

_Value = float | Mapping[str, float]
_GAUGES: tuple[tuple[str, str, str, Callable[[Figures], _Value]], ...] = (
    ("studio_queue_waiting_jobs", "Jobs that a worker could take.", "queue", lambda figures: figures.waiting),
    (
        "studio_queue_oldest_wait_seconds",
        "Of the oldest of them.",
        "queue",
        lambda figures: figures.oldest_wait_s,
    ),
    ("studio_queue_running_jobs", "Jobs under way.", "queue", lambda figures: figures.running),
    ("studio_workers", "Live workers that serve a queue.", "queue", lambda figures: figures.workers),
    ("studio_devices", "Devices by state: free, busy, down, disabled.", "state", lambda figures: figures.devices),
    (
        "studio_text_calls_today",
        "Calls of language models today (UTC).",
        "state",
        lambda figures: figures.text_calls_today,
    ),
    ("studio_dead_letter_jobs", "Jobs that gave up and that nobody has tried again.", "", lambda figures: figures.dead_letters),
    ("studio_posts_overdue", "Posts more than a minute late and not under way.", "", lambda figures: figures.posts_overdue),
    ("studio_publishing_lag_seconds", "How late the latest of them is.", "", lambda figures: figures.publishing_lag_s),
    (
        "studio_posts_unconfirmed",
        "Posts that may or may not be out.",
        "",
        lambda figures: figures.posts_unconfirmed,
    ),
    ("studio_webhooks_waiting", "Webhook messages to send.", "", lambda figures: figures.webhooks_waiting),
    ("studio_notices_waiting", "Notices to send by e-mail, chat or webhook.", "", lambda figures: figures.notices_waiting),
    (
        "studio_spent_today_usd",
        "Cost of language models today (UTC).",
        "",
        lambda figures: figures.spent_today_usd,
    ),
    (
        "studio_budget_used_ratio",
        "The greatest part that a workspace has used of a limit of its, 0 to 1.",
        "",
        lambda figures: figures.budget_used_ratio,
    ),
    (
        "studio_channels_expiring",
        "Connected accounts whose tokens end within a week.",
        "",
        lambda figures: figures.channels_expiring,
    ),
    (
        "studio_channels_to_reconnect",
        "Accounts that somebody must connect again.",
        "",
        lambda figures: figures.channels_to_reconnect,
    ),
    (
        "studio_backup_finished_timestamp_seconds",
        "When the newest backup was done; 0: there is none.",
        "",
        lambda figures: figures.backup_finished_s,
    ),
    (
        "studio_backup_log_lag_seconds",
        "How long the database's log has waited for the backup's target.",
        "",
        lambda figures: figures.backup_log_lag_s,
    ),
    ("studio_database_connections", "Connections to the database.", "", lambda figures: figures.connections),
    ("studio_database_connections_limit", "How many it accepts.", "", lambda figures: figures.connections_most),
    ("studio_database_bytes", "Size of the database.", "", lambda figures: figures.database_bytes),
    ("studio_storage_bytes", "Files in storage, without thumbnails.", "", lambda figures: figures.stored_bytes),
    ("studio_storage_files", "How many they are.", "", lambda figures: figures.stored_files),
    ("studio_disk_free_bytes", "Free on the disk of the scheduler's data folder.", "", lambda figures: figures.disk_free_bytes),
    ("studio_disk_total_bytes", "Size of that disk.", "", lambda figures: figures.disk_total_bytes),
)
"""Name, help, label ("": none), value."""
QUEUES = ("gpu", "cpu", "net")


class SampleCollector(Collector):
    """The metrics of one sample. `studio_sample_timestamp_seconds` says how old they are."""

    def __init__(self, sample: MinuteSample) -> None:
        self._sample = sample

    def collect(self) -> Iterator[Metric]:
        figures = self._sample.figures
        taken_at = self._sample.minute.timestamp()
        yield GaugeMetricFamily("studio_sample_timestamp_seconds", "When these figures were taken.", value=taken_at)
        for name, help_text, label, value in _GAUGES:
            yield _gauge(name, help_text, label, value(figures))
        yield from _counters(figures)


def _gauge(name: str, help_text: str, label: str, value: _Value) -> Metric:
    if not isinstance(value, Mapping):
        return GaugeMetricFamily(name, help_text, value=value)
    gauge = GaugeMetricFamily(name, help_text, labels=[label])
    labels = {**dict.fromkeys(QUEUES if label == "queue" else (), 0), **value}
    for label_value, number in labels.items():
        gauge.add_metric([label_value], number)
    return gauge


def _counters(figures: Figures) -> Iterator[Metric]:
    ended = CounterMetricFamily("studio_jobs_ended", "Jobs that ended, by type and outcome.", labels=["type", "outcome"])
    for key, n in figures.ended_total.items():
        ended.add_metric(key.split(" "), n)
    yield ended
    seconds = CounterMetricFamily("studio_jobs_seconds", "Seconds that ended jobs took, by type.", labels=["type"])
    for job_type, total in figures.ended_seconds_total.items():
        seconds.add_metric([job_type], total)
    yield seconds
