"""The studio's process is started with our limits on connections."""

from __future__ import annotations

import sys
from typing import Any

import pytest
from streamlit import config

from backend.settings import Settings
from studio.shell import connections, serve


def test_the_server_has_our_protocols_and_believes_the_named_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[dict[str, Any]] = []
    own_settings = Settings.read(env_file=None, HOST="10.0.0.5", FORWARDED_ALLOW_IPS="10.0.0.0/8")
    monkeypatch.setattr(Settings, "read", lambda: own_settings)
    monkeypatch.setattr("uvicorn.run", lambda app, **how: started.append({"app": app, **how}))
    monkeypatch.setattr(config, "_main_script_path", None)
    monkeypatch.setattr(config, "set_option", lambda name, value: None)
    monkeypatch.setattr(sys, "argv", ["serve", "--port", "8700"])
    serve.main()
    [how] = started
    assert (how["app"], how["host"], how["port"]) == ("studio.shell.server:app", "10.0.0.5", 8700)
    assert (how["http"], how["ws"]) == (connections.LimitedHttpProtocol, connections.LimitedWebSocketProtocol)
    assert how["ws_max_size"] == connections.MAX_MESSAGE_BYTES
    assert how["forwarded_allow_ips"] == "10.0.0.0/8"
