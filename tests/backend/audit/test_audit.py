"""The audit log: who did what, from where, with what was there before; for owners, and never altered."""

from __future__ import annotations

import csv
import io
import json
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pyotp
import pytest
from pydantic import SecretStr
from sqlalchemy import select

from backend import accounts, audit, automations, budgets, content_plans, gallery, influencers, loras
from backend.accounts import passwords
from backend.audit import AuditEntry, AuditFilters
from backend.audit.sentences import AUDITED
from backend.automations import AutomationDraft
from backend.automations.definition import Notify, WebhookTrigger
from backend.db.callers import Origin, SignedIn
from backend.db.tables import AuditChange, Membership, User
from backend.db.transactions import Anonymous, Database, SystemCaller
from backend.errors import Invalid, NotPermitted, NotSignedIn
from backend.events.audit_values import HIDDEN, changed
from backend.gallery import BoardDraft, BulkActionDraft
from backend.kit.clock import now
from backend.language import Reader, reading, worded
from backend.settings import Settings
from tests.factories.account import Person, Tenant
from tests.factories.making import make_lora, make_pictures
from tests.factories.posts import local_time_ahead, make_planner

SECRET_WORDS = "nobody may read this"


def at_home(person: Person, *, address: str = "203.0.113.7") -> SignedIn:
    return SignedIn(person.token, person.caller.tenant_id, Origin("page", address, "Firefox/150"))


def entries(db: Database, tenant: Tenant, **filters: Any) -> list[AuditEntry]:
    with db.transaction(tenant.caller, needs="owner") as tx:
        return audit.page(tx, AuditFilters(**filters), take=200).entries


def test_it_says_who_did_what_from_where_and_what_was_there_before(db: Database, workspace: Tenant) -> None:
    with db.transaction(at_home(workspace.owner), needs="owner") as tx:
        accounts.set_role(tx, workspace.viewer.id, "editor")
    with db.transaction(at_home(workspace.editor, address="198.51.100.4"), needs="editor") as tx:
        loras.rename(tx, make_lora(tx, "bella").id, "bella-2")
        gallery.act(tx, draft=BulkActionDraft(kind="rate", rating=5, picture_ids=tuple(make_pictures(tx, 2))), request_key="r")
    rated, renamed, added, role = entries(db, workspace)[:4]
    assert (rated.person, str(rated.sentence)) == ("Editor Example", "2 files rated ★★★★★.")
    assert (renamed.source, renamed.address, renamed.user_agent) == ("page", "198.51.100.4", "Firefox/150")
    assert (renamed.before, renamed.after) == ({"name": "bella"}, {"name": "bella-2"})
    assert (added.kind, added.noun_id) == ("lora.added", renamed.noun_id)
    assert (role.person, role.address, role.before, role.after) == (
        "Owner Example",
        "203.0.113.7",
        {"role": "viewer"},
        {"role": "editor"},
    )
    with reading(Reader("it")):
        assert worded(renamed.sentence) == "LoRA “bella” rinominato in “bella-2”."


def test_filters_and_search_narrow_it_down(db: Database, workspace: Tenant) -> None:
    with db.transaction(at_home(workspace.owner), needs="owner") as tx:
        lora_id = make_lora(tx, "50% smile").id
        loras.rename(tx, lora_id, "smile")
        accounts.rename_workspace(tx, "Harbour")
    with db.transaction(at_home(workspace.editor, address="198.51.100.4"), needs="editor") as tx:
        make_lora(tx, "other")
        draft = AutomationDraft(name="Hooked", trigger=WebhookTrigger(), steps=(Notify(),))
        automations.create(tx, draft)

    def kinds(**filters: Any) -> list[str]:
        return [entry.kind for entry in entries(db, workspace, **filters)]

    assert kinds(user_id=workspace.editor.id) == ["automation.created", "lora.added"]
    assert kinds(group="settings") == ["workspace.renamed"]
    assert kinds(noun_id=lora_id) == ["lora.renamed", "lora.added"]
    assert kinds(text="198.51.100") == kinds(user_id=workspace.editor.id)
    assert kinds(text="editor ex") == kinds(user_id=workspace.editor.id)
    assert kinds(text="SMILE") == ["lora.renamed", "lora.added"]  # by what it is called now
    assert kinds(text="%") == []
    assert kinds(source="key") == []
    assert kinds(since=now() + timedelta(hours=1)) == []
    assert kinds(until=now() - timedelta(hours=1)) == []
    assert len(kinds(since=now() - timedelta(hours=1))) == 5


