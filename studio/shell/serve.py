"""`python -m studio.shell.serve`: the studio's process. uvicorn with our limits on connections (connections.py)."""

from __future__ import annotations

import argparse
import sys
import threading
from types import FrameType

import uvicorn
from streamlit import config

from backend.api import draining
from backend.errors import Invalid
from backend.kit import asgi_server
from backend.settings import ROOT, Settings
from studio.shell.connections import MAX_MESSAGE_BYTES, LimitedHttpProtocol, LimitedWebSocketProtocol

PING_S = 30.0
"""Seconds between pings of a WebSocket, and until one that does not answer is closed."""
SHUTDOWN_S = 20
"""Requests that still run when the server is stopped have this long."""


class DrainingServer(asgi_server.IdleServer):
    """Told to stop, it first says so at /ready for `drain_s` and goes on answering; then it takes no more connections, ends
    streams of events (their clients come back, to another studio or to the next one) and answers what it has begun. A second
    signal skips the wait."""

    def __init__(self, config: uvicorn.Config, *, drain_s: float) -> None:
        super().__init__(config)
        self._drain_s = drain_s

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        if self._drain_s <= 0 or draining.is_set():
            draining.set()
            super().handle_exit(sig, frame)
            return
        draining.set()
        timer = threading.Timer(self._drain_s, super().handle_exit, [sig, frame])
        timer.daemon = True
        timer.start()


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
    server_config = uvicorn.Config(
        "studio.shell.server:app",
        host=options.host,
        port=options.port,
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
    sys.path.insert(0, str(ROOT))
    asgi_server.run(DrainingServer(server_config, drain_s=settings.web.drain_s))


if __name__ == "__main__":
    main()
