"""What still keeps posts from going out is found and told with the next step; what is healthy is told as that."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from email.utils import format_datetime
from functools import partial
from typing import Any

from sqlalchemy import update
from starlette.applications import Starlette
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.routing import Route

from backend import VERSION, channels, connection_checks
from backend.app import App
from backend.channels.tokens import store, update_channel
from backend.connection_checks import ConnectionFinding, PlatformReport, check_server
from backend.db.tables import Channel, Post
from backend.kit.clock import now
from backend.platforms.oauth_port import Grant
from tests.factories.account import Tenant
from tests.factories.making import make_influencer
from tests.factories.posts import make_channel, make_planner
from tests.servers.in_thread import ThreadedServer


def check(app: App, workspace: Tenant, **more: Any) -> dict[str, PlatformReport]:
    transact = partial(app.db.transaction, workspace.caller)
    reports = connection_checks.check_platforms(app, transact, "https://studio.example.org", **more)
    return {report.platform.name: report for report in reports}


def found(report: PlatformReport) -> dict[str, ConnectionFinding]:
    """The findings of the report's first channel by name."""
    return {finding.name: finding for finding in report.channels[0].findings}


@contextmanager
def answering(version: str, date: str = "") -> Iterator[str]:
    """A server that answers /health as a studio of `version`, and says that it is `date`."""

    async def answer(request: Any) -> Any:
        headers = {"date": date} if date else {}
        return JSONResponse({"version": version}, headers=headers) if version else PlainTextResponse("nginx", 502)

    server = ThreadedServer("health")
    server.start(Starlette(routes=[Route("/{path:path}", answer, methods=["GET", "HEAD"])]), date_header=not date)
    try:
        yield server.url
    finally:
        server.stop()


def test_channels_that_cannot_publish_say_why_and_what_to_do(app: App, workspace: Tenant, servers: dict[str, Any]) -> None:
    with app.db.transaction(workspace.caller, needs="editor") as tx:
        bella = make_influencer(tx, "Bella").id
        paused, lost, ending = (make_channel(tx, bella, "youtube", name) for name in ("paused", "lost", "ending"))
        channels.switch(tx, paused.id, on=False)
        update_channel(tx, lost.id, state="reconnect", trouble="The permission was taken back.")
        update_channel(tx, ending.id, expires_at=now() + timedelta(days=2))
    findings = {report.channel.name: report.findings[0] for report in check(app, workspace)["youtube"].channels}
    assert {name: finding.status for name, finding in findings.items()} == {
        "paused": "warning",
        "lost": "failed",
        "ending": "warning",
    }
    assert findings["lost"].message == "The permission was taken back."
    assert all(finding.next_step for finding in findings.values())
    assert check(app, workspace)["youtube"].status == "failed"
    assert check(app, workspace, influencer_id="inf_nobody")["youtube"].channels == ()


def test_an_app_that_was_not_audited_and_an_account_without_posts_left(
    app: App, workspace: Tenant, servers: dict[str, Any]
) -> None:
    tiktok = servers["tiktok"]
    token, account = tiktok.account("bella")
    with app.db.transaction(workspace.caller, needs="editor") as tx:
        card = make_channel(tx, make_influencer(tx, "Bella").id, "tiktok", "bella")
        row = tx.get(Channel, card.id)
        assert row is not None
        grant = Grant(token, "refresh", 86_400.0, 365 * 86_400.0, ("video.publish",), account)
        store(tx, row, grant, settings=app.settings, ahead_s=3600.0, account_id=account)
    healthy = found(check(app, workspace)["tiktok"])
    assert (healthy["Connection"].status, healthy["Account"].status) == ("ok", "ok")
    assert "Who may see posts" not in healthy
    tiktok.faults.privacy = ["SELF_ONLY"]
    only_me = found(check(app, workspace)["tiktok"])["Who may see posts"]
    assert only_me.status == "warning"
    assert "audited" in only_me.next_step
    assert tiktok.posts == []


def test_the_practice_platform_is_ready_and_a_failed_post_is_named(
    app: App, workspace: Tenant, servers: dict[str, Any]
) -> None:
    with app.db.transaction(workspace.caller, needs="editor") as tx:
        plan = make_planner(tx).plan(tx)
        tx.execute(update(Post).where(Post.plan_id == plan.id).values(state="failed", error="The picture is too tall."))
    report = check(app, workspace)["sandbox"]
    assert report.findings[0].status == "ok"
    assert found(report)["Account"].status == "ok"
    assert "The picture is too tall." in found(report)["Last failed post"].message


def test_the_public_address_and_the_clock(app: App, servers: dict[str, Any]) -> None:
    def server_findings(**settings: Any) -> dict[str, str]:
        changed = replace(app, settings=app.settings.replace(**settings))
        return {finding.name: finding.status for finding in check_server(changed)}

    assert server_findings(PUBLIC_URL="")["Public address"] == "warning"
    with answering(VERSION) as url:
        not_https = server_findings(PUBLIC_URL=url, INSTAGRAM_GRAPH_URL=url)
        assert not_https == {"Public address": "warning", "Clock": "ok"}
    assert server_findings(PUBLIC_URL=url)["Public address"] == "failed"  # nobody answers any more
    with answering("") as url:
        assert server_findings(PUBLIC_URL=url)["Public address"] == "failed"
    with answering(VERSION, format_datetime(now() + timedelta(hours=1), usegmt=True)) as url:
        assert server_findings(INSTAGRAM_GRAPH_URL=url)["Clock"] == "failed"
