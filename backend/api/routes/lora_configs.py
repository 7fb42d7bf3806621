"""LoRA configurations: what a LoRA is trained with. Making one starts its training; it is the training run of the pages."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Header, Query, Response
from pydantic import AwareDatetime, ConfigDict, Field
from sqlalchemy.orm import Session

from backend import jobs, loras, training
from backend.api.api_model import ApiModel, ApiRequest, Listing, listing
from backend.api.deps import Caller, Studio, needs_scope
from backend.api.job_requests import job_request_type
from backend.api.routes.loras import LoraResponse, lora_response
from backend.errors import Invalid
from backend.kit.ids import new_id
from backend.training import ParamsDraft, RunCard, RunDraft

router = APIRouter(prefix="/lora-configs", tags=["LoRAs"], dependencies=[needs_scope("loras")])
LoraConfigStatus = Literal["pending", "training", "ready", "failed", "cancelled"]
_STATUS: dict[str, LoraConfigStatus] = {"processing": "training", "completed": "ready"}
"""State of the run's job -> status; the other states have the same name."""
_OUR_NAMES = {
    "learning_rate": "unet_lr",
    "max_train_steps": "steps",
    "max_train_epochs": "epochs",
    "save_every_n_steps": "save_every",
    "sample_every_n_steps": "sample_every",
    "train_batch_size": "batch",
    "lr_scheduler": "scheduler",
    "lr_warmup_steps": "warmup_steps",
    "num_repeats": "repeats",
    "caption_dropout_rate": "caption_dropout",
    "flip_aug": "flip",
    "prior_loss_weight": "prior_weight",
}
"""kohya's name -> `ParamsDraft`'s, where they differ."""


class LoraParamsRequest(ApiRequest):
    """kohya's parameters, in camelCase or as kohya writes them; what is left out is recommended from the pictures, the model
    and the preset. `maxTrainEpochs` counts without `maxTrainSteps`. Precision, optimizer and caching are chosen for the device
    that trains."""

    network_dim: int | None = None
    network_alpha: float | None = None
    learning_rate: float | None = None
    text_encoder_lr: float | None = None
    max_train_steps: int | None = None
    max_train_epochs: int | None = None
    save_every_n_steps: int | None = None
    sample_every_n_steps: int | None = None
    train_batch_size: int | None = None
    resolution: int | tuple[int, int] | None = Field(None, description="a side, or width and height (kohya): [512, 768]")
    lr_scheduler: str | None = None
    lr_warmup_steps: int | None = None
    num_repeats: int | None = None
    seed: int | None = None
    caption_dropout_rate: float | None = None
    flip_aug: bool | None = None
    min_snr_gamma: float | None = None
    prior_loss_weight: float | None = None
    train_convolutions: bool | None = None


class LoraConfigRequest(ApiRequest):
    """`name`: of the LoRA; "": made from the trigger word. `model` "": the trainer's first one. `preset`: quick, character or
    style. `continuedFrom*`: a checkpoint to begin with. `pictures` snapshot: those of the copied or continued run.
    `notBefore`: when it may start."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "datasetId": "ds_…",
                    "name": "bella-v1",
                    "params": {"networkDim": 32, "networkAlpha": 16, "learningRate": 1e-4, "maxTrainSteps": 3000},
                }
            ]
        }
    )

    dataset_id: str
    params: LoraParamsRequest = LoraParamsRequest()
    name: str = ""
    influencer_id: str | None = None
    model: str = ""
    preset: Literal["quick", "character", "style"] = "quick"
    sample_prompts: list[str] = Field([], max_length=4)
    notes: str = ""
    copied_from_id: str | None = None
    continued_from_id: str | None = None
    continued_from_step: int | None = Field(None, ge=1, le=10_000_000)
    pictures: Literal["current", "snapshot"] = "current"
    not_before: AwareDatetime | None = None


class LoraConfigChangeRequest(ApiRequest):
    """What is left out stays as it is. `notBefore`: only while it waits; null: as soon as it is its turn."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"notes": "Too few steps"}]})

    notes: str = ""
    not_before: AwareDatetime | None = None


