"""`python -m ops.sandbox_platform --folder DIR`: serves until it is ended."""

from __future__ import annotations

import argparse
from pathlib import Path

import uvicorn

from backend.kit import asgi_server
from ops.sandbox_platform.app import application
from ops.sandbox_platform.store import SandboxStore


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, required=True, help="where it keeps what it has")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--public-url", default="", help="where browsers reach it, when that is another address")
    options = parser.parse_args()
    store = SandboxStore(options.folder)
    try:
        app = application(store, public_url=options.public_url, listens_on=options.host)
        config = uvicorn.Config(app, host=options.host, port=options.port, log_level="warning", timeout_graceful_shutdown=2)
        asgi_server.run(asgi_server.IdleServer(config))
    finally:
        store.close()


if __name__ == "__main__":
    main()
