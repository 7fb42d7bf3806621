"""Kinds of jobs of bulk planning."""

from __future__ import annotations

from contextlib import nullcontext
from decimal import Decimal

from sqlalchemy.orm import Session

from backend import bulk_planning
from backend.app import App
from backend.bulk_planning import SeriesOrder
from backend.bulk_planning.schemas import MotionPayload, PicturePayload, ReelPayload, SeriesPayload, WordsPayload
from backend.jobs import JobRequestType, JobType, Limits, register
from backend.language import tr_lazy
from backend.writing.schemas import TextEstimate

_LIMITS: Limits = {"deadline_setting": "jobs.deadline_ingest_s", "stall_s": 300.0}


def _start_bulk_planning(app: App, tx: Session, order: SeriesOrder, key: str) -> str:
    return bulk_planning.start_series(tx, order=order, request_key=key).id


def _estimate_bulk_planning(app: App, tx: Session, order: SeriesOrder) -> TextEstimate:
    forecast = bulk_planning.forecast(app, lambda: nullcontext(tx), order=order)
    usual_usd, most_usd = (Decimal(0), Decimal(0)) if forecast.most_usd is None else (forecast.usual_usd, forecast.most_usd)
    return TextEstimate(forecast.pictures, forecast.seconds, forecast.ahead, usual_usd, most_usd, forecast.load_s)


register(
    JobType(
        "content-plan",
        "net",
        SeriesPayload,
        "backend.bulk_planning.pipeline:run_series",
        tr_lazy("Auto-plans"),
        limit_setting="jobs.concurrency_writing",
        **_LIMITS,
        requests=(
            JobRequestType(
                "content-plan",
                "posts:write",
                SeriesOrder,
                _start_bulk_planning,
                {
                    "influencerId": "inf_…",
                    "first": "2031-12-01",
                    "days": 7,
                    "clocks": ["18:00"],
                    "channelIds": ["chn_…"],
                    "pictures": 1,
                },
                _estimate_bulk_planning,
            ),
        ),
    ),
    JobType(
        "content-plan-picture",
        "net",
        PicturePayload,
        "backend.bulk_planning.pipeline:run_picture",
        tr_lazy("Auto-plans"),
        **_LIMITS,
    ),
    JobType(
        "content-plan-reel", "net", ReelPayload, "backend.bulk_planning.pipeline:run_reel", tr_lazy("Auto-plans"), **_LIMITS
    ),
    JobType(
        "content-plan-words",
        "net",
        WordsPayload,
        "backend.bulk_planning.pipeline:run_words",
        tr_lazy("Auto-plans"),
        limit_setting="jobs.concurrency_writing",
        **_LIMITS,
    ),
    JobType(
        "content-plan-motion",
        "net",
        MotionPayload,
        "backend.bulk_planning.pipeline:run_motion",
        tr_lazy("Auto-plans"),
        **_LIMITS,
    ),
)
