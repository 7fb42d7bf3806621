"""Questions of a job: each is a step, so that an answer is paid once however often the job is tried."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from backend import budgets
from backend.db.transactions import SystemCaller
from backend.engines.text.port import Reply, TextRequest
from backend.jobs.context import JobContext
from backend.writing.composition import Ask


def asker(ctx: JobContext, kind: str, influencer_id: str, *, prefix: str = "") -> Ask:
    """`kind`: as the costs are shown by. `prefix` keeps the same question of several texts of one job apart."""
    what = budgets.About(kind, influencer_id=influencer_id, job_id=ctx.job_id, attempt_id=ctx.attempt_id)

    def put(request: TextRequest) -> dict[str, Any]:
        mine = SystemCaller(ctx.tenant_id, ctx.user_id)
        reply = budgets.complete(ctx.app, mine, request, about=what, check=ctx.check, retry=True)
        ids = list(reply.generation_ids)
        return {"text": reply.text, "model": reply.model, "ids": ids, "usd": str(reply.paid_usd)}

    def ask(name: str, request: TextRequest) -> Reply:
        said = ctx.step(f"{prefix}{name}", lambda: put(request)) or {}
        *before, last = said.get("ids") or [said.get("id", "")]
        earlier = tuple(Reply("", said["model"], id) for id in before)
        return Reply(said["text"], said["model"], last, cost_usd=Decimal(said["usd"]), earlier=earlier)

    return ask
