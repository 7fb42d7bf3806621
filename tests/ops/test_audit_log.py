"""`make audit-log`: the logs of all workspaces for whoever runs the installation, and a trace of it in each."""

from __future__ import annotations

import csv
import io
import json

import pytest

from backend import audit, influencers
from backend.app import App
from backend.audit import AuditFilters
from backend.db.transactions import Database
from backend.influencers import InfluencerDraft
from backend.language import worded
from ops import audit_log
from tests.factories.account import Tenant


def test_all_workspaces_are_in_it_and_each_says_that_it_was_taken(
    worker_app: App, db: Database, workspace: Tenant, other_workspace: Tenant
) -> None:
    for tenant, name in ((workspace, "=Bella"), (other_workspace, "Zara")):
        with db.transaction(tenant.caller) as tx:
            influencers.create(tx, draft=InfluencerDraft(name=name))
    entries = [json.loads(line) for line in audit_log.lines(worker_app, AuditFilters(), "jsonl")]
    made = {(entry["workspace_id"], entry["name"]) for entry in entries if entry["kind"] == "influencer.created"}
    assert made == {(workspace.id, "=Bella"), (other_workspace.id, "Zara")}
    file_text = "".join(audit_log.lines(worker_app, AuditFilters(text="Bella"), "csv"))
    rows = list(csv.DictReader(io.StringIO(file_text.removeprefix("\ufeff"))))
    assert {(row["workspace_id"], row["name"]) for row in rows} == {(workspace.id, "'=Bella")}
    for tenant in (workspace, other_workspace):
        with db.transaction(tenant.caller) as tx:
            noted = [entry for entry in audit.page(tx, AuditFilters()).entries if entry.kind == "audit.exported"]
        assert [(entry.source, entry.person) for entry in noted] == [("command", ""), ("command", "")]
        assert worded(noted[0].sentence)


def test_a_day_that_is_none_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        audit_log.main(["--since", "yesterday"])
    assert "“yesterday” is no day: write it as 2026-11-25." in capsys.readouterr().err
