"""What a worker answers to probes and to Prometheus."""

from __future__ import annotations

import json
from collections.abc import Iterator

import httpx
import pytest

from backend.kit import metrics
from workers.lease import Lease, boot_clock
from workers.monitoring import serve_probes


@pytest.fixture
def lease() -> Lease:
    lease = Lease(60.0)
    lease.renewed(boot_clock())
    return lease


@pytest.fixture
def client(lease: Lease) -> Iterator[httpx.Client]:
    server = serve_probes(("127.0.0.1", 0), ("gpu",), lease)
    with httpx.Client(base_url=f"http://127.0.0.1:{server.server_address[1]}") as client:
        yield client
    server.shutdown()
    server.server_close()


def test_a_worker_that_works_says_which_types_it_takes(client: httpx.Client) -> None:
    answer = client.get("/health").json()
    assert answer["status"] == "ok"
    assert answer["queues"]["lora-training"] == "active"
    assert "autopost" not in answer["queues"]
    assert client.get("/ready").status_code == 200
    assert client.get("/secrets").status_code == 404


def test_without_its_database_it_lives_but_takes_nothing(client: httpx.Client, lease: Lease) -> None:
    lease.renewed(boot_clock() - 31.0)
    assert client.get("/health").status_code == 200
    assert client.get("/health").json()["status"] == "degraded"
    assert client.get("/ready").status_code == 503
    lease.stopping.set()
    assert json.loads(client.get("/ready").text)["status"] == "stopping"


def test_prometheus_reads_its_attempts(client: httpx.Client) -> None:
    metrics.attempt(kind="test-steps", outcome="completed", seconds=2.0)
    assert 'studio_attempt_seconds_bucket{kind="test-steps",le="2.5",outcome="completed"}' in client.get("/metrics").text
