"""The influencer's identity and report, and the queue of held pictures, as people and viewers see them."""

from __future__ import annotations

from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from backend import identity, jobs
from backend.db.transactions import Database, SystemCaller
from backend.engines.ports.identity_rules import IdentityReference
from backend.identity import ScoredPicture
from tests.factories.account import Tenant
from tests.factories.studio_rows import Rows, fill_workspace
from tests.pages.conftest import Open, words


@pytest.fixture
def rows(db: Database, workspace: Tenant) -> Rows:
    return fill_workspace(db, workspace)


@pytest.fixture
def calibrated(app: Any, db: Database, workspace: Tenant, rows: Rows) -> Rows:
    """Fourteen references of which one is odd."""
    with db.transaction(SystemCaller(workspace.id, workspace.user_id)) as tx:
        offered = identity.candidates(tx, rows.influencer_id)
        shots = [ScoredPicture(offer.asset_id, 0.5 if n == 2 else 1.0) for n, offer in enumerate(offered)]
        reference = IdentityReference(app.engines.identity.embedder, traits={"hair": "purple", "top": "curvy"})
        source = identity.candidates_fingerprint(tx, rows.influencer_id)
        identity.save_calibration(tx, rows.influencer_id, reference=reference, references=shots, source=source, line=0.75)
    return rows


def press(at: AppTest, label: str) -> AppTest:
    return next(button for button in at.button if button.label == label).click().run()


def field(at: AppTest, kind: str, label: str) -> Any:
    return next(element for element in at.get(kind) if element.label == label)


def test_calibrating_is_asked_for_once(open_page: Open, db: Database, workspace: Tenant, rows: Rows) -> None:
    at = open_page("influencers/influencers", id=rows.influencer_id, tab="look")
    assert "Does every picture really show Bella?" in words(at)
    press(at, "Calibrate")
    assert not at.exception
    with db.transaction(workspace.caller) as tx:
        [card] = [job for job in jobs.page(tx, states=("pending",)).cards if job.kind == "identity-calibration"]
    assert card.title == "Learn Bella's face"


def test_a_threshold_says_how_many_references_would_pass(
    app: Any, open_page: Open, db: Database, workspace: Tenant, calibrated: Rows
) -> None:
    at = open_page("influencers/influencers", id=calibrated.influencer_id, tab="look")
    assert "12 of 13 references would pass · as calibrated" in words(at)
    assert "purple hair" in words(at)
    field(at, "slider", "Threshold").set_value(0.4).run()
    assert "13 of 13 references would pass · calibrated at 0.75" in words(at)
    field(at, "selectbox", "Pictures below the threshold").select("hold").run()
    assert not at.exception
    with db.transaction(workspace.caller) as tx:
        profile = identity.profile(tx, calibrated.influencer_id, engine=app.engines.identity)
    assert (profile.line, profile.gate) == (0.4, "hold")


def test_a_viewer_sees_all_of_it_and_changes_nothing(open_page: Open, workspace: Tenant, calibrated: Rows) -> None:
    at = open_page("influencers/influencers", person=workspace.viewer, id=calibrated.influencer_id, tab="look")
    assert field(at, "slider", "Threshold").disabled
    assert not [button for button in at.button if "alibrate" in button.label]
    report = open_page("influencers/influencers", person=workspace.viewer, id=calibrated.influencer_id, tab="report")
    assert "Training pictures and their rights" in words(report)
    assert [metric.value for metric in report.metric][:2] == ["8", "100%"]
