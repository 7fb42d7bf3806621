"""Lists, grids, wildcards, templates and styles on real servers with a fake engine: what is asked for is what is drawn."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import select

from backend import assets, generation, jobs, prompt_library
from backend.app import App
from backend.bootstrap import bootstrap
from backend.db.tables import Generation, Job
from backend.engines.local.pillow_upscaler import Resampler
from backend.errors import Invalid
from backend.generation import (
    AxisDraft,
    GenerationCard,
    GenerationDraft,
    GenerationPayload,
    PictureCard,
    TemplatePick,
    pipeline,
)
from backend.jobs import AttemptRef, WaitForChildren
from backend.jobs.rules import outcome_of_error
from backend.kit.ids import new_id
from backend.prompt_library import PromptStyleDraft, TemplateDraft, WildcardDraft
from backend.settings import Settings
from tests.factories.account import Tenant
from tests.factories.making import jpeg, make_asset, make_influencer
from tests.fakes.engines import FakeImageEngine, FakeTrainer
from tests.fakes.identity import FakeIdentity
from tests.support.context import make_context, next_attempt


@pytest.fixture
def engine() -> FakeImageEngine:
    return FakeImageEngine()


@pytest.fixture
def studio(settings: Settings, engine: FakeImageEngine) -> Iterator[App]:
    upscaler = Resampler(settings)
    built = bootstrap(
        settings, engines=SimpleNamespace(trainer=FakeTrainer(), image=engine, upscaler=upscaler, identity=FakeIdentity())
    )
    yield built
    built.close()


@pytest.fixture
def do(studio: App, workspace: Tenant) -> Callable[..., Any]:
    """`do(verb, …)`: one verb in an editor's transaction."""

    def do(verb: Callable[..., Any], *args: Any, **keywords: Any) -> Any:
        with studio.db.transaction(workspace.editor.caller, needs="editor") as tx:
            return verb(tx, *args, **keywords)

    return do


@pytest.fixture
def drawn(studio: Any, workspace: Tenant, do: Any) -> Callable[..., list[PictureCard]]:
    """`drawn(verb, …)`: asks, draws, returns the pictures by number."""

    def drawn(verb: Callable[..., GenerationCard], **keywords: Any) -> list[PictureCard]:
        card = do(verb, models=studio.engines.image.models(), request_key=new_id("req"), **keywords)
        payload = GenerationPayload(generation_id=card.id)
        context = make_context(studio, workspace, "image-generation", payload, job_id=card.job_id)
        pipeline.run(context, payload)
        return list(do(generation.pictures_of, card.id))

    return drawn


def draft(prompt: str = "portrait", **values: Any) -> GenerationDraft:
    return GenerationDraft(**{"prompt": prompt, "n": 4, "seed": 10, **values})


def test_words_differ_by_seed_and_a_remix_is_exact_whatever_became_of_the_list(do: Any, drawn: Any, engine: Any) -> None:
    places = do(prompt_library.save_wildcard, WildcardDraft(name="places", lines=("at the beach", "in Rome", "in a forest")))
    pictures = drawn(generation.start, draft=draft("{red|blue} hair, __places__", n=8))
    assert len({picture.prompt for picture in pictures}) > 2
    assert all("_" not in picture.prompt and "{" not in picture.prompt for picture in pictures)
    assert [tuple(request.prompts) for request in engine.requests] == [tuple(picture.prompt for picture in pictures)]
    request = do(generation.get, pictures[0].generation_id)
    assert request.recipe.asked == "{red|blue} hair, __places__"
    do(prompt_library.delete_wildcard, places.id)
    exact = do(generation.remix, pictures[3].id, new_seed=False)
    assert (exact.prompt, exact.seed) == (pictures[3].prompt, 13)
    assert do(generation.assemble, draft=exact, models=engine.models()).prompt == pictures[3].prompt
    assert do(generation.remix, pictures[3].id).prompt == "{red|blue} hair, __places__"
    with pytest.raises(Invalid, match="no wildcard list called places"):
        drawn(generation.start, draft=draft("__places__"))


def test_the_same_seed_says_the_same_words(do: Any, drawn: Any) -> None:
    first_draft = draft("{a|b|c|d|e|f} {1|2|3|4|5|6}", n=3)
    second = first_draft.model_copy(update={"n": 1, "seed": 11})
    assert drawn(generation.start, draft=first_draft)[1].prompt == drawn(generation.start, draft=second)[0].prompt


