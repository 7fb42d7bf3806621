"""Downloads of pictures: one file, with its recipe if wanted, or many as a ZIP that a job makes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from sqlalchemy.orm import Session

from backend import assets, generation, jobs
from backend.assets import AssetCard, safe_name
from backend.errors import Invalid
from backend.gallery import queries
from backend.gallery.boards import get_board
from backend.gallery.schemas import MAX_PICTURES, ArchiveDraft, ArchivePayload, GalleryFilters
from backend.generation import PictureCard
from backend.jobs import JobCard
from backend.language import tr_lazy, tr_lazy_plural
from backend.media.images import picture_metadata, recipe_text
from backend.media.images.recipe_text import ParsedRecipe
from backend.storage import Storage


@dataclass(frozen=True, slots=True)
class PictureFile:
    """A picture for download. `texts`: metadata to write into it; `width`, `height` in px."""

    filename: str
    content_type: str
    key: str
    texts: Mapping[str, str] = field(default_factory=dict)
    width: int = 0
    height: int = 0

    def open(self, storage: Storage) -> Iterator[bytes]:
        """The file in chunks, or in one piece if metadata is to be written into it. Raises as `read`, at once."""
        return iter([self.read(storage)]) if self.texts else storage.open(self.key)

    def read(self, storage: Storage) -> bytes:
        """The file's bytes. Raises NotFound, Unavailable, Invalid (the recipe is too long for this kind of file)."""
        data = storage.read(self.key)
        if not self.texts:
            return data
        try:
            return picture_metadata.with_recipe(data, self.content_type, self.texts, width=self.width, height=self.height)
        except ValueError as error:
            raise Invalid(
                tr_lazy(
                    "Prompt and settings cannot be written into {filename}: {error}. Download it without.",
                    filename=self.filename,
                    error=str(error),
                )
            ) from error


def picture_file(tx: Session, picture_id: str, *, with_recipe: bool = False) -> PictureFile:
    """Raises NotFound, Invalid (a kind of file that holds no recipe)."""
    card = generation.picture(tx, picture_id)
    return to_picture_file(card, assets.get(tx, card.asset_id), with_recipe=with_recipe)


def to_picture_file(card: PictureCard, asset: AssetCard, *, with_recipe: bool = False) -> PictureFile:
    """Raises Invalid (a kind of file that holds no recipe)."""
    if with_recipe and asset.content_type not in picture_metadata.CONTENT_TYPES:
        kind = asset.content_type.rpartition("/")[2].upper()
        raise Invalid(tr_lazy("Prompt and settings cannot be written into a {kind} file. Download it without them.", kind=kind))
    name = asset.filename or f"{card.id}{PurePosixPath(asset.key).suffix}"
    texts = recipe_texts(card) if with_recipe else {}
    return PictureFile(name, asset.content_type, asset.key, texts, card.width, card.height)


def recipe_texts(card: PictureCard) -> dict[str, str]:
    """The recipe as metadata texts: `parameters` as other programs read it, `influencerai` as this studio does."""
    recipe = found_recipe(card)
    return {
        "parameters": recipe_text.to_a1111(recipe),
        "influencerai": recipe_text.to_own_json(recipe, aiMade=card.recipe.ai_mark),
    }


def found_recipe(card: PictureCard) -> ParsedRecipe:
    recipe = card.recipe
    return ParsedRecipe(
        "influencerai",
        recipe.prompt,
        recipe.negative_prompt,
        recipe.model,
        recipe.sampler,
        recipe.steps,
        recipe.cfg,
        card.seed,
        card.width,
        card.height,
        tuple((ref.name, ref.weight) for ref in recipe.loras),
    )


def start_archive(tx: Session, *, draft: ArchiveDraft, filters: GalleryFilters | None = None, request_key: str) -> JobCard:
    """Starts the job that makes a ZIP of a board, of these pictures, or of those that match `filters` (the first MAX_PICTURES).

    The job's result: `asset_id` (kind archive), `pictures`, `bytes`. Raises NotFound, Invalid (nothing to pack).
    """
    if draft.board_id:
        board = get_board(tx, draft.board_id)
        ids, name, is_empty = [], board.name, not board.count
    else:
        ids = queries.matching_ids(tx, filters=filters, most=MAX_PICTURES) if filters is not None else list(draft.picture_ids)
        name, is_empty = draft.name, not ids
    if is_empty:
        raise Invalid(tr_lazy("There are no pictures to pack. Choose some first."))
    payload = ArchivePayload(filename=safe_name(name), board_id=draft.board_id, picture_ids=ids, with_recipe=draft.with_recipe)
    title = (
        tr_lazy("ZIP of “{name}”", name=name)
        if draft.board_id
        else tr_lazy_plural("ZIP of {n:,} picture", "ZIP of {n:,} pictures", len(ids))
    )
    subject = ("board", draft.board_id) if draft.board_id else ("", "")
    return jobs.enqueue(tx, kind="picture-archive", payload=payload, title=title, request_key=request_key, subject=subject)
