"""Lists, grids and larger copies as a program orders them: all or nothing, once per key, within the limits, foretold."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import func, select

from backend import channels, generation, prompt_library
from backend.api.job_requests import JOB_REQUEST_TYPES, to_snake_keys
from backend.db.tables import Job
from backend.prompt_library import TemplateDraft
from tests.factories.account import Tenant
from tests.factories.making import make_dataset, make_influencer, make_pictures
from tests.support.browsing import browser


@pytest.fixture
def editor(app: Any, workspace: Tenant) -> Iterator[Any]:
    with browser(app, workspace.editor) as client:
        client.params = {"workspace": workspace.id}
        yield client


def order(client: Any, kind: str, payload: dict[str, Any], key: str = "", path: str = "/jobs") -> Any:
    return client.post(path, json={"type": kind, "payload": payload}, headers={"idempotency-key": key} if key else {})


def job_count(app: Any, workspace: Tenant) -> int:
    with app.db.transaction(workspace.caller) as tx:
        return int(tx.scalar(select(func.count()).select_from(Job)) or 0)


LINES = {
    "draft": {"steps": 7, "n": 4},
    "lines": ["portrait in a cafe", {"prompt": "at sunset", "n": 2, "negativePrompt": "rain"}],
}
GRID = {
    "draft": {"prompt": "portrait, smiling", "seed": 5},
    "axes": [{"kind": "steps", "values": [4, "6-8 (+2)"]}, {"kind": "replace", "values": ["smiling", "serious"]}],
}  # fmt: skip


def test_a_list_is_one_job_and_the_same_key_the_same_job(app: Any, editor: Any, workspace: Tenant) -> None:
    foretold = order(editor, "image-list", LINES, path="/jobs/estimate").json()
    assert (foretold["pictures"], foretold["ahead"], foretold["axes"], job_count(app, workspace)) == (3, 0, [], 0)
    made = order(editor, "image-list", LINES, "k")
    assert (made.status_code, made.json()["type"], made.json()["title"][:10]) == (201, "image-list", "List of 3:")
    assert made.headers["location"].startswith(f"/api/jobs/{made.json()['jobId']}")
    assert order(editor, "image-list", LINES, "k").json()["id"] == made.json()["id"]
    assert job_count(app, workspace) == 1
    with app.db.transaction(workspace.caller) as tx:
        card = generation.get(tx, made.json()["subjectId"])
        shots = generation.image_overrides(tx, card.id, card.n)
        each = [card.recipe.with_overrides(shot) for shot in shots]
    assert [(recipe.prompt, recipe.negative_prompt, recipe.steps) for recipe in each] == [
        ("portrait in a cafe", "", 7), ("at sunset", "rain", 7), ("at sunset", "rain", 7),
    ]  # fmt: skip
    assert editor.get(f"/generations/{card.id}/pictures").json() == {"data": [], "state": "pending"}


def test_what_is_wrong_is_said_for_every_line_and_nothing_starts(app: Any, editor: Any, workspace: Tenant) -> None:
    lines = ["fine", {"prompt": "a", "n": 99}, "<lora:nobody:1> b", {"promt": "c"}]
    answer = order(editor, "image-list", {"lines": lines})
    assert answer.status_code == 400
    for problem in ("Line 2: N:", "Line 3: ", "Line 4: Promt:"):
        assert problem in answer.json()["message"]
    assert "Line 1" not in answer.json()["message"]
    for kind, payload, problem in (
        ("image-list", {"lines": ["x"] * 201}, "at most 200"),
        ("image-list", {"lines": [{"prompt": "x", "n": 16}] * 13}, "208 pictures"),
        ("image-list", {"lines": []}, "at least 1"),
        ("image-grid", {"axes": [{"kind": axis, "values": ["1-30"]} for axis in ("seed", "steps")]}, "30 × 30 = 900 pictures"),
        ("image-grid", {"draft": {"prompt": "x"}, "axes": [{"kind": "shoes", "values": [1]}]}, "kind: Input"),
        ("image-upscale", {"pictureId": "pic_none", "scale": 99}, "less than or equal to 8"),
        ("image-generation", {"prompt": "x", "nn": 3}, "nn: Extra"),
    ):  # fmt: skip
        answer = order(editor, kind, payload)
        assert (answer.status_code, problem in answer.json()["message"]) == (400, True), answer.json()
    assert job_count(app, workspace) == 0


def test_a_grid_is_foretold_as_it_is_drawn(app: Any, editor: Any, workspace: Tenant) -> None:
    foretold = order(editor, "image-grid", GRID, path="/jobs/estimate").json()
    assert (foretold["pictures"], [axis["labels"] for axis in foretold["axes"]]) == (
        6,
        [["4", "6", "8"], ["smiling", "serious"]],
    )
    made = order(editor, "image-grid", GRID, "g").json()
    assert (made["type"], made["title"]) == ("image-grid", "Grid 3 × 2: portrait, smiling")
    with app.db.transaction(workspace.caller) as tx:
        card = generation.get(tx, made["subjectId"])
    assert (card.n, set(card.recipe.seeds), card.form) == (6, {5}, "grid")


def test_a_larger_copy_is_asked_for_once(app: Any, editor: Any, workspace: Tenant) -> None:
    with app.db.transaction(workspace.caller) as tx:
        [picture] = make_pictures(tx, 1)
    first, again = (order(editor, "image-upscale", {"pictureId": picture, "scale": 2}, "u").json() for _ in range(2))
    assert (first["type"], first["id"]) == ("image-upscale", again["id"])
    assert order(editor, "image-upscale", {"pictureId": "pic_none"}).status_code == 404
    assert order(editor, "image-upscale", {"pictureId": picture, "scale": 7}).status_code == 400
    refused = order(editor, "image-upscale", {"pictureId": picture}, path="/jobs/estimate")
    assert (refused.status_code, "image-grid" in refused.json()["message"]) == (400, True)


def test_what_was_uploaded_is_brought_in(app: Any, editor: Any, workspace: Tenant) -> None:
    nothing = order(editor, "picture-import", {})
    assert (nothing.status_code, "nothing to import" in nothing.json()["message"]) == (400, True)
    announcement = {"noun": "gallery", "nounId": "import", "filename": "a.jpg", "size": 3, "clientKey": "a"}
    upload = editor.post(f"/uploads/{workspace.id}", json=announcement).json()["id"]
    assert editor.put(f"/uploads/{workspace.id}/{upload}", content=b"abc").status_code == 200
    assert order(editor, "picture-import", {"aiMade": True}).json()["type"] == "picture-import"


def test_viewers_may_ask_what_it_would_come_to_and_start_nothing(app: Any, workspace: Tenant, other_workspace: Tenant) -> None:
    with app.db.transaction(other_workspace.caller) as tx:
        [theirs] = make_pictures(tx, 1)
    with browser(app, workspace.viewer) as viewer:
        viewer.params = {"workspace": workspace.id}
        assert order(viewer, "image-list", LINES, path="/jobs/estimate").status_code == 200
        for kind, payload in (("image-list", LINES), ("image-grid", GRID), ("image-upscale", {"pictureId": "pic_1"})):
            assert order(viewer, kind, payload).status_code == 403
    with browser(app, workspace.editor) as client:
        client.params = {"workspace": workspace.id}
        assert order(client, "image-upscale", {"pictureId": theirs}).status_code == 404


def test_blanks_of_a_template_keep_their_names(app: Any, editor: Any, workspace: Tenant) -> None:
    with app.db.transaction(workspace.caller) as tx:
        card = prompt_library.save_template(tx, TemplateDraft(name="Place", prompt="portrait, {hairColour} hair", negative=""))
    draft = {"template": {"templateId": card.id, "version": card.version, "values": {"hairColour": "red"}}}
    made = order(editor, "image-list", {"draft": draft, "lines": ["smiling"]}).json()
    assert made["title"].endswith("portrait, red hair, smiling")
    assert to_snake_keys({"loraId": 1, "values": ["aB"]}) == {"lora_id": 1, "values": ["aB"]}


def test_the_api_describes_every_type_in_its_own_spelling(app: Any, editor: Any, workspace: Tenant) -> None:
    with app.db.transaction(workspace.caller) as tx:
        set_id, bella = make_dataset(tx), make_influencer(tx).id
        channel = channels.add_sandbox(tx, bella).id
    schemas = editor.get("/openapi.json").json()["components"]["schemas"]["JobRequest"]["oneOf"]
    assert [schema["title"] for schema in schemas] == list(JOB_REQUEST_TYPES)
    by_name = {schema["title"]: schema["properties"]["payload"]["properties"] for schema in schemas}
    assert "negativePrompt" in by_name["image-grid"]["draft"]["properties"]
    assert "loraId" in by_name["image-grid"]["axes"]["items"]["properties"]
    assert "pictureId" in by_name["image-upscale"]
    for kind, work in JOB_REQUEST_TYPES.items():
        if work.estimate:
            example = json.dumps(work.example, ensure_ascii=False).replace("inf_…", bella).replace("ds_…", set_id)
            payload = json.loads(example.replace("chn_…", channel))
            assert order(editor, kind, payload, path="/jobs/estimate").status_code == 200, kind


def test_words_are_foretold_with_their_picture(app: Any, editor: Any, workspace: Tenant) -> None:
    with app.db.transaction(workspace.caller) as tx:
        bella = make_influencer(tx).id
    text = order(editor, "content-generation", {"influencerId": bella, "topic": "yoga"}, path="/jobs/estimate").json()
    assert (text["pictures"], text["usualUsd"], text["mostUsd"], job_count(app, workspace)) == (1, "0", "0", 0)
    ideas = order(editor, "content-ideas", {"influencerId": bella, "days": 10}, path="/jobs/estimate").json()
    assert (ideas["pictures"], ideas["seconds"], ideas["mostUsd"]) == (0, None, "0")
    for kind in ("content-generation", "content-ideas"):
        assert order(editor, kind, {"influencerId": "inf_gone", "topic": "x"}, path="/jobs/estimate").status_code == 404
