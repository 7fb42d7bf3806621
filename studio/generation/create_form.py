"""What the Create form holds: kept from visit to visit, begun anew by an address, filled by shortcuts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import streamlit as st

from backend import assets, generation, loras, prompt_library, writing
from backend.errors import Invalid, NotFound, StudioError
from backend.generation import AxisDraft, GenerationDraft, LoraPick, PosePick
from backend.language import tr_lazy
from backend.prompt_library import PresetCard
from studio.shell.frame import Page
from studio.ui import kept_form
from studio.ui.form_keys import form_keys
from studio.ui.kept_form import Values

FORM = "create"
MODE_KEY = "create:way"
_ADDRESS = ("remix", "seed", "from", "part", "redraw", "start", "lora", "pose", "workflow", "text")
"""Parameters of the address that say what the form starts with."""


@dataclass(frozen=True, slots=True)
class CreateForm:
    """`key`: prefix of its widgets. `start`: what they begin with. `mode`: one, grid or list, with `axes` or `list_text`.
    `part`: whether an area of the start image is edited."""

    key: str
    start: GenerationDraft
    mode: str = "one"
    axes: tuple[AxisDraft, ...] = ()
    list_text: str = ""
    part: bool = False


def open_form(page: Page) -> CreateForm:
    """The form for this address. Raises NotFound, Invalid for an address that names what is not there."""
    address = tuple(st.query_params.get(name, "") for name in _ADDRESS)
    key, values = kept_form.open_form(
        page, FORM, address=address, context=page.influencer_id, marker=MODE_KEY, fill=partial(_fill, page)
    )
    return _form(key, values)


def as_kept(page: Page, form: CreateForm) -> CreateForm:
    """`form` with the axes and the list that were kept last."""
    saved = _form(form.key, kept_form.values(page, FORM))
    return replace(form, axes=saved.axes, list_text=saved.list_text)


def keep(page: Page, form: CreateForm, draft: GenerationDraft) -> None:
    """Keeps what the form holds now. `form`: with its mode, axes, list and part as they are now."""
    axes = [axis.model_dump(mode="json") for axis in form.axes]
    around = {"mode": form.mode, "axes": axes, "list": form.list_text, "part": form.part}
    kept_form.keep(page, FORM, _values(page, draft) | around)


def keep_prompt(page: Page, key: str) -> None:
    """For `on_change` of the prompt."""
    kept_form.keep_text(page, FORM, "prompt", key)


def keep_list(page: Page, key: str) -> None:
    """For `on_change` of the list."""
    kept_form.keep_text(page, FORM, "list", key)


def keys(page: Page, form: CreateForm) -> bool:
    """Whether Ctrl+Enter was just pressed. Also keeps what is typed when the page is left."""
    if not page.can_edit:
        return False
    saved = kept_form.values(page, FORM)
    texts = {
        "prompt": (f"{form.key}:prompt", str(saved.get("prompt", ""))),
        "list": (f"{form.key}:list:list", str(saved.get("list", ""))),
    }
    return form_keys("create:keys", workspace=page.workspace.id, form=FORM, texts=texts)


def fill_form(page: Page, draft: GenerationDraft) -> None:
    """Writes `draft` over what the form held; its mode, axes and list stay."""
    kept_form.fill(page, FORM, kept_form.values(page, FORM) | _values(page, draft))


def change_form(page: Page, **changes: Any) -> None:
    """Changes some fields of the draft; the others stay as they were typed."""
    fill_form(page, _form("", kept_form.values(page, FORM)).start.model_copy(update=changes))


def reset_form(page: Page) -> None:
    """Back to what the form starts with: the standard preset, or nothing."""
    with page.transaction() as tx:
        draft = _standard(tx)
    kept_form.fill(page, FORM, _values(page, _with_influencer(page, draft)))


def preset_draft(card: PresetCard) -> GenerationDraft | None:
    """The preset's draft; None when it was saved by a form with other fields."""
    try:
        return GenerationDraft(**card.draft)
    except StudioError:
        return None


def _fill(page: Page, saved: Values, *, asks: bool) -> Values:
    """Values for this address. `asks`: it names what the form is about; else the form is as it was left."""
    if saved and not asks:
        return _follow_influencer(page, _without_lost_pictures(page, saved))
    draft, part = _from_address(page, saved)
    return _values(page, _with_influencer(page, draft)) | {"part": part}


def _with_influencer(page: Page, draft: GenerationDraft) -> GenerationDraft:
    """With the influencer of the top bar, where the draft has none."""
    return draft.model_copy(update={"influencer_id": draft.influencer_id or page.influencer_id or None})


