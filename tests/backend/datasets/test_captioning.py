"""Captions by a machine: paid once a picture, stopped by the budget, kept apart from what people wrote, taken back as one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from backend import budgets, datasets, influencers, jobs
from backend.app import App
from backend.bootstrap import bootstrap
from backend.budgets import OverBudget
from backend.datasets import CaptionOrder, DatasetMetadata
from backend.errors import Cancelled, Conflict, Invalid, Rejected
from backend.influencers import InfluencerDraft
from backend.settings import Settings
from tests.backend.budgets.conftest import server
from tests.backend.datasets.captioning import (
    UNPAID,
    caption_dataset,
    context,
    images_and_run,
    run_attempt,
    run_id_of,
    start_job,
)
from tests.backend.datasets.conftest import ingest, upload
from tests.factories.account import Tenant
from tests.factories.making import make_dataset
from tests.factories.pictures import photo
from tests.servers.openrouter import ModelServer
from tests.support.context import next_attempt

__all__ = ["server"]
Make = Callable[..., App]


@pytest.fixture
def studio(settings: Settings, server: ModelServer) -> Iterator[Make]:
    """`studio(CAPTION_AT_ONCE=1)`: one with a vision model."""
    with ExitStack() as apps:

        def make_app(**settings_update: object) -> App:
            update = {
                "OPENROUTER_API_KEY": "sk-test",
                "OPENROUTER_BASE_URL": server.url,
                "CAPTION_AT_ONCE": 1,
                **settings_update,
            }
            app = bootstrap(settings.replace(**update), role="studio")
            apps.callback(app.close)
            apps.callback(app.engines.text.close)  # type: ignore[attr-defined]
            return app

        yield make_app


@pytest.fixture
def bare(app: App, workspace: Tenant) -> str:
    """A dataset of four pictures: the first with a caption somebody wrote, the others without."""
    with app.db.transaction(workspace.caller) as tx:
        influencer = influencers.create(tx, InfluencerDraft(name="Bella Rossi", look_prompt="white shirt, a woman"))
        dataset_id = make_dataset(tx, images=4, storage=app.storage, influencer_id=influencer.id)
        first, *others = datasets.images(tx, dataset_id).images
        datasets.set_captions(tx, {image.id: ("", 0) for image in others} | {first.id: ("bella by hand", 0)})
    return dataset_id


def test_a_vision_model_captions_what_has_no_caption(studio: Make, server: ModelServer, workspace: Tenant, bare: str) -> None:
    app = studio()
    with app.db.transaction(workspace.caller) as tx:
        plan = datasets.estimate_captioning(app, tx, CaptionOrder(dataset_id=bare))
    assert (plan.captioner, plan.models, plan.pictures, plan.kept) == ("vision", "openai/gpt-4o-mini", 3, 1)
    assert plan.usual_usd is None
    assert plan.affordable == 3
    result = caption_dataset(app, workspace, bare)
    assert (result["written"], result["kept"], result["refused"], result["captioner"]) == (3, 1, 0, "vision")
    assert Decimal(result["costUsd"]) == server.total <= plan.most_usd
    images, run = images_and_run(app, workspace, bare)
    assert images[0].caption == "bella by hand"
    assert {entry.caption_source for entry in images[1:]} == {"vision"}
    assert all(entry.caption.startswith("bella, a woman smiling in front of a wall numbered") for entry in images[1:])
    assert not any("hair" in entry.caption or "white shirt" in entry.caption for entry in images), (
        "what never changes is not named"
    )
    assert run.unsure == 0
    with app.db.transaction(workspace.caller) as tx:
        results = datasets.caption_results(tx, run.id)
    assert all("long brown hair" in entry.reason for entry in results), "what was taken out is said"
    request = server.asked[0]["messages"]
    assert "<avoid>white shirt" in request[1]["content"][0]["text"]
    assert "never instructions" in request[0]["content"]
    with app.db.transaction(workspace.caller) as tx:
        spent = budgets.costs(tx, app.settings)
        assert jobs.get(tx, run.job_id).cost_usd == server.total
        second_plan = datasets.estimate_captioning(app, tx, CaptionOrder(dataset_id=bare, replace="machine"))
    assert [line.name for line in spent.by_kind] == ["auto-caption"]
    assert spent.by_influencer[0].name
    assert second_plan.usual_usd
    assert float(second_plan.usual_usd) == pytest.approx(float(server.total))


def test_an_attempt_that_died_pays_no_picture_again(studio: Make, server: ModelServer, workspace: Tenant, bare: str) -> None:
    app = studio(ENABLE_CACHING=False)
    ctx = context(app, workspace, start_job(app, workspace, bare, replace="all"))
    real_step = ctx.write_step

    def dying_step(name: str, work: Any, write: Any) -> object:
        if name.startswith("img") and len(server.asked) >= 3:
            raise KeyboardInterrupt
        return real_step(name, work, write)

    ctx.write_step = dying_step  # type: ignore[method-assign,assignment]
    with pytest.raises(KeyboardInterrupt):
        run_attempt(ctx)
    assert run_attempt(next_attempt(ctx))["written"] == 4
    assert len(server.asked) == 5, "only the one whose answer was under way is asked again"
    _, run = images_and_run(app, workspace, bare)
    assert (run.total, run.written) == (4, 4)


def test_the_budget_stops_it_and_what_is_done_stays(studio: Make, server: ModelServer, workspace: Tenant, bare: str) -> None:
    app = studio()
    with app.db.transaction(workspace.caller) as tx:
        price_of_one = datasets.estimate_captioning(app, tx, CaptionOrder(dataset_id=bare)).most_usd / 3
        budgets.set_limits(tx, daily_usd=price_of_one, monthly_usd=None, settings=app.settings)
        assert datasets.estimate_captioning(app, tx, CaptionOrder(dataset_id=bare)).affordable == 1
    ctx = context(app, workspace, start_job(app, workspace, bare))
    with pytest.raises(OverBudget, match=r"too little left.* of 3 pictures are done and stay so; try again then"):
        run_attempt(ctx)
    images, run = images_and_run(app, workspace, bare)
    done = [image for image in images if image.caption_source == "vision"]
    assert 1 <= len(done) == run.written == len(server.asked) < 3
    with app.db.transaction(workspace.caller) as tx:
        budgets.set_limits(tx, daily_usd=None, monthly_usd=None, settings=app.settings)
    assert run_attempt(next_attempt(ctx))["written"] == 3
    assert len(server.asked) == 3


def test_refused_pictures_are_listed_with_the_reason(studio: Make, server: ModelServer, workspace: Tenant, bare: str) -> None:
    app = studio()
    server.faults.times = {"image_refused": 1, "image_declined": 1}
    result = caption_dataset(app, workspace, bare)
    assert (result["written"], result["refused"]) == (1, 2)
    with app.db.transaction(workspace.caller) as tx:
        results = datasets.caption_results(tx, result["runId"], look_at=True)
    reasons = {entry.filename: entry.reason for entry in results if entry.outcome == "refused"}
    assert list(reasons) == ["1.jpg", "2.jpg"]
    assert "flagged" in reasons["1.jpg"]
    assert "I'm sorry" in reasons["2.jpg"]
    images, _ = images_and_run(app, workspace, bare)
    assert [bool(entry.caption) for entry in images] == [True, False, False, True]
    again = caption_dataset(
        app, workspace, bare, image_ids=tuple(entry.image_id for entry in results if not entry.caption), look=1
    )
    assert (again["written"], again["refused"]) == (2, 0)


def test_a_key_that_is_not_accepted_ends_the_job_at_once(
    studio: Make, server: ModelServer, workspace: Tenant, bare: str
) -> None:
    app = studio()
    server.faults.refuse = [(402, None)]
    with pytest.raises(Rejected, match="no credit left"):
        caption_dataset(app, workspace, bare)
    assert len(server.asked) == 1


def test_a_run_is_taken_back_as_one_act(app: App, settings: Settings, workspace: Tenant, bare: str) -> None:
    app.__dict__["settings"] = settings.replace(**UNPAID)
    ctx = context(app, workspace, start_job(app, workspace, bare, replace="all", prefix="photo", drop=("portrait",)))
    with pytest.raises(Conflict, match="being captioned already"):
        start_job(app, workspace, bare)
    assert run_attempt(ctx)["captioner"] == "template"
    images, run = images_and_run(app, workspace, bare)
    assert {entry.caption for entry in images} == {"bella, photo, picture of one person"}
    with app.db.transaction(workspace.caller) as tx:
        [edit] = [entry for entry in datasets.list_edits(tx, bare) if entry.kind == "auto-captions"]
        assert (edit.id, edit.count, edit.title) == (run.edit_id, 4, "Captioned 4 pictures from what was measured")
        history = datasets.caption_history(tx, images[0].id)
        assert [entry.source for entry in history] == ["template", "person"]
        datasets.set_captions(tx, {images[3].id: ("changed since", images[3].caption_version)})
        undo_result = datasets.undo_edit(tx, edit.id)
    assert (undo_result.count, undo_result.kept) == (3, 1)
    images, run = images_and_run(app, workspace, bare)
    assert [entry.caption for entry in images] == ["bella by hand", "", "", "changed since"]
    assert run.undone


def test_a_caption_written_meanwhile_is_kept_and_cancel_keeps_the_rest(app: App, workspace: Tenant, bare: str) -> None:
    ctx = context(app, workspace, start_job(app, workspace, bare, captioner="template"))
    with app.db.transaction(workspace.caller) as tx:
        _, second, *_ = datasets.images(tx, bare).images
    real_step = ctx.write_step

    def step_with_edit(name: str, work: Any, write: Any) -> object:
        if name == second.id:
            with app.db.transaction(workspace.caller) as tx:
                datasets.set_captions(tx, {second.id: ("faster", second.caption_version)})
        done = real_step(name, work, write)
        ctx.cancel_requested = name == second.id
        return done

    ctx.write_step = step_with_edit  # type: ignore[method-assign,assignment]
    with pytest.raises(Cancelled):
        run_attempt(ctx)
    images, run = images_and_run(app, workspace, bare)
    assert [image.caption for image in images] == ["bella by hand", "faster", "", ""]
    assert (run.written, run.kept, run.total) == (0, 2, 3)


def test_a_preview_changes_nothing_and_makes_the_whole_run_cheaper(
    studio: Make, server: ModelServer, workspace: Tenant, bare: str
) -> None:
    app = studio()
    job_id = start_job(app, workspace, bare, preview=True, key="p")
    assert start_job(app, workspace, bare, preview=True, key="p") == job_id
    assert run_attempt(context(app, workspace, job_id))["written"] == 3
    with app.db.transaction(workspace.caller) as tx:
        results = datasets.caption_results(tx, run_id_of(app, workspace, job_id))
        assert datasets.last_caption_run(tx, bare) is None
        assert [entry.caption for entry in datasets.images(tx, bare).images][1:] == ["", "", ""]
    assert {entry.outcome for entry in results} == {"shown"}
    assert caption_dataset(app, workspace, bare)["costUsd"] == "0"
    assert len(server.asked) == 3, "the same question within a day is not paid again"


def test_what_cannot_be_done_is_said(app: App, studio: Make, workspace: Tenant, bare: str) -> None:
    with app.db.transaction(workspace.caller) as tx:
        datasets.set_captions(tx, {image.id: ("x", image.caption_version) for image in datasets.images(tx, bare).images})
    with pytest.raises(Invalid, match="all of these pictures have one"):
        start_job(app, workspace, bare)
    for options, message in (({"captioner": "blip"}, "BLIP_DIR nowhere is not a folder"), ({"form": "tags"}, "sentences only")):
        app_without_blip = studio(CAPTION_ENGINE="blip", BLIP_DIR=Path("nowhere"))
        with pytest.raises(Invalid, match=message):
            start_job(app_without_blip, workspace, bare, replace="all", **options)
    with pytest.raises(Invalid, match="a vision model are not set up here"):
        start_job(app, workspace, bare, captioner="vision")
    with app.db.transaction(workspace.caller) as tx:
        datasets.set_trigger_word(tx, bare, "")
    with pytest.raises(Invalid, match="trigger word first"):
        start_job(app, workspace, bare, replace="all")


@pytest.mark.parametrize("paid", [False, True])
def test_new_pictures_are_captioned_where_it_is_free(studio: Make, workspace: Tenant, bare: str, paid: bool) -> None:
    app = studio(ENABLE_AUTO_CAPTIONS=True, CAPTION_ENGINE="auto" if paid else "template")
    upload(app, workspace, bare, {"new.jpg": photo(1)})
    ingest(app, workspace, bare)
    with app.db.transaction(workspace.caller) as tx:
        cards = jobs.page(tx, kinds=("auto-caption", "auto-caption-local")).cards
    assert [card.title for card in cards] == ([] if paid else ["Caption 4 pictures of Bella set"])


def test_captions_are_written_in_the_style_of_the_dataset(studio: Make, workspace: Tenant, bare: str) -> None:
    app = studio(**UNPAID)
    with app.db.transaction(workspace.caller, needs="editor") as tx:
        datasets.set_metadata(tx, bare, DatasetMetadata(caption_style="tags"))
    caption_dataset(app, workspace, bare)
    assert images_and_run(app, workspace, bare)[1].order.form == "tags"
    caption_dataset(app, workspace, bare, form="sentence", replace="machine")
    assert images_and_run(app, workspace, bare)[1].order.form == "sentence"
