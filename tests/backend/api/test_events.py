"""Live events: a stream that misses nothing, shows only what one may see, and ends with the right to see it."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest

from backend import access, events
from backend.access import ApiKeyDraft
from backend.api import event_hub, event_subscription
from backend.api.routes import events as event_routes
from backend.app import App
from backend.db.transactions import SystemCaller
from tests.factories.account import Tenant
from tests.support.asgi import AsgiStream
from tests.support.rest_api import rest_api


def run(way: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(way, 60))


def make_key(app: App, workspace: Tenant, *scopes: str) -> tuple[str, str]:
    with app.db.transaction(workspace.caller, needs="owner") as tx:
        created = access.create(tx, ApiKeyDraft(name="stream", scopes=scopes))
    return created.card.id, created.secret


def record(app: App, workspace: Tenant, noun: str, noun_id: str) -> None:
    with app.db.transaction(SystemCaller(workspace.id)) as tx:
        events.record(tx, f"{noun}.happened", noun, noun_id, {"note": "ä\n"})


@asynccontextmanager
async def opened(server: Any, secret: str, query: str = "", **headers: str) -> AsyncIterator[AsgiStream]:
    stream = AsgiStream(server, "/events", query, {"authorization": f"Bearer {secret}", **headers})
    await stream.start()
    try:
        yield stream
    finally:
        await stream.close()


def test_what_happens_arrives_in_order_and_resumes_behind_the_last(app: App, workspace: Tenant) -> None:
    _, secret = make_key(app, workspace, "*:read")
    server = rest_api(app)

    async def way() -> None:
        async with opened(server, secret, "noun=plan") as stream:
            assert (await stream.event()).name == "ready"
            for noun_id in ("p1", "p2", "p3"):
                await asyncio.to_thread(record, app, workspace, "plan", noun_id)
                await asyncio.to_thread(record, app, workspace, "channel", noun_id)
            arrived = [await stream.event() for _ in range(3)]
        assert [frame.data["nounId"] for frame in arrived] == ["p1", "p2", "p3"]
        assert arrived[0].name == "plan.happened"
        assert arrived[0].data["data"] == {"note": "ä\n"}
        await asyncio.to_thread(record, app, workspace, "plan", "p4")
        async with opened(server, secret, "noun=plan", **{"last-event-id": arrived[0].id}) as stream:
            await stream.event()
            assert [(await stream.event()).data["nounId"] for _ in range(3)] == ["p2", "p3", "p4"]
            await asyncio.to_thread(record, app, workspace, "plan", "p5")
            assert (await stream.event()).data["nounId"] == "p5"

    run(way())


def test_a_browser_that_knows_no_names_gets_events_as_messages(app: App, workspace: Tenant) -> None:
    _, secret = make_key(app, workspace, "*:read")
    server = rest_api(app)

    async def way() -> None:
        async with opened(server, secret, "noun=plan&named=false") as stream:
            assert (await stream.event()).name == "ready"
            await asyncio.to_thread(record, app, workspace, "plan", "p1")
            arrived = await stream.event()
        assert (arrived.name, arrived.data["kind"], arrived.data["nounId"]) == ("message", "plan.happened", "p1")
        assert arrived.id

    run(way())


def test_a_stream_shows_its_workspace_and_what_its_key_may_read(app: App, workspace: Tenant, other_workspace: Tenant) -> None:
    _, secret = make_key(app, workspace, "jobs:read", "posts:read")
    server = rest_api(app)

    async def way() -> None:
        async with opened(server, secret, "noun=plan&noun=channel&noun=member&noun=job&id=a&id=b") as stream:
            await stream.event()
            for tenant in (other_workspace, workspace):
                for noun in ("channel", "member", "plan"):
                    await asyncio.to_thread(record, app, tenant, noun, "a")
            await asyncio.to_thread(record, app, workspace, "plan", "c")
            await asyncio.to_thread(record, app, workspace, "job", "b")
            arrived = [await stream.event() for _ in range(2)]
        assert [(frame.data["noun"], frame.data["nounId"]) for frame in arrived] == [("plan", "a"), ("job", "b")]

    run(way())


def test_a_revoked_key_hears_nothing_more(app: App, workspace: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_routes, "HEARTBEAT_S", 0.1)
    monkeypatch.setattr(event_routes, "RECHECK_S", 0.1)
    api_key_id, secret = make_key(app, workspace, "*:read")
    server = rest_api(app)

    def revoke() -> None:
        with app.db.transaction(workspace.caller, needs="owner") as tx:
            access.revoke(tx, api_key_id)

    async def way() -> None:
        async with opened(server, secret, "noun=plan") as stream:
            await stream.event()
            await asyncio.to_thread(revoke)
            frame = await stream.event()
            assert (frame.name, "revoked" in frame.data["message"]) == ("signed_out", True)
            await stream.ended()
        refused = AsgiStream(server, "/events", "", {"authorization": f"Bearer {secret}"})
        assert await refused.start() == 401

    run(way())


def test_one_that_is_slow_or_was_away_too_long_is_told_to_read_anew(
    app: App, workspace: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_subscription, "QUEUED_FRAMES", 2)
    monkeypatch.setattr(event_routes, "MAX_MISSED", 3)
    monkeypatch.setattr(event_hub, "_BATCH", 2)
    _, secret = make_key(app, workspace, "*:read")
    server = rest_api(app)

    async def way() -> None:
        async with opened(server, secret, "noun=plan") as stream:
            start = (await stream.event()).id
            await stream.stop_reading()
            for n in range(6):
                await asyncio.to_thread(record, app, workspace, "plan", str(n))
            await asyncio.sleep(0)
            names = await stream.names_until_end()
            assert names[-1] == "reset"
            assert len(names) < 6
        async with opened(server, secret, "noun=plan", **{"last-event-id": start}) as stream:
            names = [(await stream.event()).name for _ in range(6)]
            assert "reset" in names

    run(way())


def test_who_comes_back_while_events_are_being_given_out_misses_none(
    app: App, workspace: Tenant, other_workspace: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other workspace's events are still being read when this one's stream comes back behind its own."""
    monkeypatch.setattr(event_hub, "POLL_S", 0.05)
    _, secret = make_key(app, workspace, "*:read")
    _, other_secret = make_key(app, other_workspace, "*:read")
    server = rest_api(app)
    hub = event_routes.hub_of(server, app)
    reading, go_on, read_after = threading.Event(), threading.Event(), hub.read_after

    def held(tenant_id: str, position: int) -> list[Any]:
        if tenant_id == other_workspace.id:
            reading.set()
            go_on.wait(30)
        return read_after(tenant_id, position)

    async def way() -> None:
        async with opened(server, other_secret, "noun=plan") as other:
            start = (await other.event()).id
            monkeypatch.setattr(hub, "read_after", held)
            await asyncio.to_thread(record, app, workspace, "plan", "p1")
            await asyncio.to_thread(record, app, other_workspace, "plan", "q1")
            await asyncio.to_thread(reading.wait, 30)
            async with opened(server, secret, "noun=plan", **{"last-event-id": start}) as stream:
                await stream.event()
                go_on.set()
                assert (await other.event()).data["nounId"] == "q1"
                await asyncio.to_thread(record, app, workspace, "plan", "p2")
                assert [(await stream.event()).data["nounId"] for _ in range(2)] == ["p1", "p2"]

    run(way())


