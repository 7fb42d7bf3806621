"""A token that works now: refreshed once by whoever comes first, kept before it is used, and a sentence when it is over."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from backend import channels, events
from backend.app import App
from backend.bootstrap import bootstrap
from backend.channels.tokens import database_now, store, update_channel
from backend.db.tables import Channel
from backend.platforms.errors import Forbidden, TokenRefused, Transient
from backend.platforms.oauth_port import Grant
from backend.platforms.port import AccountAccess
from tests.factories.account import Tenant
from tests.factories.making import make_influencer
from tests.factories.posts import make_channel

DAY_S = 86_400.0


def _connected(app: App, workspace: Tenant, server: Any, *, left_s: float = DAY_S, name: str = "bella") -> str:
    """A TikTok channel whose access token has `left_s` left. Returns its id."""
    token, account = server.account(name)
    refresh = server.accounts[account].refresh = server.new_token(server.accounts[account], 0)
    with app.db.transaction(workspace.caller, needs="editor") as tx:
        card = make_channel(tx, make_influencer(tx, name).id, "tiktok", name)
        row = tx.get(Channel, card.id)
        assert row is not None
        grant = Grant(token, refresh, left_s, 365 * DAY_S, ("video.publish",), account)
        store(tx, row, grant, settings=app.settings, ahead_s=3600.0, account_id=account)
    return card.id


def _row(app: App, workspace: Tenant, channel_id: str) -> Any:
    with app.db.transaction(workspace.caller) as tx:
        return tx.get(Channel, channel_id, populate_existing=True)


def test_a_good_token_is_given_as_it_is_and_no_row_shows_it(app: App, workspace: Tenant, servers: dict[str, Any]) -> None:
    id = _connected(app, workspace, servers["tiktok"])
    transact = partial(app.db.transaction, workspace.caller)
    got = channels.access(app, transact, id)
    assert servers["tiktok"].account_of_token(got.token).id == got.account_id
    row = _row(app, workspace, id)
    assert got.token.encode() not in row.sealed
    assert got.token not in repr(got)


def test_two_processes_make_one_refresh_of_it(app: App, workspace: Tenant, servers: dict[str, Any]) -> None:
    tiktok = servers["tiktok"]
    id = _connected(app, workspace, tiktok, left_s=60)
    other = bootstrap(app.settings)  # its own connections, as another process has
    burnt = tiktok.accounts[tiktok.account_id("bella")].refresh
    with ThreadPoolExecutor(4) as pool:
        ways = [app, other, app, other]
        got = list(pool.map(lambda one: channels.access(one, partial(one.db.transaction, workspace.caller), id).token, ways))
    other.close()
    assert len(set(got)) == 1
    assert tiktok.account_of_token(got[0])
    now = tiktok.accounts[tiktok.account_id("bella")]
    assert now.refresh != burnt
    assert channels.access(app, partial(app.db.transaction, workspace.caller), id, refused=got[0]).token != got[0]  # kept it


def test_a_refused_token_is_refreshed_once_and_then_somebody_has_to_connect(
    app: App, workspace: Tenant, servers: dict[str, Any]
) -> None:
    tiktok = servers["tiktok"]
    id = _connected(app, workspace, tiktok)
    transact = partial(app.db.transaction, workspace.caller)
    tried: list[str] = []

    def opens(got: AccountAccess) -> str:
        tried.append(got.token)
        if not tiktok.account_of_token(got.token):
            raise TokenRefused("no")
        return got.token

    tiktok.expire_tokens()
    assert channels.with_access(app, transact, id, opens) == tried[1] != tried[0]

    tried.clear()
    tiktok.expire_tokens()  # and again at once: what a refresh gives is not taken either
    with pytest.raises(TokenRefused):
        channels.with_access(app, transact, id, opens)
    with app.db.transaction(workspace.caller) as tx:
        card = channels.get(tx, id)
        assert (card.state, bool(card.trouble)) == ("reconnect", True)
        assert [one.kind for one in events.list_for(tx, "channel", id)] == ["channel.reconnect"]
    with pytest.raises(TokenRefused, match="Connect the account again"):
        channels.access(app, transact, id)


def test_a_platform_that_does_not_answer_costs_nothing_while_the_token_lives(
    app: App, workspace: Tenant, servers: dict[str, Any]
) -> None:
    id = _connected(app, workspace, servers["tiktok"], left_s=600)
    away = bootstrap(app.settings.replace(TIKTOK_API_URL="http://127.0.0.1:9"))
    transact = partial(away.db.transaction, workspace.caller)
    got = channels.access(away, transact, id)
    with pytest.raises(Transient):
        channels.access(away, transact, id, refused=got.token)
    away.close()
    with app.db.transaction(workspace.caller) as tx:
        assert channels.get(tx, id).state == "connected"


def test_a_lost_refresh_token_is_said_and_does_not_go_round(app: App, workspace: Tenant, servers: dict[str, Any]) -> None:
    tiktok = servers["tiktok"]
    id = _connected(app, workspace, tiktok, left_s=60)
    account = tiktok.accounts[tiktok.account_id("bella")]
    account.refresh = tiktok.new_token(account, 0)  # TikTok answered a refresh, and the answer was lost on the way
    transact = partial(app.db.transaction, workspace.caller)
    with pytest.raises(TokenRefused, match="Connect the account again"):
        channels.access(app, transact, id)
    tiktok.asked.clear()
    with pytest.raises(TokenRefused):
        channels.access(app, transact, id)
    assert tiktok.asked == []


def test_a_practice_channel_opens_by_itself_also_after_its_folder_was_emptied(
    app: App, workspace: Tenant, servers: dict[str, Any]
) -> None:
    with app.db.transaction(workspace.caller, needs="editor") as tx:
        id = channels.add_sandbox(tx, make_influencer(tx).id).id
    transact = partial(app.db.transaction, workspace.caller)
    got = channels.access(app, transact, id)
    store_there = servers["sandbox"].store
    assert store_there.account_of_token(got.token).id == got.account_id
    for one in store_there.accounts.values():
        one.tokens.clear()
        one.refresh.clear()
    again = channels.access(app, transact, id, refused=got.token)
    assert store_there.account_of_token(again.token)


def test_what_is_off_or_gone_opens_for_nobody(app: App, workspace: Tenant, servers: dict[str, Any]) -> None:
    id = _connected(app, workspace, servers["tiktok"])
    transact = partial(app.db.transaction, workspace.caller)
    with app.db.transaction(workspace.caller, needs="editor") as tx:
        channels.switch(tx, id, on=False)
    with pytest.raises(Forbidden, match="paused"):
        channels.access(app, transact, id)
    with app.db.transaction(workspace.caller, needs="editor") as tx:
        channels.remove(tx, id)
    with pytest.raises(Forbidden, match="disconnected"):
        channels.access(app, transact, id)


def test_upkeep_refreshes_what_nears_its_end_and_warns_once_where_that_does_not_help(
    app: App, workspace: Tenant, servers: dict[str, Any]
) -> None:
    idle = _connected(app, workspace, servers["tiktok"])
    ending = _connected(app, workspace, servers["tiktok"], name="zara")
    fresh = _connected(app, workspace, servers["tiktok"], name="marco")
    transact = partial(app.db.transaction, workspace.caller)
    with transact() as tx:
        now = database_now(tx)
        update_channel(tx, idle, refreshed_at=now - timedelta(days=61))
        update_channel(tx, ending, expires_at=now + timedelta(days=3))  # refreshed an hour ago: a refresh does not move the end
    tokens = {id: _row(app, workspace, id).sealed for id in (idle, ending, fresh)}
    assert channels.refresh_expiring(app, transact) == {"channels_renewed": 1, "channels_warned": 1}
    assert channels.refresh_expiring(app, transact)["channels_warned"] == 0
    assert [id for id, before in tokens.items() if _row(app, workspace, id).sealed != before] == [idle]
    assert servers["tiktok"].account_of_token(channels.access(app, transact, idle).token)
    with transact() as tx:
        assert [one.kind for one in events.list_for(tx, "channel", ending)] == ["channel.expiring"]
        assert channels.get(tx, ending).expires_soon(now)
        update_channel(tx, ending, expires_at=now - timedelta(days=1))
    channels.refresh_expiring(app, transact)
    with transact() as tx:
        card = channels.get(tx, ending)
    assert card.state == "reconnect"
    assert "permission ended" in card.trouble
