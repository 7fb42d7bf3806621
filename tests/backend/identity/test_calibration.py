"""Calibrating on real Postgres and S3: whose pictures, how strict, when it is out of date, and that a retry repeats nothing."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select, update

from backend import identity
from backend.db.tables import DatasetImage
from backend.db.transactions import SystemCaller
from backend.errors import Invalid, LeaseLost, Rejected
from backend.identity import CalibrationPayload, GatePolicy, IdentityProfileCard, pipeline
from tests.factories.account import Tenant
from tests.fakes.identity import FakeIdentity
from tests.support.context import make_context, next_attempt


def begin(studio: Any, tenant: Tenant, influencer_id: str, do: Any, key: str = "k") -> Any:
    job = do(identity.calibrate, influencer_id, engine=studio.engines.identity, request_key=key)
    return make_context(studio, tenant, job.kind, CalibrationPayload(influencer_id=influencer_id), job_id=job.id)


def calibrate(studio: Any, tenant: Tenant, influencer_id: str, do: Any, key: str = "k") -> dict[str, Any]:
    context = begin(studio, tenant, influencer_id, do, key)
    return pipeline.calibrate(context, CalibrationPayload(influencer_id=influencer_id))


def seen(do: Any, influencer_id: str, embedder: FakeIdentity) -> IdentityProfileCard:
    profile: IdentityProfileCard = do(identity.profile, influencer_id, engine=embedder)
    return profile


def test_the_included_pictures_are_the_references(studio: Any, workspace: Tenant, red: str, do: Any, embedder: Any) -> None:
    before = seen(do, red, embedder)
    assert (before.calibrated_line, before.gate, before.candidates, before.stale, before.why) == (None, "mark", 8, "", "")
    result = calibrate(studio, workspace, red, do)
    profile = seen(do, red, embedder)
    assert result == {"references": 8, "threshold": profile.line, "passing": 8}
    assert profile.embedder == "colour:1"
    assert len(profile.shots) == 8
    assert 0.9 < (profile.line or 0) < 0.99
    assert profile.passing(1.0) <= profile.passing(profile.line or 1) == 8
    assert profile.stale == ""


def test_a_changed_dataset_or_embedder_asks_for_another_calibration(
    studio: Any, workspace: Tenant, red: str, do: Any, embedder: FakeIdentity
) -> None:
    calibrate(studio, workspace, red, do)
    with studio.db.transaction(SystemCaller(workspace.id, workspace.user_id)) as tx:
        last = tx.scalars(select(DatasetImage.id).where(DatasetImage.included).order_by(DatasetImage.id.desc())).first()
        tx.execute(update(DatasetImage).where(DatasetImage.id == last).values(included=False))
    assert "pictures to choose from have changed" in seen(do, red, embedder).stale
    do(identity.set_policy, red, GatePolicy(gate="hold", line=0.5), engine=embedder)
    calibrate(studio, workspace, red, do, key="again")
    profile = seen(do, red, embedder)
    assert (len(profile.shots), profile.stale, profile.line, profile.gate) == (7, "", 0.5, "hold")
    embedder.embedder = "colour:2"
    assert "read by colour:1, but colour:2" in seen(do, red, embedder).stale
    with studio.db.transaction(workspace.caller) as tx:
        judge = identity.scoring_context(tx, red, base="starter-128", engine=embedder)
    assert judge.reference is None
    assert "Calibrate again" in judge.why
    calibrate(studio, workspace, red, do, key="third")
    assert seen(do, red, embedder).own_line is None


def test_a_retry_reads_nothing_twice(studio: Any, workspace: Tenant, red: str, do: Any, embedder: FakeIdentity) -> None:
    pipeline_batch, pipeline._BATCH = pipeline._BATCH, 3
    try:
        context = begin(studio, workspace, red, do)
        real, payload = embedder.run, CalibrationPayload(influencer_id=red)

        def crash(request: Any, handle: Any = None) -> Any:
            if len(embedder.requests) == 2:
                context.lost = True
                raise LeaseLost("gone")
            return real(request, handle)

        embedder.run = crash  # type: ignore[method-assign]
        with pytest.raises(LeaseLost):
            pipeline.calibrate(context, payload)
        embedder.run = real  # type: ignore[method-assign]
        pipeline.calibrate(next_attempt(context), payload)
    finally:
        pipeline._BATCH = pipeline_batch
    assert [len(request.pictures) for request in embedder.requests] == [3, 3, 2]


def test_people_choose_their_own_references(studio: Any, workspace: Tenant, red: str, do: Any, embedder: Any) -> None:
    offered = [candidate.asset_id for candidate in do(identity.candidates, red)]
    calibrate(studio, workspace, red, do)
    assert "Calibrate again" in do(identity.choose_references, red, offered[:4], engine=embedder).stale
    calibrate(studio, workspace, red, do, key="mine")
    assert [reference.asset_id for reference in seen(do, red, embedder).shots] == offered[:4]
    with pytest.raises(Invalid, match="at least 3"):
        do(identity.choose_references, red, offered[:2], engine=embedder)
    with pytest.raises(Invalid, match="included pictures"):
        do(identity.choose_references, red, ["ast_somebody_elses"] * 3, engine=embedder)


def test_what_cannot_be_calibrated_says_why(studio: Any, workspace: Tenant, red: str, do: Any, embedder: FakeIdentity) -> None:
    with pytest.raises(Invalid, match="Calibrate first"):
        do(identity.set_policy, red, GatePolicy(line=0.5), engine=embedder)
    with pytest.raises(Invalid, match="Calibrate first"):
        do(identity.score_missing, red, engine=embedder, request_key="s")
    embedder.embedder, embedder.refused = "", "Set IDENTITY_MODEL."
    assert seen(do, red, embedder).why == "Set IDENTITY_MODEL."
    with pytest.raises(Invalid, match="IDENTITY_MODEL"):
        do(identity.calibrate, red, engine=embedder, request_key="x")


def test_another_embedder_after_a_restart_reads_all_of_them_anew(
    studio: Any, workspace: Tenant, red: str, do: Any, embedder: FakeIdentity, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the first one read is of no use, and must not be found again at each retry."""
    monkeypatch.setattr(pipeline, "_BATCH", 3)
    context = begin(studio, workspace, red, do)
    real, payload = embedder.run, CalibrationPayload(influencer_id=red)

    def crash(request: Any, handle: Any = None) -> Any:
        if len(embedder.requests) == 2:
            context.lost = True
            raise LeaseLost("gone")
        return real(request, handle)

    monkeypatch.setattr(embedder, "run", crash)
    with pytest.raises(LeaseLost):
        pipeline.calibrate(context, payload)
    monkeypatch.setattr(embedder, "run", real)
    embedder.embedder = "colour:2"
    assert pipeline.calibrate(next_attempt(context), payload)["references"] == 8
    assert seen(do, red, embedder).embedder == "colour:2"


def test_an_embedder_that_changes_under_way_ends_the_calibration(
    studio: Any, workspace: Tenant, red: str, do: Any, embedder: FakeIdentity, monkeypatch: pytest.MonkeyPatch
) -> None:
    context, real = begin(studio, workspace, red, do), embedder.run

    def changed(request: Any, handle: Any = None) -> Any:
        embedder.embedder = "colour:2"
        return real(request, handle)

    monkeypatch.setattr(embedder, "run", changed)
    with pytest.raises(Rejected, match="Calibrate again"):
        pipeline.calibrate(context, CalibrationPayload(influencer_id=red))
