"""The identity gate of a request: each picture is scored before it is kept, and what falls short may be drawn anew."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import cycle, islice
from pathlib import Path

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from backend import generation, identity
from backend.assets import AssetCard
from backend.db.pipelining import Statement
from backend.db.tables import Generation, Picture
from backend.generation import rules
from backend.generation.recipe import Recipe
from backend.generation.schemas import GenerationCard
from backend.identity import Check, FrozenLora, Judge, Verdict
from backend.jobs.context import JobContext
from backend.loras import LoraCard

RECENT = 200
"""Earlier pictures of the influencer a new one is compared with."""
NEAR_BITS = 6
"""Of 64: the same pose before the same kind of background."""


@dataclass
class GateContext:
    """What one request's pictures are held against. `judge` loses its reference when the engine turns out to be down.

    `loras`: id -> (step of its run, sha256); `bases`: model -> family; `recent`: (picture id, difference hash) of earlier
    requests, newest first.
    """

    judge: Judge
    loras: Mapping[str, tuple[int | None, str]]
    bases: Mapping[str, str]
    recent: Sequence[tuple[str, str]]


def gate_context(
    tx: Session, ctx: JobContext, card: GenerationCard, loras: Sequence[tuple[LoraCard, AssetCard]]
) -> GateContext:
    """`loras`: all that any picture of the request is drawn with."""
    bases = {model.name: model.base for model in ctx.app.engines.image.models()}
    base, engine = bases.get(card.recipe.model, ""), ctx.app.engines.identity
    frozen = {lora.id: (lora.step, asset.sha256 or "") for lora, asset in loras}
    if card.influencer_id:
        identity.calibrate_on_first_use(tx, card.influencer_id, base=base, engine=engine)
    return GateContext(identity.judge(tx, card.influencer_id, base=base, engine=engine), frozen, bases, _recent(tx, card))


def look(ctx: JobContext, keeper: GateContext, recipe: Recipe, picture: Path) -> Verdict:
    """The verdict on a picture drawn by `recipe` (its own); an engine that is down is asked once a request, not each time."""
    why = ctx.app.engines.identity.refuses(keeper.bases.get(recipe.model, "")) if keeper.judge.reference else ""
    if why:
        return Verdict(why=why)
    verdict = identity.look(ctx, keeper.judge, picture)
    if keeper.judge.reference is not None and verdict.score is None:
        keeper.judge = Judge(gate=keeper.judge.gate, why=verdict.why)
    return verdict


def apply_score(row: Picture, keeper: GateContext, verdict: Verdict) -> None:
    """Score, line and where the picture goes, on a row that is about to be added."""
    row.identity_score, row.identity_line = verdict.score, verdict.line
    row.gate = identity.state(keeper.judge.gate, verdict)


def snapshot(row: Picture, keeper: GateContext, recipe: Recipe, verdict: Verdict) -> Statement:
    """What else is kept of how the picture was made. `recipe`: its own."""
    near = nearest(row.dhash, keeper.recent)
    loras = tuple(
        FrozenLora(ref.lora_id, ref.name, ref.weight, *keeper.loras.get(ref.lora_id, (None, ""))) for ref in recipe.loras
    )
    template = recipe.model_dump(mode="json").get("template") or {}
    return identity.freezing(Check(row.id, verdict.embedder, verdict.why, loras, template, near[0], near[1]))


def inherit(tx: Session, row: Picture, source_id: str) -> None:
    """What is frozen about a picture made from another one alone is what was frozen about that one."""
    identity.freeze(tx, replace(identity.check(tx, source_id), picture_id=row.id, near_picture_id=None, near_bits=None))


def may_grow(keeper: GateContext, card: GenerationCard) -> bool:
    """Whether pictures that fall short are drawn anew. Lists and grids have a place for each picture: nothing is added."""
    return keeper.judge.gate == "regenerate" and card.form == "pictures"


def more(ctx: JobContext, keeper: GateContext, card: GenerationCard) -> GenerationCard | None:
    """The request with as many new seeds as pictures fell short; None: enough, or the bound is reached.

    Durable before it returns: a retry draws the same seeds.
    """
    if not may_grow(keeper, card):
        return None
    with ctx.transaction() as tx:
        recipe, gates = card.recipe, _gates(tx, card.id)
        asked = card.n - recipe.redrawn
        passed = sum(gate == "open" for gate in gates.values())
        k = identity.replacements_needed(keeper.judge, asked=asked, drawn=card.n, passed=passed)
        if not k:
            return None
        recipe.seeds, recipe.redrawn = [*recipe.seeds, *rules.seeds(-1, k)], recipe.redrawn + k
        row = tx.get_one(Generation, card.id)
        row.recipe = recipe.model_dump()
        if row.shots:  # each picture has words of its own: a new one is drawn from those of one that fell short
            short = sorted(n for n, gate in gates.items() if gate != "open")
            row.shots = [*row.shots, *(row.shots[n] for n in islice(cycle(short or [0]), k))]
        tx.flush()
        ctx.log(f"{asked - passed} of {asked} pictures fell below the line: {k} more are drawn.")
        return generation.get(tx, card.id)


def settle(tx: Session, ctx: JobContext, keeper: GateContext, card: GenerationCard) -> None:
    """What was replaced goes out of sight; the best of what could not be replaced stays for a look.

    Pictures that could not be scored when they were drawn are scored by a job of their own, if that is possible now.
    """
    if card.influencer_id:
        _score_later(tx, ctx, keeper, card, card.influencer_id)
    if not may_grow(keeper, card):
        return
    gates = _gates(tx, card.id)
    passed = sum(gate == "open" for gate in gates.values())
    query = select(Picture.id, Picture.identity_score).where(Picture.generation_id == card.id, Picture.gate == "held")
    held = {picture_id: score or 0.0 for picture_id, score in tx.execute(query)}
    out = identity.excess(held, asked=card.n - card.recipe.redrawn, passed=passed)
    tx.execute(update(Picture).where(Picture.id.in_(out)).values(gate="rejected"))


def _score_later(tx: Session, ctx: JobContext, keeper: GateContext, card: GenerationCard, influencer_id: str) -> None:
    engine, base = ctx.app.engines.identity, keeper.bases.get(card.recipe.model, "")
    if identity.judge(tx, influencer_id, base=base, engine=engine).reference is None:
        return
    left = Picture.generation_id == card.id, Picture.identity_score.is_(None), Picture.deleted_at.is_(None)
    if tx.scalar(select(Picture.id).where(*left).limit(1)):
        identity.score_missing(tx, influencer_id, engine=engine, request_key=f"{ctx.job_id}/score")


def nearest(dhash: str | None, recent: Sequence[tuple[str, str]]) -> tuple[str, int] | tuple[None, None]:
    """The picture least different from `dhash` and by how many bits; none within NEAR_BITS: (None, None)."""
    if not dhash:
        return None, None
    apart = [((int(dhash, 16) ^ int(other, 16)).bit_count(), n, one) for n, (one, other) in enumerate(recent)]
    bits, _, picture_id = min(apart, default=(65, 0, ""))
    return (picture_id, bits) if bits <= NEAR_BITS else (None, None)


def _recent(tx: Session, card: GenerationCard) -> list[tuple[str, str]]:
    if not card.influencer_id:
        return []
    mine = Picture.influencer_id == card.influencer_id, Picture.deleted_at.is_(None), Picture.gate == "open"
    query = select(Picture.id, Picture.dhash).where(*mine, Picture.generation_id != card.id)
    if card.recipe.init_asset_id:  # drawn from this one: that they are alike was meant
        query = query.where(Picture.asset_id != card.recipe.init_asset_id)
    return [(one, dhash) for one, dhash in tx.execute(query.order_by(Picture.id.desc()).limit(RECENT)) if dhash]


def _gates(tx: Session, generation_id: str) -> dict[int, str]:
    """Number -> gate of the pictures that are there and those deleted meanwhile."""
    query = select(Picture.n, Picture.gate).where(Picture.generation_id == generation_id)
    return {n: gate for n, gate in tx.execute(query)}
