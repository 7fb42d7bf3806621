"""Image parameters: each goes from the form to the engine's child process and back by remix, and is stored as it always was."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import NoneType, SimpleNamespace
from typing import Annotated, Any, get_args

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel
from sqlalchemy.orm import Session

from backend import generation
from backend.app import App
from backend.bootstrap import bootstrap
from backend.db.tables import Picture
from backend.engines.local.torch_host import ipc_codec
from backend.engines.ports.image import ImageParams, ImageParamsDraft, ImageRequest, fit_size
from backend.generation import GenerationDraft, ImageOverrides, PictureRecipe, SecondPassPick, pipeline
from backend.generation.recipe import differences
from backend.kit.ids import new_id
from backend.settings import Settings
from tests.factories.account import Tenant
from tests.factories.making import jpeg, make_asset
from tests.fakes.engines import MODEL, FakeImageEngine, FakeTrainer
from tests.fakes.identity import FakeIdentity

CARD = replace(MODEL, side=128, features=("picture", "mask", "hires"))
ONCE_A_REQUEST = {"feather", "second_pass"}
STORED: dict[str, Any] = {
    "ai_mark": False,
    "asked": "a {b|c}",
    "cfg": 4.5,
    "feather": 12,
    "finish": "casual",
    "height": 128,
    "init_asset_id": "ast_1",
    "loras": [{"lora_id": "lor_1", "name": "bella-v1", "weight": 0.8}],
    "mask_asset_id": "ast_2",
    "model": "tiny",
    "negative_asked": "x",
    "negative_prompt": "x, blurry",
    "pose": {"asset_id": "ast_3", "drawn": False, "strength": 0.9},
    "prompt": "bella, a b",
    "redrawn": 1,
    "sampler": "ddim",
    "second_pass": {"scale": 1.5, "strength": 0.5},
    "seeds": [7, 1099511627776],
    "size": "portrait",
    "steps": 12,
    "strength": 0.35,
    "style": {"name": "S", "style_id": "sty_1", "version": 1},
    "template": {"extra": "e", "name": "T", "template_id": "tpl_1", "values": {"place": "sea"}, "version": 2},
    "upscaled": {"detail": False, "model": "resample", "picture_id": "pic_1", "scale": 2},
    "width": 64,
    "with_look": True,
    "workflow": {"graph_id": "gra_1", "name": "G"},
}
"""A recipe as version 0.5.1 wrote it."""


def values_of(model: type[BaseModel]) -> dict[str, st.SearchStrategy[Any]]:
    """Values of each field of a draft, within its limits."""
    strategies = {}
    for name, field in model.model_fields.items():
        [kind] = [kind for kind in get_args(field.annotation) or (field.annotation,) if kind is not NoneType]
        nested = isinstance(kind, type) and issubclass(kind, BaseModel)
        values = st.builds(kind, **values_of(kind)) if nested else st.from_type(Annotated[kind, name, *field.metadata])
        strategies[name] = st.none() | values if field.default is None else values
    return strategies


def param_values(**fixed: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({**values_of(ImageParamsDraft), "sampler": st.sampled_from(["", *CARD.samplers]), **fixed})


SIZES = st.sampled_from([(None, None), (64, 64), (96, 128), (640, 1000), (128, 64)])


@pytest.fixture
def studio(settings: Settings) -> Iterator[App]:
    engines = SimpleNamespace(trainer=FakeTrainer(), image=FakeImageEngine(), identity=FakeIdentity())
    built = bootstrap(settings, engines=engines)
    yield built
    built.close()


def test_a_draft_asks_for_every_parameter() -> None:
    assert set(ImageParamsDraft.model_fields) == set(ImageParams.model_fields)


@settings(deadline=None, max_examples=25, phases=[Phase.generate], suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_every_parameter_reaches_the_engine_and_comes_back(
    studio: App, workspace: Tenant, tmp_path: Path, data: st.DataObject
) -> None:
    """Of two pictures of one request that differ in all that they may differ in: the second one is stored as overrides."""
    first, second = data.draw(param_values(), "first"), data.draw(param_values(), "second")
    for values in (first, second):
        values["width"], values["height"] = data.draw(SIZES)
    with studio.db.transaction(workspace.caller, needs="editor") as tx:
        pictures = _input_pictures(tx, studio, workspace, data.draw(st.sampled_from(["words", "picture", "mask"])))
        if pictures:
            first["second_pass"] = None
        second |= {name: first[name] for name in ONCE_A_REQUEST}
        drafts = [GenerationDraft(prompt="a cat", seed=5, n=1, **values, **pictures) for values in (first, second)]
        card = generation.start_list(tx, drafts=drafts, models=[CARD], request_key=new_id("key"))
        batch = pipeline._batch(tx, card.id)
        remixed = [_remix(tx, batch, n) for n in range(2)]
    for n, draft in enumerate(drafts):
        expected = _as_drawn(draft)
        assert batch.recipes[n].params() == expected
        request = pipeline._request(_context(studio, tmp_path), batch, [n])
        assert request.params() == expected
        assert ipc_codec.load(ImageRequest, json.loads(json.dumps(ipc_codec.dump(request)))) == request
        assert remixed[n].params() == expected


def _input_pictures(tx: Session, studio: App, workspace: Tenant, start_from: str) -> dict[str, str]:
    names = {"words": (), "picture": ("init_asset_id",), "mask": ("init_asset_id", "mask_asset_id")}[start_from]
    return {
        name: make_asset(tx, storage=studio.storage, data=jpeg(), key=f"images/{workspace.id}/{new_id('x')}.jpg")
        for name in names
    }


def _remix(tx: Session, batch: Any, n: int) -> GenerationDraft:
    row = Picture(id=new_id("pic"), generation_id=batch.card.id, n=n, asset_id=make_asset(tx), influencer_id=None)
    row.seed, row.prompt, row.model, row.shot = 5, "a cat", CARD.name, batch.overrides[n].plain()
    tx.add(row)
    tx.flush()
    return generation.remix(tx, row.id, new_seed=False)


def _context(studio: App, workdir: Path) -> Any:
    return SimpleNamespace(app=studio, workdir=workdir, device="", check=lambda: None)


def _as_drawn(draft: GenerationDraft) -> dict[str, Any]:
    """What was asked for; what was left empty as the model recommends, and a size that it can draw."""
    values = {name: getattr(CARD, name, value) if value in (None, "") else value for name, value in draft.params().items()}
    square = generation.SIZES["square"]
    size = fit_size(CARD, draft.width or square.width, draft.height or square.height)
    if draft.mask_asset_id:
        size = 96, 96  # the start picture's
    return {**values, "width": size[0], "height": size[1], "feather": draft.feather if draft.mask_asset_id else 0}


FILLED = {
    "width": st.integers(64, 4096),
    "height": st.integers(64, 4096),
    "steps": st.integers(1, 150),
    "cfg": st.floats(0, 30),
}


@settings(deadline=None)
@given(param_values(**FILLED), st.sets(st.sampled_from(list(ImageParams.model_fields))))
def test_an_override_is_a_recipe_with_some_parameters(values: dict[str, Any], names: set[str]) -> None:
    base, drawn = PictureRecipe.model_validate(STORED), ImageParams(**ImageParamsDraft(**values).params())
    recipe = base.model_copy(update={name: getattr(drawn, name) for name in names})
    [override] = differences(base, [recipe])
    stored = json.loads(json.dumps(override.plain()))
    assert set(stored) == {name for name in names if getattr(drawn, name) != getattr(base, name)}
    assert base.with_overrides(ImageOverrides.model_validate(stored)) == recipe


def test_recipes_drafts_and_overrides_are_stored_as_before() -> None:
    dumped = PictureRecipe.model_validate(STORED).model_dump()
    assert {name: dumped[name] for name in STORED} == STORED
    assert set(dumped) - set(STORED) <= set(ImageParams.model_fields), "a new parameter adds its name and nothing else"
    without = {name: STORED[name] for name in STORED if name not in {"strength", "feather", "second_pass"}}
    old = PictureRecipe.model_validate(without)
    assert (old.steps, old.strength, old.feather, old.second_pass) == (12, 0.6, 0, None)
    preset = {
        "cfg": None,
        "feather": 8,
        "finish": "",
        "height": None,
        "influencer_id": None,
        "init_asset_id": None,
        "loras": [],
        "mask_asset_id": None,
        "model": "",
        "n": 4,
        "negative_prompt": "",
        "pose": None,
        "prompt": "x",
        "sampler": "",
        "second_pass": {"scale": 2.0, "strength": 0.5},
        "seed": -1,
        "size": "square",
        "steps": 5,
        "strength": 0.6,
        "style_id": None,
        "template": None,
        "width": None,
        "with_look": True,
        "workflow_id": None,
    }
    draft = GenerationDraft(prompt="x", steps=5, second_pass=SecondPassPick(scale=2))
    dumped = draft.model_dump(mode="json")
    assert {name: dumped[name] for name in preset} == preset
    assert GenerationDraft(**preset) == draft
    override = {"prompt": "b", "steps": 8, "init_asset_id": "", "strength": 0.3}
    assert ImageOverrides.model_validate(override).plain() == override
    assert PictureRecipe.model_validate(STORED).with_overrides(ImageOverrides.model_validate(override)).init_asset_id is None
