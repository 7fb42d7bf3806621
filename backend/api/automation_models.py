"""Bodies and answers of automations: definitions in camelCase with their own schema, runs, dry runs."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema

from backend.api.api_model import ApiModel, ApiRequest
from backend.api.job_requests import api_schema, to_camel_keys, to_snake_keys
from backend.automations import EVENTS, AutomationCard, AutomationDraft

RunStatus = Literal["pending", "processing", "completed", "failed", "cancelled", "refused"]


def _definition_schema() -> dict[str, Any]:
    schema: dict[str, Any] = api_schema(AutomationDraft)
    trigger, step = schema["properties"]["trigger"], schema["properties"]["steps"]["items"]
    for one_of in (trigger, step):
        one_of.pop("discriminator")
        for choice in one_of["oneOf"]:
            choice["required"] = list(dict.fromkeys(["kind", *choice["required"]]))
            if "event" in choice["properties"]:
                choice["properties"]["event"]["enum"] = list(EVENTS)
    return {"trigger": trigger, "step": step}


_SCHEMAS = _definition_schema()
_camel = BeforeValidator(to_camel_keys)
Trigger = Annotated[
    dict[str, Any], WithJsonSchema({**_SCHEMAS["trigger"], "examples": [{"kind": "cron", "cron": "0 9 * * *"}]})
]
Step = Annotated[dict[str, Any], WithJsonSchema(_SCHEMAS["step"])]
_STEPS = [[{"kind": "plan-posts", "days": 1, "clocks": ["18:00"]}, {"kind": "schedule"}, {"kind": "notify"}]]


class AutomationRequest(ApiRequest):
    """`influencerIds` empty: all, also those to come. `budgetUsd`: for each month, of all its runs together; null: only the
    workspace's budgets. `alertPercent`: people are alerted when more of a run's jobs failed."""

    name: str = Field(max_length=200, examples=["Daily content"])
    trigger: Trigger
    steps: list[Step] = Field(max_length=100, examples=_STEPS)
    influencer_ids: list[str] = Field(default_factory=list, max_length=100)
    budget_usd: Decimal | None = Field(None, examples=["5"])
    alert_percent: int = 50


class AutomationChangeRequest(AutomationRequest):
    """The whole definition. `version`: as it was read; 409 when somebody has changed it since."""

    version: int = Field(examples=[1], ge=1, le=2**31 - 1)


class RunNowRequest(ApiRequest):
    """`influencerId` "": a run for each of its influencers."""

    influencer_id: str = Field("", max_length=80, examples=["inf_0190"])


class PreviewRequest(ApiRequest):
    """Whom the run would be for."""

    influencer_id: str = Field(max_length=80, examples=["inf_0190"])


class DefinitionPreviewRequest(PreviewRequest):
    definition: AutomationRequest


class FiguresResponse(ApiModel):
    """What a run has done. `posts`: content plans that came to its end; `left`: those that were left for people. `scheduled`,
    `published`: posts; `planned`: new ones; `pictures`: test pictures of a LoRA."""

    posts: list[str] = Field(default_factory=list)
    left: list[str] = Field(default_factory=list)
    dataset_id: str = ""
    training_run_id: str = ""
    lora_id: str = ""
    jobs: int = 0
    failed_jobs: int = 0
    planned: int = 0
    scheduled: int = 0
    published: int = 0
    pictures: int = 0


class AutomationRunResponse(ApiModel):
    """`status`: of its job (pending: it has not begun, or it waits for `waitsFor`), or refused: it did not start, `summary`
    says why. `trigger`: what started it. `figures`: when it has ended."""

    id: str
    automation_id: str
    automation_name: str
    influencer_id: str
    influencer_name: str
    trigger: Annotated[dict[str, Any], _camel]
    job_id: str | None
    status: RunStatus = Field(validation_alias="state")
    waits_for: Literal["", "jobs", "review", "posts", "time"]
    summary: str
    figures: FiguresResponse
    created_at: datetime
    ended_at: datetime | None


class AutomationRunPageResponse(ApiModel):
    """`nextCursor`: send it as `cursor` to get older ones; null: there are none."""

    data: list[AutomationRunResponse]
    next_cursor: str | None


class AutomationStepResponse(ApiModel):
    """`status` skipped: it had nothing to do, or was left out; cancelled: its run was; "": it has not begun. `jobIds`: what it
    ordered."""

    n: int
    kind: str
    label: str
    status: Literal["", "running", "done", "skipped", "failed", "cancelled"] = Field(validation_alias="state")
    message: str
    job_ids: list[str]
    started_at: datetime | None
    ended_at: datetime | None


class AutomationRunDetailsResponse(AutomationRunResponse):
    """`costUsd`: of the run with all jobs that it ordered, so far."""

    steps: list[AutomationStepResponse]
    cost_usd: Decimal


class AutomationResponse(ApiModel):
    """`nextAt`: when the clock starts it next, for the first of its influencers; `nextZone`: the time zone there.
    `pauseReason`: why the studio paused it; "": a person did. `hookLastFour`: the end of its address; "": it has none.
    `spentUsd`: in this month."""

    id: str
    name: str
    trigger: Annotated[Trigger, _camel]
    steps: list[Annotated[Step, _camel]]
    influencer_ids: list[str]
    budget_usd: Decimal | None
    alert_percent: int
    version: int
    hook_last_four: str
    next_at: datetime | None
    next_zone: str
    paused_at: datetime | None
    pause_reason: str
    created_by: str | None
    created_at: datetime
    updated_at: datetime
    spent_usd: Decimal
    last_run: AutomationRunResponse | None


class NewHookResponse(AutomationResponse):
    """`address`: shown this once; whoever has it can start the automation."""

    address: str


class AutomationTemplateResponse(ApiModel):
    """`sentence`: what it does. The rest can be sent to POST /api/automations."""

    key: str
    sentence: str
    name: str
    trigger: Annotated[Trigger, _camel]
    steps: list[Annotated[Step, _camel]]
    alert_percent: int


class StepPreviewResponse(ApiModel):
    """`usd`: at most; null: unknown until it runs. `seconds` null: unknown."""

    n: int
    label: str
    sentence: str
    usd: Decimal | None
    seconds: float | None


class RunPreviewResponse(ApiModel):
    """`nextTimes`: the coming starts by the clock. `usd`: of all steps whose cost is known. `budgetLeftUsd` null: no budget."""

    influencer_id: str
    influencer_name: str
    next_times: list[datetime]
    steps: list[StepPreviewResponse]
    usd: Decimal
    budget_left_usd: Decimal | None


class HookAnswer(ApiModel):
    """Runs that the call has started, or had started before with the same key."""

    run_ids: list[str]


def automation_response(card: AutomationCard) -> AutomationResponse:
    return AutomationResponse(**card_values(card))


def card_values(card: AutomationCard) -> dict[str, Any]:
    own = {name: getattr(card, name) for name in AutomationResponse.model_fields if hasattr(card, name)}
    last_run = AutomationRunResponse.model_validate(card.last_run) if card.last_run else None
    return {**card.draft.model_dump(mode="json"), **own, "last_run": last_run}


def definition_of(body: AutomationRequest) -> AutomationDraft:
    """Raises Invalid."""
    names = ("name", "influencer_ids", "budget_usd", "alert_percent")
    values: dict[str, Any] = {name: getattr(body, name) for name in names}
    return AutomationDraft(**values, trigger=to_snake_keys(body.trigger), steps=to_snake_keys(body.steps))
