"""The trial's jobs with fake engines on real Postgres and S3: the same seeds everywhere, nothing twice, scores, the grid."""

from __future__ import annotations

import io
from collections.abc import Callable
from itertools import groupby
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import select

from backend import assets, comparisons
from backend.comparisons import CONTROL, Arm, ComparisonCard, ComparisonPayload, pipeline
from backend.db.tables import Asset, AssetUse
from backend.engines.ports.identity import Reading
from backend.errors import Cancelled, EngineUnavailable, LeaseLost, NotFound
from backend.media.images.ai_mark import SOURCE_TYPE
from tests.backend.comparisons.conftest import OWN, FakeReader
from tests.factories.account import Tenant
from tests.fakes.engines import FakeImageEngine
from tests.support.context import make_context, next_attempt

Ask = Callable[..., ComparisonCard]


def begin(studio: Any, tenant: Tenant, card: ComparisonCard) -> Any:
    return make_context(studio, tenant, "lora-trial", ComparisonPayload(trial_id=card.id), job_id=card.job_id)


def draw(context: Any, card: ComparisonCard) -> Any:
    return pipeline.run(context, ComparisonPayload(trial_id=card.id))


def test_the_same_prompts_and_seeds_for_every_arm(
    studio: Any, workspace: Tenant, ask: Ask, engine: FakeImageEngine, run_id: str
) -> None:
    card = ask(seeds=2)
    result = draw(begin(studio, workspace, card), card)
    assert (result["pictures"], len(result["assets"])) == (20, 20)
    with studio.db.transaction(workspace.caller) as tx:
        cells, card = comparisons.cells(tx, card.id), comparisons.get(tx, card.id)
        stored = assets.get_many(tx, [cell.asset_id for cell in cells])
        held = tx.execute(select(AssetUse.noun, AssetUse.noun_id).where(AssetUse.asset_id.in_(stored))).all()
    assert (card.done, card.total) == (20, 20)
    assert {tuple(row) for row in held} == {("trial", card.id)}
    arms = [CONTROL, Arm(50, 0.6), Arm(50, 1.0), Arm(200, 0.6), Arm(200, 1.0)]
    assert [arm for arm, _ in groupby(cell.arm for cell in cells)] == arms
    assert {request.seeds for request in engine.requests} == {(100, 101, 100, 101)}
    uses = [[(lora.path.name, lora.weight) for lora in request.loras] for request in engine.requests]
    names = [[] if arm.control else [(f"step-{arm.step}.safetensors", arm.strength)] for arm in arms]
    assert uses == names, "a LoRA is loaded once per checkpoint and strength"
    drawn = [prompt for prompt in card.plan.prompts for _ in range(2)]
    assert {request.prompts for request in engine.requests} == {tuple(drawn)}
    picture = stored[cells[1].asset_id]
    assert (picture.width, picture.filename, bool(picture.thumbs)) == (64, "bella-v1-base-prompt-1-seed-101.png", True)
    with Image.open(io.BytesIO(b"".join(studio.storage.open(picture.key)))) as image:
        assert SOURCE_TYPE in image.info["xmp"].decode()


@pytest.mark.parametrize("point", ["cell-0", "cell-7", "scores"])
def test_a_crash_costs_only_the_cell_in_hand(
    studio: Any, workspace: Tenant, ask: Ask, engine: FakeImageEngine, reader: FakeReader, point: str
) -> None:
    card = ask()
    context = begin(studio, workspace, card)
    for method in ("step", "write_step"):
        real = getattr(context, method)

        def crash(name: str, *functions: Any, real: Any = real, **more: Any) -> Any:
            if name == point:
                context.lost = True
                raise LeaseLost("gone")
            return real(name, *functions, **more)

        setattr(context, method, crash)
    with pytest.raises(LeaseLost):
        draw(context, card)
    before = sum(len(request.seeds) for request in engine.requests)
    draw(next_attempt(context), card)
    cells_kept = int(point[5:]) if point.startswith("cell") else 10
    assert sum(len(request.seeds) for request in engine.requests) - before == 10 - cells_kept
    assert len(reader.requests) == 1
    with studio.db.transaction(workspace.caller) as tx:
        assert [cell.n for cell in comparisons.cells(tx, card.id)] == list(range(10))


