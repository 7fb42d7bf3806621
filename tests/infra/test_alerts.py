"""Alert rules and dashboards: each alert fires when it should and is quiet when it should be, and none asks for a figure that
nobody measures."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from backend.kit import metrics
from backend.monitoring import Figures, MinuteSample, SampleCollector
from tests.infra.programs import ROOT, program, run

FILES = ROOT / "infra" / "helm" / "influencerai" / "files"
RULES = FILES / "rules" / "studio.yml"
RUNBOOK = ROOT / "docs" / "alerts.md"
DASHBOARDS = sorted((FILES / "dashboards").glob("*.json"))
Series = dict[str, str]
"""Series -> values, a minute each, as promtool writes them: `0+2x30` begins at 0 and grows by 2 thirty times."""

CASES: dict[str, tuple[Series, Series]] = {
    "StudioDown": ({'up{job="studio",instance="a"}': "0x120"}, {'up{job="studio",instance="a"}': "1x120"}),
    "StudioPartDown": (
        {'studio_up{part="redis",instance="a"}': "1x120", 'studio_up{part="redis",instance="b"}': "0x120"},
        {'studio_up{part="redis",instance="a"}': "1x120"},
    ),
    "StudioApiSlow": (
        {
            'studio_http_seconds_bucket{route="/jobs",le="0.5"}': "0+1x120",
            'studio_http_seconds_bucket{route="/jobs",le="1.0"}': "0+90x120",
            'studio_http_seconds_bucket{route="/jobs",le="+Inf"}': "0+90x120",
        },
        {
            'studio_http_seconds_bucket{route="/jobs",le="0.1"}': "0+89x120",
            'studio_http_seconds_bucket{route="/jobs",le="+Inf"}': "0+90x120",
            'studio_http_seconds_bucket{route="/events",le="0.1"}': "0x120",
            'studio_http_seconds_bucket{route="/events",le="+Inf"}': "0+90x120",
        },
    ),
    "StudioApiErrors": (
        {'studio_http_seconds_count{status="200"}': "0+90x120", 'studio_http_seconds_count{status="500"}': "0+10x120"},
        {'studio_http_seconds_count{status="200"}': "0+99x120", 'studio_http_seconds_count{status="500"}': "0+1x120"},
    ),
    "StudioSignInsThrottled": (
        {'studio_sign_ins_total{outcome="throttled"}': "0+10x120"},
        {'studio_sign_ins_total{outcome="throttled"}': "0+1x120"},
    ),
    "StudioNoWorker": (
        {'studio_workers{queue="gpu"}': "0x120", 'studio_queue_waiting_jobs{queue="gpu"}': "2x120"},
        {'studio_workers{queue="gpu"}': "0x120", 'studio_queue_waiting_jobs{queue="gpu"}': "0x120"},  # scaled to zero
    ),
    "StudioQueueLong": (
        {'studio_queue_waiting_jobs{queue="cpu"}': "51x120"},
        {'studio_queue_waiting_jobs{queue="cpu"}': "50x120"},
    ),
    "StudioQueueStuck": (
        {'studio_queue_oldest_wait_seconds{queue="cpu"}': "1801+60x120", 'studio_queue_running_jobs{queue="cpu"}': "0x120"},
        {'studio_queue_oldest_wait_seconds{queue="cpu"}': "1801+60x120", 'studio_queue_running_jobs{queue="cpu"}': "1x120"},
    ),
    "StudioContentSlow": (
        {
            'studio_jobs_seconds_total{type="content-generation",instance="a"}': "0+700x120",
            'studio_jobs_seconds_total{type="content-generation",instance="b"}': "0+700x120",
            'studio_jobs_ended_total{type="content-generation",outcome="completed",instance="a"}': "0+1x120",
        },
        {
            'studio_jobs_seconds_total{type="content-generation",instance="a"}': "0+400x120",
            'studio_jobs_seconds_total{type="content-generation",instance="b"}': "0+400x120",
            'studio_jobs_ended_total{type="content-generation",outcome="completed",instance="a"}': "0+1x120",
        },
    ),
    "StudioJobsFail": (
        {
            'studio_jobs_ended_total{type="x",outcome="failed"}': "0+1x120",
            'studio_jobs_ended_total{type="x",outcome="completed"}': "0+8x120",
        },
        {
            'studio_jobs_ended_total{type="x",outcome="failed"}': "0+1x120",
            'studio_jobs_ended_total{type="x",outcome="completed"}': "0+9x120",
        },
    ),
    "StudioDeadLettersGrow": ({"studio_dead_letter_jobs": "0+1x120"}, {"studio_dead_letter_jobs": "400x120"}),
    "StudioDeviceDown": ({'studio_devices{state="down"}': "1x120"}, {'studio_devices{state="busy"}': "4x120"}),
    "StudioGpusFull": (
        {
            'studio_devices{state="busy"}': "9x120",
            'studio_devices{state="free"}': "1x120",
            'studio_queue_waiting_jobs{queue="gpu"}': "11x120",
        },
        {
            'studio_devices{state="busy"}': "8x120",
            'studio_devices{state="free"}': "2x120",
            'studio_queue_waiting_jobs{queue="gpu"}': "11x120",
        },
    ),
    "StudioChannelsExpire": ({"studio_channels_expiring": "1x120"}, {"studio_channels_expiring": "0x120"}),
    "StudioChannelsEnded": ({"studio_channels_to_reconnect": "1x120"}, {"studio_channels_to_reconnect": "0x120"}),
    "StudioBudgetNear": ({"studio_budget_used_ratio": "0.91x120"}, {"studio_budget_used_ratio": "0.9x120"}),
    "StudioPostsLate": ({"studio_publishing_lag_seconds": "301x120"}, {"studio_publishing_lag_seconds": "299x120"}),
    "StudioPostsUnconfirmed": ({"studio_posts_unconfirmed": "1x120"}, {"studio_posts_unconfirmed": "0x120"}),
    "StudioMessagesWait": (
        {"studio_webhooks_waiting": "501x120", "studio_notices_waiting": "0x120"},
        {"studio_webhooks_waiting": "500x120", "studio_notices_waiting": "499x120"},
    ),
    "StudioCostsToday": ({"studio_spent_today_usd": "10.5x120"}, {"studio_spent_today_usd": "9x120"}),
    "StudioCostsMonth": ({"studio_spent_today_usd": "160x120"}, {"studio_spent_today_usd": "140x120"}),
    "StudioDatabasePoolFull": (
        {"studio_database_connections": "91x120", "studio_database_connections_limit": "100x120"},
        {"studio_database_connections": "79x120", "studio_database_connections_limit": "100x120"},
    ),
    "StudioBackupOld": (
        {"studio_backup_finished_timestamp_seconds": "-90000x120"},
        {"studio_backup_finished_timestamp_seconds": "0x120"},  # there never was one
    ),
    "StudioBackupLogWaits": ({"studio_backup_log_lag_seconds": "901x120"}, {"studio_backup_log_lag_seconds": "899x120"}),
    "StudioDiskFull": (
        {"studio_disk_free_bytes": "9x120", "studio_disk_total_bytes": "100x120"},
        {"studio_disk_free_bytes": "11x120", "studio_disk_total_bytes": "100x120"},
    ),
    "StudioSamplesStopped": ({"studio_sample_timestamp_seconds": "0x120"}, {"studio_sample_timestamp_seconds": "0+60x120"}),
    "StudioClockSkew": ({"studio_sample_timestamp_seconds": "120+60x120"}, {"studio_sample_timestamp_seconds": "0+60x120"}),
}
"""Alert -> series with which it fires, and series with which it does not; looked at after 100 minutes."""


@cache
def rules() -> list[dict[str, Any]]:
    return [rule for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"]]


@cache
def measured() -> set[str]:
    """The names of all series of a studio and a worker."""
    metrics.request(method="GET", route="/x", status=200, seconds=1.0)
    metrics.attempt(kind="x", outcome="completed", seconds=1.0)
    metrics.sign_in("ok")
    figures = Figures(
        ended_total={"x completed": 1}, ended_seconds_total={"x": 1.0}, devices={"free": 1}, text_calls_today={"settled": 1}
    )
    sample = SampleCollector(MinuteSample(datetime.now(UTC), 0, figures))
    page = metrics.exposition({"database": True}, sample).decode()
    return {"up", *re.findall(r"^([a-z_]+)[{ ]", page, re.MULTILINE)}


def names(expression: str) -> set[str]:
    return set(re.findall(r"\b(?:studio_[a-z_]+|up(?=\{))", expression))


def test_rules_are_valid_and_complete() -> None:
    run(program("promtool"), "check", "rules", RULES)
    runbook = set(re.findall(r"^#+ (\w+)$", RUNBOOK.read_text(), re.MULTILINE))
    assert {rule["alert"] for rule in rules()} == set(CASES)
    for rule in rules():
        assert rule["labels"]["severity"] in {"critical", "warning"}
        assert rule["annotations"]["summary"]
        assert rule["annotations"]["runbook"] == f"docs/alerts.md#{rule['alert'].lower()}"
        assert rule["alert"] in runbook, f"docs/alerts.md has no heading {rule['alert']}"


def test_each_alert_fires_when_it_should_and_only_then(tmp_path: Path) -> None:
    tests = [
        {
            "interval": "1m",
            "name": f"{alert} {'fires' if fires else 'is quiet'}",
            "input_series": [{"series": name, "values": values} for name, values in series.items()],
            "promql_expr_test": [
                {
                    "expr": f'count(ALERTS{{alertname="{alert}",alertstate="firing"}}) or vector(0)',
                    "eval_time": "100m",
                    "exp_samples": [{"labels": "{}", "value": int(fires)}],
                }
            ],
        }
        for alert, cases in CASES.items()
        for fires, series in zip((True, False), cases, strict=True)
    ]
    file = tmp_path / "tests.yml"
    file.write_text(yaml.safe_dump({"rule_files": [str(RULES)], "evaluation_interval": "1m", "tests": tests}, sort_keys=False))
    run(program("promtool"), "test", "rules", file)


def test_configurations_of_prometheus_and_alertmanager_are_valid(tmp_path: Path) -> None:
    run(program("promtool"), "check", "config", "--syntax-only", "infra/monitoring/prometheus.yml")
    text = (ROOT / "infra/monitoring/alertmanager.yml").read_text()
    file = tmp_path / "alertmanager.yml"
    file.write_text(text.replace("url_file: /etc/alertmanager/webhook_url", "url: http://127.0.0.1:9/"))  # new in 0.26
    run(program("amtool"), "check-config", file)


def test_alerts_ask_for_figures_that_there_are() -> None:
    for rule in rules():
        assert names(rule["expr"]) <= measured(), rule["alert"]
        assert names(rule["expr"])


def targets(dashboard: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """(title of the panel, expression)."""
    for panel in dashboard["panels"]:
        for target in panel.get("targets", ()):
            yield panel["title"], target["expr"]


@pytest.mark.parametrize("path", DASHBOARDS, ids=lambda path: path.stem)
def test_dashboards_ask_for_figures_that_there_are(path: Path) -> None:
    dashboard = json.loads(path.read_text())
    assert dashboard["uid"] == f"influencerai-{path.stem}"
    assert 39 <= dashboard["schemaVersion"] <= 42
    assert [variable["name"] for variable in dashboard["templating"]["list"]][:1] == ["DS"]
    ids = [panel["id"] for panel in dashboard["panels"]]
    assert len(set(ids)) == len(ids) > 1
    for panel in dashboard["panels"]:
        assert panel["datasource"]["uid"] == "${DS}"
    for title, expression in targets(dashboard):
        if dashboard["templating"]["list"][0]["query"] == "prometheus":
            assert names(expression) <= measured(), title
            assert names(expression), title


def test_every_panel_s_expression_is_promql(tmp_path: Path) -> None:
    recorded = [
        {"record": f"panel:{path.stem}_{number}", "expr": expression.replace("$__rate_interval", "5m")}
        for path in DASHBOARDS
        if path.stem != "logs"
        for number, (_, expression) in enumerate(targets(json.loads(path.read_text())))
    ]
    assert len(recorded) > 15
    file = tmp_path / "panels.yml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": recorded}]}))
    run(program("promtool"), "check", "rules", "--lint=none", file)