def test_a_template_and_a_style_are_frozen_with_their_versions(do: Any, drawn: Any) -> None:
    first = do(
        prompt_library.save_template, TemplateDraft(name="Face", prompt="portrait of {who}, {place=at noon}", negative="hat")
    )
    style = do(prompt_library.save_style, PromptStyleDraft(name="Neon", prompt="{pink|cyan} neon light", negative="day"))
    pick = TemplatePick(template_id=first.id, version=1, values={"who": "a {tall|small} man"})
    second = do(prompt_library.save_template, TemplateDraft(name="Face", prompt="{who}"), template_id=first.id, version=1)
    assert (second.version, do(prompt_library.template, first.id, 1).prompt) == (2, first.prompt)
    [one, *_] = drawn(generation.start, draft=draft("smiling", template=pick, style_id=style.id))
    assert one.prompt.startswith("portrait of a ")
    assert one.prompt.endswith("neon light")
    assert ", at noon, smiling, " in one.prompt
    recipe = one.recipe
    assert recipe.negative_prompt == "hat, day"
    assert recipe.template
    assert recipe.style
    assert (recipe.template.template_id, recipe.template.version, recipe.template.extra) == (first.id, 1, "smiling")
    assert (recipe.style.name, recipe.style.version) == ("Neon", 1)
    varied = do(generation.remix, one.id)
    assert (varied.template, varied.style_id, varied.prompt) == (
        pick.model_copy(update={"values": {"who": "a {tall|small} man", "place": ""}}),
        style.id,
        "smiling",
    )
    do(prompt_library.delete_style, style.id)
    exact = do(generation.remix, one.id, new_seed=False)
    assert (exact.template, exact.style_id, exact.prompt) == (None, None, one.prompt)


def test_a_grid_draws_each_cell_and_loads_each_checkpoint_once(do: Any, drawn: Any, engine: Any) -> None:
    axes = [AxisDraft(kind="steps", values=("5", "10", "15")), AxisDraft(kind="sampler", values=("ddim", "euler"))]
    pictures = drawn(generation.start_grid, draft=draft(seed=-1), axes=axes)
    assert [(picture.recipe.steps, picture.recipe.sampler) for picture in pictures] == [
        (5, "ddim"),
        (10, "ddim"),
        (15, "ddim"),
        (5, "euler"),
        (10, "euler"),
        (15, "euler"),
    ]
    assert len({picture.seed for picture in pictures}) == 1
    card = do(generation.get, pictures[0].generation_id)
    assert (card.form, [axis.title for axis in card.grid.axes]) == ("grid", ["Steps", "Sampler"])
    assert do(jobs.get, card.job_id).title == "Grid 3 × 2: portrait"
    engine.requests.clear()
    models = [AxisDraft(kind="steps", values=("5", "10")), AxisDraft(kind="model", values=("tiny", "big"))]
    drawn(generation.start_grid, draft=draft(loras=(), size="square"), axes=models)
    assert [request.model for request in engine.requests] == ["tiny", "tiny", "big", "big"]


def test_a_list_is_one_request_that_steps_aside_and_goes_on(
    studio: Any, workspace: Tenant, do: Any, engine: Any, monkeypatch: Any
) -> None:
    drafts = [draft(f"line {n}", n=1, seed=n) for n in range(20)]
    card = do(generation.start_list, drafts=drafts, models=engine.models(), request_key="list")
    alone = do(generation.start, draft=draft(n=1), models=engine.models(), request_key="alone")
    assert [status.subject_id for status in do(jobs.queue_status, "gpu")] == [alone.id, card.id]
    monkeypatch.setattr(pipeline, "MAX_TURN_S", -1.0)
    payload = GenerationPayload(generation_id=card.id)
    context = make_context(studio, workspace, "image-generation", payload, job_id=card.job_id)
    for done in (8, 16):
        with pytest.raises(WaitForChildren):
            pipeline.run(context, payload)
        assert do(generation.get, card.id).done == done
        ref, aside = (
            AttemptRef(card.job_id, context.attempt_id),
            outcome_of_error(WaitForChildren(), retries=0, max_retries=3, delays=(60.0,), submitted=False),
        )
        assert do(jobs.finish_attempt, ref, aside) == "pending"
        assert [(status.id, status.running) for status in do(jobs.queue_status, "gpu")] == [
            (alone.job_id, False),
            (card.job_id, False),
        ]
        assert do(jobs.get, card.job_id).not_before is None
        context = next_attempt(context)
    assert len(pipeline.run(context, payload)["assets"]) == 20
    assert [len(request.seeds) for request in engine.requests] == [8, 8, 4]
    assert [picture.prompt for picture in do(generation.pictures_of, card.id)] == [f"line {n}" for n in range(20)]
    assert do(prompt_library.earlier_prompts)[0].prompt == "portrait"