def _from_address(page: Page, saved: Values) -> tuple[GenerationDraft, bool]:
    """The draft, and whether an area is edited. Raises NotFound, Invalid."""
    parameters = st.query_params
    with page.transaction() as tx:
        if picture_id := parameters.get("remix"):
            return generation.remix(tx, picture_id, new_seed=parameters.get("seed") != "same"), False
        if parameters.get("redraw") and "from" in parameters:
            models = page.app.engines.image.models()
            if larger := generation.larger_redraw_draft(tx, parameters["from"], models=models):
                return larger, False
        if text_id := parameters.get("text"):
            text = writing.get(tx, text_id)
            size = writing.CONTENT_TYPES[text.content_type].size
            return GenerationDraft(prompt=text.parts.picture, influencer_id=text.influencer_id, size=size), False
        if parameters.get("part") and "from" in parameters:  # the picture's own prompt, to be changed for the area
            edited = {"init_asset_id": _start_asset(tx), "mask_asset_id": None, "strength": 0.9, "second_pass": None}
            return generation.remix(tx, parameters["from"]).model_copy(update=edited), True
        draft = _form("", saved).start if saved else _standard(tx)
        changes: dict[str, Any] = {}
        if asset_id := _start_asset(tx):
            changes |= {"init_asset_id": asset_id, "mask_asset_id": None}
        if "lora" in parameters:
            changes["loras"] = (LoraPick(lora_id=loras.get(tx, parameters["lora"]).id),)
        if requested := parameters.get("pose"):
            changes["pose"] = PosePick(asset_id=_picture_asset(tx, requested))
        if "workflow" in parameters:
            changes["workflow_id"] = parameters["workflow"]
        return draft.model_copy(update=changes), False


def _standard(tx: Any) -> GenerationDraft:
    standard = prompt_library.default_preset(tx)
    return (preset_draft(standard) if standard else None) or GenerationDraft()


def _start_asset(tx: Any) -> str | None:
    """Id of the asset that the address names: ?from=<gallery picture> or ?start=<asset>. Raises NotFound, Invalid."""
    parameters = st.query_params
    if requested := parameters.get("from") or parameters.get("start"):
        return _picture_asset(tx, requested)
    return None


def _picture_asset(tx: Any, requested: str) -> str:
    """The asset of a gallery picture, or the asset itself if it is one. Raises NotFound, Invalid."""
    if requested.startswith("pic_"):
        return generation.picture(tx, requested).asset_id
    if (card := assets.get(tx, requested)).kind != "image":
        raise Invalid(tr_lazy("This file is not a picture. Choose another one."))
    return card.id


def _without_lost_pictures(page: Page, saved: Values) -> Values:
    """Pictures that were deleted since the form was left are taken out of it."""
    draft = dict(saved.get("draft", {}))
    pose = draft.get("pose") or {}
    with page.transaction() as tx:
        if draft.get("init_asset_id") and not _is_there(tx, draft["init_asset_id"]):
            draft |= {"init_asset_id": None, "mask_asset_id": None}
        if draft.get("mask_asset_id") and not _is_there(tx, draft["mask_asset_id"]):
            draft["mask_asset_id"] = None
        if pose and not _is_there(tx, pose["asset_id"]):
            draft["pose"] = None
    return {**saved, "draft": draft, "part": bool(saved.get("part") and draft.get("init_asset_id"))}


def _is_there(tx: Any, asset_id: str) -> bool:
    try:
        assets.get(tx, asset_id)
    except NotFound:
        return False
    return True


def _follow_influencer(page: Page, saved: Values) -> Values:
    """With the influencer of the top bar, if that is another one than when the form was left."""
    if not page.influencer_id or saved.get("top") == page.influencer_id:
        return saved
    return {**saved, "draft": {**saved.get("draft", {}), "influencer_id": page.influencer_id}, "top": page.influencer_id}


def _values(page: Page, draft: GenerationDraft) -> Values:
    """As it is kept. The prompt stands by itself, so that a keystroke need not read the rest of the form. `top`: the influencer
    of the top bar at the time."""
    return {"draft": draft.model_dump(mode="json"), "prompt": draft.prompt, "top": page.influencer_id}


def _form(key: str, values: Values) -> CreateForm:
    try:
        draft = GenerationDraft(**{**values.get("draft", {}), "prompt": values.get("prompt", "")})
        axes = tuple(AxisDraft(**axis) for axis in values.get("axes", ()))
    except StudioError:  # kept by an earlier version of the form
        return CreateForm(key, GenerationDraft())
    return CreateForm(key, draft, values.get("mode", "one"), axes, values.get("list", ""), bool(values.get("part")))
