"""The job that makes the pictures of one post."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.orm import Session

from backend import assets, content_plans, generation, influencers, writing
from backend.bulk_planning.schemas import PicturePayload
from backend.engines.ports.identity_rules import passes
from backend.engines.ports.image import ModelCard
from backend.errors import NotFound
from backend.generation import GenerationDraft, PictureCard
from backend.jobs.context import JobContext, no_work
from backend.language import tr_lazy


def run(ctx: JobContext, payload: PicturePayload) -> dict[str, Any]:
    """Draws pictures, waiting without a worker slot, and attaches them to the post. Pictures that do not look like the
    influencer are drawn again, at most `redraw` times.

    Result: {pictures: attached, held: waiting in the face check, missed: below the threshold, assets: {pictureId, assetId,
    s3Key} of those attached}.
    """
    rounds: list[Mapping[str, Any]] = []
    while len(rounds) <= payload.redraw and (missing := payload.n - sum(len(result["fit"]) for result in rounds)) > 0:
        result = _draw_round(ctx, payload, len(rounds), missing)
        if not result:
            return {"pictures": 0, "held": 0, "missed": 0}
        rounds.append(result)
    return ctx.write_step("land", no_work, lambda tx, _: _attach_pictures(tx, payload, rounds)) or {}


def _draw_round(ctx: JobContext, payload: PicturePayload, n: int, missing: int) -> Mapping[str, Any]:
    """Draws `missing` pictures and scores them; {}: the post is gone.

    Round 0 has step names without a number: jobs that began before there were rounds must find their results.
    """
    request = ctx.write_step(
        f"ask-{n}" if n else "ask",
        ctx.app.engines.image.models,
        lambda tx, models: _request_pictures(tx, ctx, payload, models, n, missing),
    )
    generation_id = (request or {})["generation_id"]
    if not generation_id:
        return {}
    ctx.progress(0, 0, tr_lazy("drawing again") if n else tr_lazy("drawing"))
    ctx.wait_for_children()
    return ctx.write_step(f"look-{n}", no_work, lambda tx, _: _score_pictures(tx, payload, generation_id)) or {}


def _request_pictures(
    tx: Session, ctx: JobContext, payload: PicturePayload, models: Sequence[ModelCard], n: int, missing: int
) -> dict[str, Any]:
    try:
        if content_plans.get(tx, payload.plan_id).deleted_at:
            return {"generation_id": ""}
    except NotFound:
        return {"generation_id": ""}
    size = generation.default_size(models, payload.size)
    draft = GenerationDraft(prompt=payload.prompt, influencer_id=payload.influencer_id, n=missing, size=size)
    key = f"{ctx.job_id}/pictures-{n}" if n else f"{ctx.job_id}/pictures"
    return {
        "generation_id": generation.start(tx, draft=draft, models=models, request_key=key, parent_id=ctx.job_id, aside=True).id
    }


def _score_pictures(tx: Session, payload: PicturePayload, generation_id: str) -> dict[str, Any]:
    """Keys: `fit` (picture id, asset id of those that the post may show), `drawn`, `held`, `missed`, `best` (score, threshold).

    Pictures without a score fit, and so do all where nothing is drawn again.
    """
    pictures = generation.pictures_of(tx, generation_id)
    visible = [picture for picture in pictures if picture.gate == "open"]
    below_threshold = [picture for picture in visible if payload.redraw and not _looks_alike(picture)]
    scores = [(picture.identity_score, picture.identity_line) for picture in pictures if picture.identity_score is not None]
    return {
        "fit": [(picture.id, picture.asset_id) for picture in visible if picture not in below_threshold],
        "drawn": len(pictures),
        "held": len(pictures) - len(visible),
        "missed": len(below_threshold),
        "best": max(scores, default=(None, None)),
    }


def _looks_alike(picture: PictureCard) -> bool:
    score, threshold = picture.identity_score, picture.identity_line
    return score is None or threshold is None or passes(score, threshold)


def _attach_pictures(tx: Session, payload: PicturePayload, rounds: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    fitting = [(picture, asset) for result in rounds for picture, asset in result["fit"]][: payload.n]
    if len(fitting) >= min(2, payload.n):  # a carousel has at least two
        if payload.text_id:
            writing.set_picture(tx, payload.text_id, fitting[0][0])
        content_plans.attach_files(tx, payload.plan_id, [asset for _, asset in fitting], alt_text=payload.alt_text)
    else:
        fitting = []
        content_plans.mark_picture_missing(
            tx, payload.plan_id, _missing_picture_reason(rounds, influencers.get(tx, payload.influencer_id).name)
        )
    files = assets.get_many(tx, [asset for _, asset in fitting])
    return {
        "assets": [{"pictureId": picture, **files[asset].names} for picture, asset in fitting if asset in files],
        "pictures": len(fitting),
        "held": sum(result["held"] for result in rounds),
        "missed": sum(result["missed"] for result in rounds),
    }


def _missing_picture_reason(rounds: Sequence[Mapping[str, Any]], name: str) -> str:
    drawn = sum(result["drawn"] for result in rounds)
    scored = [tuple(result["best"]) for result in rounds if result["best"][0] is not None]
    score, threshold = max(scored, default=(None, None))
    if score is None or threshold is None:
        return tr_lazy(
            "Needs a picture: of {drawn} created, too few look like {name}. Choose one from the gallery, or create another.",
            drawn=drawn,
            name=name,
        )
    return tr_lazy(
        "Needs a picture: of {drawn} created, too few look like {name} (best face match {best}%, needs {least}%). "
        "Choose one from the gallery, or create another.",
        drawn=drawn,
        name=name,
        best=int(score * 100),
        least=int(threshold * 100),
    )
