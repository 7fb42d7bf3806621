"""What the crop of a post's picture keeps: what somebody set, else its face, else its middle.

It is decided once, when the crop is made, and kept as a number: so the preview shows what is published, whatever becomes
known of the picture later. A crop without a number keeps the middle.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.orm import Session

from backend import assets
from backend.assets import AssetCard
from backend.content_plans.schemas import FileEdit, VariantDraft
from backend.media.ffmpeg.camera_moves import focus_on


def with_focus(tx: Session, variants: Sequence[VariantDraft], before: Sequence[VariantDraft] = ()) -> tuple[VariantDraft, ...]:
    """The variants, whose new crops of pictures with a known face keep that. Crops that are in `before` as they are, and those
    that say what they keep, stay."""
    old_crops = {
        (variant.channel_id, asset_id, edit.ratio)
        for variant in before
        for asset_id, edit in variant.edits.items()
        if _is_open(edit)
    }

    def is_new(variant: VariantDraft, asset_id: str, edit: FileEdit) -> bool:
        return _is_open(edit) and (variant.channel_id, asset_id, edit.ratio) not in old_crops

    new_ids = {id for variant in variants for id, edit in variant.edits.items() if is_new(variant, id, edit)}
    cards = assets.get_many(tx, list(new_ids))

    def with_faces(variant: VariantDraft) -> VariantDraft:
        edits = {
            id: focused(cards[id], edit) if id in cards and is_new(variant, id, edit) else edit
            for id, edit in variant.edits.items()
        }
        return variant if edits == variant.edits else variant.model_copy(update={"edits": edits})

    return tuple(map(with_faces, variants))


def focused(card: AssetCard, edit: FileEdit) -> FileEdit:
    """The crop with the picture's face in its middle, as far as the picture reaches; unchanged without a known one. Pure."""
    point = assets.face_of(card) if card.kind == "image" else None
    if not (point and edit.ratio and card.width and card.height):
        return edit
    return edit.model_copy(update={"focus": round(focus_on(point, (card.width, card.height), edit.ratio), 2)})


def open_crops(variants: Sequence[VariantDraft]) -> list[str]:
    """Asset ids of files whose crops do not say what they keep."""
    return list({id for variant in variants for id, edit in variant.edits.items() if _is_open(edit)})


def _is_open(edit: FileEdit) -> bool:
    return edit.ratio is not None and edit.focus is None