def test_a_list_is_proofread_and_foretold(do: Any, drawn: Any, engine: Any) -> None:
    lines = generation.parse_list("a cat\na <lora:nope>\n__nope__\na {b", draft())
    read = do(generation.check_lines, lines, models=engine.models())
    assert [bool(line.draft) for line in read] == [True, False, False, False]
    plan = do(generation.preview, drafts=[line.draft for line in read if line.draft], models=engine.models())
    assert (plan.pictures, plan.ahead) == (1, 0)
    with pytest.raises(Invalid, match="at most 200"):
        do(generation.preview, drafts=[draft(n=16)] * 13, models=engine.models())


def test_a_mask_reaches_the_engine_and_its_picture_keeps_its_size(studio: Any, workspace: Tenant, do: Any, drawn: Any) -> None:
    files = {name: do(make_asset, storage=studio.storage, data=jpeg(), key=f"images/{name}.jpg") for name in ("a", "b")}
    [one] = drawn(generation.start, draft=draft(init_asset_id=files["a"], mask_asset_id=files["b"], feather=3, n=1))
    request = studio.engines.image.requests[0]
    assert (request.mask.name, request.feather, request.init_image.read_bytes()) == ("mask.jpg", 3, jpeg())
    assert (one.recipe.width, one.recipe.height) == (96, 96)
    with pytest.raises(Invalid, match="the picture it lies on"):
        draft(mask_asset_id=files["b"])


def test_lines_and_cells_draw_from_pictures_and_at_strengths_of_their_own(studio: Any, do: Any, drawn: Any) -> None:
    files = {name: do(make_asset, storage=studio.storage, data=jpeg(), key=f"images/{name}.jpg") for name in ("a", "b")}
    own = [{"init_asset_id": files["a"]}, {"init_asset_id": files["b"], "strength": 0.3}, {}]
    pictures = drawn(generation.start_list, drafts=[draft(f"line {n}", n=1, **more) for n, more in enumerate(own)])
    assert [picture.recipe.init_asset_id for picture in pictures] == [files["a"], files["b"], None]
    requests = studio.engines.image.requests
    assert [(bool(request.init_image), request.strength) for request in requests] == [(True, 0.6), (True, 0.3), (False, 0.6)]
    assert requests[0].init_image != requests[1].init_image
    assert do(generation.remix, pictures[1].id, new_seed=False).strength == 0.3
    assert all(do(assets.uses, file) for file in files.values())
    requests.clear()
    axes = [AxisDraft(kind="strength", values=("0.2", "0.8"))]
    drawn(generation.start_grid, draft=draft(init_asset_id=files["a"]), axes=axes)
    assert [request.strength for request in requests] == [0.2, 0.8]


def test_a_picture_is_made_larger_and_says_how(studio: Any, workspace: Tenant, do: Any, drawn: Any) -> None:
    influencer = do(make_influencer)
    [one] = drawn(generation.start, draft=draft(n=1, influencer_id=influencer.id))
    do(assets.add_meta, one.asset_id, {assets.FACE_META: [0.2, 0.3]})
    card = do(generation.start_upscale, one.id, scale=4, models=studio.engines.upscaler.models(), request_key="up")
    assert (
        do(generation.start_upscale, one.id, scale=2, models=studio.engines.upscaler.models(), request_key="up").id == card.id
    )
    payload = GenerationPayload(generation_id=card.id)
    context = make_context(studio, workspace, "image-upscale", payload, job_id=card.job_id)
    first, again = pipeline.upscale(context, payload), pipeline.upscale(next_attempt(context), payload)
    assert first == again == {**first["assets"][0], "pictures": 1, "assets": first["assets"]}
    [larger] = do(generation.pictures_of, card.id)
    assert (larger.width, larger.height, larger.seed, larger.influencer_id) == (256, 256, one.seed, influencer.id)
    assert assets.face_of(do(assets.get, larger.asset_id)) == (0.2, 0.3)
    assert larger.recipe.upscaled
    assert (larger.recipe.upscaled.picture_id, larger.recipe.upscaled.detail) == (one.id, False)
    with pytest.raises(Invalid, match="way of upscaling"):
        do(generation.start_upscale, one.id, scale=3, models=studio.engines.upscaler.models(), request_key="up3")


