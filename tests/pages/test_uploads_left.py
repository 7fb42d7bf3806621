"""A browser that was closed before its last file: what had arrived is neither lost nor forgotten."""

from __future__ import annotations

from backend import jobs
from backend.db.tables import Upload
from backend.db.transactions import Database
from tests.factories.account import Tenant
from tests.factories.making import make_dataset
from tests.factories.styles import make_style
from tests.pages.conftest import Open, words


def test_files_nobody_asked_to_check_are_offered(open_page: Open, db: Database, workspace: Tenant) -> None:
    with db.transaction(workspace.caller, needs="editor") as tx:
        dataset_id = make_dataset(tx)
        for n in range(2):
            row = Upload(id=f"up_{n}", noun="dataset", noun_id=dataset_id, filename=f"{n}.jpg", client_key=str(n), size_bytes=9)
            row.key, row.state = f"incoming/{workspace.id}/up_{n}", "stored"
            tx.add(row)
    at = open_page("models/datasets", id=dataset_id)
    assert "2 uploaded files not checked yet." in words(at)
    next(button for button in at.button if button.label == "Check now").click().run()
    assert not at.exception
    with db.transaction(workspace.caller) as tx:
        assert jobs.latest(tx, ("dataset", dataset_id), "dataset-ingest")
    assert "not checked yet" not in words(at)
    assert "not checked yet" not in words(open_page("models/datasets", person=workspace.viewer, id=dataset_id))


def test_pdfs_that_no_training_was_started_for_are_offered(open_page: Open, db: Database, workspace: Tenant) -> None:
    with db.transaction(workspace.caller, needs="editor") as tx:
        style = make_style(tx)
        row = Upload(id="up", noun="style", noun_id=style.id, filename="a.pdf", client_key="a", size_bytes=9)
        row.key, row.state = f"incoming/{workspace.id}/up", "stored"
        tx.add(row)
    at = open_page("models/writing_styles", id=style.id)
    assert "1 uploaded file not checked yet." in words(at)
    next(button for button in at.button if button.label == "Check now").click().run()
    assert not at.exception
    with db.transaction(workspace.caller) as tx:
        assert jobs.latest(tx, ("style", style.id), "style-training")
    assert "not checked yet" not in words(at)
