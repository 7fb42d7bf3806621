"""Readiness and caption statistics of a dataset, cached for each of its states, as pages read them on every rerun."""

from __future__ import annotations

from datetime import datetime

import streamlit as st
from sqlalchemy.orm import Session

from backend import datasets
from backend.datasets import CaptionLeak, DatasetCard, Readiness, Stats, TagCount
from backend.engines.ports.image import ModelCard
from studio.shell.frame import Page

_DEFAULT_SIDE = 512
"""px, of Stable Diffusion 1.5: what pictures are compared with while there is no trainable model."""


def train_model(page: Page) -> ModelCard | None:
    """The model that a new run would train; None while the trainer offers none."""
    return next((card for card in page.app.engines.trainer.models() if card.trainable), None)


def train_side(page: Page) -> int:
    """px that the next run would train at."""
    return model.side if (model := train_model(page)) else _DEFAULT_SIDE


def cached_readiness(page: Page, tx: Session, card: DatasetCard) -> Readiness:
    model, max_images = train_model(page), page.app.settings.uploads.max_dataset_images
    stats = _cached_stats(page.workspace.id, card.id, card.updated_at, card.images, card.included, train_side(page), _tx=tx)
    return datasets.readiness(tx, card.id, model_card=model, max_images=max_images, counted=stats)


def cached_tags_and_leaks(page: Page, tx: Session, card: DatasetCard) -> tuple[list[TagCount], list[CaptionLeak]]:
    """(tags of its captions, phrases that the trigger word should stand for)."""
    return _cached_words(page.workspace.id, card.id, card.updated_at, card.images, card.included, _tx=tx)


@st.cache_data(max_entries=500, show_spinner=False)
def _cached_stats(
    workspace_id: str, dataset_id: str, updated_at: datetime, images: int, included: int, side: int, *, _tx: Session
) -> Stats:
    """The arguments are the cache key: every change of a dataset moves `updated_at`, and a running import moves the counts."""
    return datasets.count_problems(_tx, dataset_id, side=side)


@st.cache_data(max_entries=100, show_spinner=False)
def _cached_words(
    workspace_id: str, dataset_id: str, updated_at: datetime, images: int, included: int, *, _tx: Session
) -> tuple[list[TagCount], list[CaptionLeak]]:
    return datasets.caption_tags(_tx, dataset_id), datasets.caption_leaks(_tx, dataset_id)