def test_a_grid_becomes_one_labelled_picture(studio: Any, workspace: Tenant, do: Any, drawn: Any) -> None:
    axes = [
        AxisDraft(kind="steps", values=("5", "10")),
        AxisDraft(kind="cfg", values=("1", "2")),
        AxisDraft(kind="seed", values=("1", "2")),
    ]
    pictures = drawn(generation.start_grid, draft=draft(), axes=axes)
    job = do(generation.start_sheet, pictures[0].generation_id, request_key="sheet")
    payload = GenerationPayload(generation_id=pictures[0].generation_id)
    result = pipeline.sheet(make_context(studio, workspace, "image-sheet", payload, job_id=job.id), payload)
    stored = do(assets.get, result["assetId"])
    with Image.open(io.BytesIO(b"".join(studio.storage.open(stored.key)))) as sheet:
        assert sheet.height > sheet.width
    second = do(generation.start_sheet, pictures[0].generation_id, request_key="again")
    do(lambda tx: setattr(tx.get_one(Job, job.id), "state", "completed"))
    do(lambda tx: setattr(tx.get_one(Job, job.id), "result", result))
    newer = pipeline.sheet(make_context(studio, workspace, "image-sheet", payload, job_id=second.id), payload)
    assert [do(assets.get, entry["assetId"]).state for entry in (result, newer)] == ["deleted", "stored"]
    with pytest.raises(Invalid, match="Only a grid"):
        do(generation.start_sheet, drawn(generation.start, draft=draft(n=1))[0].generation_id, request_key="no")


def test_a_request_without_differences_keeps_none(do: Any, engine: Any) -> None:
    card = do(generation.start, draft=draft(), models=engine.models(), request_key="plain")
    assert do(lambda tx: tx.scalar(select(Generation.shots).where(Generation.id == card.id))) is None


def test_a_model_redraws_a_picture_as_large_as_it_can(do: Any, drawn: Any, engine: Any) -> None:
    [one] = drawn(generation.start, draft=draft(n=1))
    assert do(generation.larger_redraw_draft, one.id, models=engine.models()) is None
    [tiny, big] = engine.models()
    larger = do(generation.larger_redraw_draft, one.id, models=[replace(tiny, longest_px=96), big])
    assert (larger.width, larger.height, larger.init_asset_id, larger.seed, larger.n) == (96, 96, one.asset_id, 10, 1)
    assert larger.strength < 0.5


def test_of_labelled_pictures_the_one_asked_for_last_stays_whoever_dies_or_is_late(
    studio: Any, workspace: Tenant, do: Any, drawn: Any
) -> None:
    pictures = drawn(generation.start_grid, draft=draft(), axes=[AxisDraft(kind="steps", values=("5", "10"))])
    payload = GenerationPayload(generation_id=pictures[0].generation_id)
    first_draft = [do(generation.start_sheet, payload.generation_id, request_key=key) for key in ("early", "late")]
    early, late = (make_context(studio, workspace, "image-sheet", payload, job_id=job.id) for job in first_draft)
    died = pipeline.sheet(late, payload)
    second = pipeline.sheet(next_attempt(late), payload)
    slow = pipeline.sheet(early, payload)
    assert [do(assets.get, entry["assetId"]).state for entry in (died, second)] == ["deleted", "stored"]
    newest = do(generation.start_sheet, payload.generation_id, request_key="newest")
    pipeline.sheet(make_context(studio, workspace, "image-sheet", payload, job_id=newest.id), payload)
    assert [do(assets.get, entry["assetId"]).state for entry in (second, slow)] == ["deleted"] * 2
