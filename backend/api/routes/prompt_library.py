"""The prompt library: templates, wildcards, prompt styles and presets; one by one, and as files."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Response
from pydantic import Field
from pydantic.alias_generators import to_camel

from backend import prompt_library
from backend.api.api_model import ApiModel, ApiRequest, Listing, Skip, Take, Worded, sliced
from backend.api.deps import Caller, Studio, needs_scope
from backend.api.etags import IfMatch, require_match, set_etag
from backend.api.job_requests import to_snake_keys
from backend.generation import GenerationDraft
from backend.prompt_library import (
    PresetCard,
    PromptStyleCard,
    PromptStyleDraft,
    PromptStyleSettings,
    TemplateDraft,
    WildcardDraft,
)
from backend.storage import disposition

FormName = Annotated[str, Path(pattern="^[a-z][a-z-]{0,39}(:[a-z0-9_]{1,60})?$", examples=["create"])]
router = APIRouter(prefix="/recipes", tags=["recipes"], dependencies=[needs_scope("texts")])


class TemplateRequest(ApiRequest):
    """`prompt` has blanks like {subject} or {place=at the beach}; it may hold wildcards and LoRAs."""

    name: str = Field(examples=["Portrait outside"])
    prompt: str = Field(examples=["portrait of {subject}, {place=at the beach}"])
    negative: str = ""


class TemplateResponse(ApiModel):
    """`version`: the newest one's number."""

    id: str
    name: str
    version: int
    prompt: str
    negative: str
    created_at: datetime


class WildcardRequest(ApiRequest):
    """`name`: as in `__name__`. Each line is a choice."""

    name: str = Field(examples=["places"])
    lines: list[str] = Field(max_length=5000, examples=[["at the beach", "in a café"]])


class WildcardResponse(ApiModel):
    id: str
    name: str
    lines: list[str]
    version: int
    updated_at: datetime


class PromptStyleValues(ApiRequest):
    """Values the form starts with; null: the form's own."""

    model: str | None = None
    size: str | None = None
    steps: int | None = None
    cfg: float | None = None
    sampler: str | None = None


class PromptStyleRequest(ApiRequest):
    """Words and settings that are added to a prompt. `influencerId` null: for everybody in the workspace."""

    name: str = Field(examples=["Golden hour"])
    influencer_id: str | None = None
    prompt: str = Field("", examples=["warm low sun"])
    negative: str = ""
    settings: PromptStyleValues = Field(default_factory=PromptStyleValues)


class PromptStyleResponse(ApiModel):
    id: str
    name: str
    influencer_id: str | None
    prompt: str
    negative: str
    settings: dict[str, Any]
    version: int
    updated_at: datetime


class PresetRequest(ApiRequest):
    """All values of the form of pictures under a name, as `/api/jobs` takes them for image-generation. One of the same name is
    written over. `isOwn` false: for everybody in the workspace."""

    name: str = Field(examples=["Square, fast"])
    values: dict[str, Any] = Field(examples=[{"steps": 20, "width": 1024, "height": 1024}])
    is_own: bool = True


class UnsavedFormRequest(ApiRequest):
    """Texts by the names of their fields; others stay as they are."""

    texts: dict[str, Annotated[str, Field(max_length=100_000)]] = Field(max_length=20, examples=[{"prompt": "at the beach"}])


class PresetChangeRequest(ApiRequest):
    """`isDefault`: what the form starts with, for the caller or, when it is everybody's, for all."""

    is_default: bool = Field(examples=[True])


class PresetResponse(ApiModel):
    id: str
    name: str
    is_own: bool
    is_default: bool
    values: dict[str, Any]
    updated_at: datetime


class ImportRequest(ApiRequest):
    """`text`: of a file as `/api/recipes/export` gives it (`filename` ends in .json), or the lines of a list named by it."""

    filename: str = Field(max_length=200, examples=["places.txt"])
    text: str = Field(max_length=1_000_000, examples=["at the beach\nin a café"])


class ImportResponse(ApiModel):
    """`problems`: why entries were left out, a sentence each."""

    created: int
    changed: int
    same: int
    problems: list[Worded]


@router.get("/templates")
def list_templates(
    app: Studio, caller: Caller, response: Response, take: Take = None, skip: Skip = 0
) -> Listing[TemplateResponse]:
    """The newest version of each template, by name."""
    with app.db.transaction(caller) as tx:
        cards = prompt_library.templates(tx)
    return sliced(response, cards, TemplateResponse, take=take, skip=skip)


@router.post("/templates", status_code=201)
def create_template(body: TemplateRequest, app: Studio, caller: Caller, response: Response) -> TemplateResponse:
    """A new template; 409 when its name is taken."""
    with app.db.transaction(caller, needs="editor") as tx:
        card = prompt_library.save_template(tx, TemplateDraft(**body.model_dump()))
    response.headers["location"] = f"/api/recipes/templates/{card.id}"
    return TemplateResponse.model_validate(card)


