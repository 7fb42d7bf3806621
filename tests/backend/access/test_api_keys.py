"""API keys: whose rights they have, when they end, what they may use up."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import update

from backend import access, accounts, jobs
from backend.access import ApiKeyChange, ApiKeyDraft
from backend.app import App
from backend.db.tables import ApiKey, LlmCall
from backend.db.transactions import KeyHolder
from backend.errors import Conflict, Invalid, NotFound, NotPermitted, NotSignedIn, TooMany
from backend.kit.clock import now
from backend.kit.ids import new_id
from tests.factories.account import Tenant, make_person
from tests.support.handlers import Steps


def make_key(app: App, workspace: Tenant, *scopes: str, **values: object) -> tuple[str, KeyHolder]:
    """(id, holder)"""
    with app.db.transaction(workspace.caller, needs="owner") as tx:
        created = access.create(tx, ApiKeyDraft(name="n8n", scopes=scopes or ("*:write",), **values))
    holder = access.find_holder(app.db, created.secret)
    assert holder is not None
    return created.card.id, holder


def test_a_key_acts_for_its_maker_with_the_lower_role(app: App, workspace: Tenant) -> None:
    reader = make_key(app, workspace, "*:read")[1]
    writer = make_key(app, workspace, "images:write")[1]
    admin = make_key(app, workspace, "workspace:admin")[1]
    for holder, role in ((reader, "viewer"), (writer, "editor"), (admin, "owner")):
        with app.db.transaction(holder) as tx:
            assert (tx.info["role"], tx.info["user_id"], tx.info["tenant_id"]) == (role, workspace.owner.id, workspace.id)
    with pytest.raises(NotPermitted), app.db.transaction(reader, needs="editor"):
        pass
    with app.db.transaction(make_person(app.db, workspace.id, "owner").caller, needs="owner") as tx:
        accounts.set_role(tx, workspace.owner.id, "viewer")
    with pytest.raises(NotPermitted), app.db.transaction(admin, needs="editor"):
        pass


def test_a_key_ends_with_its_revocation_its_date_and_its_makers_membership(app: App, workspace: Tenant) -> None:
    revoked, expired, orphan = (make_key(app, workspace) for _ in range(3))
    other_owner = make_person(app.db, workspace.id, "owner")
    with app.db.transaction(workspace.caller, needs="owner") as tx:
        access.revoke(tx, revoked[0])
        access.revoke(tx, revoked[0])
        tx.execute(update(ApiKey).where(ApiKey.id == expired[0]).values(expires_at=now() - timedelta(seconds=1)))
    for _, holder in (revoked, expired):
        with pytest.raises(NotSignedIn), app.db.transaction(holder):
            pass
        with pytest.raises(NotSignedIn):
            app.db.recent(holder, "x", lambda tx: 1)
    with app.db.transaction(other_owner.caller, needs="owner") as tx:
        accounts.remove_member(tx, workspace.owner.id)
        states = {card.id: card.state for card in access.page(tx, revoked=True)}
    assert states == {revoked[0]: "revoked", expired[0]: "expired", orphan[0]: "active"}
    with pytest.raises(NotSignedIn), app.db.transaction(orphan[1]):
        pass


def test_keys_are_for_owners_and_make_no_keys(app: App, workspace: Tenant, other_workspace: Tenant) -> None:
    api_key_id, holder = make_key(app, workspace, "*:admin")
    draft = ApiKeyDraft(name="Another", scopes=("*:read",))
    with pytest.raises(NotPermitted, match="cannot make"), app.db.transaction(holder, needs="owner") as tx:
        access.create(tx, draft)
    with pytest.raises(NotPermitted, match="cannot make"), app.db.transaction(holder, needs="owner") as tx:
        access.change(tx, api_key_id, ApiKeyChange(jobs_per_day=None))
    with pytest.raises(NotPermitted), app.db.transaction(workspace.editor.caller, needs="editor") as tx:
        access.page(tx)
    with app.db.transaction(other_workspace.caller, needs="owner") as tx:
        assert access.page(tx) == []
        with pytest.raises(NotFound):
            access.revoke(tx, api_key_id)
    with pytest.raises(Invalid, match="expired already"), app.db.transaction(workspace.caller, needs="owner") as tx:
        access.create(tx, ApiKeyDraft(name="Late", scopes=("*:read",), expires_at=now()))


def test_the_secret_is_not_stored(app: App, workspace: Tenant) -> None:
    with app.db.transaction(workspace.caller, needs="owner") as tx:
        created = access.create(tx, ApiKeyDraft(name="n8n", scopes=("*:read",)))
        row = tx.get(ApiKey, created.card.id)
    assert created.secret not in str({name: getattr(row, name) for name in ApiKey.__table__.columns.keys()})  # noqa: SIM118
    assert created.card.hint == f"ias_…{created.secret[-4:]}"
    assert created.secret not in repr(created.card)
    assert access.find_holder(app.db, created.secret[:-1] + ("a" if created.secret[-1] != "a" else "b")) is None


def start_job(app: App, holder: KeyHolder, parent_id: str | None = None) -> str:
    with app.db.transaction(holder, needs="editor") as tx:
        key = new_id("key")
        return jobs.enqueue(tx, kind="upkeep", payload=Steps(), title="x", request_key=key, parent_id=parent_id).id


def test_quotas_hold_when_requests_come_at_once(app: App, workspace: Tenant) -> None:
    _, holder = make_key(app, workspace, jobs_per_day=3)

    def attempt(_: int) -> bool:
        try:
            start_job(app, holder)
        except TooMany as error:
            waits.append(error.retry_after)
            return False
        return True

    waits: list[float] = []
    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(attempt, range(8))) == 3
    assert all(0 < wait <= 86_400 for wait in waits)


def test_what_a_keys_jobs_spend_is_counted_with_their_children(app: App, workspace: Tenant) -> None:
    api_key_id, holder = make_key(app, workspace, usd_per_month=Decimal("1.00"), jobs_per_day=10)
    parent = start_job(app, holder)
    with app.db.transaction(workspace.caller, needs="editor") as tx:
        child = jobs.enqueue(tx, kind="upkeep", payload=Steps(), title="x", request_key="child", parent_id=parent).id
        for job_id in (parent, child):
            values = {"day": int(f"{now():%Y%m%d}"), "kind": "caption", "usd": Decimal("0.5"), "estimate_usd": Decimal(0)}
            tx.add(LlmCall(id=new_id("llm"), job_id=job_id, **values))
    with pytest.raises(TooMany, match=r"\$1\.00 of \$1\.00"):
        start_job(app, holder)
    with app.db.transaction(workspace.caller, needs="owner") as tx:
        card = access.get(tx, api_key_id)
        assert (card.jobs_today, card.usd_this_month) == (1, Decimal("1.000000000"))
        assert access.change(tx, api_key_id, ApiKeyChange(usd_per_month=None)).usd_per_month is None
    start_job(app, holder)


def test_a_workspace_has_a_bounded_number_of_keys(app: App, workspace: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("backend.access.api_keys.MAX_KEYS", 1)
    make_key(app, workspace)
    with pytest.raises(Conflict, match="Revoke one"):
        make_key(app, workspace)
