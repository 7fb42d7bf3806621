"""Starting, voting, promoting, deleting on real Postgres."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import select

from backend import comparisons, influencers, jobs, loras
from backend.comparisons import CONTROL, Arm, ComparisonCard, ComparisonDraft, ComparisonPayload, pipeline
from backend.db.tables import Asset, Job, TrainingPoint, TrialVote
from backend.errors import Conflict, Invalid, NotFound
from backend.kit.clock import now
from tests.backend.comparisons.conftest import make_run
from tests.factories.account import Person, Tenant
from tests.support.context import make_context

Ask = Callable[..., ComparisonCard]


@pytest.fixture
def drawn(studio: Any, workspace: Tenant, ask: Ask) -> ComparisonCard:
    card = ask()
    payload = ComparisonPayload(trial_id=card.id)
    pipeline.run(make_context(studio, workspace, "lora-trial", payload, job_id=card.job_id), payload)
    return card


def test_what_is_proposed(studio: Any, workspace: Tenant, run_id: str) -> None:
    with studio.db.transaction(workspace.caller) as tx:
        proposal = comparisons.propose(tx, run_id)
    assert proposal.steps == [50, 100, 150, 200]
    assert proposal.draft.steps == (50, 100, 150, 200)
    assert proposal.draft.prompts[0] == "portrait of bella, in a studio"
    assert all("bella" in prompt and "studio" not in prompt for prompt in proposal.draft.prompts[1:])
    assert (proposal.draft.strengths, proposal.draft.seeds) == ((0.6, 0.8, 1.0), 2)


def test_a_double_click_is_one_trial(studio: Any, workspace: Tenant, ask: Ask) -> None:
    first, second = ask(), ask()
    assert first.id == second.id
    with studio.db.transaction(workspace.caller) as tx:
        assert [card.id for card in comparisons.page(tx)] == [first.id]
        assert jobs.get(tx, first.job_id).title == "Compare 2 versions of bella-v1 (10 pictures)"


def test_what_cannot_be_drawn_is_refused(studio: Any, workspace: Tenant, ask: Ask) -> None:
    with pytest.raises(Conflict, match="no longer there"):
        ask(steps=(51,))
    with pytest.raises(Invalid, match="at most 400"):
        ask(steps=(), strengths=(0.2, 0.4, 0.6, 0.8, 1.0), prompts=tuple(f"p{n}" for n in range(6)), seeds=4)
    with pytest.raises(Invalid, match="at least one prompt"):
        ask(prompts=())


def test_the_time_it_takes_is_learned(studio: Any, workspace: Tenant, drawn: ComparisonCard) -> None:
    model = studio.engines.image.models()[0]
    with studio.db.transaction(workspace.caller, needs="editor") as tx:
        guess = partial(comparisons.estimate, tx, run_id=drawn.run_id, model=replace(model, base="sd15"), pictures=20)
        assert guess() is None
        starter = guess(model=replace(model, base="starter-128"))
        assert starter
        assert (starter.by, starter.seconds > 20) == ("elsewhere", True)
        for step, at in ((1, 0), (101, 60)):
            values = {"loss": 0.1, "lr": 1e-3, "at": now() + timedelta(seconds=at)}
            tx.add(TrainingPoint(run_id=drawn.run_id, step=step, **values))
        tx.flush()
        trained = guess()
        assert trained
        assert trained.by == "training"
        job = tx.get_one(Job, drawn.job_id)
        job.state, job.finished_at = "completed", job.started_at + timedelta(seconds=50)
        tx.flush()
        learned = guess()
        assert learned
        assert (learned.by, learned.seconds) == ("comparisons", pytest.approx(100))


def test_votes_are_blind_counted_and_taken_back(studio: Any, workspace: Tenant, drawn: ComparisonCard) -> None:
    def ballot(person: Person) -> comparisons.Ballot:
        with studio.db.transaction(person.caller) as tx:
            return comparisons.next_ballot(tx, drawn.id, rng=random.Random(4))

    def cast(person: Person, pair: Any, choice: Any) -> None:
        with studio.db.transaction(person.caller, needs="editor") as tx:
            comparisons.vote(tx, drawn.id, left_id=pair.left_id, right_id=pair.right_id, choice=choice)

    first = ballot(workspace.editor)
    assert first.pair
    assert (first.mine, first.votes, first.left > 10) == (0, 0, True)
    cast(workspace.editor, first.pair, "left")
    cast(workspace.editor, first.pair, "right")  # the key was pressed twice: the first press counts
    second = ballot(workspace.editor)
    assert (second.mine, second.votes) == (1, 1)
    assert {second.pair.left_id, second.pair.right_id} != {first.pair.left_id, first.pair.right_id}
    cast(workspace.editor, second.pair, "skip")
    third = ballot(workspace.editor)
    assert (first.undoable, third.undoable) == (False, True)
    assert (third.mine, third.votes) == (1, 1), "a skipped pair says nothing and does not come back"
    cast(workspace.owner, first.pair, "tie")
    assert ballot(workspace.owner).mine == 1
    with studio.db.transaction(workspace.caller) as tx:
        winner = next(cell.arm for cell in comparisons.cells(tx, drawn.id) if cell.id == first.pair.left_id)
        ranks = {rank.arm: rank for rank in comparisons.results(tx, drawn.id).ranks}
    assert (ranks[winner].wins, ranks[winner].n) == (1.5, 2)
    for _ in range(2):
        with studio.db.transaction(workspace.editor.caller, needs="editor") as tx:
            comparisons.undo_vote(tx, drawn.id)
    with studio.db.transaction(workspace.editor.caller, needs="editor") as tx:
        assert tx.scalars(select(TrialVote.choice)).all() == ["tie"], "nobody takes back another's vote"
        with pytest.raises(Conflict, match="nothing to undo"):
            comparisons.undo_vote(tx, drawn.id)


def test_votes_across_prompts_or_with_the_control_are_refused(studio: Any, workspace: Tenant, drawn: ComparisonCard) -> None:
    with studio.db.transaction(workspace.caller, needs="editor") as tx:
        cells = {(cell.arm, cell.prompt_n, cell.seed_n): cell.id for cell in comparisons.cells(tx, drawn.id)}
        one, other = Arm(50, 0.6), Arm(200, 1.0)
        for left, right in (
            ((one, 0, 0), (other, 1, 0)),
            ((one, 0, 0), (CONTROL, 0, 0)),
            ((one, 0, 0), (one, 0, 0)),
        ):
            with pytest.raises((Invalid, NotFound)):
                comparisons.vote(tx, drawn.id, left_id=cells[left], right_id=cells[right], choice="left")


def test_the_winner_goes_into_the_library_and_draws_the_influencer(
    studio: Any, workspace: Tenant, drawn: ComparisonCard
) -> None:
    with studio.db.transaction(workspace.caller, needs="editor") as tx:
        lora = comparisons.promote(tx, drawn.id, Arm(50, 0.6), name="bella-best", make_default=True)
        influencer = influencers.get(tx, str(drawn.influencer_id))
        assert (lora.name, lora.step) == ("bella-best", 50)
        assert (influencer.default_lora_id, influencer.default_lora_weight) == (lora.id, 0.6)
        assert comparisons.promote(tx, drawn.id, Arm(50, 1.0)).id == lora.id, "the same checkpoint is the same entry"
        with pytest.raises(Invalid, match="base model"):
            comparisons.promote(tx, drawn.id, CONTROL)
        with pytest.raises(NotFound):
            comparisons.promote(tx, drawn.id, Arm(100, 0.6))
        assert loras.page(tx).total == 1


def test_deleting_frees_the_pictures(studio: Any, workspace: Tenant, drawn: ComparisonCard) -> None:
    with studio.db.transaction(workspace.caller, needs="editor") as tx:
        pictures = [cell.asset_id for cell in comparisons.cells(tx, drawn.id)]
        comparisons.delete(tx, drawn.id)
        with pytest.raises(NotFound):
            comparisons.get(tx, drawn.id)
        assert comparisons.page(tx) == []
        assert set(tx.scalars(select(Asset.state).where(Asset.id.in_(pictures)))) == {"deleted"}


def test_deleting_stops_the_drawing(studio: Any, workspace: Tenant, ask: Ask) -> None:
    card = ask()
    with studio.db.transaction(workspace.caller, needs="editor") as tx:
        comparisons.delete(tx, card.id)
        assert jobs.get(tx, card.job_id).state == "cancelled"


def test_another_workspaces_trial_does_not_exist(
    studio: Any, workspace: Tenant, other_workspace: Tenant, drawn: ComparisonCard
) -> None:
    other_run = make_run(studio, other_workspace)
    with studio.db.transaction(other_workspace.caller, needs="editor") as tx:
        with pytest.raises(NotFound):
            comparisons.get(tx, drawn.id)
        with pytest.raises(NotFound):
            comparisons.propose(tx, drawn.run_id)
        assert [run.id for run in comparisons.comparable_runs(tx)] == [other_run]
        with pytest.raises(NotFound):
            comparisons.start(
                tx,
                draft=ComparisonDraft(run_id=drawn.run_id, prompts=("x",)),
                models=studio.engines.image.models(),
                request_key="t",
            )