def test_progress_is_that_of_the_whole_trial(studio: Any, workspace: Tenant, ask: Ask, engine: FakeImageEngine) -> None:
    card, reports = ask(), []
    context = begin(studio, workspace, card)
    engine._at = lambda point: reports.append(context.take_report()) if point.startswith("output") else None
    draw(context, card)
    assert [(entry.phase, entry.done, entry.total) for entry in reports] == [
        ("drawing", n * 4, 40) for n in range(10)
    ]  # 4 steps a picture


def test_a_cancel_keeps_what_is_there_and_it_can_be_exported(
    studio: Any, workspace: Tenant, ask: Ask, engine: FakeImageEngine
) -> None:
    card = ask()
    context = begin(studio, workspace, card)
    engine._at = lambda point: setattr(context, "cancel_requested", len(engine.requests) == 2 and point == "output-1")
    with pytest.raises(Cancelled):
        draw(context, card)
    grid = make_context(studio, workspace, "trial-grid", ComparisonPayload(trial_id=card.id))
    result = pipeline.run_grid(grid, ComparisonPayload(trial_id=card.id))
    with studio.db.transaction(workspace.caller) as tx:
        assert comparisons.get(tx, card.id).done == 3
        assert comparisons.get(tx, card.id).grid_asset_id == result["assetId"]


def test_deleting_while_it_draws_leaves_nothing_in_use(
    studio: Any, workspace: Tenant, ask: Ask, engine: FakeImageEngine
) -> None:
    card = ask()
    context = begin(studio, workspace, card)

    def delete(point: str) -> None:
        if len(engine.requests) == 2 and point == "output-0":
            with studio.db.transaction(workspace.caller, needs="editor") as tx:
                comparisons.delete(tx, card.id)

    engine._at = delete
    with pytest.raises(NotFound):
        draw(context, card)
    with studio.db.transaction(workspace.caller) as tx:
        drawn = set(tx.scalars(select(Asset.id).where(Asset.job_id == card.job_id)))
        assert len(drawn) == 3
        assert not tx.scalars(select(AssetUse.asset_id).where(AssetUse.asset_id.in_(drawn))).all()


def test_scores_against_the_training_pictures(studio: Any, workspace: Tenant, ask: Ask, reader: FakeReader) -> None:
    def looks(n: int) -> dict[str, str]:
        """Control: a stranger who is where the prompt says. Step 50 listens, step 200 only repeats what it learned."""
        place = "gym" if n % 2 == 0 else "beach"
        if n < 2:
            return {"hair": "red", "glasses": "none", "scene": place, "cloth": "red"}
        return {**OWN, "scene": place, "cloth": "red"} if n < 6 else OWN

    reader.looks = looks
    card = ask()
    draw(begin(studio, workspace, card), card)
    assert len(reader.requests[0].pictures) == 4 + 10
    with studio.db.transaction(workspace.caller) as tx:
        card, results, cells = comparisons.get(tx, card.id), comparisons.results(tx, card.id), comparisons.cells(tx, card.id)
        table = comparisons.scores_csv(tx, card.id).splitlines()
    assert card.judged
    assert (card.judged.embedder, card.judged.references, card.judged.own) == ("fake:1", 4, 1.0)
    assert (card.judged.no_identity, card.judged.no_adherence) == ("", "")
    by_arm = {figure.arm: (figure.identity, figure.adherence) for figure in results.figures}
    assert by_arm == {CONTROL: (0.0, 1.0)} | {Arm(50, s): (1.0, 1.0) for s in (0.6, 1.0)} | {
        Arm(200, s): (1.0, 0.0) for s in (0.6, 1.0)
    }
    assert cells[-2].seen == {"place": ["in a gym", False], "clothes": ["red", False]}
    assert [warning.arm for warning in results.warnings] == [Arm(200, 0.6), Arm(200, 1.0)]
    assert results.suggestion.arm == Arm(50, 0.6)
    assert len(table) == 11
    assert table[1] == 'base model,,"portrait of bella, in a gym, wearing red",100,0.0000,1.0000,in a gym: yes; red: yes,,,,'


