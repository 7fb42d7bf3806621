"""Reads the chain in both directions with one bounded statement for each column, however many rows there are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, false, func, literal, select
from sqlalchemy.orm import Session

from backend.db.tables import Clip, Dataset, DatasetImage, Lora, Picture, PictureLora, TrainingRun, TrainingSample
from backend.errors import Invalid, NotFound
from backend.language import tr_lazy, tr_lazy_plural
from backend.lineage.schemas import COLUMNS, COUNT_TO, MAX_NODES, Lineage, LineageColumn, LineageNode, Noun

_NOT_FOUND = {
    "dataset": tr_lazy("This dataset does not exist here. Open the list of datasets."),
    "run": tr_lazy("This training run does not exist here. Open the list of runs."),
    "lora": tr_lazy("This LoRA is not in the library. Open the list of LoRAs."),
    "picture": tr_lazy("This picture does not exist here. Open the gallery."),
    "clip": tr_lazy("This video does not exist here. Open the list of videos."),
}


def trace(tx: Session, noun: str, subject_id: str) -> Lineage:
    """What one thing was made from and what was made of it. Raises Invalid (no such noun), NotFound."""
    if noun not in COLUMNS:
        raise Invalid(tr_lazy("“How it was made” starts from one of: {columns}.", columns=", ".join(COLUMNS)))
    conditions = _CONDITIONS[noun](subject_id)
    columns = tuple(
        _COLUMN_READERS[column_noun](tx, conditions[column_noun], subject_id if column_noun == noun else "")
        for column_noun in COLUMNS
    )
    focus = next((node for column in columns for node in column.nodes if node.focus), None)
    if focus is None:
        raise NotFound(_NOT_FOUND[noun])
    return Lineage(focus, columns, tuple(_edges(tx, columns)))


Where = ColumnElement[bool]


def _from_dataset(dataset_id: str) -> dict[str, Where]:
    runs = select(TrainingRun.id).where(TrainingRun.dataset_id == dataset_id)
    loras = select(Lora.id).where(Lora.run_id.in_(runs))
    return {
        "dataset": Dataset.id == dataset_id,
        "run": TrainingRun.dataset_id == dataset_id,
        "lora": Lora.run_id.in_(runs),
        "picture": _drawn_with(loras),
        "clip": _videos_of(loras),
    }


def _from_run(run_id: str) -> dict[str, Where]:
    return {
        "dataset": Dataset.id.in_(select(TrainingRun.dataset_id).where(TrainingRun.id == run_id)),
        "run": TrainingRun.id == run_id,
        "lora": Lora.run_id == run_id,
        "picture": _drawn_with(select(Lora.id).where(Lora.run_id == run_id)),
        "clip": _videos_of(select(Lora.id).where(Lora.run_id == run_id)),
    }


def _from_lora(lora_id: str) -> dict[str, Where]:
    runs = select(Lora.run_id).where(Lora.id == lora_id)
    return {
        "dataset": Dataset.id.in_(select(TrainingRun.dataset_id).where(TrainingRun.id.in_(runs))),
        "run": TrainingRun.id.in_(runs),
        "lora": Lora.id == lora_id,
        "picture": _drawn_with(select(literal(lora_id))),
        "clip": _videos_of(select(literal(lora_id))),
    }


def _from_picture(picture_id: str) -> dict[str, Where]:
    upstream = _upstream_of(select(literal(picture_id)))
    return {**upstream, "picture": Picture.id == picture_id, "clip": Clip.picture_id == picture_id}


def _from_clip(clip_id: str) -> dict[str, Where]:
    picture = select(Clip.picture_id).where(Clip.id == clip_id)
    return {**_upstream_of(picture), "picture": Picture.id.in_(picture), "clip": Clip.id == clip_id}


def _upstream_of(pictures: Select[Any]) -> dict[str, Where]:
    """Conditions for the LoRAs that pictures were drawn with, and for the runs and datasets of those."""
    loras = select(PictureLora.lora_id).where(PictureLora.picture_id.in_(pictures))
    runs = select(Lora.run_id).where(Lora.id.in_(loras))
    return {
        "dataset": Dataset.id.in_(select(TrainingRun.dataset_id).where(TrainingRun.id.in_(runs))),
        "run": TrainingRun.id.in_(runs),
        "lora": Lora.id.in_(loras),
    }


_CONDITIONS: dict[str, Any] = {
    "dataset": _from_dataset,
    "run": _from_run,
    "lora": _from_lora,
    "picture": _from_picture,
    "clip": _from_clip,
}


def _drawn_with(loras: Select[Any]) -> Where:
    return Picture.id.in_(select(PictureLora.picture_id).where(PictureLora.lora_id.in_(loras)))


def _videos_of(loras: Select[Any]) -> Where:
    return Clip.picture_id.in_(select(PictureLora.picture_id).where(PictureLora.lora_id.in_(loras)))


def _datasets(tx: Session, where: Where, focus: str) -> LineageColumn:
    firsts = select(DatasetImage.asset_id).where(DatasetImage.dataset_id == Dataset.id).order_by(DatasetImage.id).limit(3)
    n = select(func.count()).where(DatasetImage.dataset_id == Dataset.id).correlate(Dataset).scalar_subquery()
    query = select(Dataset.id, Dataset.name, n, Dataset.deleted_at, func.array(firsts.correlate(Dataset).scalar_subquery()))
    rows = tx.execute(query.where(where).order_by(Dataset.id.desc()).limit(MAX_NODES)).all()
    nodes = [
        LineageNode(
            "dataset",
            id_,
            name,
            tr_lazy_plural("{n:,} picture", "{n:,} pictures", images),
            tuple(thumbs),
            id_ == focus,
            deleted is not None,
        )
        for id_, name, images, deleted, thumbs in rows
    ]
    return _column(tx, "dataset", nodes, select(Dataset.id).where(where))


def _runs(tx: Session, where: Where, focus: str) -> LineageColumn:
    samples = (
        select(TrainingSample.asset_id)
        .where(TrainingSample.run_id == TrainingRun.id)
        .order_by(TrainingSample.step.desc(), TrainingSample.n)
        .limit(3)
    )
    query = select(
        TrainingRun.id,
        TrainingRun.name,
        TrainingRun.params["steps"].astext,
        TrainingRun.model,
        func.array(samples.correlate(TrainingRun).scalar_subquery()),
    )
    rows = tx.execute(query.where(where).order_by(TrainingRun.id.desc()).limit(MAX_NODES)).all()
    nodes = [
        LineageNode(
            "run",
            id_,
            name,
            tr_lazy("{steps} steps on {model}", steps=steps, model=model) if steps else model,
            tuple(thumbs),
            id_ == focus,
        )
        for id_, name, steps, model, thumbs in rows
    ]
    return _column(tx, "run", nodes, select(TrainingRun.id).where(where))


def _loras(tx: Session, where: Where, focus: str) -> LineageColumn:
    drawn = (
        select(Picture.asset_id)
        .join(PictureLora, PictureLora.picture_id == Picture.id)
        .where(PictureLora.lora_id == Lora.id, Picture.deleted_at.is_(None))
        .order_by(PictureLora.picture_id.desc())
        .limit(3)
    )
    query = select(
        Lora.id, Lora.name, Lora.step, Lora.source, Lora.deleted_at, func.array(drawn.correlate(Lora).scalar_subquery())
    )
    rows = tx.execute(query.where(where).order_by(Lora.id.desc()).limit(MAX_NODES)).all()
    nodes = [
        LineageNode(
            "lora",
            id_,
            name,
            tr_lazy("step {step}", step=step) if step else source,
            tuple(thumbs),
            id_ == focus,
            deleted is not None,
        )
        for id_, name, step, source, deleted, thumbs in rows
    ]
    return _column(tx, "lora", nodes, select(Lora.id).where(where))


def _pictures(tx: Session, where: Where, focus: str) -> LineageColumn:
    live = where if focus else where & Picture.deleted_at.is_(None)
    query = select(Picture.id, Picture.prompt, Picture.asset_id, Picture.rating, Picture.deleted_at)
    rows = tx.execute(query.where(live).order_by(Picture.id.desc()).limit(MAX_NODES)).all()
    nodes = [
        LineageNode("picture", id_, prompt or tr_lazy("Picture"), "★" * rating, (asset_id,), id_ == focus, deleted is not None)
        for id_, prompt, asset_id, rating, deleted in rows
    ]
    return _column(tx, "picture", nodes, select(Picture.id).where(live))


def _clips(tx: Session, where: Where, focus: str) -> LineageColumn:
    live = where if focus else where & Clip.asset_id.is_not(None) & Clip.deleted_at.is_(None)
    query = select(Clip.id, Clip.recipe["title"].astext, Clip.format, Clip.asset_id, Clip.rating, Clip.deleted_at)
    rows = tx.execute(query.where(live).order_by(Clip.id.desc()).limit(MAX_NODES)).all()
    nodes = [
        LineageNode(
            "clip",
            id_,
            title or tr_lazy("Video"),
            " ".join(filter(None, (shape, "★" * rating))),
            (asset_id,) if asset_id else (),
            id_ == focus,
            deleted is not None,
        )
        for id_, title, shape, asset_id, rating, deleted in rows
    ]
    return _column(tx, "clip", nodes, select(Clip.id).where(live))


_COLUMN_READERS: dict[str, Any] = {"dataset": _datasets, "run": _runs, "lora": _loras, "picture": _pictures, "clip": _clips}


def _column(tx: Session, noun: Noun, nodes: list[LineageNode], everything: Select[Any]) -> LineageColumn:
    """A column with its count; rows are counted only when not all are shown, up to COUNT_TO."""
    if len(nodes) < MAX_NODES:
        return LineageColumn(noun, tuple(nodes), len(nodes))
    n = tx.scalar(select(func.count()).select_from(everything.limit(COUNT_TO + 1).subquery())) or 0
    return LineageColumn(noun, tuple(nodes), min(n, COUNT_TO), n > COUNT_TO)


def _edges(tx: Session, columns: Sequence[LineageColumn]) -> list[tuple[str, str]]:
    """Edges between the nodes that are shown, in one statement."""
    shown = {column.noun: [node.id for node in column.nodes] for column in columns}

    def among(column: Any, noun: Noun) -> Where:
        return column.in_(shown[noun]) if shown[noun] else false()

    to_run = select(TrainingRun.dataset_id, TrainingRun.id).where(
        among(TrainingRun.dataset_id, "dataset"), among(TrainingRun.id, "run")
    )
    to_lora = select(Lora.run_id, Lora.id).where(among(Lora.run_id, "run"), among(Lora.id, "lora"))
    to_picture = select(PictureLora.lora_id, PictureLora.picture_id).where(
        among(PictureLora.lora_id, "lora"), among(PictureLora.picture_id, "picture")
    )
    to_clip = select(Clip.picture_id, Clip.id).where(among(Clip.picture_id, "picture"), among(Clip.id, "clip"))
    return [(left, right) for left, right in tx.execute(to_run.union_all(to_lora, to_picture, to_clip))]
