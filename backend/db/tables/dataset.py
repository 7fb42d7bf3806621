"""Training pictures and their captions; runs of automatic captioning, and their result for each picture."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import CheckConstraint, Index, Numeric, func, text
from sqlalchemy.orm import Mapped, mapped_column

from backend.db.tables.base import CURRENT_TENANT, Base, Dated, Tenanted, one_of, tenant_fk, tenant_key
from backend.db.tables.message_column import NO_MESSAGE, MessageColumn

CROP = "crop_x, crop_y, crop_w, crop_h"
RIGHTS_KINDS = ("made_up", "myself", "agreed")


class Dataset(Tenanted, Dated, Base):
    __tablename__ = "datasets"
    __table_args__ = (
        tenant_key(),
        Index("uq_datasets_name", "tenant_id", "name", unique=True, postgresql_where=text("deleted_at IS NULL")),
        CheckConstraint(one_of("status", "draft", "ready", "training"), name="status"),
        CheckConstraint(one_of("rights_kind", "", *RIGHTS_KINDS), name="rights_kind"),
        tenant_fk("influencer_id", "influencers", ondelete="SET NULL"),
    )
    id: Mapped[str] = mapped_column(primary_key=True)
    influencer_id: Mapped[str | None]
    name: Mapped[str]
    trigger_word: Mapped[str] = mapped_column(server_default="")
    status: Mapped[str] = mapped_column(server_default="draft")
    rights_statement: Mapped[str] = mapped_column(server_default="")
    """What the person declared about the pictures; empty: not declared, training is refused."""
    rights_by: Mapped[str | None]
    rights_at: Mapped[datetime | None]
    rights_kind: Mapped[str] = mapped_column(server_default="")
    rights_note: Mapped[str] = mapped_column(server_default="")
    rights_until: Mapped[datetime | None]
    """After this the statement no longer holds; NULL: no end."""
    settings: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    """Thresholds that differ from `datasets.Thresholds`' defaults."""
    meta: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    """`datasets.DatasetMetadata`: path, expected_images, caption_style, tags[]; nothing that is as by default."""
    updated_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    deleted_at: Mapped[datetime | None]
    erased_at: Mapped[datetime | None]
    """Deleted for good: its pictures are gone; training runs still name it."""


