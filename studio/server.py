"""The studio's process: Streamlit, the API and the probes on one port. `python -m streamlit run studio/server.py`."""

from __future__ import annotations

import gc
import importlib
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

import streamlit as st
import structlog
from starlette.middleware import Middleware
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles
from streamlit import config
from streamlit.runtime.pages_manager import PagesManager

from backend import api
from backend.errors import Unavailable
from backend.settings import Settings
from studio import resources
from studio.headers import Headers

ROOT = Path(__file__).resolve().parent.parent

# A folder named pages/ beside Home.py would else be served without Home.py's gate until somebody has opened Home.
PagesManager.uses_pages_directory = False

# Behind a proxy that changes the Host header, Streamlit must know the name that browsers come from.
if public := urlsplit(Settings().public_url).hostname:
    config.set_option("browser.serverAddress", public)

log = structlog.get_logger(__name__)


@asynccontextmanager
async def lifespan(server: st.App) -> AsyncIterator[None]:
    try:
        resources.app()
    except Unavailable as error:
        log.warning("starting without the database", message=error.message)
    for module in ("pandas", "pyarrow", "altair", "studio.frame", "studio.sign_in"):
        importlib.import_module(module)
    _answer_at_once()
    gc.collect()
    gc.freeze()  # Streamlit collects after every run; what is loaded by now need not be looked at again
    yield
    if resources.app.cache_info().currsize:
        resources.app().close()


def _answer_at_once() -> None:
    """Streamlit's listening socket names no protocol, so asyncio leaves Nagle's algorithm on for what it accepts: the body of
    an answer then waits for the acknowledgement of its head, 40 ms on most systems. Accepted sockets inherit this."""
    internet = (socket.AF_INET, socket.AF_INET6)
    for one in gc.get_objects():
        if isinstance(one, socket.socket) and one.fileno() >= 0 and one.family in internet and one.type == socket.SOCK_STREAM:
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


app = st.App(
    ROOT / "Home.py",
    lifespan=lifespan,
    routes=[
        *api.probes(lambda: resources.app()),
        *(api.styleforge(lambda: resources.app()) if Settings().styleforge_paths else ()),
        Mount("/api", app=api.create(lambda: resources.app())),
        Mount("/assets/vendor", app=StaticFiles(directory=ROOT / "studio" / "components" / "vendor")),
        Mount("/assets", app=StaticFiles(directory=ROOT / "studio" / "static")),
    ],
    middleware=[Middleware(Headers)],
)
