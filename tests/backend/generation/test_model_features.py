"""Poses, second passes and imported workflows: asked for only where they can be had, and carried to the engine."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from backend import generation, jobs, workflows
from backend.app import App
from backend.bootstrap import bootstrap
from backend.db.tables import ComfyGraph
from backend.db.transactions import Database
from backend.engines.ports.image import SecondPass
from backend.engines.ports.upscale import UpscaleCard
from backend.errors import Invalid
from backend.generation import GenerationDraft, GenerationPayload, PosePick, SecondPassPick, pipeline, rules
from backend.settings import Settings
from backend.workflows import WorkflowDraft
from tests.factories import graphs as known
from tests.factories.account import Tenant
from tests.factories.making import jpeg, make_asset, make_pictures
from tests.fakes.engines import MODEL, FakeImageEngine, FakeTrainer
from tests.fakes.identity import FakeIdentity
from tests.support.context import make_context

PLAIN = replace(MODEL, features=("picture", "mask"))
ABLE = replace(MODEL, features=("picture", "mask", "pose", "hires", "graph"))


class AbleEngine(FakeImageEngine):
    def models(self) -> list[Any]:
        return [ABLE]


@pytest.fixture
def engine() -> AbleEngine:
    return AbleEngine()


@pytest.fixture
def studio(settings: Settings, engine: AbleEngine) -> Iterator[App]:
    built = bootstrap(settings, engines=SimpleNamespace(trainer=FakeTrainer(), image=engine, identity=FakeIdentity()))
    yield built
    built.close()


def brought(db: Database, tenant: Tenant, name: str = "txt2img_lora_sd15", *, approved: bool = False) -> workflows.WorkflowCard:
    with db.transaction(tenant.caller, needs="owner") as tx:
        card = workflows.import_workflow(tx, draft=WorkflowDraft(name=name, text=known.text(name)))
        if approved:
            workflows.record_trial_request(tx, card.id, "gen_x")
            workflows.record_trial(tx, card.id, "gen_x")
            card = workflows.approve(tx, card.id, allowed=())
    return card


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"pose": PosePick(asset_id="a", drawn=True)}, "cannot use a pose"),
        ({"second_pass": SecondPassPick()}, "cannot make a second, larger pass"),
        ({"pose": PosePick(asset_id="a"), "init_asset_id": "b"}, "Remove one of them"),
        ({"second_pass": SecondPassPick(), "init_asset_id": "b"}, "Remove the start image"),
    ],
)
def test_what_the_model_cannot_is_a_sentence(values: dict[str, Any], says: str) -> None:
    with pytest.raises(Invalid, match=says):
        rules.check_features(GenerationDraft(prompt="x", **values), PLAIN, None)


def test_a_pose_from_a_photo_needs_a_reader() -> None:
    draft = GenerationDraft(prompt="x", pose=PosePick(asset_id="a"))
    with pytest.raises(Invalid, match="read a pose from a picture"):
        rules.check_features(draft, ABLE, None)
    rules.check_features(draft, replace(ABLE, features=(*ABLE.features, "pose-photo")), None)


def test_a_workflow_is_asked_only_for_what_it_takes(db: Database, workspace: Tenant) -> None:
    plain, picture = (brought(db, workspace, name) for name in ("txt2img_lora_sd15", "img2img_lora_sd15"))
    with pytest.raises(Invalid, match="needs ComfyUI"):
        rules.check_features(GenerationDraft(prompt="x"), PLAIN, plain)
    with pytest.raises(Invalid, match="uses no start image"):
        rules.check_features(GenerationDraft(prompt="x", init_asset_id="a"), ABLE, plain)
    with pytest.raises(Invalid, match="needs a start image"):
        rules.check_features(GenerationDraft(prompt="x"), ABLE, picture)
    rules.check_features(GenerationDraft(prompt="x", init_asset_id="a"), ABLE, picture)


def test_a_pose_and_a_second_pass_reach_the_engine(studio: Any, workspace: Tenant, engine: AbleEngine) -> None:
    with studio.db.transaction(workspace.caller, needs="editor") as tx:
        pose = make_asset(tx, storage=studio.storage, data=jpeg(), key=f"images/{workspace.id}/pose.jpg")
        draft = GenerationDraft(
            prompt="portrait", n=1, pose=PosePick(asset_id=pose, strength=0.7, drawn=True), second_pass=SecondPassPick(scale=2)
        )
        card = generation.start(tx, draft=draft, models=[ABLE], request_key="k")
        notes = generation.assemble(tx, draft=draft, models=[ABLE]).notes
    assert "A second pass makes it 128 × 128 px." in notes
    bytes_seen: list[bytes] = []
    engine._at = lambda point: bytes_seen.append(engine.requests[0].pose.read_bytes()) if point == "output-0" else None  # type: ignore[union-attr]
    payload = GenerationPayload(generation_id=card.id)
    pipeline.run(make_context(studio, workspace, "image-generation", payload, job_id=card.job_id), payload)
    [request] = engine.requests
    assert (request.pose_strength, request.pose_drawn, request.second_pass) == (0.7, True, SecondPass(scale=2, strength=0.5))
    assert bytes_seen == [jpeg()]
    with studio.db.transaction(workspace.caller) as tx:
        [picture] = generation.pictures_of(tx, card.id)
        remixed = generation.remix(tx, picture.id)
    assert (remixed.pose, remixed.second_pass) == (draft.pose, draft.second_pass)


def test_a_trial_picture_then_approval_then_everybody(studio: Any, workspace: Tenant, engine: AbleEngine) -> None:
    card = brought(studio.db, workspace)
    draft = GenerationDraft(prompt="portrait", n=4, workflow_id=card.id)
    with studio.db.transaction(workspace.editor.caller, needs="editor") as tx:
        with pytest.raises(Invalid, match="not approved yet"):
            generation.start(tx, draft=draft, models=[ABLE], request_key="k1")
        card_ = generation.try_workflow(tx, graph_id=card.id, draft=draft, models=[ABLE], allowed=(), request_key="k2")
    assert card_.n == 1
    payload = GenerationPayload(generation_id=card_.id)
    pipeline.run(make_context(studio, workspace, "image-generation", payload, job_id=card_.job_id), payload)
    [request] = engine.requests
    assert request.workflow
    assert request.workflow.graph == known.graph("txt2img_lora_sd15")
    assert request.workflow.takes("prompt")
    with studio.db.transaction(workspace.caller, needs="owner") as tx:
        assert workflows.approve(tx, card.id, allowed=()).tried_id == card_.id
        started = generation.start(tx, draft=draft, models=[ABLE], request_key="k3")
    assert started.recipe.workflow
    assert started.recipe.workflow.name == card.name


def test_a_class_taken_off_the_list_stops_the_next_drawing(studio: Any, workspace: Tenant, engine: AbleEngine) -> None:
    card = brought(studio.db, workspace, approved=True)
    with studio.db.transaction(workspace.caller, needs="owner") as tx:
        card_ = generation.start(
            tx, draft=GenerationDraft(prompt="x y", n=1, workflow_id=card.id), models=[ABLE], request_key="k"
        )
        row = tx.get_one(ComfyGraph, card.id)
        row.graph = {**row.graph, "50": {"class_type": "ShellCommand", "inputs": {}}}
    payload = GenerationPayload(generation_id=card_.id)
    context = make_context(studio, workspace, "image-generation", payload, job_id=card_.job_id)
    with pytest.raises(Invalid, match=r"cannot be used.*ShellCommand"):
        pipeline.run(context, payload)
    assert engine.requests == []


@pytest.mark.parametrize(("device", "kind", "queue"), [("image", "image-upscale-gpu", "gpu"), ("", "image-upscale", "cpu")])
def test_what_enlarges_on_a_card_holds_it(db: Database, workspace: Tenant, device: str, kind: str, queue: str) -> None:
    with db.transaction(workspace.editor.caller, needs="editor") as tx:
        [picture] = make_pictures(tx, 1)
        upscaler = UpscaleCard("4x.pth", "4x", (2, 4), True, "", device)
        card = generation.start_upscale(tx, picture, scale=2, models=[upscaler], request_key="k")
        job = jobs.get(tx, card.job_id)
    assert (job.kind, jobs.JOB_TYPES[job.kind].queue, jobs.JOB_TYPES[job.kind].device) == (kind, queue, device)
