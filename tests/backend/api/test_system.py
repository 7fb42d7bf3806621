"""The installation over HTTP, for operators; a workspace's part of it for its members."""

from __future__ import annotations

from dataclasses import replace

from backend.app import App
from tests.backend.api.test_access import make_key, program
from tests.factories.account import Tenant
from tests.support.browsing import browser

INSTALLATION = ("/system", "/system/metrics")


def test_an_operator_reads_the_whole_installation(app: App, workspace: Tenant) -> None:
    with browser(app, workspace.owner) as client:
        client.headers["x-workspace"] = workspace.id
        system = client.get("/system").json()
        assert {"Database", "Workers", "Trainer"} <= {check["name"] for check in system["checks"]}
        assert (system["workers"], system["devices"]) == ([], [])
        figures = client.get("/system/metrics")
        assert figures.headers["content-type"].startswith("text/plain")
        assert 'studio_up{part="database"} 1.0' in figures.text


def test_owners_and_keys_read_their_workspaces_part_alone(app: App, workspace: Tenant, other_workspace: Tenant) -> None:
    with browser(app, other_workspace.owner) as client:
        client.headers["x-workspace"] = other_workspace.id
        for path in INSTALLATION:
            refusal = client.get(path)
            assert (refusal.status_code, "OPERATOR_EMAILS" in refusal.text) == (403, True), path
        status = client.get("/system/workspace").json()
        assert status["parts"] == status["parts"] | {"Database": True, "Workers": False, "Image engine": True}
        assert (status["jobs"]["pending"], status["files"], status["sizeBytes"]) == (0, 0, 0)
    _, secret = make_key(app, workspace, "*:admin")
    with program(app, secret) as client:
        assert [client.get(path).status_code for path in INSTALLATION] == [403, 403], "an operator's key is none of one"
        assert client.get("/system/workspace").status_code == 200
    named = replace(app, settings=app.settings.replace(OPERATOR_EMAILS=other_workspace.owner.email))
    with browser(named, other_workspace.owner) as client:
        assert client.get("/system", headers={"x-workspace": other_workspace.id}).status_code == 200
    with browser(named, workspace.owner) as client:
        assert client.get("/system", headers={"x-workspace": workspace.id}).status_code == 403