def test_a_clip_judges_prompts_too(studio: Any, workspace: Tenant, ask: Ask, reader: FakeReader) -> None:
    """Vectors instead of traits; the last checkpoint knows the face and no longer listens."""

    def clip(n: int, words: str) -> Reading:
        assert bool(words) == (n >= 0)
        stranger = 0 <= n < 2
        return Reading("clip:1", vector=(0.6, 0.8) if stranger else (1.0, 0.0), agreement=0.5 if n >= 6 else 0.75)

    reader.clip = clip
    card = ask()
    draw(begin(studio, workspace, card), card)
    with studio.db.transaction(workspace.caller) as tx:
        card, results = comparisons.get(tx, card.id), comparisons.results(tx, card.id)
    assert card.judged
    assert (card.judged.by_words, card.judged.own, card.judged.no_adherence) == (True, 1.0, "")
    assert results.figures[0].identity == pytest.approx(0.6)
    assert results.warnings[0].sentence == (
        "Step 200 at 0.6 may be overfitted. The face is recognisable (100%). Prompts are followed to 50%, without "
        "the LoRA to 75%."
    )
    assert results.suggestion.reason.startswith("Step 50 at 0.6: its face score over 2 pictures is 100%")
    assert "match the prompts to 75%" in results.suggestion.reason


def test_no_number_and_why(studio: Any, workspace: Tenant, ask: Ask, reader: FakeReader) -> None:
    reader.why = "Nothing here can tell faces apart. Set IDENTITY_MODEL."
    card = ask()
    draw(begin(studio, workspace, card), card)
    with studio.db.transaction(workspace.caller) as tx:
        card, results = comparisons.get(tx, card.id), comparisons.results(tx, card.id)
    assert card.judged
    assert card.judged.no_identity == reader.why
    assert results.suggestion.arm is None
    reader.why = ""
    second_context = make_context(studio, workspace, "trial-scores", ComparisonPayload(trial_id=card.id))
    assert pipeline.run_scores(second_context, ComparisonPayload(trial_id=card.id)) == {"scored": 10}
    with studio.db.transaction(workspace.caller) as tx:
        assert comparisons.results(tx, card.id).suggestion.arm == Arm(50, 0.6)


def test_a_judge_that_fails_costs_the_numbers_only(studio: Any, workspace: Tenant, ask: Ask, reader: FakeReader) -> None:
    def broken(n: int) -> dict[str, str]:
        raise EngineUnavailable("The judge's process ended unexpectedly.")

    reader.looks = broken
    card = ask()
    result = draw(begin(studio, workspace, card), card)
    assert (result["pictures"], len(result["assets"])) == (10, 10)
    with studio.db.transaction(workspace.caller) as tx:
        assert comparisons.get(tx, card.id).judged.no_identity == "The judge's process ended unexpectedly."


def test_the_labelled_grid(studio: Any, workspace: Tenant, ask: Ask) -> None:
    card = ask()
    draw(begin(studio, workspace, card), card)
    first = pipeline.run_grid(
        make_context(studio, workspace, "trial-grid", ComparisonPayload(trial_id=card.id)), ComparisonPayload(trial_id=card.id)
    )
    second = pipeline.run_grid(
        make_context(studio, workspace, "trial-grid", ComparisonPayload(trial_id=card.id)), ComparisonPayload(trial_id=card.id)
    )
    with studio.db.transaction(workspace.caller) as tx:
        assert comparisons.get(tx, card.id).grid_asset_id == second["assetId"]
        grid = assets.get(tx, second["assetId"])
        assert tx.get_one(Asset, first["assetId"]).state == "deleted"
    with Image.open(io.BytesIO(b"".join(studio.storage.open(grid.key)))) as image:
        assert SOURCE_TYPE in image.info["xmp"].decode()
        image.load()
        assert image.width > 3 * 384
        colours = {colour for _, colour in image.getcolors(1 << 24) or []}
    assert {(100, 0, 0), (255, 255, 255)} <= colours
