"""`make rotate`: new secrets, none of which loses what is stored under the ones before."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from backend import accounts, channels, notices, webhooks
from backend.app import App
from backend.db.tables import User, WebhookEndpoint
from backend.db.transactions import SystemCaller
from backend.kit.secrets import KeyRing
from backend.settings import Settings
from backend.webhooks import EndpointDraft
from ops import rotate
from ops.local_stack import state as states
from tests.factories.account import Tenant


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("STUDIO_DATA", str(tmp_path / "var"))
    for kind in rotate.KINDS.values():
        for name in kind.settings:
            monkeypatch.delenv(name, raising=False)
    state = states.lock_folder(tmp_path / "var")
    for kind in rotate.KINDS.values():
        for name in kind.names:
            state.secret(name, lambda: "old")
    state.release()
    return tmp_path / "var"


def kept(folder: Path) -> dict[str, str]:
    secrets: dict[str, str] = json.loads((folder / "secrets.json").read_text())
    return secrets


def test_new_ones_of_all_kinds_and_how_old_they_are(folder: Path, monkeypatch: Any, capsys: Any) -> None:
    assert rotate.main([]) == 0
    assert capsys.readouterr().out.count("0 days old; new ones in 90 days.") == len(rotate.KINDS)
    monkeypatch.setenv("REDIS_URL", "redis://elsewhere")
    for _ in range(5):
        assert rotate.main(["all"]) == 0
    secrets = kept(folder)
    assert secrets["VALKEY_PASSWORD"] == "old", "given by REDIS_URL"
    assert "old" not in (secrets["JWT_SECRET"], secrets["S3_SECRET"], secrets["STUDIO_APP_PASSWORD"])
    keys = secrets["SECRET_KEYS"].split(",")
    assert len(set(keys)) == rotate.MAX_KEYS
    assert "old" not in keys
    dates = json.loads(secrets[states.SECRETS_MADE_AT]) | {"JWT_SECRET": "2020-01-01T00:00:00+00:00"}
    (folder / "secrets.json").write_text(json.dumps(secrets | {states.SECRETS_MADE_AT: json.dumps(dates)}))
    capsys.readouterr()
    rotate.main([])
    assert "days old; make new ones" in capsys.readouterr().out


def test_a_running_studio_and_unknown_kinds_are_refused(folder: Path, capsys: Any) -> None:
    state = states.lock_folder(folder)
    try:
        before = kept(folder)
        assert rotate.main(["all"]) == 1
        assert "already runs" in capsys.readouterr().err
        assert kept(folder) == before
    finally:
        state.release()
    assert rotate.main(["everything"]) == 2


def test_what_is_stored_comes_under_the_newest_key(app: App, workspace: Tenant, other_workspace: Tenant) -> None:
    old = app.settings
    new = old.replace(SECRET_KEYS=rotate._next_keys(old.secret_keys.get_secret_value()))
    for tenant in (workspace, other_workspace):
        with app.db.transaction(tenant.caller, needs="owner") as tx:
            endpoint = webhooks.create_endpoint(old, tx, EndpointDraft(name="n8n", url="https://93.184.215.14/hook"))
            sealed = KeyRing(old.secret_keys.get_secret_value()).seal("totp", tenant_id="", row_id=tenant.user_id)
            tx.execute(update(User).where(User.id == tenant.user_id).values(totp_secret=sealed))
    with app.db.transaction(SystemCaller(workspace.id)) as tx:
        reseals = channels.reseal_tokens, webhooks.reseal_secrets, notices.reseal_targets, accounts.reseal_secrets
        assert [reseal(tx, new) for reseal in reseals] == [0, 1, 0, 1]
        assert [reseal(tx, new) for reseal in reseals] == [0, 0, 0, 0]
        tx.execute(update(WebhookEndpoint).values(sealed=b"damaged"))
        assert webhooks.reseal_secrets(tx, new) == 0
    newest_only = KeyRing(newest_key(new))
    with app.db.transaction(SystemCaller(workspace.id)) as tx:
        totp = tx.scalar(select(User.totp_secret).where(User.id == workspace.user_id))
        assert totp is not None
        assert newest_only.open(totp, tenant_id="", row_id=workspace.user_id) == "totp"
    with app.db.transaction(SystemCaller(other_workspace.id)) as tx:
        assert webhooks.reseal_secrets(tx, new) == 1, "the other workspace's own maintenance does it"
    assert endpoint.secret


def newest_key(settings: Settings) -> str:
    return settings.secret_keys.get_secret_value().split(",")[0]
