"""Metrics for Prometheus: counters of this process, and gauges that are set when they are read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.registry import Collector

REGISTRY = CollectorRegistry()
CONTENT_TYPE = CONTENT_TYPE_LATEST

_REQUESTS = Histogram(
    "studio_http_seconds", "API requests by route and status.", ["method", "route", "status"], registry=REGISTRY
)
_ATTEMPTS = Histogram(
    "studio_attempt_seconds",
    "Attempts at jobs by kind and outcome.",
    ["kind", "outcome"],
    registry=REGISTRY,
    buckets=(0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 14400),
)
_SIGN_INS = Counter("studio_sign_ins", "Sign-in tries by outcome.", ["outcome"], registry=REGISTRY)
_REPLICA_READS = Counter(
    "studio_replica_reads",
    "Lists that the read replica answered, or that it left to the primary.",
    ["outcome"],
    registry=REGISTRY,
)
_UP = Gauge("studio_up", "1 while this part answers.", ["part"], registry=REGISTRY)


def request(*, method: str, route: str, status: int, seconds: float) -> None:
    """Counts an API request. `route` is the pattern (`/jobs/{id}`), never the path, whose ids would make endless series."""
    _REQUESTS.labels(method, route, str(status)).observe(seconds)


def attempt(*, kind: str, outcome: str, seconds: float) -> None:
    """Counts an attempt at a job that has ended in this worker."""
    _ATTEMPTS.labels(kind, outcome).observe(seconds)


def sign_in(outcome: str) -> None:
    """Counts an attempt to sign in. `outcome`: ok, refused, throttled."""
    _SIGN_INS.labels(outcome).inc()


def replica_read(outcome: str) -> None:
    """Counts a list that was asked of the read replica. `outcome`: answered, behind, away."""
    _REPLICA_READS.labels(outcome).inc()


@dataclass(frozen=True, slots=True)
class RequestFigures:
    """API requests of this process since it began. `mean_s`: seconds of one; 0 without any. `failed`: answered with 5xx."""

    answered: int
    failed: int
    mean_s: float
    sign_ins_refused: int


def request_figures() -> RequestFigures:
    """Sums what `request` and `sign_in` counted."""
    samples = [sample for metric in REGISTRY.collect() for sample in metric.samples]
    answered = [sample for sample in samples if sample.name == "studio_http_seconds_count"]
    n = sum(sample.value for sample in answered)
    seconds = sum(sample.value for sample in samples if sample.name == "studio_http_seconds_sum")
    return RequestFigures(
        answered=int(n),
        failed=int(sum(sample.value for sample in answered if sample.labels["status"].startswith("5"))),
        mean_s=seconds / n if n else 0.0,
        sign_ins_refused=int(
            sum(
                sample.value
                for sample in samples
                if sample.name == "studio_sign_ins_total" and sample.labels["outcome"] != "ok"
            )
        ),
    )


def exposition(up: Mapping[str, bool], *collectors: Collector) -> bytes:
    """All metrics of this process in Prometheus's text format, and those of `collectors`. `up`: part -> whether it answers
    right now."""
    for part, ok in up.items():
        _UP.labels(part).set(ok)
    others = CollectorRegistry()
    for collector in collectors:
        others.register(collector)
    return generate_latest(REGISTRY) + generate_latest(others)