def test_pages_meet_everything_once_newest_first(db: Database, workspace: Tenant) -> None:
    with db.transaction(at_home(workspace.owner), needs="owner") as tx:
        for n in range(4):
            make_lora(tx, f"bella-{n}")
            draft = BulkActionDraft(kind="rate", rating=n + 1, picture_ids=tuple(make_pictures(tx, 1)))
            gallery.act(tx, draft=draft, request_key=f"rate-{n}")
    whole, met, cursor = entries(db, workspace), [], None
    with db.transaction(workspace.caller, needs="owner") as tx:
        while True:
            part = audit.page(tx, AuditFilters(), take=3, cursor=cursor)
            met += part.entries
            if (cursor := part.next_cursor) is None:
                break
        with pytest.raises(Invalid):
            audit.page(tx, AuditFilters(), cursor="x")
    assert met == whole
    assert len(whole) == 8


def test_only_owners_read_it_and_only_their_own(db: Database, workspace: Tenant, other_workspace: Tenant) -> None:
    with db.transaction(at_home(workspace.owner), needs="owner") as tx:
        make_lora(tx)
    for person in (workspace.editor, workspace.viewer):
        with db.transaction(person.caller) as tx, pytest.raises(NotPermitted):
            audit.page(tx, AuditFilters())
    assert entries(db, other_workspace) == []


def test_words_and_secrets_of_people_are_not_in_it(db: Database, workspace: Tenant, settings: Settings) -> None:
    with db.transaction(at_home(workspace.owner), needs="owner") as tx:
        planner = make_planner(tx)
        card = influencers.get(tx, planner.influencer.id)
        persona = card.persona.model_copy(update={"bio": SECRET_WORDS})
        influencers.save(tx, card.id, influencers.InfluencerDraft(name=card.name, persona=persona), version=card.version)
        plan = planner.plan(tx, wall=local_time_ahead(), variants=(planner.variant(caption=SECRET_WORDS),))
        content_plans.delete(tx, plan.id)
        hashtags = content_plans.HashtagSetDraft(name="Sea", hashtags=SECRET_WORDS)
        content_plans.save_hashtag_set(tx, hashtags)
        budgets.set_limits(tx, daily_usd=Decimal(3), monthly_usd=None, settings=settings)
        kept = tx.execute(select(AuditChange.before, AuditChange.after)).all()
    assert kept
    assert SECRET_WORDS not in json.dumps([list(row) for row in kept])
    assert SECRET_WORDS not in "".join(audit.export(db, workspace.caller, AuditFilters(), "json"))


def test_only_what_changed_is_kept_and_long_or_private_values_are_not() -> None:
    before = {"name": "a", "notes": "private", "rating": 4, "scopes": ["x:read"], "same": "s", "password": ""}
    after = {"name": "b" * 100, "notes": "other", "rating": 5, "scopes": ["x:write"], "same": "s", "password": "hunter2"}
    old, new = changed(before, after)
    assert old == {"name": "a", "notes": HIDDEN, "rating": 4, "scopes": ["x:read"], "password": ""}
    assert new == {"name": "b" * 80 + HIDDEN, "notes": HIDDEN, "rating": 5, "scopes": ["x:write"], "password": HIDDEN}
    assert changed(None, {"name": "a"}) == (None, {"name": "a"})


def test_an_export_is_whole_disarmed_and_leaves_a_trace(db: Database, workspace: Tenant) -> None:
    with db.transaction(at_home(workspace.owner), needs="owner") as tx:
        gallery.create_board(tx, draft=BoardDraft(name="=HYPERLINK(1)"))
        loras.rename(tx, make_lora(tx, "bella").id, "plain")
    rows = list(
        csv.DictReader(io.StringIO("".join(audit.export(db, workspace.caller, AuditFilters(), "csv")).lstrip("\ufeff")))
    )
    assert [row["kind"] for row in rows] == ["lora.renamed", "lora.added", "board.created"]
    assert rows[2]["name"] == "'=HYPERLINK(1)"
    assert json.loads(rows[0]["before"]) == {"name": "bella"}
    listed = json.loads("".join(audit.export(db, workspace.caller, AuditFilters(), "json")))
    assert [entry["kind"] for entry in listed] == ["audit.exported", "lora.renamed", "lora.added", "board.created"]
    assert listed[0]["sentence"] == "Audit log exported: 3 entries."
    half = audit.export(db, workspace.caller, AuditFilters(), "json")
    next(half)
    half.close()  # whoever stops in the middle took something, too
    assert [entry.kind for entry in entries(db, workspace)][:2] == ["audit.exported", "audit.exported"]
    assert json.loads("".join(audit.export(db, workspace.caller, AuditFilters(text="nothing"), "json"))) == []


