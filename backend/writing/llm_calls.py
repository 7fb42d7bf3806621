"""Questions that a job asks a model. Each is a step, so that an answer is paid for once however often the job is tried."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from backend import budgets
from backend.db.transactions import SystemCaller
from backend.engines.ports.text import Reply, TextRequest
from backend.jobs.context import JobContext
from backend.writing.composition import AskModel


def ask_in_steps(ctx: JobContext, kind: str, influencer_id: str, *, prefix: str = "") -> AskModel:
    """An `AskModel` for a job. `kind`: the costs are shown by it. `prefix` keeps apart the same question for several texts."""
    purpose = budgets.CallPurpose(kind, influencer_id=influencer_id, job_id=ctx.job_id, attempt_id=ctx.attempt_id)

    def call_model(request: TextRequest) -> dict[str, Any]:
        caller = SystemCaller(ctx.tenant_id, ctx.user_id)
        reply = budgets.complete(ctx.app, caller, request, purpose=purpose, check=ctx.check, retry=True)
        ids = list(reply.generation_ids)
        return {"text": reply.text, "model": reply.model, "ids": ids, "usd": str(reply.paid_usd)}

    def ask(name: str, request: TextRequest) -> Reply:
        answer = ctx.step(f"{prefix}{name}", lambda: call_model(request)) or {}
        *earlier_ids, last_id = answer.get("ids") or [answer.get("id", "")]
        earlier = tuple(Reply("", answer["model"], generation_id) for generation_id in earlier_ids)
        return Reply(answer["text"], answer["model"], last_id, cost_usd=Decimal(answer["usd"]), earlier=earlier)

    return ask
