"""What of influencers can be undone."""

from __future__ import annotations

from sqlalchemy.orm import Session

from backend import undo
from backend.db.tables import Influencer
from backend.influencers import brand_kits, queries, service
from backend.influencers.brand_kits import BrandKit
from backend.influencers.schemas import InfluencerDraft
from backend.undo import Values


def _save(tx: Session, influencer_id: str, values: Values) -> None:
    service.save(tx, influencer_id, InfluencerDraft(**values), version=queries.get(tx, influencer_id).version)


def _read_archived(tx: Session, influencer_id: str) -> Values | None:
    values = undo.columns(Influencer, "archived_at")(tx, influencer_id)
    return values and {"archived": values["archived_at"] is not None}


def _archive(tx: Session, influencer_id: str, values: Values) -> None:
    (service.archive if values["archived"] else service.restore)(tx, influencer_id)


def _set_lora(tx: Session, influencer_id: str, values: Values) -> None:
    service.set_default_lora(tx, influencer_id, values["default_lora_id"], values["default_lora_weight"])


def register_parts() -> None:
    undo.register(undo.Part("influencer.saved", read=undo.columns(Influencer, *InfluencerDraft.model_fields), write=_save))
    undo.register(undo.Part("influencer.archived", read=_read_archived, write=_archive))
    undo.register(
        undo.Part("influencer.lora", read=undo.columns(Influencer, "default_lora_id", "default_lora_weight"), write=_set_lora)
    )
    undo.register(
        undo.Part(
            "influencer.cover",
            read=undo.columns(Influencer, "cover_asset_id"),
            write=lambda tx, influencer_id, values: service.set_cover(tx, influencer_id, values["cover_asset_id"]),
        )
    )
    undo.register(
        undo.Part(
            "influencer.brand_kit",
            read=undo.columns(Influencer, "brand_kit"),
            write=lambda tx, influencer_id, values: brand_kits.set_brand_kit(
                tx, influencer_id, BrandKit(**values["brand_kit"])
            ),
        )
    )