def test_an_operators_reading_is_noted_once_an_hour(db: Database, workspace: Tenant) -> None:
    for _ in range(2):
        with db.transaction(at_home(workspace.owner), needs="owner") as tx:
            audit.note_reading(tx)
    assert [entry.kind for entry in entries(db, workspace)] == ["audit.read"]


def test_every_kind_has_a_sentence_in_both_languages() -> None:
    from backend.history import Change

    data = {"sentence": {"text": "One."}, "from": "draft", "to": 1, "title": "T", "n": 2, "role": "owner"}
    for kind, sentence in AUDITED.items():
        with reading(Reader("it")):
            assert worded(sentence(Change(kind, kind.partition(".")[0], "x_1", data, "Bella"))), kind


def test_it_says_how_an_account_was_used_in_each_of_its_workspaces(
    db: Database, workspace: Tenant, other_workspace: Tenant, settings: Settings
) -> None:
    home = Origin("page", "203.0.113.7", "Firefox/150")
    with db.transaction(SystemCaller(workspace.id)) as tx:
        viewer = tx.get_one(User, workspace.viewer.id)
        viewer.password_hash = passwords.hash_password(SecretStr(SECRET_WORDS))
    with db.transaction(SystemCaller(other_workspace.id)) as tx:
        tx.add(Membership(user_id=workspace.viewer.id, role="viewer"))
    email = workspace.viewer.email
    with pytest.raises(NotSignedIn):
        accounts.sign_in(db, email=email, password=SecretStr("hunter2 hunter2"), origin=home)
    with pytest.raises(NotSignedIn):
        accounts.sign_in(db, email="nobody@example.org", password=SecretStr("hunter2 hunter2"), origin=home)
    ticket = accounts.sign_in(db, email=email, password=SecretStr(SECRET_WORDS), origin=home)
    with db.transaction(Anonymous()) as tx:
        token = accounts.exchange_ticket(tx, ticket, days=1, origin=home)
    caller = SignedIn(token, workspace.id, home)
    with db.transaction(caller) as tx:
        setup = accounts.two_factor.begin(tx, settings)
        accounts.two_factor.enable(tx, settings, pyotp.TOTP(setup.secret).now())
        accounts.sign_out_everywhere(tx, but=token)
        assert accounts.current_workspace(tx).id == workspace.id  # it goes on where it was
    accounts.change_password(db, caller, current=SecretStr(SECRET_WORDS), new=SecretStr(SECRET_WORDS + "!"))
    waiting = accounts.sign_in(db, email=email, password=SecretStr(SECRET_WORDS + "!"), origin=home)
    with pytest.raises(NotSignedIn):
        accounts.two_factor.confirm(db, settings, waiting, "000000", origin=home)
    for tenant in (workspace, other_workspace):
        found = entries(db, tenant, user_id=workspace.viewer.id)
        assert [str(entry.sentence) for entry in reversed(found)] == [
            "Sign-in as Viewer Example refused: wrong password.",
            "Viewer Example signed in.",
            "Viewer Example turned on two-factor sign-in.",
            "Viewer Example signed out everywhere else.",
            "Viewer Example changed their password.",
            "Sign-in as Viewer Example refused: wrong two-factor code.",
        ]
        assert {(entry.source, entry.address, entry.user_agent) for entry in found} == {("page", "203.0.113.7", "Firefox/150")}
        log_text = "".join(audit.export(db, tenant.caller, AuditFilters(), "json"))
        assert not any(secret in log_text for secret in (SECRET_WORDS, "hunter2", "000000"))
        assert entries(db, tenant, text="nobody") == []
