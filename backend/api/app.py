"""Builds the FastAPI application that the studio mounts at /api."""

from __future__ import annotations

from collections.abc import Callable

from fastapi import FastAPI

from backend import VERSION
from backend.api import errors
from backend.api.requests import Limited, Observed
from backend.api.routes import (
    boards,
    channels,
    content_plans,
    costs,
    datasets,
    generation,
    handed,
    jobs,
    media,
    pictures,
    recipes,
    reports,
    session,
    starts,
    styles,
    training,
    trials,
    uploads,
    videos,
    workflows,
    writing,
)
from backend.bootstrap import App


def create(get_app: Callable[[], App]) -> FastAPI:
    """`get_app` is asked on every request, so that a studio whose database came late needs no restart."""
    # No docs page: FastAPI's own loads its scripts from outside. /api/openapi.json says it all to any viewer.
    api = FastAPI(title="InfluencerAI Studio", docs_url=None, redoc_url=None, version=VERSION)
    api.state.get_app = get_app
    api.add_middleware(Limited)
    api.add_middleware(Observed)
    errors.install(api)
    for routes in (
        session,
        jobs,
        pictures,
        boards,
        starts,
        uploads,
        media,
        handed,
        datasets,
        training,
        generation,
        trials,
        reports,
        recipes,
        workflows,
        videos,
        costs,
        writing,
        content_plans,
        channels,
    ):
        api.include_router(routes.router)
    api.include_router(styles.router, prefix="/style")
    return api
