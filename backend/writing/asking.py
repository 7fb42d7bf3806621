"""Questions of a job: each is a step, so that an answer is paid once however often the job is tried."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from backend import budgets
from backend.engines.text.port import Reply, TextRequest
from backend.jobs.context import JobContext
from backend.kit.db import Trusted
from backend.writing.composing import Ask


def asker(ctx: JobContext, kind: str, influencer_id: str, *, prefix: str = "") -> Ask:
    """`kind`: as the costs are shown by. `prefix` keeps the same question of several texts of one job apart."""
    what = budgets.About(kind, influencer_id=influencer_id, job_id=ctx.job_id, attempt_id=ctx.attempt_id)

    def put(request: TextRequest) -> dict[str, Any]:
        reply = budgets.ask(ctx.app, Trusted(ctx.tenant_id, ctx.user_id), request, about=what, check=ctx.check)
        return {"text": reply.text, "model": reply.model, "id": reply.generation_id, "usd": str(reply.paid_usd)}

    def ask(name: str, request: TextRequest) -> Reply:
        said = ctx.step(f"{prefix}{name}", lambda: put(request)) or {}
        return Reply(said["text"], said["model"], said["id"], cost_usd=Decimal(said["usd"]))

    return ask
