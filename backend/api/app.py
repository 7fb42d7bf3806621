"""Builds the FastAPI application that the studio mounts at /api."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI, Response

from backend import VERSION
from backend.api import contract, errors
from backend.api.cross_origin import CrossOrigin
from backend.api.deps import KeyCache
from backend.api.idempotency import Idempotency
from backend.api.rate_limits import RateLimits
from backend.api.reader_language import ReaderLanguage
from backend.api.requests import BodyLimit, RequestLogging
from backend.api.routes import (
    api_keys,
    assets,
    audit,
    auth,
    automation_runs,
    automations,
    backups,
    boards,
    calendar,
    calendar_feeds,
    channels,
    chat,
    comparisons,
    composer,
    connections,
    consents,
    content_plan_moves,
    content_plans,
    costs,
    dataset_captions,
    dataset_fixes,
    dataset_pictures,
    dataset_rights,
    datasets,
    draft_texts,
    events,
    face_check,
    generation,
    history,
    inbox,
    influencers,
    job_starts,
    jobs,
    lora_configs,
    loras,
    media,
    members,
    music,
    notices,
    onboarding,
    orchestrate,
    picture_review,
    pictures,
    post_snippets,
    post_sources,
    posting_rules,
    prompt_library,
    reels,
    search,
    session,
    signed_media,
    style_sources,
    system,
    training,
    trash,
    uploads,
    videos,
    voices,
    webhook_endpoints,
    webhooks,
    workflows,
    workspaces,
    writing,
    writing_styles,
)
from backend.app import App


def create_api(get_app: Callable[[], App]) -> FastAPI:
    """`get_app` is called by requests until it succeeds once: a studio whose database came late needs no restart."""
    # No docs page: FastAPI's own loads its scripts from a CDN, and the studio has one (studio/shell/api_docs).
    options: dict[str, Any] = {"docs_url": None, "redoc_url": None, "openapi_url": None, "lifespan": _lifespan}
    api = FastAPI(title="InfluencerAI Studio", version=VERSION, **options)
    api.state.get_app = get_app
    api.state.key_cache, api.state.description = KeyCache(), None
    api.add_middleware(Idempotency)
    api.add_middleware(BodyLimit)
    api.add_middleware(RateLimits)
    api.add_middleware(RequestLogging)
    api.add_middleware(ReaderLanguage)
    api.add_middleware(CrossOrigin)
    errors.install_handlers(api)
    for routes in (
        session,
        auth,
        api_keys,
        workspaces,
        members,
        events,
        jobs,
        picture_review,
        pictures,
        boards,
        job_starts,
        uploads,
        media,
        system,
        backups,
        signed_media,
        datasets,
        dataset_rights,
        dataset_pictures,
        dataset_captions,
        dataset_fixes,
        lora_configs,
        loras,
        assets,
        training,
        generation,
        face_check,
        comparisons,
        influencers,
        onboarding,
        prompt_library,
        workflows,
        videos,
        orchestrate,
        reels,
        consents,
        music,
        voices,
        webhooks,
        webhook_endpoints,
        connections,
        costs,
        writing,
        draft_texts,
        chat,
        style_sources,
        composer,
        calendar,
        calendar_feeds,
        inbox,
        search,
        notices,
        content_plan_moves,
        posting_rules,
        post_snippets,
        post_sources,
        content_plans,
        automations,
        automation_runs,
        channels,
        trash,
        history,
        audit,
    ):
        api.include_router(routes.router)
    api.include_router(writing_styles.router, prefix="/style")

    @api.get("/openapi.json", include_in_schema=False)
    def description() -> Response:
        """For everybody: it names no data. Put together once."""
        if api.state.description is None:
            api.state.description = json.dumps(api.openapi(), ensure_ascii=False, separators=(",", ":")).encode()
        return Response(api.state.description, media_type="application/json")

    contract.complete_openapi(api, upload_nouns=uploads.SCOPE_NOUNS, trash_nouns=trash.SCOPE_NOUNS)
    return api


@asynccontextmanager
async def _lifespan(api: FastAPI) -> AsyncIterator[None]:
    """Of the process that serves it. Where the API is mounted, the server enters this itself."""
    yield
    if counter := getattr(api.state, "request_counter", None):
        await counter.close()
