"""`python -m studio.shell.serve`: the studio's process. uvicorn with our limits on connections (connections.py)."""

from __future__ import annotations

import argparse

import uvicorn
from streamlit import config

from backend.settings import ROOT, Settings
from studio.shell.connections import MESSAGE_BYTES, Http, WebSocket

PING_S = 30.0
"""A WebSocket that answers no ping for as long is closed."""


def main() -> None:
    settings = Settings()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--host", default=settings.host)
    parser.add_argument("--port", type=int, default=settings.port)
    wishes = parser.parse_args()
    config._main_script_path = str(ROOT / "Home.py")  # beside it lies .streamlit/config.toml
    config.set_option("server.address", wishes.host)
    config.set_option("server.port", wishes.port)
    uvicorn.run(
        "studio.shell.server:app", host=wishes.host, port=wishes.port, app_dir=str(ROOT),
        http=Http, ws=WebSocket, ws_max_size=MESSAGE_BYTES, ws_per_message_deflate=False,
        ws_ping_interval=PING_S, ws_ping_timeout=PING_S, forwarded_allow_ips=settings.forwarded_allow_ips,
        access_log=False, server_header=False, use_colors=False,
    )  # fmt: skip


if __name__ == "__main__":
    main()
