"""Writing styles over HTTP: the StyleForge document's shapes, states and addresses."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import update
from starlette.applications import Starlette

from backend import VERSION, api, writing_styles
from backend.api.credentials import COOKIE
from backend.app import App
from backend.db.tables import StyleText
from backend.writing_styles import StyleTextDraft, installation, pipeline
from backend.writing_styles.schemas import StyleTrainingPayload, StyleWritingPayload
from tests.factories.account import Tenant
from tests.factories.pdfs import book, excerpt
from tests.factories.styles import make_style
from tests.support.browsing import ORIGIN, browser
from tests.support.context import make_context


@pytest.fixture
def editor(app: App, workspace: Tenant) -> Iterator[Any]:
    with browser(app, workspace.editor) as client:
        client.headers["x-workspace"] = workspace.id
        yield client


def test_from_a_pdf_to_a_result(app: App, editor: Any, workspace: Tenant, tmp_path: Path) -> None:
    first, second = book(tmp_path / "a.pdf", excerpt("doyle", 0, 2500)), book(tmp_path / "b.pdf", excerpt("doyle", 3000, 2500))
    files = [("file", (path.name, path.read_bytes(), "application/pdf")) for path in (first, second)]
    answer = editor.post("/style/train", files=files, headers={"idempotency-key": "one"})
    assert answer.status_code == 202, answer.text
    started = answer.json()
    assert started["status"] == "PENDING"
    assert editor.post("/style/train", files=files, headers={"idempotency-key": "one"}).json()["job_id"] == started["job_id"]
    session = started["session_id"]
    early = editor.post("/style/generate", json={"session_id": session, "topic": "fog"})
    assert (early.status_code, early.json()["code"]) == (409, "conflict")
    payload = StyleTrainingPayload(style_id=session)
    ctx = make_context(app, workspace, writing_styles.TRAINING_KIND, payload, job_id=started["job_id"])
    assert editor.get(f"/style/jobs/{started['job_id']}").json()["status"] == "TRAINING"
    listed = editor.get("/style/jobs")
    assert [job["job_id"] for job in listed.json()["jobs"]] == [started["job_id"]]
    assert (listed.json()["total"], listed.headers["x-total-count"]) == (1, "1")
    assert listed.json()["data"][0]["status"] == "TRAINING"
    pipeline.train(ctx, payload)
    session_info = editor.get(f"/style/sessions/{session}").json()
    assert session_info["is_trained"]
    assert session_info["jobs"] == [started["job_id"]]
    assert not session_info["kept"]
    started = editor.post("/style/generate", json={"session_id": session, "topic": "fog in town", "num_words": 80}).json()
    assert editor.get(f"/style/results/{started['job_id']}").status_code == 409
    with app.db.transaction(workspace.caller) as tx:
        text = writing_styles.text_of_job(tx, started["job_id"])
    assert text is not None
    writing = StyleWritingPayload(text_id=text.id)
    ctx = make_context(app, workspace, writing_styles.WRITING_KIND, writing, job_id=started["job_id"])
    assert editor.get(f"/style/jobs/{started['job_id']}").json()["status"] == "GENERATING"
    pipeline.write(ctx, writing)
    result = editor.get(f"/style/results/{started['job_id']}").json()
    assert result["words_requested"] == 80
    assert result["model"] == "offline"
    assert "fog in town" in result["content"]
    markdown = editor.get(f"/style/results/{started['job_id']}?format=md")
    assert markdown.text.startswith("# fog in town\n")
    assert "fog-in-town.md" in markdown.headers["content-disposition"]
    job = editor.get(f"/style/jobs/{started['job_id']}").json()
    assert (job["job_type"], job["session_id"], job["text"]) == ("GENERATION", session, result["content"])


def test_what_is_no_pdf_is_refused_before_anything_is_kept(app: App, editor: Any, workspace: Tenant) -> None:
    for name, data in (("a.txt", b"%PDF-1.4 x"), ("a.pdf", b"hello")):
        answer = editor.post("/style/train", files={"file": (name, data, "application/pdf")})
        assert answer.status_code == 400
        assert "is not a PDF" in answer.json()["message"]
    assert editor.post("/style/train", files={"other": ("", b"")}).status_code == 400
    assert editor.post("/style/train", json={}).status_code == 400
    empty = editor.get("/style/sessions").json()
    assert (empty["sessions"], empty["data"], empty["total"]) == ([], [], 0)
    with browser(app, workspace.viewer) as viewer:
        viewer.headers["x-workspace"] = workspace.id
        assert viewer.post("/style/train", files={"file": ("a.pdf", b"%PDF-1.4", "application/pdf")}).status_code == 403


def test_sessions_are_made_and_deleted(app: App, editor: Any, workspace: Tenant) -> None:
    created = editor.post("/style/sessions", json={"name": "Letters"})
    assert created.status_code == 201
    session = created.json()["session_id"]
    assert created.headers["location"].startswith(f"/api/style/sessions/{session}")
    assert editor.post("/style/sessions", json={"name": "Letters"}).status_code == 409
    assert editor.post("/style/sessions").status_code == 201
    assert editor.get("/style/sessions").json()["total"] == 2
    assert editor.post("/style/train", json={"session_id": session}).status_code == 400
    assert editor.delete(f"/style/sessions/{session}").status_code == 200
    assert editor.get(f"/style/sessions/{session}").status_code == 404


def test_a_text_can_be_cancelled(app: App, editor: Any, workspace: Tenant) -> None:
    with app.db.transaction(workspace.caller, needs="editor") as tx:
        session = make_style(tx).id
    started = editor.post("/style/generate", json={"session_id": session, "topic": "tea", "words": 50}).json()
    stopped = editor.post(f"/style/jobs/{started['job_id']}/cancel").json()
    assert (stopped["status"], stopped["error"]) == ("FAILED", "It was cancelled.")
    assert editor.post("/style/generate", json={"session_id": session, "topic": "tea", "words": 5}).status_code == 400


def test_the_documents_own_addresses(app: App, workspace: Tenant) -> None:
    with app.db.transaction(workspace.caller, needs="editor") as tx:
        session = make_style(tx).id
    with TestClient(Starlette(routes=api.styleforge_routes(lambda: app)), headers=ORIGIN) as client:
        client.cookies.set(COOKIE, workspace.editor.token)
        client.headers["x-workspace"] = workspace.id
        assert client.get("/sessions").json()["total"] == 1
        assert client.get(f"/sessions/{session}").json()["is_trained"]
        started = client.post("/generate", json={"session_id": session, "topic": "tea"}).json()
        assert client.get(f"/jobs/{started['job_id']}").json()["status"] == "PENDING"
        assert client.get(f"/results/{started['job_id']}").status_code == 409
        assert (
            client.post("/train", json={"session_id": session}, headers={"origin": "https://evil.example"}).status_code == 403
        )
        client.cookies.clear()
        assert client.get("/sessions").status_code == 401


def test_a_session_is_renamed_kept_and_reset(app: App, editor: Any, workspace: Tenant) -> None:
    with app.db.transaction(workspace.caller, needs="editor") as tx:
        session = make_style(tx).id
        job_id = writing_styles.write(tx, session, StyleTextDraft(topic="fog", words=50), request_key="fog").job_id
        tx.execute(update(StyleText).values(text="Fog came up the river."))
    address = f"/style/sessions/{session}"
    changed = editor.patch(address, json={"name": "Letters", "kept": True})
    assert changed.status_code == 200, changed.text
    info = changed.json()
    assert (info["name"], info["kept"], info["conversation"], info["jobs"]) == ("Letters", True, 1, [job_id])
    assert editor.patch(address, json={"kept": False}).json()["name"] == "Letters"
    assert editor.post(f"{address}/reset").json()["conversation"] == 0
    assert editor.get(f"/style/results/{job_id}").json()["content"] == "Fog came up the river.", "texts stay"
    for body in ({"name": "ab"}, {"title": "Letters"}, {"model": "no/such-model"}):
        assert editor.patch(address, json=body).status_code == 400, body


def test_anybody_may_ask_how_much_is_going_on(app: App, workspace: Tenant, other_workspace: Tenant) -> None:
    for tenant in (workspace, other_workspace):
        with app.db.transaction(tenant.caller, needs="editor") as tx:
            writing_styles.write(tx, make_style(tx).id, StyleTextDraft(topic="fog", words=50), request_key="fog")
    installation._latest.clear()
    with browser(app, None) as stranger:
        answer = stranger.get("/style/health")
    assert answer.status_code == 200
    health = answer.json()
    assert set(health) == {"status", "version", "active_sessions", "active_jobs"}
    assert (health["status"], health["version"]) == ("ok", VERSION)
    assert health["active_sessions"] >= 2
    assert health["active_jobs"] >= 2
