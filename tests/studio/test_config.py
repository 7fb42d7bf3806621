"""Streamlit ignores a config file it cannot read, and would then send statistics outside: keep it readable."""

from __future__ import annotations

import tomllib

from backend.settings import ROOT


def test_the_config_is_readable_and_keeps_to_itself() -> None:
    config = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text("utf-8"))
    assert config["browser"]["gatherUsageStats"] is False
    assert config["client"]["showErrorDetails"] == "none"
    assert {"primaryColor", "backgroundColor", "textColor"} <= config["theme"]["light"].keys() & config["theme"]["dark"].keys()
