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
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles
from streamlit import config
from streamlit.runtime.pages_manager import PagesManager

# `python -m streamlit` finds the project in its folder; the `streamlit` program looks beside this file only.
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from backend import api
from backend.errors import Invalid, Unavailable
from backend.kit import temp_folders
from backend.settings import Settings
from studio.shell import resources
from studio.shell.first_paint import FirstPaint
from studio.shell.guard import Guard
from studio.shell.headers import Headers

ROOT = Path(__file__).resolve().parents[2]

# A folder named pages/ beside Home.py would else be served without Home.py's gate until somebody has opened Home
# (docs/contracts/streamlit.md, 2).
PagesManager.uses_pages_directory = False

# Behind a proxy that changes the Host header, Streamlit must know the name that browsers come from.
if public := urlsplit(Settings().public_url).hostname:
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
    middleware=[Middleware(Headers), Middleware(Guard, get_app=lambda: resources.app()), Middleware(FirstPaint)],
)
