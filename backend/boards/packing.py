"""Pictures on their way out: one file with its recipe for who asks for it, or many as a ZIP with a manifest, made by a job."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from sqlalchemy.orm import Session

from backend import assets, generation, jobs
from backend.assets import AssetCard, safe_name
from backend.boards.queries import get
from backend.boards.schemas import MOST_AT_ONCE, ArchiveDraft, ArchivePayload
from backend.boards.wording import pictures
from backend.errors import Invalid
from backend.generation import GalleryFilters, PictureCard
from backend.jobs import JobCard
from backend.storage import Storage
from backend.tools import recipe_file, recipe_text
from backend.tools.recipe_text import FoundRecipe


@dataclass(frozen=True, slots=True)
class PictureFile:
    """A picture to hand out; `texts` are written into it on the way."""

    filename: str
    content_type: str
    key: str
    texts: Mapping[str, str] = field(default_factory=dict)
    width: int = 0
    height: int = 0

    def open(self, storage: Storage) -> Iterator[bytes]:
        """Piece by piece unless a recipe is to be written into it. Raises as `read`, at once."""
        return iter([self.read(storage)]) if self.texts else storage.open(self.key)

    def read(self, storage: Storage) -> bytes:
        """Raises NotFound, Unavailable, Invalid (the recipe is too long for this kind of file)."""
        data = storage.read(self.key)
        if not self.texts:
            return data
        try:
            return recipe_file.with_recipe(data, self.content_type, self.texts, width=self.width, height=self.height)
        except ValueError as error:
            raise Invalid(f"The recipe cannot be written into {self.filename}: {error}. Download it without.") from error


def picture_file(tx: Session, picture_id: str, *, with_recipe: bool = False) -> PictureFile:
    """Raises NotFound, Invalid (a kind of file that holds no recipe)."""
    card = generation.picture(tx, picture_id)
    return file_of(card, assets.get(tx, card.asset_id), with_recipe=with_recipe)


def file_of(card: PictureCard, asset: AssetCard, *, with_recipe: bool = False) -> PictureFile:
    """Raises Invalid (a kind of file that holds no recipe)."""
    if with_recipe and asset.content_type not in recipe_file.TAKES:
        kind = asset.content_type.rpartition("/")[2].upper()
        raise Invalid(f"A recipe cannot be written into a file of the kind {kind}. Download it without its recipe.")
    name = asset.filename or f"{card.id}{PurePosixPath(asset.key).suffix}"
    texts = texts_of(card) if with_recipe else {}
    return PictureFile(name, asset.content_type, asset.key, texts, card.width, card.height)


def texts_of(card: PictureCard) -> dict[str, str]:
    """As other programs read it, and as we do."""
    said = recipe_of(card)
    return {"parameters": recipe_text.a1111(said), "influencerai": recipe_text.ours(said, aiMade=card.recipe.ai_mark)}


def recipe_of(card: PictureCard) -> FoundRecipe:
    recipe = card.recipe
    return FoundRecipe(
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


def pack(tx: Session, *, draft: ArchiveDraft, filters: GalleryFilters | None = None, request_key: str) -> JobCard:
    """Asks for a ZIP of a board, of these pictures, or of what `filters` leave (the first MOST_AT_ONCE).

    The job's result: `asset_id` (kind archive), `pictures`, `bytes`. Raises NotFound, Invalid (nothing to pack).
    """
    if draft.board_id:
        board = get(tx, draft.board_id)
        ids, name, empty = [], board.name, not board.count
    else:
        ids = generation.ids(tx, filters=filters, most=MOST_AT_ONCE) if filters is not None else list(draft.picture_ids)
        name, empty = draft.name, not ids
    if empty:
        raise Invalid("There are no pictures to pack. Choose some first.")
    payload = ArchivePayload(filename=safe_name(name), board_id=draft.board_id, picture_ids=ids, with_recipe=draft.with_recipe)
    title = f"ZIP of “{name}”" if draft.board_id else f"ZIP of {pictures(len(ids))}"
    subject = ("board", draft.board_id) if draft.board_id else ("", "")
    return jobs.enqueue(tx, kind="picture-archive", payload=payload, title=title, request_key=request_key, subject=subject)