def test_a_position_of_the_future_is_told_to_read_anew(app: App, workspace: Tenant) -> None:
    """Of a studio whose database was put back to an earlier state."""
    _, secret = make_key(app, workspace, "*:read")
    server = rest_api(app)

    async def way() -> None:
        async with opened(server, secret, "noun=plan", **{"last-event-id": "1000000"}) as stream:
            assert [(await stream.event()).name for _ in range(2)] == ["reset", "ready"]
            await asyncio.to_thread(record, app, workspace, "plan", "p1")
            assert (await stream.event()).data["nounId"] == "p1"

    run(way())


def test_there_is_an_end_to_how_many_streams_one_has(app: App, workspace: Tenant) -> None:
    app = replace(app, settings=app.settings.replace(MAX_LIVE_STREAMS_PER_PERSON=2))
    _, secret = make_key(app, workspace, "*:read")
    server = rest_api(app)

    async def way() -> None:
        async with opened(server, secret) as first, opened(server, secret) as second:
            await first.event()
            await second.event()
            third = AsgiStream(server, "/events", "", {"authorization": f"Bearer {secret}"})
            assert await third.start() == 503
            assert third.headers["retry-after"] == "30"
        async with opened(server, secret) as stream:
            assert (await stream.event()).name == "ready"
        hub = event_routes.hub_of(server, app)
        assert not hub._subscriptions

    run(way())


def test_wrong_positions_are_refused(app: App, workspace: Tenant) -> None:
    _, secret = make_key(app, workspace, "*:read")
    server = rest_api(app)

    async def way() -> None:
        for wrong in ("x", "-1", str(2**63), "1.5"):
            stream = AsgiStream(server, "/events", f"after={wrong}", {"authorization": f"Bearer {secret}"})
            assert await stream.start() == 400, wrong

    run(way())


def test_running_jobs_are_sent_when_they_change(app: App, workspace: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_hub, "PROGRESS_S", 0.05)
    from backend import jobs
    from tests.support.handlers import Steps

    _, secret = make_key(app, workspace, "*:write")
    server = rest_api(app)

    def start() -> str:
        with app.db.transaction(workspace.caller, needs="editor") as tx:
            return jobs.enqueue(tx, kind="upkeep", payload=Steps(), title="x", request_key="k").id

    async def way() -> None:
        async with opened(server, secret, "noun=jobs") as stream:
            await stream.event()
            assert (await stream.event()).data == {"data": []}
            job_id = await asyncio.to_thread(start)
            frame = await stream.event()
            assert (frame.name, frame.id, frame.data["data"][0]["id"]) == ("jobs", "", job_id)

    run(way())


def test_the_same_frames_come_over_a_websocket(app: App, workspace: Tenant) -> None:
    from fastapi.testclient import TestClient

    _, secret = make_key(app, workspace, "*:read")
    with TestClient(rest_api(app)) as client:
        with client.websocket_connect("/events/ws?noun=plan", headers={"authorization": f"Bearer {secret}"}) as socket:
            assert socket.receive_json()["event"] == "ready"
            record(app, workspace, "plan", "p1")
            message = socket.receive_json()
            assert (message["event"], message["data"]["nounId"]) == ("plan.happened", "p1")
        with client.websocket_connect("/events/ws", headers={"authorization": "Bearer ias_x"}) as socket:
            refused = socket.receive_json()
            assert refused["event"] == "refused"
            assert "API key" in refused["data"]["message"]
        cookies = {"cookie": f"studio_sid={workspace.owner.token}", "origin": "https://evil.example"}
        with client.websocket_connect(f"/events/ws?workspace={workspace.id}", headers=cookies) as socket:
            assert "page of the studio" in json.dumps(socket.receive_json())