class PromoteRequest(ApiRequest):
    """`name` "": that of the run, with the step."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "bella-early"}]})

    name: str = ""


class LoraParamsResponse(ApiModel):
    """As the training takes them, all filled in."""

    network_dim: int
    network_alpha: float
    learning_rate: float
    text_encoder_lr: float
    max_train_steps: int
    save_every_n_steps: int
    sample_every_n_steps: int
    train_batch_size: int
    resolution: int | tuple[int, int]
    lr_scheduler: str
    lr_warmup_steps: int
    num_repeats: int
    seed: int
    caption_dropout_rate: float
    flip_aug: bool
    min_snr_gamma: float
    prior_loss_weight: float
    train_convolutions: bool


class LoraConfigResponse(ApiModel):
    """`s3Key`, `loraId`: of the LoRA, once `status` is ready. `baseModel`: the family it fits. Losses are means over fixed
    draws, null until known. Curve and samples: `/api/training/<id>/points` and `/samples`."""

    id: str
    tenant_id: str
    name: str
    dataset_id: str
    dataset_name: str
    influencer_id: str | None
    job_id: str
    status: LoraConfigStatus
    s3_key: str | None
    lora_id: str | None
    params: LoraParamsResponse
    model: str
    base_model: str
    preset: str
    image_count: int
    trigger_word: str
    sample_prompts: list[str]
    loss_first: float | None
    loss_last: float | None
    notes: str
    error: str | None
    copied_from_id: str | None
    continued_from_id: str | None
    continued_from_step: int | None
    not_before: datetime | None
    created_at: datetime


class LoraConfigStartedResponse(ApiModel):
    """The job that trains: wait for it at `/api/jobs/<id>`. `loraConfigId`: what it trains, at the address in `Location`."""

    id: str
    job_id: str
    lora_config_id: str
    type: str
    status: str
    created_at: datetime


class CheckpointResponse(ApiModel):
    """`loraIds`: LoRAs of the library made from it. `hasState`: a training can go on from it with its optimizer's state."""

    step: int
    asset_id: str
    final: bool
    size_bytes: int
    lora_ids: list[str]
    has_state: bool
    created_at: datetime


@router.get("")
def list_lora_configs(
    app: Studio,
    caller: Caller,
    response: Response,
    dataset_id: Annotated[str | None, Query(alias="datasetId", max_length=80)] = None,
    influencer_id: Annotated[str | None, Query(alias="influencerId", max_length=80)] = None,
    status: LoraConfigStatus | None = None,
    take: Annotated[int, Query(ge=1, le=200)] = 50,
    skip: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
    cursor: Annotated[str | None, Query(max_length=80)] = None,
) -> Listing[LoraConfigResponse]:
    """Newest first."""
    state = next((state for state, name in _STATUS.items() if name == status), status)
    filters: Any = {"dataset_id": dataset_id, "influencer_id": influencer_id, "state": state}
    with app.db.transaction(caller) as tx:
        page = training.page(tx, **filters, cursor=cursor, take=take, skip=skip)
        data = _config_responses(tx, page.cards, caller.tenant_id)
    return listing(response, data, total=page.total, take=take, skip=skip, cursor=page.next_cursor)


@router.post("", status_code=201)
def create_lora_config(
    body: LoraConfigRequest,
    app: Studio,
    caller: Caller,
    response: Response,
    idempotency_key: Annotated[str, Header(max_length=190)] = "",
) -> LoraConfigStartedResponse:
    """Starts a training. 400 when the dataset is not ready, with what is missing."""
    values = body.model_dump(exclude={"params", "copied_from_id", "continued_from_id"})
    sources = {"copied_from_run_id": body.copied_from_id, "continued_from_run_id": body.continued_from_id}
    draft = RunDraft(**values, **sources, params=_params_draft(body.params))
    key = f"lora-config:{idempotency_key}" if idempotency_key else new_id("key")
    with app.db.transaction(caller, needs="editor") as tx:
        job = jobs.get(tx, job_request_type("lora-training").start(app, tx, draft, key))
    response.headers["location"] = f"/api/lora-configs/{job.subject_id}"
    return LoraConfigStartedResponse(
        id=job.id,
        job_id=job.id,
        lora_config_id=job.subject_id,
        type="lora-training",
        status=job.state,
        created_at=job.created_at,
    )


