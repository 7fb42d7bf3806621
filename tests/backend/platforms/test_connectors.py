"""Connecting an account: consent clicked as a person would, the code exchanged, the token refreshed."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from backend.platforms.errors import TokenRefused, Transient
from backend.platforms.oauth import connector
from backend.platforms.sandbox.oauth import SandboxConnector
from backend.settings import Settings
from tests.backend.platforms.benches import settings

NAMES = ["instagram", "tiktok", "youtube", "sandbox"]
REDIRECT = "http://127.0.0.1:8501/api/channels/back?w=ws_1"


def clicked(url: str, answer: str = "allow", account: str = "marco") -> dict[str, str]:
    """The page is read, the button pressed; what stands in the address one is sent back to."""
    page = httpx.get(url)
    assert page.status_code == 200
    assert "value=allow" in page.text
    response = httpx.post(
        url, data={"answer": answer, "account": account}, headers={"origin": "http://" + urlsplit(url).netloc}
    )
    assert response.status_code == 302
    redirect_url = response.headers["location"]
    assert redirect_url.startswith(f"{REDIRECT}&")
    return {name: values[0] for name, values in parse_qs(urlsplit(redirect_url).query).items()}


@pytest.mark.parametrize("name", NAMES)
def test_a_person_allows_it_and_the_account_opens(servers: dict[str, Any], name: str) -> None:
    platform_connector = connector(name, settings(servers[name]))
    assert platform_connector.missing() == ""
    consent = platform_connector.consent(redirect=REDIRECT, state="s1")
    redirect_url = clicked(consent.url)
    assert redirect_url["state"] == "s1"
    grant = platform_connector.exchange(redirect_url["code"], redirect=REDIRECT, verifier=consent.verifier)
    assert grant.expires_in_s
    assert platform_connector.refresh_min_age_s < grant.expires_in_s - platform_connector.refresh_ahead_s
    assert grant.access_token not in repr(grant)
    _, id = servers[name].account("marco")
    assert grant.account_id == id
    with pytest.raises(TokenRefused):  # a code is good for once
        platform_connector.exchange(redirect_url["code"], redirect=REDIRECT, verifier=consent.verifier)
    platform_connector.close()


def test_a_practice_account_is_opened_without_a_click(servers: dict[str, Any]) -> None:
    platform_connector = connector("sandbox", settings(servers["sandbox"]))
    assert isinstance(platform_connector, SandboxConnector)
    assert platform_connector.practise("bella").account_id == servers["sandbox"].account("bella")[1]
    platform_connector.close()


@pytest.mark.parametrize("name", NAMES)
def test_a_refresh_gives_what_has_to_be_kept(servers: dict[str, Any], name: str) -> None:
    platform_connector = connector(name, settings(servers[name]))
    consent = platform_connector.consent(redirect=REDIRECT, state="s1")
    grant = platform_connector.exchange(clicked(consent.url)["code"], redirect=REDIRECT, verifier=consent.verifier)
    if name == "instagram":
        with pytest.raises(TokenRefused):  # instagram.md, 6: a token younger than 24 h
            platform_connector.refresh(grant)
        servers[name].clock.forward(platform_connector.refresh_min_age_s + 60)
    new = platform_connector.refresh(grant)
    assert new.access_token != grant.access_token
    assert new.account_id == grant.account_id
    assert bool(new.refresh_token) == (name != "instagram")
    if name in ("tiktok", "sandbox"):  # rotates: the old one is burnt
        assert new.refresh_token != grant.refresh_token
        with pytest.raises(TokenRefused):
            platform_connector.refresh(grant)
    assert platform_connector.refresh(new) if name != "instagram" else True
    platform_connector.close()


@pytest.mark.parametrize("name", ["tiktok", "youtube", "sandbox"])
def test_a_stolen_code_is_worth_nothing_without_the_verifier(servers: dict[str, Any], name: str) -> None:
    platform_connector = connector(name, settings(servers[name]))
    consent = platform_connector.consent(redirect=REDIRECT, state="s1")
    assert consent.verifier
    assert consent.verifier not in consent.url
    with pytest.raises(TokenRefused):
        platform_connector.exchange(clicked(consent.url)["code"], redirect=REDIRECT, verifier="another")
    platform_connector.close()


@pytest.mark.parametrize("name", NAMES)
def test_a_person_says_no(servers: dict[str, Any], name: str) -> None:
    platform_connector = connector(name, settings(servers[name]))
    redirect_url = clicked(platform_connector.consent(redirect=REDIRECT, state="s1").url, answer="deny")
    assert redirect_url["error"] == "access_denied"
    assert "code" not in redirect_url
    platform_connector.close()


@pytest.mark.parametrize("name", NAMES)
def test_what_is_not_set_is_named(name: str) -> None:
    platform_connector = connector(name, Settings.read(env_file=None))
    assert platform_connector.missing().startswith("Set ")
    assert platform_connector.needs_https == (name == "instagram")
    platform_connector.close()


def test_a_token_endpoint_that_is_away_is_no_reason_to_connect_again(servers: dict[str, Any]) -> None:
    platform_connector = connector("youtube", settings(servers["youtube"], YOUTUBE_TOKEN_URL="http://127.0.0.1:9/token"))
    with pytest.raises(Transient):
        platform_connector.exchange("code", redirect=REDIRECT)
    platform_connector.close()
