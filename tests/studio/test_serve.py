"""The studio's process is started with our limits on connections."""

from __future__ import annotations

import sys

import pytest
import uvicorn
from streamlit import config

from backend.settings import Settings
from studio.shell import connections, serve


def test_the_server_has_our_protocols_and_believes_the_named_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    configs: list[uvicorn.Config] = []

    def run(server: serve.DrainingServer) -> None:
        configs.append(server.config)
        server.started = True

    own_settings = Settings.read(env_file=None, HOST="10.0.0.5", FORWARDED_ALLOW_IPS="10.0.0.0/8")
    monkeypatch.setattr(Settings, "read", lambda: own_settings)
    monkeypatch.setattr(serve.DrainingServer, "run", run)
    monkeypatch.setattr(config, "_main_script_path", None)
    monkeypatch.setattr(config, "set_option", lambda name, value: None)
    monkeypatch.setattr(sys, "argv", ["serve", "--port", "8700"])
    serve.main()
    [started] = configs
    assert (started.app, started.host, started.port) == ("studio.shell.server:app", "10.0.0.5", 8700)
    assert (started.http, started.ws) == (connections.LimitedHttpProtocol, connections.LimitedWebSocketProtocol)
    assert started.ws_max_size == connections.MAX_MESSAGE_BYTES
    assert started.forwarded_allow_ips == "10.0.0.0/8"
