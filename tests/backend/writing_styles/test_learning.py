"""From uploaded PDFs to a style: what is read, what is refused beside its reason, what is kept and what goes."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import Update, update

from backend import writing_styles
from backend.app import App
from backend.assets import uploads
from backend.db.tables import Job, Upload
from backend.errors import Conflict, Invalid, NotFound
from backend.writing_styles import WritingStyleDraft, pipeline
from backend.writing_styles.schemas import StyleTrainingPayload
from tests.factories.account import Tenant
from tests.factories.pdfs import author, book, excerpt, scan
from tests.factories.styles import upload
from tests.support.context import make_context, next_attempt
from workers.context import Context


def start_training(app: App, tenant: Tenant, *paths: Path, name: str = "Walden") -> tuple[str, Context]:
    with app.db.transaction(tenant.caller, needs="editor") as tx:
        style_id = writing_styles.create(tx, WritingStyleDraft(name=name)).id
    for path in paths:
        upload(app, tenant, style_id, path)
    return style_id, train_again(app, tenant, style_id)


def train_again(app: App, tenant: Tenant, style_id: str) -> Context:
    with app.db.transaction(tenant.caller, needs="editor") as tx:
        job = writing_styles.train(tx, style_id, request_key=f"{style_id}:{len(writing_styles.sources(tx, style_id))}")
    return make_context(app, tenant, writing_styles.TRAINING_KIND, StyleTrainingPayload(style_id=style_id), job_id=job.id)


def test_several_pdfs_become_a_style(app: App, workspace: Tenant, tmp_path: Path) -> None:
    files = [
        book(tmp_path / "one.pdf", excerpt("thoreau", 0, 2500)),
        book(tmp_path / "two.pdf", excerpt("thoreau", 3000, 2500)),
        book(tmp_path / "copy.pdf", excerpt("thoreau", 0, 2500), title="Another header"),
        scan(tmp_path / "scan.pdf"),
    ]
    style_id, ctx = start_training(app, workspace, *files)
    with app.db.transaction(workspace.caller, needs="editor") as tx, pytest.raises(Conflict, match="being trained"):
        writing_styles.train(tx, style_id, request_key="second")
    result = pipeline.train(ctx, StyleTrainingPayload(style_id=style_id))
    with app.db.transaction(workspace.caller) as tx:
        style, sources = (
            writing_styles.get(tx, style_id),
            {source.filename: source for source in writing_styles.sources(tx, style_id)},
        )
        storage_keys = [upload_card.key for upload_card in uploads.listing(tx, writing_styles.NOUN, style_id)]
        voice = writing_styles.voice(tx, style_id)
    assert result["files"] == 2
    assert result["refused"] == 2
    assert style.card is not None
    assert style.card.words == result["words"] == sources["one.pdf"].words + sources["two.pdf"].words
    assert style.card.language == "en"
    assert style.card.apart is not None
    assert style.card.excerpts
    assert "one.pdf" in sources["copy.pdf"].reason
    assert "OCR" in sources["scan.pdf"].reason
    assert any("headers" in note for note in sources["one.pdf"].notes)
    assert "<excerpt>" in voice
    for key in storage_keys:
        with pytest.raises(NotFound):
            app.storage.stat(key)


def test_too_little_says_so_and_more_can_be_added(app: App, workspace: Tenant, tmp_path: Path) -> None:
    style_id, ctx = start_training(app, workspace, book(tmp_path / "note.pdf", "A short note. " * 30))
    with pytest.raises(Invalid, match="too few to learn a style from"):
        pipeline.train(ctx, StyleTrainingPayload(style_id=style_id))
    with app.db.transaction(workspace.caller) as tx:
        assert writing_styles.get(tx, style_id).card is None
        assert writing_styles.sources(tx, style_id)[0].state == "read"


def test_a_worker_that_dies_reads_no_file_twice(
    app: App, workspace: Tenant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = [book(tmp_path / f"{n}.pdf", excerpt("doyle", n * 2000, 1500)) for n in range(2)]
    style_id, ctx = start_training(app, workspace, *files)
    read_files: list[str] = []
    real_get_file = app.storage.get_file

    def counting_get_file(key: str, path: Path) -> None:
        read_files.append(path.name)
        if len(read_files) == 2:
            raise KeyboardInterrupt
        real_get_file(key, path)

    monkeypatch.setattr(app.storage, "get_file", counting_get_file)
    with pytest.raises(KeyboardInterrupt):
        pipeline.train(ctx, StyleTrainingPayload(style_id=style_id))
    result = pipeline.train(next_attempt(ctx), StyleTrainingPayload(style_id=style_id))
    assert result["files"] == 2
    assert len(read_files) == 3
    assert read_files[1] == read_files[2] != read_files[0]


def test_nothing_to_learn_from_is_refused_at_once(app: App, workspace: Tenant, tmp_path: Path) -> None:
    with app.db.transaction(workspace.caller, needs="editor") as tx:
        style_id = writing_styles.create(tx, WritingStyleDraft(name="Empty")).id
        with pytest.raises(Invalid, match="Add one or more PDFs"):
            writing_styles.train(tx, style_id, request_key="a")
        with pytest.raises(Conflict, match="already a writing style"):
            writing_styles.create(tx, WritingStyleDraft(name="Empty"))
        for name, sentence in (("book.docx", "is not a PDF"), ("book.pdf", "is empty")):
            with pytest.raises(Invalid, match=sentence):
                uploads.announce(
                    tx, settings=app.settings, noun="style", noun_id=style_id, filename=name, size=0, client_key=name
                )
    style_id, ctx = start_training(app, workspace, scan(tmp_path / "scan.pdf"))
    with pytest.raises(Invalid, match="None of the files could be read"):
        pipeline.train(ctx, StyleTrainingPayload(style_id=style_id))
    with app.db.transaction(workspace.caller, needs="editor") as tx:
        tx.execute(jobs_done())
        with pytest.raises(Invalid, match="Add one or more PDFs"):
            writing_styles.train(tx, style_id, request_key="again")
        tx.execute(update(Upload).values(state="stored"))  # the same file dropped once more
        writing_styles.train(tx, style_id, request_key="once more")
        assert [source.state for source in writing_styles.sources(tx, style_id)] == ["waiting"]


def test_a_file_taken_out_is_forgotten(app: App, workspace: Tenant, tmp_path: Path) -> None:
    files = [book(tmp_path / "own.pdf", excerpt("thoreau", 0, 2000)), book(tmp_path / "other.pdf", excerpt("austen", 0, 2000))]
    style_id, ctx = start_training(app, workspace, *files)
    pipeline.train(ctx, StyleTrainingPayload(style_id=style_id))
    with app.db.transaction(workspace.caller, needs="editor") as tx:
        tx.execute(jobs_done())
        other = next(source for source in writing_styles.sources(tx, style_id) if source.filename == "other.pdf")
        before = writing_styles.get(tx, style_id).card
        job = writing_styles.remove_source(tx, other.id, request_key="drop")
    assert job is not None
    pipeline.train(
        make_context(app, workspace, writing_styles.TRAINING_KIND, StyleTrainingPayload(style_id=style_id), job_id=job.id),
        StyleTrainingPayload(style_id=style_id),
    )
    with app.db.transaction(workspace.caller) as tx:
        after = writing_styles.get(tx, style_id).card
    assert before is not None
    assert after is not None
    assert after.words < before.words
    assert author("austen")[:80] not in " ".join(after.excerpts)


def jobs_done() -> Update:
    return update(Job).values(state="completed")
