"""Which ComfyUI server draws with which card."""

from __future__ import annotations

import pytest

from backend.engines.comfyui import server_urls
from backend.engines.comfyui.servers import Servers
from backend.errors import Invalid
from backend.settings import Settings
from workers import devices

TWO_HERE = "http://127.0.0.1:8188, http://localhost:8189/ ,http://gpu2:8188"


def config(url: str, device: str = "auto") -> Settings:
    return Settings.read(env_file=None, COMFYUI_URL=url, ENGINE_DEVICE=device)


def test_servers_of_this_machine_share_its_cards_in_order_and_others_are_devices_of_their_own() -> None:
    settings, cards = config(TWO_HERE), ["cuda:0", "cuda:1"]
    assert server_urls.servers_by_shared_device(settings, cards) == {
        "cuda:0": "http://127.0.0.1:8188",
        "cuda:1": "http://localhost:8189",
    }
    assert server_urls.servers_by_own_device(settings, cards) == {"gpu2:8188": "http://gpu2:8188"}
    assert server_urls.servers_by_own_device(settings, ["cpu"]) == {
        "localhost:8189": "http://localhost:8189",
        "gpu2:8188": "http://gpu2:8188",
    }


@pytest.mark.parametrize("cards", [["cpu"], ["cuda:0", "cuda:1"], ["mps"], []])
def test_every_device_leads_back_to_its_server(cards: list[str]) -> None:
    settings = config(TWO_HERE)
    devices = server_urls.servers_by_shared_device(settings, cards) | server_urls.servers_by_own_device(settings, cards)
    assert sorted(devices.values()) == sorted(server_urls.urls(settings))
    assert {device: server_urls.url_of(settings, device) for device in devices} == devices


def test_a_card_named_by_the_settings_is_the_only_one() -> None:
    settings = config("http://127.0.0.1:8188", "cuda:1")
    assert server_urls.servers_by_shared_device(settings, ["cuda:1"]) == {"cuda:1": server_urls.url_of(settings, "cuda:1")}


@pytest.mark.parametrize(
    ("url", "device"), [("", ""), ("gpu2:8188", ""), ("http://gpu2:8188", "gpu3:8188"), ("http://a", "cpu")]
)
def test_what_cannot_be_found_gets_a_sentence(url: str, device: str) -> None:
    with pytest.raises(Invalid, match="COMFYUI_URL"):
        server_urls.url_of(config(url), device)


def test_a_password_in_the_address_is_neither_saved_nor_shown() -> None:
    settings = config("http://anna:secret@gpu2:8188/,http://127.0.0.1:8188")
    servers = Servers(settings)
    assert servers.url_from_handle({"url": "http://gpu2:8188"}) == "http://anna:secret@gpu2:8188", (
        "what was saved leads back to it"
    )
    assert (
        servers.url_from_handle({"url": "http://gpu3:8188"})
        == servers.url_from_handle(None)
        == servers.url_from_handle({})
        == ""
    )
    assert [server_urls.without_credentials(url) for url in servers.urls] == ["http://gpu2:8188", "http://127.0.0.1:8188"]
    assert "secret" not in str([card.engines for card in devices.discover(settings, "here")])
    with pytest.raises(Invalid) as error:
        server_urls.urls(config("ftp://anna:secret@gpu2"))
    assert "secret" not in error.value.message
