"""How a dataset stands, counted once for each state it was in: its pages ask again and again."""

from __future__ import annotations

from datetime import datetime

import streamlit as st
from sqlalchemy.orm import Session

from backend import datasets
from backend.datasets import DatasetCard, Leak, Readiness, Stats, TagCount
from backend.engines.image.port import ModelCard
from studio.shell.frame import Page

_SIDE = 512
"""px that a picture is held against while no trainer says better: Stable Diffusion 1.5's."""


def train_model(page: Page) -> ModelCard | None:
    """The model that a new run would train; None while the trainer offers none."""
    return next((card for card in page.app.engines.trainer.models() if card.trainable), None)


def train_side(page: Page) -> int:
    """px it trains at."""
    return model.side if (model := train_model(page)) else _SIDE


def state_of(page: Page, tx: Session, card: DatasetCard) -> Readiness:
    model, most = train_model(page), page.app.settings.max_dataset_images
    counted = _counted(page.workspace.id, card.id, card.updated_at, card.images, card.included, train_side(page), _tx=tx)
    return datasets.readiness(tx, card.id, model_card=model, max_images=most, counted=counted)


def words_of(page: Page, tx: Session, card: DatasetCard) -> tuple[list[TagCount], list[Leak]]:
    """Tags of its captions; what they name that the trigger word should carry."""
    return _words(page.workspace.id, card.id, card.updated_at, card.images, card.included, _tx=tx)


@st.cache_data(max_entries=500, show_spinner=False)
def _counted(tenant: str, dataset_id: str, at: datetime, images: int, included: int, side: int, *, _tx: Session) -> Stats:
    """Whatever changes a dataset moves its `updated_at`; an ingest under way moves its counts."""
    return datasets.count_problems(_tx, dataset_id, side=side)


@st.cache_data(max_entries=100, show_spinner=False)
def _words(
    tenant: str, dataset_id: str, at: datetime, images: int, included: int, *, _tx: Session
) -> tuple[list[TagCount], list[Leak]]:
    return datasets.caption_tags(_tx, dataset_id), datasets.caption_leaks(_tx, dataset_id)
