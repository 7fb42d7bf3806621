"""Consents as their page shows them: written, looked at by viewers, confirmed by owners, revoked with a reason."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import update
from streamlit.testing.v1 import AppTest

from backend import consents
from backend.consents import ConsentDraft
from backend.db.tables import Consent
from backend.db.transactions import Database
from studio.consents import consents as consents_page
from tests.factories.account import Tenant
from tests.factories.making import make_asset
from tests.factories.studio_rows import fill_workspace
from tests.pages.conftest import Open, words


def press(at: AppTest, label: str) -> AppTest:
    return next(button for button in at.button if button.label == label).click().run()


def field(at: AppTest, label: str) -> Any:
    return next(item for item in [*at.text_input, *at.selectbox] if item.label == label)


def test_a_consent_is_written_confirmed_and_revoked(
    open_page: Open, db: Database, workspace: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = fill_workspace(db, workspace)
    at = open_page("settings/consents", person=workspace.editor)
    assert "No consents yet" in words(at)
    assert "at least 2" in words(press(at, "Create the statement"))
    field(at, "Name of the person").input("Ada <b>Bell</b>")
    field(at, "Language of the statement").select("de")
    field(at, "For").select(rows.influencer_id)
    assert not press(at, "Create the statement").exception
    with db.transaction(workspace.caller, needs="editor") as tx:
        [card] = consents.page(tx).cards
        assert (card.language, card.influencer_id, card.state) == ("de", rows.influencer_id, "unread")
        tx.execute(update(Consent).values(asset_id=make_asset(tx), transcript_check="unchecked"))
    at = open_page("settings/consents", person=workspace.editor, id=card.id)
    assert "Mein Name ist Ada" in words(at)
    assert "Not checked" in words(at)
    assert not [button for button in at.button if button.label.startswith("I listened")], "editors do not confirm"
    press(open_page("settings/consents", person=workspace.owner, id=card.id), "I listened to it: it is the statement")
    at = open_page("settings/consents", person=workspace.editor, id=card.id)
    assert "An owner listened" in words(at)
    field(at, "Reason").input("She asked for it.")
    assert not press(at, "Revoke").exception
    viewer = open_page("settings/consents", person=workspace.viewer, id=card.id)
    assert "She asked for it" in words(viewer)
    assert not [button for button in viewer.button if button.label.startswith("Revoke")]
    with db.transaction(workspace.editor.caller, needs="editor") as tx:
        consents.create(tx, ConsentDraft(subject_name="Zoe Young", language="en"))
    monkeypatch.setattr(consents_page, "PAGE_SIZE", 1)
    at = open_page("settings/consents", person=workspace.viewer)
    assert "Ada" not in words(at)
    assert "Ada" in words(press(at, "Show older ones"))