class DatasetImage(Tenanted, Dated, Base):
    __tablename__ = "dataset_images"
    __table_args__ = (
        tenant_key(),
        tenant_key("dataset_id", "sha256"),
        tenant_fk("dataset_id", "datasets", ondelete="CASCADE"),
        tenant_fk("asset_id", "assets"),
        tenant_fk("mask_asset_id", "assets"),
        CheckConstraint(
            "num_nulls(crop_x, crop_y, crop_w, crop_h) = 4 OR num_nonnulls(crop_x, crop_y, crop_w, crop_h) = 4", name="crop"
        ),
        CheckConstraint("repeats BETWEEN 1 AND 999", name="repeats"),
        Index(None, "tenant_id", "dataset_id", "id"),
        Index("ix_dataset_images_alike", "tenant_id", "dataset_id", "alike", postgresql_where=text("alike IS NOT NULL")),
    )
    id: Mapped[str] = mapped_column(primary_key=True)
    dataset_id: Mapped[str]
    asset_id: Mapped[str]
    upload_id: Mapped[str | None]
    filename: Mapped[str]
    sha256: Mapped[str]
    """Of the file as uploaded."""
    width: Mapped[int]
    height: Mapped[int]
    dhash: Mapped[str]
    """64-bit difference hash, 16 hex digits."""
    measured: Mapped[int] = mapped_column(server_default=text("0"))
    """Version of the measures; 0: none but an older sharpness that does not compare."""
    sharpness: Mapped[float]
    """90th percentile over tiles of the variance of the Laplacian, at 1024 px."""
    brightness: Mapped[float | None]
    contrast: Mapped[float | None]
    """Mean and standard deviation of the grey picture, 0-255."""
    clipped: Mapped[float | None]
    """Share of pixels that are black or white."""
    colours: Mapped[str] = mapped_column(server_default="")
    """4 x 4 pixels of RGB in hex; empty: not measured."""
    faces: Mapped[int | None]
    """Frontal faces found; NULL: not measured."""
    face_height: Mapped[float | None]
    """Of the largest face, as a share of the picture's."""
    face_box: Mapped[list[Any] | None]
    """The largest face: x, y, width, height as shares."""
    repeats: Mapped[int] = mapped_column(server_default="1")
    """How often an epoch of a training shows it."""
    near_duplicate_of: Mapped[str | None]
    near_duplicate_distance: Mapped[int | None]
    """The picture of its group that looks most like it; differing bits of the two hashes, 0-64."""
    alike: Mapped[str | None]
    """Group of near-duplicates: the id of its first picture; NULL: like no other."""
    included: Mapped[bool] = mapped_column(server_default=text("true"))
    caption: Mapped[str] = mapped_column(server_default="")
    caption_by: Mapped[str] = mapped_column(server_default="")
    caption_version: Mapped[int] = mapped_column(server_default="0")
    """Goes up with each change: a save of an older version is refused, not overwritten."""
    caption_source: Mapped[str] = mapped_column(server_default="")
    crop_x: Mapped[int | None]
    crop_y: Mapped[int | None]
    crop_w: Mapped[int | None]
    crop_h: Mapped[int | None]
    """What of the picture is trained on, in px; all or none."""
    crop_version: Mapped[int] = mapped_column(server_default=text("0"))
    mask_asset_id: Mapped[str | None]
    """White is learned, black is not: a picture of the whole picture's shape in any size. NULL: all of it is learned."""
    mask_version: Mapped[int] = mapped_column(server_default=text("0"))
    notes: Mapped[list[Any]] = mapped_column(server_default=text("'[]'"))
    """What ingest noticed: {"code", "sentence"}: animated, cmyk, 16-bit, rotated …"""


class DatasetCaption(Tenanted, Dated, Base):
    """Each version a caption has had: who or what wrote it, and when."""

    __tablename__ = "dataset_captions"
    __table_args__ = (tenant_fk("image_id", "dataset_images", ondelete="CASCADE"),)
    tenant_id: Mapped[str] = mapped_column(primary_key=True, server_default=CURRENT_TENANT)
    image_id: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    caption: Mapped[str]
    source: Mapped[str] = mapped_column(server_default="")
    """person, file, sample, bulk, undo, restored, or what wrote it: vision, blip, template."""
    said_by: Mapped[str] = mapped_column(server_default="")
    edit_id: Mapped[str | None]


class DatasetEdit(Tenanted, Dated, Base):
    """One change of many pictures, with what is needed to undo it."""

    __tablename__ = "dataset_edits"
    __table_args__ = (
        tenant_key(),
        tenant_fk("dataset_id", "datasets", ondelete="CASCADE"),
        CheckConstraint(one_of("kind", "captions", "included", "crops", "masks", "removed", "auto-captions"), name="kind"),
        Index(None, "tenant_id", "dataset_id", "id"),
        Index("uq_dataset_edits_request", "tenant_id", "request_key", unique=True, postgresql_where=text("request_key <> ''")),
    )
    id: Mapped[str] = mapped_column(primary_key=True)
    dataset_id: Mapped[str]
    kind: Mapped[str]
    title: Mapped[str] = mapped_column(MessageColumn)
    count: Mapped[int]
    said_by: Mapped[str] = mapped_column(server_default="")
    undo: Mapped[dict[str, Any]]
    """Image id -> [value before, version or value after]; of removed pictures: [the row, its captions]."""
    request_key: Mapped[str] = mapped_column(server_default="")
    undone_at: Mapped[datetime | None]
    undone_by: Mapped[str] = mapped_column(server_default="")


