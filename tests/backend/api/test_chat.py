"""Talks and texts that a caller waits for."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from threading import Event
from types import SimpleNamespace

from backend import writing
from backend.app import App
from backend.engines.local.offline_writer.writer import OfflineWriter
from backend.engines.ports.events import Alive
from backend.engines.ports.text import Quote, Reply, TextChunk, TextRequest
from backend.errors import EngineUnavailable
from tests.backend.api.test_access import make_key, program
from tests.factories.account import Tenant
from tests.factories.making import make_influencer
from tests.support.asgi import AsgiStream
from tests.support.browsing import browser
from tests.support.rest_api import rest_api
from tests.support.wait import until

EVENT_STREAM = "text/event-stream"


class SlowWriter(OfflineWriter):
    """Writes a word whenever the test lets it; a word "!" is a server that goes away."""

    def __init__(self, *words: str) -> None:
        self.words, self.goes_on = words, Event()

    def run(self, request: TextRequest, quote: Quote) -> Generator[Alive | TextChunk, None, Reply]:
        for word in self.words:
            if word == "!":
                raise EngineUnavailable("The model server is away.")
            yield TextChunk(word)
            assert self.goes_on.wait(30)
        return Reply("".join(self.words), "slow")


@contextmanager
def written_by(app: App, writer: SlowWriter) -> Iterator[SlowWriter]:
    before, app.__dict__["engines"] = app.engines, SimpleNamespace(text=writer)
    try:
        yield writer
    finally:
        writer.goes_on.set()
        app.__dict__["engines"] = before


def test_a_program_talks_with_an_influencer(app: App, workspace: Tenant) -> None:
    with app.db.transaction(workspace.caller, needs="editor") as tx:
        address = f"/influencers/{make_influencer(tx).id}/chat"
    _, secret = make_key(app, workspace, "texts:write")
    with program(app, secret) as client:
        answer = client.post(address, json={"question": "What do you do today?"})
        assert answer.status_code == 201, answer.text
        line = answer.json()
        assert (line["question"], line["state"]) == ("What do you do today?", "said")
        assert line["answer"]
        assert client.post(f"{address}/{line['id']}/again").status_code == 201
        listed = client.get(address)
        assert (listed.json()["total"], listed.headers["x-total-count"]) == (1, "1")
        assert client.post(address, json={"question": " "}).status_code == 400
        assert client.post(address, json={"question": "x" * 1001}).status_code == 400
        with browser(app, workspace.editor) as editor:
            editor.headers["x-workspace"] = workspace.id
            assert editor.get(address).json()["data"] == [], "everybody has a talk of their own"
        assert client.delete(address).status_code == 204
        assert client.get(address).json()["data"] == []
    _, reader = make_key(app, workspace, "texts:read")
    with program(app, reader) as client:
        assert client.post(address, json={"question": "Hello?"}).status_code == 403


def chat_of(app: App, workspace: Tenant, influencer_id: str) -> list[tuple[str, str]]:
    with app.db.transaction(workspace.caller) as tx:
        return [(line.state, line.answer) for line in writing.chat.list_lines(tx, influencer_id)]


def test_an_answer_is_sent_while_it_is_written(app: App, workspace: Tenant) -> None:
    with app.db.transaction(workspace.caller, needs="editor") as tx:
        bella = make_influencer(tx).id
    address = f"/influencers/{bella}/chat"
    _, secret = make_key(app, workspace, "texts:write")
    headers = {"authorization": f"Bearer {secret}", "accept": EVENT_STREAM}
    body = {"question": "What do you do today?"}

    async def read_it_all() -> None:
        with written_by(app, SlowWriter("Old ", "trams.")) as writer:
            stream = AsgiStream(rest_api(app), address, "", headers, body)
            assert (await stream.start(), stream.headers["content-type"].partition(";")[0]) == (200, EVENT_STREAM)
            first = await stream.event()
            assert (first.name, first.data) == ("text", {"text": "Old "}), "before the model has gone on"
            writer.goes_on.set()
            assert (await stream.event()).data == {"text": "trams."}
            done = await stream.event()
            assert (done.name, done.data["answer"], done.data["state"]) == ("done", "Old trams.", "said")
            await stream.ended()

    async def leave() -> None:
        with written_by(app, SlowWriter("Old ", "trams.")) as writer:
            stream = AsgiStream(rest_api(app), address, "", headers, body)
            await stream.start()
            await stream.event()
            await stream.close()
            writer.goes_on.set()
            await asyncio.to_thread(until, lambda: chat_of(app, workspace, bella)[-1] == ("cut", "Old trams."), 30)

    asyncio.run(read_it_all())
    asyncio.run(leave())
    assert chat_of(app, workspace, bella)[:-1] == [("said", "Old trams.")]
    with program(app, secret) as client:
        client.headers |= {"accept": EVENT_STREAM, "idempotency-key": "one"}
        assert client.post(address, json={"question": " "}).status_code == 400
        with written_by(app, SlowWriter("!")):
            assert client.post(address, json=body).status_code == 503
        with written_by(app, SlowWriter("Old ", "!")) as writer:
            writer.goes_on.set()
            *_, failed = client.post(address, json=body).text.strip().split("\n\n")
            assert failed.count("\n") == 1, failed
            name, data = failed.splitlines()
            assert (name, json.loads(data.removeprefix("data: "))["message"]) == ("event: error", "The model server is away.")
        with written_by(app, SlowWriter("Trams.")) as writer:
            writer.goes_on.set()
            answered = client.post(address, json=body)
            assert "event: done" in answered.text, "what failed may be sent again"
            assert client.post(address, json=body).text == answered.text


def test_variants_are_written_chosen_and_taken_back(app: App, workspace: Tenant) -> None:
    with app.db.transaction(workspace.caller, needs="editor") as tx:
        influencer_id = make_influencer(tx).id
    with browser(app, workspace.editor) as client:
        client.headers["x-workspace"] = workspace.id
        order = {"influencerId": influencer_id, "topic": "yoga at sunrise"}
        answer = client.post("/drafts/write", json={"order": order, "n": 2})
        assert answer.status_code == 201, answer.text
        first, second = (draft["id"] for draft in answer.json()["data"])
        assert client.post(f"/drafts/{first}/choose").json() == {"chosen": first, "discarded": [second]}
        assert client.get(f"/drafts/{second}").json()["state"] == "discarded"
        assert client.post(f"/drafts/{first}/undo").status_code == 400, "nothing was changed yet"
        before = client.get(f"/drafts/{first}").json()["caption"]
        client.patch(f"/drafts/{first}", json={"caption": "Mine"})
        assert client.post(f"/drafts/{first}/undo").json()["caption"] == before
        assert client.post(f"/drafts/{first}/rewrite", json={"part": "hook"}).status_code == 200
        assert client.post(f"/drafts/{first}/rewrite", json={"part": "price"}).status_code == 400
        suggestion = client.post("/drafts/suggestions", json={"influencerId": influencer_id, "topic": "tea"}).json()
        assert suggestion["caption"]
        assert client.post("/drafts/write", json={"order": order, "n": 99}).status_code == 400
        assert client.patch(f"/drafts/{first}", json={"captoin": "x"}).status_code == 400
