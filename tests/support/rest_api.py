"""The REST API over a test's app, without resolving its addresses for every test."""

from __future__ import annotations

from functools import cache

from fastapi import FastAPI
from starlette.routing import BaseRoute

from backend import api
from backend.app import App


def rest_api(app: App) -> FastAPI:
    """As `api.create_api`, with caches of its own and the routes of all others of this process: FastAPI takes half a second
    to resolve them at the first request of each."""
    server = api.create_api(lambda: app)
    server.router.routes = _routes()
    return server


@cache
def _routes() -> list[BaseRoute]:
    return api.create_api(_no_app).router.routes


def _no_app() -> App:
    raise AssertionError("Routes ask the server that was called for its app.")
