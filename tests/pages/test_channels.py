"""The page of channels: a fresh machine, one channel's life by its buttons, and what viewers see."""

from __future__ import annotations

import json

import pytest
from streamlit.testing.v1 import AppTest

from backend import channels
from backend.app import App
from backend.channels import ChannelCard, OAuthResult
from backend.channels.tokens import update_channel
from tests.factories.account import Tenant
from tests.factories.making import make_influencer
from tests.factories.posts import make_channel
from tests.pages.conftest import Open, words


def press(at: AppTest, label: str) -> AppTest:
    next(button for button in at.button if button.label == label).click()
    at.run()
    assert not at.exception
    return at


@pytest.fixture
def bella(app: App, workspace: Tenant) -> str:
    with app.db.transaction(workspace.caller) as tx:
        return make_influencer(tx).id


def of(app: App, workspace: Tenant) -> list[ChannelCard]:
    with app.db.transaction(workspace.caller) as tx:
        return channels.of(tx)


def links(at: AppTest) -> str:
    return "\n".join(json.dumps(str(element.proto)) for element in at.get("html"))


def test_a_fresh_machine_says_what_it_lacks(open_page: Open, app: App, bella: str) -> None:
    at = open_page("settings/channels")
    assert not at.exception
    assert "No channels yet" in words(at)
    assert "INSTAGRAM" in words(at).replace("\\", "")
    assert words(at).replace("\\", "").count("Not set up on this server yet: Instagram, TikTok, YouTube.") == 1
    assert not any(element.label.startswith("Connect ") for element in at.button)


def test_a_channel_is_switched_set_and_disconnected(open_page: Open, app: App, workspace: Tenant, bella: str) -> None:
    with app.db.transaction(workspace.caller) as tx:
        id = make_channel(tx, bella, "youtube", "Bella Travels").id
    at = open_page("settings/channels")
    press(at, "Pause")
    assert of(app, workspace)[0].state == "off"
    press(at, "Resume")
    press(at, "Settings")
    assert [element.value for element in at.selectbox if element.label == "Who can see posts"] == [
        ""
    ]  # nothing is chosen for anybody
    assert [element.value for element in at.radio if element.label == "Made for kids"] == [None]
    with app.db.transaction(workspace.caller) as tx:
        channels.save_settings(tx, id, privacy="unlisted", made_for_kids=False)
    at = open_page("settings/channels")
    assert "visible to: Unlisted · not made for kids" in words(at)
    with app.db.transaction(workspace.caller) as tx:
        update_channel(tx, id, state="reconnect", trouble="YouTube no longer accepts the connection.")
    at = open_page("settings/channels")
    assert "YouTube no longer accepts" in words(at)
    assert f"channel={id}" in links(at)
    press(at, "Disconnect")
    assert "Its tokens are erased here" in words(at)
    assert len(of(app, workspace)) == 1  # it asks first


def test_what_connecting_said_is_shown_to_whom_it_was_said(open_page: Open, app: App, workspace: Tenant, bella: str) -> None:
    key = channels.store_flash(app, workspace.owner.token, OAuthResult(workspace.id, "Nothing was connected."))
    assert "Nothing was connected" not in words(open_page("settings/channels", person=workspace.editor, said=key))
    key = channels.store_flash(app, workspace.owner.token, OAuthResult(workspace.id, "Nothing was connected."))
    at = open_page("settings/channels", said=key)
    assert "Nothing was connected" in words(at)
    press(at, "Dismiss")
    assert "Nothing was connected" not in words(at)


def test_viewers_see_and_cannot_change(open_page: Open, app: App, workspace: Tenant, bella: str) -> None:
    with app.db.transaction(workspace.caller) as tx:
        channels.add_sandbox(tx, bella)
    at = open_page("settings/channels", person=workspace.viewer)
    assert "Connected" in words(at)
    assert not {"Pause", "Disconnect", "Settings", "Test connection"} & {element.label for element in at.button}
