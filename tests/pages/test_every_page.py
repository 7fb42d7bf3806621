"""Every page in an empty workspace and in one that is used, for people who may change things and for those who may not."""

from __future__ import annotations

import pytest

from backend.db.transactions import Database
from studio.shell import nav
from tests.factories.account import Tenant
from tests.factories.studio_rows import Rows, fill_workspace
from tests.pages.conftest import Open, words
from tests.pages.hostile import hostile, rendered

TITLES = {item.file: item.title for item in nav.ITEMS}
FILES = list(TITLES)
CHANGES = {
    "Delete",
    "Save",
    "Create pictures",
    "Start training",
    "Archive",
    "Rename",
    "New influencer",
    "New dataset",
    "Try again",
}


@pytest.fixture
def rows(db: Database, workspace: Tenant) -> Rows:
    return fill_workspace(db, workspace)


@pytest.fixture
def typed(db: Database, workspace: Tenant, rows: Rows) -> Rows:
    """The same, its names full of markdown."""
    hostile(db, workspace)
    return rows


@pytest.mark.parametrize("file", FILES)
def test_an_empty_workspace(open_page: Open, file: str) -> None:
    at = open_page(file)
    assert not at.exception
    assert not at.error
    assert at.title[0].value.endswith(TITLES[file])


@pytest.mark.parametrize("file", FILES)
def test_a_workspace_in_use_whose_names_are_markdown(open_page: Open, typed: Rows, file: str) -> None:
    at = open_page(file)
    assert not at.exception
    assert not at.error
    assert rendered(at) == []


@pytest.mark.parametrize(
    ("file", "which", "says"),
    [
        ("influencers/influencers", "influencer_id", "Bella"),
        ("models/datasets", "dataset_id", "13 of 14 pictures in use"),
        ("models/training", "run_id", "Versions"),
        ("models/loras", "lora_id", "<lora:bella-v1"),
        ("create/pictures", "generation_id", "8 pictures"),
        ("library/gallery", "picture_id", "Prompt and settings"),
        ("settings/jobs", "job_id", "gave up after several tries"),
        ("influencers/wizard", "influencer_id", "First pictures of Bella"),
    ],
)
def test_one_of_each(open_page: Open, db: Database, workspace: Tenant, typed: Rows, file: str, which: str, says: str) -> None:
    ids = {"picture_id": typed.picture_ids[0], "job_id": typed.job_ids["failed"]}
    at = open_page(file, id=ids.get(which) or getattr(typed, which))
    assert not at.exception
    assert not at.error
    assert rendered(at) == []
    assert says in words(at)


@pytest.mark.parametrize(
    "file",
    ["influencers/influencers", "models/datasets", "models/training", "models/loras", "library/gallery", "settings/jobs"],
)
def test_an_id_of_nothing_gets_a_sentence(open_page: Open, file: str) -> None:
    at = open_page(file, id="job_00000000000000000000000000")
    assert not at.exception
    assert at.error
    assert "here" in at.error[0].value or "workspace" in at.error[0].value or "library" in at.error[0].value


@pytest.mark.parametrize("file", [file for file in FILES if not file.startswith("admin/")])
def test_a_viewer_looks_but_is_offered_no_change(open_page: Open, rows: Rows, workspace: Tenant, file: str) -> None:
    at = open_page(file, person=workspace.viewer)
    assert not at.exception
    offered = {button.label for button in at.button if not button.disabled} & CHANGES
    assert not offered


def test_another_workspaces_id_looks_like_no_id(
    open_page: Open, db: Database, other_workspace: Tenant, workspace: Tenant
) -> None:
    foreign_rows = fill_workspace(db, other_workspace)
    at = open_page("influencers/influencers", id=foreign_rows.influencer_id)
    assert at.error
    assert "Bella" not in words(at)