@router.get("/templates/{template_id}")
def get_template(template_id: str, app: Studio, caller: Caller, response: Response) -> TemplateResponse:
    """The newest version of a template."""
    with app.db.transaction(caller) as tx:
        card = prompt_library.template(tx, template_id)
    set_etag(response, card.version)
    return TemplateResponse.model_validate(card)


@router.put("/templates/{template_id}")
def put_template(
    template_id: str, body: TemplateRequest, app: Studio, caller: Caller, if_match: IfMatch = ""
) -> TemplateResponse:
    """Its next version; pictures keep the one that they were drawn with."""
    with app.db.transaction(caller, needs="editor") as tx:
        version = prompt_library.template(tx, template_id).version
        require_match(if_match, version, "template")
        draft = TemplateDraft(**body.model_dump())
        card = prompt_library.save_template(tx, draft, template_id=template_id, version=version)
    return TemplateResponse.model_validate(card)


@router.delete("/templates/{template_id}", status_code=204)
def delete_template(template_id: str, app: Studio, caller: Caller) -> None:
    """Pictures that name it can still be read."""
    with app.db.transaction(caller, needs="editor") as tx:
        prompt_library.delete_template(tx, template_id)


@router.get("/wildcards")
def list_wildcards(
    app: Studio, caller: Caller, response: Response, take: Take = None, skip: Skip = 0
) -> Listing[WildcardResponse]:
    """All lists of the workspace, by name."""
    with app.db.transaction(caller) as tx:
        cards = prompt_library.wildcards(tx)
    return sliced(response, cards, WildcardResponse, take=take, skip=skip)


@router.post("/wildcards", status_code=201)
def create_wildcard(body: WildcardRequest, app: Studio, caller: Caller, response: Response) -> WildcardResponse:
    """A new list of choices; 409 when its name is taken."""
    with app.db.transaction(caller, needs="editor") as tx:
        card = prompt_library.save_wildcard(tx, WildcardDraft(name=body.name, lines=tuple(body.lines)))
    response.headers["location"] = f"/api/recipes/wildcards/{card.id}"
    return WildcardResponse.model_validate(card)


@router.get("/wildcards/{wildcard_id}", response_class=Response)
def export_wildcard(wildcard_id: str, app: Studio, caller: Caller) -> Response:
    """One list as a text file, a line a choice. `ETag`: its version, for `If-Match` of a change."""
    with app.db.transaction(caller) as tx:
        card = prompt_library.wildcard(tx, wildcard_id)
    answer = _file(f"{card.name.replace('/', '-')}.txt", "\n".join(card.lines) + "\n", "text/plain")
    set_etag(answer, card.version)
    return answer


@router.put("/wildcards/{wildcard_id}")
def put_wildcard(
    wildcard_id: str, body: WildcardRequest, app: Studio, caller: Caller, if_match: IfMatch = ""
) -> WildcardResponse:
    """Its next version; pictures keep the words that they were drawn with."""
    with app.db.transaction(caller, needs="editor") as tx:
        version = prompt_library.wildcard(tx, wildcard_id).version
        require_match(if_match, version, "list")
        draft = WildcardDraft(name=body.name, lines=tuple(body.lines))
        card = prompt_library.save_wildcard(tx, draft, wildcard_id=wildcard_id, version=version)
    return WildcardResponse.model_validate(card)


@router.delete("/wildcards/{wildcard_id}", status_code=204)
def delete_wildcard(wildcard_id: str, app: Studio, caller: Caller) -> None:
    """Pictures keep the words that they were drawn with."""
    with app.db.transaction(caller, needs="editor") as tx:
        prompt_library.delete_wildcard(tx, wildcard_id)


@router.get("/styles")
def list_prompt_styles(
    app: Studio, caller: Caller, response: Response, influencer: str = "", take: Take = None, skip: Skip = 0
) -> Listing[PromptStyleResponse]:
    """All prompt styles; `influencer`: those of everybody and of this influencer."""
    with app.db.transaction(caller) as tx:
        cards = prompt_library.styles(tx, influencer_id=influencer or None, every=not influencer)
    answers = [_style_response(card) for card in cards]
    return sliced(response, answers, PromptStyleResponse, take=take, skip=skip)


@router.post("/styles", status_code=201)
def create_prompt_style(body: PromptStyleRequest, app: Studio, caller: Caller, response: Response) -> PromptStyleResponse:
    """A new prompt style; 409 when its name is taken."""
    with app.db.transaction(caller, needs="editor") as tx:
        card = prompt_library.save_style(tx, _style_draft(body))
    response.headers["location"] = f"/api/recipes/styles/{card.id}"
    return _style_response(card)


