"""Writing styles as their pipelines leave them, and PDFs on their way into one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy.orm import Session

from backend import writing_styles
from backend.assets import uploads
from backend.db.tables import StyleSource, WritingStyle
from backend.kit.ids import new_id
from backend.writing_styles import WritingStyleCard, WritingStyleDraft
from backend.writing_styles.stylometry import measure
from backend.writing_styles.words import count_words
from tests.factories.account import Tenant
from tests.factories.pdfs import author

if TYPE_CHECKING:
    from backend.app import App


def upload(app: App, tenant: Tenant, style_id: str, path: Path) -> str:
    """Uploads the file as the page and the API do. Returns the upload's id."""
    announcement = {"noun": writing_styles.NOUN, "noun_id": style_id, "filename": path.name, "size": path.stat().st_size}
    with app.db.transaction(tenant.caller, needs="editor") as tx:
        card = uploads.announce(tx, settings=app.settings, client_key=new_id("file"), **announcement)  # type: ignore[arg-type]
    open_tx = lambda: app.db.transaction(tenant.caller, needs="editor")  # noqa: E731
    uploads.receive(open_tx, app.storage, settings=app.settings, upload_id=card.id, chunks=iter([path.read_bytes()]))
    return card.id


def make_style(tx: Session, name: str = "Walden", *, source: str = "", kept: bool = True) -> WritingStyleCard:
    """A trained style; `source` defaults to 9,000 words of Thoreau."""
    text = source or author("thoreau")
    style = writing_styles.create(tx, WritingStyleDraft(name=name, kept=kept))
    tx.add(
        StyleSource(
            id=new_id("src"),
            style_id=style.id,
            upload_id="",
            filename=f"{name}.pdf",
            state="read",
            pages=20,
            words=count_words(text),
            text=text,
        )
    )
    row = tx.get_one(WritingStyle, style.id)
    row.card, row.trained_at = measure(text, pages=20).model_dump(mode="json"), row.created_at
    tx.flush()
    return writing_styles.get(tx, style.id)
