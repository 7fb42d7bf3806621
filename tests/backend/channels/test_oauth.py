"""Connecting an account as a browser does it: away, a click there, and back; once, by the same person, within minutes."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from backend import channels, events
from backend.app import App
from backend.channels import ChannelCard
from backend.db.transactions import hash_token
from tests.factories.account import Tenant
from tests.factories.making import make_influencer
from tests.support.browsing import browser


@pytest.fixture
def editor(app: App, workspace: Tenant) -> Iterator[Any]:
    with browser(app, workspace.editor) as client:
        client.headers["x-workspace"] = workspace.id
        yield client


@pytest.fixture
def bella(app: App, workspace: Tenant) -> str:
    with app.db.transaction(workspace.caller, needs="editor") as tx:
        return make_influencer(tx).id


def away(client: Any, **query: str) -> str:
    answer = client.get("/channels/connect", params=query, follow_redirects=False)
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


def clicked(url: str, answer: str = "allow", account: str = "marco") -> str:
    """The address people are sent back to, as our API knows it."""
    own_page = {"origin": "http://" + urlsplit(url).netloc}
    gone = httpx.post(url, data={"answer": answer, "account": account}, headers=own_page)
    assert gone.status_code == 302
    parts = urlsplit(gone.headers["location"])
    assert parts.path == channels.CALLBACK_PATH
    return f"/channels/back?{parts.query}"


def landed(app: App, client: Any, address: str, workspace: Tenant) -> tuple[str, bool] | None:
    """What the page says when a person lands on it."""
    to = client.get(address, follow_redirects=False).headers["location"]
    assert to.startswith("/channels?")
    return channels.take_flash(app, workspace.editor.token, parse_qs(urlsplit(to).query)["said"][0])


def of(app: App, workspace: Tenant, influencer_id: str = "", **which: bool) -> list[ChannelCard]:
    with app.db.transaction(workspace.caller) as tx:
        return channels.of(tx, influencer_id, **which)


@pytest.mark.parametrize("name", ["instagram", "tiktok", "youtube", "sandbox"])
def test_an_account_is_connected_and_opens(
    app: App, workspace: Tenant, editor: Any, bella: str, servers: dict[str, Any], name: str
) -> None:
    back = clicked(away(editor, platform=name, influencer=bella))
    said = landed(app, editor, back, workspace)
    assert said is not None
    assert said[1], said[0]
    [card] = of(app, workspace, bella)
    assert (card.platform, card.state, card.account_id) == (name, "connected", servers[name].account("marco")[1])
    assert card.profile["name"]
    assert channels.check_account(app, partial(app.db.transaction, workspace.caller), card.id).id
    assert landed(app, editor, back, workspace) == (
        "This sign-in was used already, or took longer than 10 minutes. Connect again.", False,
    )  # fmt: skip
    listed = editor.get("/channels").text
    assert "marco" in listed.lower()
    assert "sealed" not in listed


def test_a_no_a_wrong_word_and_another_session_connect_nothing(
    app: App, workspace: Tenant, editor: Any, bella: str, servers: dict[str, Any]
) -> None:
    said = landed(app, editor, clicked(away(editor, platform="tiktok", influencer=bella), "deny"), workspace)
    assert said == ("Nothing was connected: you did not allow it there.", False)
    back = clicked(away(editor, platform="tiktok", influencer=bella))
    with browser(app, workspace.owner) as owner:
        key = parse_qs(urlsplit(owner.get(back, follow_redirects=False).headers["location"]).query)["said"][0]
        told = channels.take_flash(app, workspace.owner.token, key)
        assert told is not None
        assert "another browser" in told[0]
    assert landed(app, editor, "/channels/back?state=guessed&code=x", workspace) is not None
    assert of(app, workspace) == []
    with browser(app, workspace.viewer) as viewer:
        viewer.headers["x-workspace"] = workspace.id
        assert away(viewer, platform="tiktok", influencer=bella).startswith("/channels?")


def test_the_way_back_ends_after_ten_minutes_and_hides_what_it_keeps(
    app: App, workspace: Tenant, editor: Any, bella: str
) -> None:
    url = away(editor, platform="tiktok", influencer=bella)
    key = f"channels:state:{hash_token(parse_qs(urlsplit(url).query)['state'][0])}"
    assert 590 < app.cache.ttl(key) <= 600
    assert bella.encode() not in (app.cache.get(key) or b"")


def test_connecting_again_keeps_the_row_and_refuses_another_account(
    app: App, workspace: Tenant, editor: Any, bella: str, servers: dict[str, Any]
) -> None:
    landed(app, editor, clicked(away(editor, platform="tiktok", influencer=bella)), workspace)
    [before] = of(app, workspace, bella)
    said = landed(app, editor, clicked(away(editor, channel=before.id), account="zara"), workspace)
    assert said is not None
    assert "is not the account of" in said[0]

    with app.db.transaction(workspace.caller, needs="editor") as tx:
        channels.rename(tx, before.id, "Marco on TikTok")
        channels.save_settings(tx, before.id, privacy="SELF_ONLY")
        channels.remove(tx, before.id)
    assert of(app, workspace, bella) == []
    landed(app, editor, clicked(away(editor, platform="tiktok", influencer=bella)), workspace)
    [after] = of(app, workspace, bella)
    assert (after.id, after.name, after.settings["privacy"], after.state) == (
        before.id, "Marco on TikTok", "SELF_ONLY", "connected",
    )  # fmt: skip
    with app.db.transaction(workspace.caller, needs="editor") as tx:
        kinds = [one.kind for one in events.list_for(tx, "channel", after.id)]
        assert kinds == ["channel.connected", "channel.renamed", "channel.settings", "channel.removed", "channel.connected"]
        other = make_influencer(tx, "Zara").id
    said = landed(app, editor, clicked(away(editor, platform="tiktok", influencer=other)), workspace)
    assert said is not None
    assert "connected for Bella already" in said[0]


def test_what_has_to_be_set_first_is_said(app: App) -> None:
    bare = app.settings.replace(TIKTOK_CLIENT_KEY="")
    from_home = type(app)(bare, app.db, app.redis, app.make_storage, app.make_engines)
    assert "TIKTOK_CLIENT_KEY" in channels.setup_problem(from_home, "tiktok", "http://127.0.0.1:8501")
    real = app.settings.replace(INSTAGRAM_AUTHORIZE_URL="https://www.instagram.com/oauth/authorize")
    away_from_home = type(app)(real, app.db, app.redis, app.make_storage, app.make_engines)
    assert "PUBLIC_URL" in channels.setup_problem(away_from_home, "instagram", "http://127.0.0.1:8501")
    assert channels.setup_problem(away_from_home, "instagram", "https://studio.example") == ""


def test_a_program_asks_for_the_address_that_a_person_opens(app: App, editor: Any, workspace: Tenant, bella: str) -> None:
    answer = editor.post("/channels/connections", json={"platform": "sandbox", "influencerId": bella})
    assert answer.status_code == 201, answer.text
    query = {name: values[0] for name, values in parse_qs(urlsplit(answer.json()["url"]).query).items()}
    assert query == {"workspace": workspace.id, "platform": "sandbox", "influencer": bella}
    assert landed(app, editor, clicked(away(editor, **query)), workspace)[1]  # type: ignore[index]
    assert editor.post("/channels/connections", json={"platform": "nowhere", "influencerId": bella}).status_code == 400
    assert editor.post("/channels/connections", json={"platform": "sandbox", "influencerId": "x"}).status_code == 404
