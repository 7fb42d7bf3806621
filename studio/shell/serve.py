"""`python -m studio.shell.serve`: the studio's process. uvicorn with our limits on connections (connections.py)."""

from __future__ import annotations

import argparse

import uvicorn
from streamlit import config

from backend.errors import Invalid
from backend.settings import ROOT, Settings
from studio.shell.connections import MAX_MESSAGE_BYTES, LimitedHttpProtocol, LimitedWebSocketProtocol

PING_S = 30.0
"""Seconds between pings of a WebSocket, and until one that does not answer is closed."""
SHUTDOWN_S = 20
"""Requests that still run when the server is stopped have this long."""


def main() -> None:
    try:
        settings = Settings.read()
    except Invalid as error:
        raise SystemExit(error.message) from None
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--host", default=settings.web.host)
    parser.add_argument("--port", type=int, default=settings.web.port)
    options = parser.parse_args()
    config._main_script_path = str(ROOT / "Home.py")  # beside it lies .streamlit/config.toml
    config.set_option("server.address", options.host)
    config.set_option("server.port", options.port)
    uvicorn.run(
        "studio.shell.server:app",
        host=options.host,
        port=options.port,
        app_dir=str(ROOT),
        http=LimitedHttpProtocol,
        ws=LimitedWebSocketProtocol,
        ws_max_size=MAX_MESSAGE_BYTES,
        ws_per_message_deflate=False,
        ws_ping_interval=PING_S,
        ws_ping_timeout=PING_S,
        forwarded_allow_ips=settings.web.forwarded_allow_ips,
        access_log=False,
        server_header=False,
        use_colors=False,
        timeout_graceful_shutdown=SHUTDOWN_S,
    )


if __name__ == "__main__":
    main()
