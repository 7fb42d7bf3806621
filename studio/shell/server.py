"""The studio's process: Streamlit, the API and the probes on one port. `python -m studio.shell.serve`."""

from __future__ import annotations

import gc
import importlib
import os
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

import streamlit as st
import structlog
from starlette.middleware import Middleware
from streamlit import config
from streamlit.runtime.pages_manager import PagesManager

# `python -m streamlit` finds the project in its folder; the `streamlit` program looks beside this file only.
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from backend import api
from backend.errors import Invalid, Unavailable
from backend.kit import temp_folders
from backend.settings import Settings
from studio.shell import installable, resources
from studio.shell.first_paint import FirstPaint
from studio.shell.guard import AccessGuard
from studio.shell.headers import SecurityHeaders
from studio.shell.routes import routes
from studio.shell.session_renewal import SessionRenewal

ROOT = Path(__file__).resolve().parents[2]

# A folder named pages/ beside Home.py would else be served without Home.py's gate until somebody has opened Home
# (docs/contracts/streamlit.md, 2).
PagesManager.uses_pages_directory = False

# Behind a proxy that changes the Host header, Streamlit must know the name that browsers come from.
if public := urlsplit(Settings.read().web.public_url).hostname:
    config.set_option("browser.serverAddress", public)

log = structlog.get_logger(__name__)


@asynccontextmanager
async def lifespan(server: st.App) -> AsyncIterator[None]:
    with temp_folders.temp_folder():  # a killed studio's temporary files are removed by the next one
        temp_folders.sweep()
        async with _serving():
            yield


@asynccontextmanager
async def _serving() -> AsyncIterator[None]:
    try:
        resources.app()
    except Unavailable as error:
        log.warning("starting without the database", message=error.message)
    except Invalid as error:  # a setting is missing or wrong: the sentence alone, without the server's traceback
        sys.stderr.write(f"{error.message}\n")
        sys.stderr.flush()
        os._exit(1)
    for module in ("pandas", "pyarrow", "altair", "studio.shell.frame", "studio.shell.sign_in"):
        importlib.import_module(module)
    _disable_nagle()
    gc.collect()
    gc.freeze()  # Streamlit collects after every run; what is loaded by now need not be looked at again
    async with rest_api.router.lifespan_context(rest_api), mcp.lifespan():
        yield
    if resources.app.cache_info().currsize:
        resources.app().close()


def _disable_nagle() -> None:
    """Sets TCP_NODELAY on the listening sockets; accepted ones inherit it.

    Streamlit's listening socket names no protocol, so asyncio leaves Nagle's algorithm on for the connections it accepts: the
    body of an answer then waits for the acknowledgement of its head, 40 ms on most systems. uvicorn does not hand out its
    sockets to the application, so they are looked up among all objects, once at start.
    """
    internet_families = (socket.AF_INET, socket.AF_INET6)
    for candidate in gc.get_objects():
        if (
            isinstance(candidate, socket.socket)
            and candidate.fileno() >= 0
            and candidate.family in internet_families
            and candidate.type == socket.SOCK_STREAM
        ):
            candidate.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


rest_api = api.create_api(lambda: resources.app())
mcp = api.McpDoor(rest_api)

app = st.App(
    ROOT / "Home.py",
    lifespan=lifespan,
    routes=routes(Settings.read(), lambda: resources.app(), rest_api, mcp),
    middleware=[
        Middleware(SecurityHeaders),
        Middleware(AccessGuard, get_app=lambda: resources.app()),
        Middleware(SessionRenewal, get_app=lambda: resources.app()),
        Middleware(FirstPaint, more_head=installable.HEAD if Settings.read().web.installable else ""),
    ],
)
