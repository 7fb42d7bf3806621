"""An agent's way through the studio by an MCP client, and what it may not do."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import httpx2
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from sqlalchemy import func, select
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.testclient import TestClient

from backend import access, api, content_plans
from backend.api.mcp.server import TOOLS
from backend.app import App
from backend.content_plans import RulesDraft
from backend.db.tables import ContentPlan, Job
from tests.backend.api.test_access import make_key
from tests.factories.account import Tenant
from tests.factories.posts import local_time_ahead, make_planner
from tests.support.inline_worker import use_fake_engines, working
from tests.support.rest_api import rest_api

CALL = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "find_influencers", "arguments": {}}}


class Agent:
    """A client with a key. `call` returns what a tool answers; `refused` its sentence."""

    def __init__(self, client: Client) -> None:
        self.client = client

    async def call(self, tool: str, **arguments: Any) -> dict[str, Any]:
        result = await self.client.call_tool(tool, arguments)
        assert not result.is_error, result.content
        assert result.structured_content is not None
        return result.structured_content

    async def refused(self, tool: str, **arguments: Any) -> str:
        result = await self.client.call_tool(tool, arguments)
        assert result.is_error
        [text] = result.content
        return str(text.text)  # type: ignore[union-attr]


@asynccontextmanager
async def agents(app: App, *keys: str) -> AsyncIterator[list[Agent]]:
    rest = rest_api(app)
    door = api.McpDoor(rest)
    server = Starlette(routes=[Mount("/api", app=rest), *door.routes(), Mount("/", app=Starlette())])
    async with door.lifespan():
        opened: list[Agent] = []
        transport = httpx2.ASGITransport(app=server)
        clients = [httpx2.AsyncClient(transport=transport, headers={"authorization": f"Bearer {key}"}) for key in keys]
        for http in clients:
            client = Client(streamable_http_client("http://testserver/mcp", http_client=http), mode="auto")
            opened.append(Agent(await client.__aenter__()))
        try:
            yield opened
        finally:
            for agent in reversed(opened):
                await agent.client.__aexit__(None, None, None)
            for http in clients:
                await http.aclose()


def run(app: App, key: str, steps: Callable[[Agent], Awaitable[None]]) -> None:
    async def main() -> None:
        async with agents(app, key) as [agent]:
            await steps(agent)

    asyncio.run(main())


def test_from_an_influencer_to_a_scheduled_post(app: App, workspace: Tenant) -> None:
    with app.db.transaction(workspace.caller) as tx:
        planner = make_planner(tx)
    _, key = make_key(app, workspace, "*:read", "images:write", "texts:write", "posts:publish")

    async def steps(agent: Agent) -> None:
        [bella] = (await agent.call("find_influencers", text="bel"))["influencers"]
        [channel] = (await agent.call("list_channels", influencer_id=bella["id"]))["channels"]
        assert channel["name"]["notice"].startswith("Written outside")
        drawing = {
            "prompt": "portrait at the beach",
            "influencer_id": bella["id"],
            "count": 2,
            "size": "square",
            "idempotency_key": "pictures 1",
        }
        started = await agent.call("draw_pictures", **drawing)
        assert (await agent.call("draw_pictures", **drawing))["job_id"] == started["job_id"]
        other = await agent.refused("draw_pictures", **{**drawing, "count": 3})
        assert "idempotency_key_reused" in other
        drawn = await agent.call("wait_for_job", job_id=started["job_id"], seconds=30)
        assert (drawn["status"], drawn["ended"]) == ("completed", True)
        pictures = (await agent.call("list_pictures", influencer_id=bella["id"]))["pictures"]
        assert len(pictures) == 2
        writing = await agent.call("write_post", influencer_id=bella["id"], topic="old trams", idempotency_key="a text 1")
        text = (await agent.call("wait_for_job", job_id=writing["job_id"]))["result"]["contentPlan"]
        assert text["caption"]
        plan = await agent.call(
            "plan_post",
            influencer_id=bella["id"],
            channel_ids=[channel["id"]],
            caption=text["caption"],
            hashtags=text["hashtags"],
            asset_ids=[pictures[0]["asset_id"]],
            local_time=local_time_ahead(days=2).isoformat(),
            idempotency_key="a plan 1",
        )
        assert plan["status"] == "draft"
        decided = await agent.call("schedule_post", plan_id=plan["id"], idempotency_key="schedule 1")
        assert (decided["done"], decided["status"], decided["link"]) == (True, "scheduled", "")
        read = await agent.call("read_post", plan_id=plan["id"])
        assert [post["status"] for post in read["posts"]] == ["scheduled"]
        listed = await agent.call("list_posts", status="scheduled")
        assert [item["id"] for item in listed["plans"]] == [plan["id"]]
        days = {"first_day": local_time_ahead(days=9).date().isoformat(), "days": 2, "times": ["18:00"], "pictures": 0}
        series = await agent.call(
            "plan_days", influencer_id=bella["id"], channel_ids=[channel["id"]], idempotency_key="two days 1", **days
        )
        assert (await agent.call("wait_for_job", job_id=series["job_id"]))["status"] == "completed"
        assert (await agent.call("list_posts", status="draft"))["total"] == 2

    with working(app, workspace):
        run(app, key, steps)
    assert planner.influencer.name == "Bella"


def test_a_reel_is_made_of_a_script_once_and_its_render_ordered(app: App, workspace: Tenant) -> None:
    use_fake_engines(app)
    with app.db.transaction(workspace.caller) as tx:
        bella = make_planner(tx).influencer
    _, key = make_key(app, workspace, "videos:write")

    async def steps(agent: Agent) -> None:
        script = {"script": "Water first.\n\nThen run.", "influencer_id": bella.id, "idempotency_key": "a reel 1"}
        reel = await agent.call("make_reel", **script)
        assert (reel["scenes"], reel["asset_id"], reel["is_current"]) == (2, None, False)
        assert (await agent.call("make_reel", **script))["id"] == reel["id"]
        rendering = await agent.call("render_reel", reel_id=reel["id"], idempotency_key="render 1")
        assert rendering["status"] == "pending"
        [listed] = (await agent.call("list_reels", influencer_id=bella.id))["reels"]
        assert (listed["id"], listed["status"]) == (reel["id"], "pending")
        assert "characters" in await agent.refused(
            "make_reel", **{**script, "script": "x" * 6001, "idempotency_key": "a reel 2"}
        )

    run(app, key, steps)


def test_what_a_person_approves_comes_back_as_a_link(app: App, workspace: Tenant) -> None:
    use_fake_engines(app)
    with app.db.transaction(workspace.caller) as tx:
        planner = make_planner(tx, policy="all")
        later, now = (planner.plan(tx, wall=local_time_ahead(days=days)) for days in (3, 4))
    _, key = make_key(app, workspace, "posts:publish")

    async def steps(agent: Agent) -> None:
        for tool, plan in (("schedule_post", later), ("publish_post", now)):
            decided = await agent.call(tool, plan_id=plan.id, idempotency_key=f"{tool} 1")
            assert (decided["done"], decided["status"], decided["job_id"]) == (False, "in_review", None)
            assert decided["link"] == f"{app.settings.web.base_url}/inbox?ws={workspace.id}"
        with app.db.transaction(workspace.caller) as tx:
            assert tx.scalar(select(func.count()).select_from(Job)) == 0
            content_plans.save_rules(tx, planner.influencer.id, RulesDraft(policy="auto"))
            third = planner.plan(tx)
        decided = await agent.call("publish_post", plan_id=third.id, idempotency_key="publish 2")
        assert decided["done"]
        assert decided["job_id"].startswith("job_")
        again = await agent.call("publish_post", plan_id=third.id, idempotency_key="publish 2")
        assert again["job_id"] == decided["job_id"]

    run(app, key, steps)


def test_a_tool_does_what_the_keys_scopes_allow_in_its_workspace(app: App, workspace: Tenant, other_workspace: Tenant) -> None:
    use_fake_engines(app)
    with app.db.transaction(other_workspace.caller) as tx:
        theirs = make_planner(tx, "Theirs")
        plan = theirs.plan(tx, wall=local_time_ahead())
    api_key_id, key = make_key(app, workspace, "posts:publish", "images:write", "channels:read", "jobs:read")

    async def steps(agent: Agent) -> None:
        assert "influencers:read" in await agent.refused("find_influencers")
        assert "texts:write" in await agent.refused(
            "write_post", influencer_id=theirs.influencer.id, topic="x", idempotency_key="12345678"
        )
        assert (await agent.call("list_channels"))["channels"] == []
        foreign: list[tuple[str, dict[str, Any]]] = [
            ("read_post", {"plan_id": plan.id}),
            ("schedule_post", {"plan_id": plan.id, "idempotency_key": "12345678"}),
            ("publish_post", {"plan_id": plan.id, "idempotency_key": "12345678"}),
            ("wait_for_job", {"job_id": "job_x"}),
            ("draw_pictures", {"prompt": "x", "influencer_id": theirs.influencer.id, "idempotency_key": "12345678"}),
            (
                "plan_post",
                {
                    "influencer_id": theirs.influencer.id,
                    "channel_ids": [theirs.channel.id],
                    "caption": "x",
                    "idempotency_key": "12345678",
                },
            ),
        ]
        for tool, arguments in foreign:
            assert "(not_found)" in await agent.refused(tool, **arguments), tool
        assert "(invalid)" in await agent.refused("draw_pictures", prompt="\x00", idempotency_key="12345679")
        with app.db.transaction(workspace.caller) as tx:
            access.revoke(tx, api_key_id)
        assert "(not_signed_in)" in await agent.refused("list_channels")

    run(app, key, steps)
    with app.db.transaction(workspace.caller) as tx:
        assert tx.scalar(select(func.count()).select_from(ContentPlan)) == 0


def test_tools_say_what_they_do(app: App, workspace: Tenant) -> None:
    _, key = make_key(app, workspace, "*:read")

    async def steps(agent: Agent) -> None:
        tools = {tool.name: tool for tool in (await agent.client.list_tools()).tools}
        for name, tool in tools.items():
            hints = tool.annotations
            assert hints
            assert tool.description
            assert tool.output_schema
            reads = name.startswith(("find_", "list_", "read_", "wait_"))
            assert (hints.read_only_hint, hints.idempotent_hint) == (reads, True), name
            assert "idempotency_key" in tool.input_schema["required"] if not reads else True, name
        assert tools["publish_post"].annotations
        assert tools["publish_post"].annotations.destructive_hint
        assert set(tools) == {entry.function.__name__ for entry in TOOLS}

    run(app, key, steps)


def test_only_keys_come_in_and_streams_are_not_opened(app: App, workspace: Tenant) -> None:
    limited = replace(app, settings=app.settings.replace(ENABLE_RATE_LIMITING=True, RATE_LIMIT_PER_MINUTE=3))
    _, key = make_key(app, workspace, "*:read")
    rest = rest_api(limited)
    door = api.McpDoor(rest)

    @asynccontextmanager
    async def lifespan(server: Starlette) -> AsyncIterator[None]:
        async with rest.router.lifespan_context(rest), door.lifespan():
            yield

    server = Starlette(routes=door.routes(), lifespan=lifespan)
    for turn in range(2):  # a server may be started again
        with TestClient(server) as client:
            if turn == 0:
                refused = client.post("/mcp", json=CALL)
                assert (refused.status_code, refused.headers["www-authenticate"]) == (401, "Bearer")
                client.cookies.set("studio_sid", workspace.owner.token)
                assert client.post("/mcp", json=CALL).status_code == 401
                client.cookies.clear()
                assert client.get("/mcp").status_code == 405
                assert client.post(f"/mcp?api_key={key}", json=CALL).status_code == 400
                evil = {"x-api-key": key, "origin": "https://evil.example"}
                assert client.post("/mcp", json=CALL, headers=evil).status_code == 403
                big = {**CALL, "params": {"name": "x" * 2_000_000}}
                assert client.post("/mcp", json=big, headers={"x-api-key": key}).status_code == 413
            answer = client.post("/mcp", json=CALL, headers={"x-api-key": key})
            assert answer.status_code == (200 if turn == 0 else 429), answer.text
            if turn == 0:
                assert answer.json()["result"]["structuredContent"]["influencers"] == []
                assert answer.headers["ratelimit-remaining"] == "0"