class DatasetRight(Tenanted, Dated, Base):
    """What was declared about a dataset's pictures, by whom and when; rows are only ever added."""

    __tablename__ = "dataset_rights"
    __table_args__ = (
        tenant_key(),
        tenant_fk("dataset_id", "datasets", ondelete="CASCADE"),
        CheckConstraint(one_of("kind", "withdrawn", "", *RIGHTS_KINDS), name="kind"),
        Index(None, "tenant_id", "dataset_id", "id"),
    )
    id: Mapped[str] = mapped_column(primary_key=True)
    dataset_id: Mapped[str]
    kind: Mapped[str]
    statement: Mapped[str] = mapped_column(server_default="")
    note: Mapped[str] = mapped_column(server_default="")
    until: Mapped[datetime | None]
    said_by: Mapped[str] = mapped_column(server_default="")


class CaptionRun(Tenanted, Dated, Base):
    """One run over a dataset. Its state is its job's; its figures are counted from its results."""

    __tablename__ = "caption_runs"
    __table_args__ = (
        tenant_key(),
        tenant_fk("dataset_id", "datasets", ondelete="CASCADE"),
        CheckConstraint(one_of("captioner", "vision", "blip", "template"), name="captioner"),
        CheckConstraint("total >= 0 AND kept >= 0", name="counts"),
        Index(None, "tenant_id", "dataset_id", "id"),
    )
    id: Mapped[str] = mapped_column(primary_key=True)
    dataset_id: Mapped[str]
    job_id: Mapped[str]
    """Without a foreign key: jobs are deleted earlier."""
    edit_id: Mapped[str]
    """The entry of the dataset's log that undoes the whole run; written with the first caption."""
    captioner: Mapped[str]
    rules: Mapped[dict[str, Any]]
    """The request (`datasets.CaptionOrder`)."""
    preview: Mapped[bool] = mapped_column(server_default=text("false"))
    """Whether the captions were only shown and not written."""
    total: Mapped[int] = mapped_column(server_default=text("0"))
    """Pictures to caption; known from the run's first step on."""
    kept: Mapped[int] = mapped_column(server_default=text("0"))
    """Pictures of the request whose captions the rule leaves as they are."""
    created_by: Mapped[str | None]


class CaptionResult(Tenanted, Dated, Base):
    """One picture of one run. While the row exists the picture is finished and paid for."""

    __tablename__ = "caption_results"
    __table_args__ = (
        tenant_fk("run_id", "caption_runs", ondelete="CASCADE"),
        tenant_fk("image_id", "dataset_images", ondelete="CASCADE"),
        CheckConstraint(one_of("outcome", "written", "kept", "refused", "shown"), name="outcome"),
        CheckConstraint("cost_usd >= 0", name="cost"),
        Index(None, "tenant_id", "image_id"),
    )
    tenant_id: Mapped[str] = mapped_column(primary_key=True, server_default=CURRENT_TENANT)
    run_id: Mapped[str] = mapped_column(primary_key=True)
    image_id: Mapped[str] = mapped_column(primary_key=True)
    outcome: Mapped[str]
    caption: Mapped[str] = mapped_column(server_default="")
    reason: Mapped[str] = mapped_column(MessageColumn, server_default=NO_MESSAGE)
    """Why there is no caption, why the old one was kept, or what was corrected in the new one."""
    doubts: Mapped[list[Any]] = mapped_column(server_default=text("'[]'"))
    """Sentences about what a person should check."""
    before: Mapped[str] = mapped_column(server_default="")
    before_source: Mapped[str] = mapped_column(server_default="")
    version: Mapped[int] = mapped_column(server_default=text("0"))
    """The caption's version after the run."""
    model: Mapped[str] = mapped_column(server_default="")
    cost_usd: Mapped[Decimal] = mapped_column(Numeric(18, 9), server_default=text("0"))
