"""A platform is declared once: one that is added to the registry is known everywhere."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from backend.errors import Unsupported
from backend.platforms.registry import PLATFORMS, create_adapter
from backend.settings import ROOT, Settings


def test_a_fifth_platform_is_in_every_list() -> None:
    child = [sys.executable, "-m", "tests.backend.platforms.fifth_platform"]
    done = subprocess.run(child, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1]) == {
        "channels": ["Pinboard", "Bella · Pinboard", {"all": "Everybody", "me": "Nobody"}],
        "profile": "https://pinboard.example/bella",
        "table": True,
        "formats": ["picture"],
        "problems": ["ai_unmarked", "caption_long", "paid_but_private", "title_missing"],
        "text_rules": "Pinboard",
        "text_problems": ["text"],
        "content_type": ["Pinboard pin", "pinboard-pin"],
        "adapted": ["picture", "A  very…", ["one", "MadeByAI"]],
        "adapter": "Sandbox",
        "connector": "SandboxConnector",
        "local": True,
        "counters": "caption 41 of 100 · Instagram 41 of 2,200 characters · hashtags 0 of 30 · too long for Pinboard",
        "calendar": "PB",
        "withheld": [False, True],
    }


def test_platforms_share_no_key() -> None:
    rules = [
        text_rules.key
        for platform in PLATFORMS.values()
        for text_rules in (platform.text_rules, *platform.text_rules_by_format.values())
    ]
    content_types = [content_type.key for platform in PLATFORMS.values() for content_type in platform.content_types]
    assert len(set(content_types)) == len(content_types)
    assert sorted(set(rules)) == ["instagram", "instagram-story", "sandbox", "tiktok", "tiktok-photo", "youtube"]
    assert len({platform.short_name for platform in PLATFORMS.values()}) == len(PLATFORMS)


@pytest.mark.parametrize("name", PLATFORMS)
def test_names_are_the_same_everywhere(name: str) -> None:
    settings = Settings.read(env_file=None)
    adapter, connector = create_adapter(name, settings), PLATFORMS[name].create_connector(settings)
    adapter.close()
    connector.close()
    assert {adapter.name, connector.name, PLATFORMS[name].name} == {name}
    assert {adapter.label, connector.label} == {PLATFORMS[name].label}
    assert set(PLATFORMS[name].text_rules_by_format) <= set(adapter.formats)
    assert set(dict(settings.by_variable())) >= set(PLATFORMS[name].secret_settings)


def test_an_unknown_platform_says_so() -> None:
    with pytest.raises(Unsupported, match="no platform called 'pinboard'"):
        create_adapter("pinboard", Settings.read(env_file=None))