@router.get("/styles/{style_id}")
def get_prompt_style(style_id: str, app: Studio, caller: Caller, response: Response) -> PromptStyleResponse:
    """One prompt style."""
    with app.db.transaction(caller) as tx:
        card = prompt_library.style(tx, style_id)
    set_etag(response, card.version)
    return _style_response(card)


@router.put("/styles/{style_id}")
def put_prompt_style(
    style_id: str, body: PromptStyleRequest, app: Studio, caller: Caller, if_match: IfMatch = ""
) -> PromptStyleResponse:
    """Its next version."""
    with app.db.transaction(caller, needs="editor") as tx:
        version = prompt_library.style(tx, style_id).version
        require_match(if_match, version, "style")
        return _style_response(prompt_library.save_style(tx, _style_draft(body), style_id=style_id, version=version))


@router.delete("/styles/{style_id}", status_code=204)
def delete_prompt_style(style_id: str, app: Studio, caller: Caller) -> None:
    """Pictures keep what they were drawn with."""
    with app.db.transaction(caller, needs="editor") as tx:
        prompt_library.delete_style(tx, style_id)


@router.get("/presets")
def list_presets(app: Studio, caller: Caller, response: Response, take: Take = None, skip: Skip = 0) -> Listing[PresetResponse]:
    """The caller's own presets, then everybody's, by name."""
    with app.db.transaction(caller) as tx:
        answers = [_preset_response(card) for card in prompt_library.presets(tx)]
    return sliced(response, answers, PresetResponse, take=take, skip=skip)


@router.post("/presets", status_code=201)
def create_preset(body: PresetRequest, app: Studio, caller: Caller) -> PresetResponse:
    """Saves a preset, over one of the same name. Pictures to start from and seeds are left out."""
    draft = GenerationDraft(**{"prompt": "", **to_snake_keys(body.values)})
    values = draft.model_copy(update={"init_asset_id": None, "mask_asset_id": None, "seed": -1}).model_dump(mode="json")
    with app.db.transaction(caller, needs="editor") as tx:
        return _preset_response(prompt_library.save_preset(tx, name=body.name, draft=values, own=body.is_own))


@router.patch("/presets/{preset_id}")
def change_preset(preset_id: str, body: PresetChangeRequest, app: Studio, caller: Caller) -> PresetResponse:
    """Whether the form starts with it."""
    with app.db.transaction(caller, needs="editor") as tx:
        return _preset_response(prompt_library.set_default_preset(tx, preset_id, on=body.is_default))


@router.delete("/presets/{preset_id}", status_code=204)
def delete_preset(preset_id: str, app: Studio, caller: Caller) -> None:
    """Deletes a preset."""
    with app.db.transaction(caller, needs="editor") as tx:
        prompt_library.delete_preset(tx, preset_id)


@router.patch("/unsaved-forms/{form}", status_code=204)
def save_unsaved_form(form: FormName, body: UnsavedFormRequest, app: Studio, caller: Caller) -> None:
    """Keeps what the caller has typed into a form of the pages and started nothing with yet: the last word of a page that is
    left."""
    with app.db.transaction(caller, needs="editor") as tx:
        prompt_library.save_unsaved_form(tx, form, body.texts)


@router.post("/import")
def import_prompts(body: ImportRequest, app: Studio, caller: Caller) -> ImportResponse:
    """Templates and lists from a file. What exists by name becomes a new version."""
    with app.db.transaction(caller, needs="editor") as tx:
        return ImportResponse.model_validate(prompt_library.import_text(tx, body.filename, body.text))


@router.get("/export", response_class=Response)
def export_prompts(app: Studio, caller: Caller) -> Response:
    """All of them, as `/api/recipes/import` takes them."""
    text = app.db.read_list(caller, prompt_library.export_json)
    return _file("prompts.json", text, "application/json")


def _style_draft(body: PromptStyleRequest) -> PromptStyleDraft:
    values = body.model_dump(exclude={"settings"})
    return PromptStyleDraft(**values, settings=PromptStyleSettings(**body.settings.model_dump()))


def _style_response(card: PromptStyleCard) -> PromptStyleResponse:
    names = PromptStyleResponse.model_fields.keys() - {"settings"}
    values = {name: getattr(card, name) for name in names}
    return PromptStyleResponse(**values, settings=card.settings.model_dump(exclude_none=True))


def _preset_response(card: PresetCard) -> PresetResponse:
    names = PresetResponse.model_fields.keys() - {"values"}
    return PresetResponse(
        **{name: getattr(card, name) for name in names}, values={to_camel(key): value for key, value in card.draft.items()}
    )


def _file(name: str, text: str, kind: str) -> Response:
    headers = {"content-disposition": disposition(name), "cache-control": "no-store", "x-content-type-options": "nosniff"}
    return Response(text, headers=headers, media_type=f"{kind}; charset=utf-8")
