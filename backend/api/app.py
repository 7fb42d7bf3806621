"""Builds the FastAPI application that the studio mounts at /api."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastapi import FastAPI

from backend import VERSION
from backend.api import contract, errors
from backend.api.deps import Studio, Token
from backend.api.requests import Limited, Observed
from backend.api.routes import (
    boards,
    channels,
    comparisons,
    content_plans,
    costs,
    datasets,
    generation,
    job_starts,
    jobs,
    media,
    pictures,
    prompt_library,
    reports,
    session,
    signed_media,
    training,
    uploads,
    videos,
    workflows,
    writing,
    writing_styles,
)
from backend.app import App


def create(get_app: Callable[[], App]) -> FastAPI:
    """`get_app` is asked on every request, so that a studio whose database came late needs no restart."""
    # No docs page: FastAPI's own loads its scripts from outside. /api/openapi.json says it all, to people who are signed in.
    api = FastAPI(title="InfluencerAI Studio", docs_url=None, redoc_url=None, openapi_url=None, version=VERSION)
    api.state.get_app = get_app
    api.add_middleware(Limited)
    api.add_middleware(Observed)
    errors.install(api)
    for routes in (
        session,
        jobs,
        pictures,
        boards,
        job_starts,
        uploads,
        media,
        signed_media,
        datasets,
        training,
        generation,
        comparisons,
        reports,
        prompt_library,
        workflows,
        videos,
        costs,
        writing,
        content_plans,
        channels,
    ):
        api.include_router(routes.router)
    api.include_router(writing_styles.router, prefix="/style")

    @api.get("/openapi.json", include_in_schema=False)
    def description(app: Studio, token: Token) -> dict[str, Any]:
        session.me(app, token)
        return api.openapi()

    contract.describe(api)
    return api
