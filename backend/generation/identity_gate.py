"""The face check of a request: each picture is scored before it is stored, and pictures below the threshold may be replaced."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import cycle, islice
from pathlib import Path

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from backend import generation, identity
from backend.assets import AssetCard
from backend.db.tables import Generation, Picture, PictureCheck
from backend.generation import rules
from backend.generation.recipe import PictureRecipe
from backend.generation.schemas import GenerationCard
from backend.identity import IdentityScore, LoraSnapshot, PictureProvenance, ScoringContext
from backend.jobs.context import JobContext
from backend.language import tr_lazy
from backend.loras import LoraCard

MAX_RECENT = 200
"""How many earlier pictures of the influencer a new one is compared with."""
NEAR_BITS = 6
"""Near-duplicates differ in at most this many of 64 hash bits: the same pose before the same kind of background."""


@dataclass
class GateContext:
    """What one request's pictures are scored against. `scoring` loses its reference when the engine turns out to be down.

    `loras`: id -> (step of its run, sha256); `bases`: model -> family; `recent`: (picture id, difference hash) of earlier
    requests, newest first.
    """

    scoring: ScoringContext
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
    return GateContext(
        identity.scoring_context(tx, card.influencer_id, base=base, engine=engine), frozen, bases, _recent(tx, card)
    )


def score_picture(ctx: JobContext, context: GateContext, recipe: PictureRecipe, picture: Path) -> IdentityScore:
    """Scores a picture drawn by `recipe` (its own). An engine that failed is not asked again for the rest of the request."""
    refusal = (
        ctx.app.engines.identity.unsupported_reason(context.bases.get(recipe.model, "")) if context.scoring.reference else ""
    )
    if refusal:
        return IdentityScore(why=refusal)
    score = identity.score_picture(ctx, context.scoring, picture)
    if context.scoring.reference is not None and score.score is None:
        context.scoring = ScoringContext(gate=context.scoring.gate, why=score.why)
    return score


def apply_score(row: Picture, context: GateContext, score: IdentityScore) -> None:
    """Writes score, threshold and gate state to a row that is about to be inserted."""
    row.identity_score, row.identity_line = score.score, score.line
    row.gate = identity.gate_state(context.scoring.gate, score)


def provenance_row(row: Picture, context: GateContext, recipe: PictureRecipe, score: IdentityScore) -> PictureCheck:
    """What is stored of how the picture was made. `recipe`: its own."""
    near = nearest(row.dhash, context.recent)
    loras = tuple(
        LoraSnapshot(ref.lora_id, ref.name, ref.weight, *context.loras.get(ref.lora_id, (None, ""))) for ref in recipe.loras
    )
    template = recipe.model_dump(mode="json").get("template") or {}
    return identity.provenance_row(PictureProvenance(row.id, score.embedder, score.why, loras, template, near[0], near[1]))


def inherit(tx: Session, row: Picture, source_id: str) -> None:
    """Copies the provenance of the picture that this one was made from (an upscaled one, for example)."""
    identity.save_provenance(
        tx, replace(identity.provenance(tx, source_id), picture_id=row.id, near_picture_id=None, near_bits=None)
    )


def draws_replacements(context: GateContext, card: GenerationCard) -> bool:
    """Whether failed pictures are replaced by new ones. Not in lists and grids, where each picture has a place of its own."""
    return context.scoring.gate == "regenerate" and card.form == "pictures"


def add_replacements(ctx: JobContext, context: GateContext, card: GenerationCard) -> GenerationCard | None:
    """Adds as many new seeds to the request as pictures failed; None when nothing is missing or the limit is reached.

    Committed before it returns, so that a retry draws the same seeds.
    """
    if not draws_replacements(context, card):
        return None
    with ctx.transaction() as tx:
        recipe, gates = card.recipe, _gates(tx, card.id)
        requested = card.n - recipe.redrawn
        passed = sum(gate == "open" for gate in gates.values())
        missing = identity.replacements_needed(context.scoring, requested=requested, drawn=card.n, passed=passed)
        if not missing:
            return None
        seeds, redrawn = [*recipe.seeds, *rules.seeds(-1, missing)], recipe.redrawn + missing
        row = tx.get_one(Generation, card.id)
        row.recipe = recipe.model_copy(update={"seeds": seeds, "redrawn": redrawn}).model_dump()
        if row.shots:  # pictures differ in their prompts: a new one takes the overrides of one that failed
            failed = sorted(n for n, gate in gates.items() if gate != "open")
            row.shots = [*row.shots, *(row.shots[n] for n in islice(cycle(failed or [0]), missing))]
        tx.flush()
        ctx.log(
            tr_lazy(
                "{failed} of {requested} pictures are below the threshold: {missing} more are created.",
                failed=requested - passed,
                requested=requested,
                missing=missing,
            )
        )
        return generation.get(tx, card.id)


def close_request(tx: Session, ctx: JobContext, context: GateContext, card: GenerationCard) -> None:
    """Rejects failed pictures that were replaced; the best of those that could not be replaced stay held for review.

    Pictures that could not be scored when they were drawn get a scoring job, if the engine is up now.
    """
    if card.influencer_id:
        _score_later(tx, ctx, context, card, card.influencer_id)
    if not draws_replacements(context, card):
        return
    gates = _gates(tx, card.id)
    passed = sum(gate == "open" for gate in gates.values())
    query = select(Picture.id, Picture.identity_score).where(Picture.generation_id == card.id, Picture.gate == "held")
    held = {picture_id: score or 0.0 for picture_id, score in tx.execute(query)}
    rejected_ids = identity.excess(held, requested=card.n - card.recipe.redrawn, passed=passed)
    tx.execute(update(Picture).where(Picture.id.in_(rejected_ids)).values(gate="rejected"))


def _score_later(tx: Session, ctx: JobContext, context: GateContext, card: GenerationCard, influencer_id: str) -> None:
    engine, base = ctx.app.engines.identity, context.bases.get(card.recipe.model, "")
    if identity.scoring_context(tx, influencer_id, base=base, engine=engine).reference is None:
        return
    unscored = Picture.generation_id == card.id, Picture.identity_score.is_(None), Picture.deleted_at.is_(None)
    if tx.scalar(select(Picture.id).where(*unscored).limit(1)):
        identity.score_missing(tx, influencer_id, engine=engine, request_key=f"{ctx.job_id}/score")


def nearest(dhash: str | None, recent: Sequence[tuple[str, str]]) -> tuple[str, int] | tuple[None, None]:
    """The picture least different from `dhash` and by how many bits; none within NEAR_BITS: (None, None)."""
    if not dhash:
        return None, None
    distances = [
        ((int(dhash, 16) ^ int(other_dhash, 16)).bit_count(), n, picture_id)
        for n, (picture_id, other_dhash) in enumerate(recent)
    ]
    bits, _, picture_id = min(distances, default=(65, 0, ""))
    return (picture_id, bits) if bits <= NEAR_BITS else (None, None)


def _recent(tx: Session, card: GenerationCard) -> list[tuple[str, str]]:
    if not card.influencer_id:
        return []
    own_pictures = Picture.influencer_id == card.influencer_id, Picture.deleted_at.is_(None), Picture.gate == "open"
    query = select(Picture.id, Picture.dhash).where(*own_pictures, Picture.generation_id != card.id)
    if card.recipe.init_asset_id:  # the start image is meant to look alike
        query = query.where(Picture.asset_id != card.recipe.init_asset_id)
    return [
        (picture_id, dhash) for picture_id, dhash in tx.execute(query.order_by(Picture.id.desc()).limit(MAX_RECENT)) if dhash
    ]


def _gates(tx: Session, generation_id: str) -> dict[int, str]:
    """Number -> gate of all pictures of the request, deleted ones too."""
    query = select(Picture.n, Picture.gate).where(Picture.generation_id == generation_id)
    return {n: gate for n, gate in tx.execute(query)}