@router.get("/{run_id}")
def get_lora_config(run_id: str, app: Studio, caller: Caller) -> LoraConfigResponse:
    """One training with its parameters and, when it is ready, its LoRA."""
    with app.db.transaction(caller) as tx:
        return _config_response(tx, training.get(tx, run_id), caller.tenant_id)


@router.patch("/{run_id}")
def change_lora_config(run_id: str, body: LoraConfigChangeRequest, app: Studio, caller: Caller) -> LoraConfigResponse:
    """Its notes, and when a waiting training may start."""
    sent = body.model_fields_set
    with app.db.transaction(caller, needs="editor") as tx:
        card = training.get(tx, run_id)
        if "notes" in sent:
            card = training.set_notes(tx, run_id, body.notes, before=card.notes)
        if "not_before" in sent:
            card = training.schedule(tx, run_id, body.not_before)
        return _config_response(tx, card, caller.tenant_id)


@router.post("/{run_id}/cancel")
def cancel_lora_config(run_id: str, app: Studio, caller: Caller) -> LoraConfigResponse:
    """Stops the training; its checkpoints stay and can become LoRAs. 409 when it has ended."""
    with app.db.transaction(caller, needs="editor") as tx:
        return _config_response(tx, training.cancel(tx, run_id), caller.tenant_id)


@router.get("/{run_id}/checkpoints")
def list_checkpoints(run_id: str, app: Studio, caller: Caller, response: Response) -> Listing[CheckpointResponse]:
    """What the training saved on its way, by step."""
    with app.db.transaction(caller) as tx:
        training.get(tx, run_id)
        cards = training.checkpoints(tx, run_id)
    return listing(response, [CheckpointResponse.model_validate(card) for card in cards])


@router.post("/{run_id}/checkpoints/{step}/promote", status_code=201)
def promote_checkpoint(
    run_id: str, step: int, body: PromoteRequest, app: Studio, caller: Caller, response: Response
) -> LoraResponse:
    """Adds the checkpoint to the LoRA library; without a name, one that is there already is answered."""
    with app.db.transaction(caller, needs="editor") as tx:
        card = training.promote(tx, run_id, step, name=body.name)
    response.headers["location"] = f"/api/loras/{card.id}"
    return lora_response(card, caller.tenant_id)


def _params_draft(params: LoraParamsRequest) -> ParamsDraft:
    """Raises Invalid with the names that were sent."""
    sent = params.model_dump(exclude_unset=True)
    try:
        return ParamsDraft(**{_OUR_NAMES.get(name, name): value for name, value in sent.items()})
    except Invalid as error:
        sent_names = {draft_name: name for name, draft_name in _OUR_NAMES.items()}
        complaints = [(f"params.{sent_names.get(field, field)}", text) for field, text in error.data.get("complaints", ())]
        raise Invalid(error.message, complaints=complaints) from error


def _config_response(tx: Session, card: RunCard, tenant_id: str) -> LoraConfigResponse:
    return _config_responses(tx, [card], tenant_id)[0]


def _config_responses(tx: Session, cards: list[RunCard], tenant_id: str) -> list[LoraConfigResponse]:
    loras_by_id = loras.get_many(tx, [card.lora_id for card in cards if card.lora_id])
    computed = ("tenant_id", "status", "s3_key", "params", "base_model", "error", "copied_from_id", "continued_from_id")
    same = [name for name in LoraConfigResponse.model_fields if name not in computed]
    return [
        LoraConfigResponse(
            **{name: getattr(card, name) for name in same},
            tenant_id=tenant_id,
            status=_STATUS.get(card.state, card.state),
            s3_key=lora.key if (lora := loras_by_id.get(card.lora_id or "")) else None,
            params=_params_response(card),
            base_model=card.base,
            error=card.error_message,
            copied_from_id=card.copied_from_run_id,
            continued_from_id=card.continued_from_run_id,
        )
        for card in cards
    ]


def _params_response(card: RunCard) -> LoraParamsResponse:
    values = asdict(card.params)
    if height := values["resolution_height"]:
        values["resolution"] = values["resolution"], height
    return LoraParamsResponse(**{name: values[_OUR_NAMES.get(name, name)] for name in LoraParamsResponse.model_fields})
