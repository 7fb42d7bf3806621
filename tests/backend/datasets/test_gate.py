"""The gate on real Postgres: thresholds that need no rescan, look-alikes, fixes with undo, crops, buckets, rights."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from backend import datasets
from backend.datasets import Box, Thresholds
from backend.db.tables import Dataset, DatasetImage
from backend.db.transactions import Database
from backend.errors import Conflict, Invalid
from tests.factories.account import Tenant
from tests.factories.making import make_dataset
from tests.fakes.engines import MODEL


@pytest.fixture
def dataset_id(db: Database, workspace: Tenant) -> str:
    """Nine pictures; 0, 1 and 2 look alike, as do 3 and 4."""
    with db.transaction(workspace.caller, needs="editor") as tx:
        dataset_id = make_dataset(tx, images=9)
        ids = tx.scalars(select(DatasetImage.id).order_by(DatasetImage.id)).all()
        for n, (dhash, width) in enumerate((("0" * 16, 512), ("0" * 15 + "1", 800), ("0" * 15 + "3", 512), ("f" * 16, 512))):
            row = update(DatasetImage).where(DatasetImage.id == ids[n])
            tx.execute(row.values(dhash=dhash, width=width, height=width))
        tx.execute(update(DatasetImage).where(DatasetImage.id == ids[4]).values(dhash="f" * 15 + "e", sharpness=2000.0))
        datasets.set_thresholds(tx, dataset_id, Thresholds(near_bits=2))
    return dataset_id


def included_indexes(tx: object, dataset_id: str) -> list[int]:
    return [n for n, image in enumerate(datasets.images(tx, dataset_id).images) if image.included]  # type: ignore[arg-type]


def test_thresholds_count_at_once_and_need_no_rescan(db: Database, workspace: Tenant, dataset_id: str) -> None:
    with db.transaction(workspace.caller, needs="editor") as tx:
        assert datasets.readiness(tx, dataset_id).stats.blurred == 0
        tx.execute(update(DatasetImage).values(brightness=50.0, contrast=30.0, clipped=0.1, faces=2, face_height=0.2))
        datasets.set_thresholds(tx, dataset_id, Thresholds(sharpness=1000, dark=60, near_bits=0))
        stats = datasets.readiness(tx, dataset_id).stats
        assert (stats.blurred, stats.dark, stats.near_duplicates, stats.several_faces, stats.bust) == (8, 9, 0, 9, 9)
        card = datasets.images(tx, dataset_id, filter="blurred").images[0]
        assert "sharpness 900, at least 1000" in [reason.sentence for reason in card.reasons]
        assert "brightness 50 of 255, at least 60" in [reason.sentence for reason in card.reasons]
        datasets.set_thresholds(tx, dataset_id, Thresholds(face_from=0.2))
        assert tx.scalar(select(Dataset.settings)) == {"face_from": 0.2}
        assert datasets.readiness(tx, dataset_id).stats.face == 9
        assert datasets.readiness(tx, dataset_id).stats.near_duplicates == 3
        with pytest.raises(Invalid):
            datasets.set_thresholds(tx, dataset_id, Thresholds(clipped=2))


def test_each_condition_agrees_with_its_filter_and_its_count(db: Database, workspace: Tenant, dataset_id: str) -> None:
    with db.transaction(workspace.caller, needs="editor") as tx:
        ids = tx.scalars(select(DatasetImage.id).order_by(DatasetImage.id)).all()
        values = {
            "sharpness": 1.0,
            "brightness": 5.0,
            "contrast": 1.0,
            "clipped": 0.9,
            "faces": 3,
            "caption": "",
            "measured": 1,
        }
        tx.execute(update(DatasetImage).where(DatasetImage.id == ids[0]).values(**values, width=10, height=10))
        tx.execute(update(DatasetImage).where(DatasetImage.id == ids[5]).values(measured=0, brightness=250.0, width=63))
        stats = datasets.readiness(tx, dataset_id, model_card=MODEL).stats
        for code in (
            "too_small",
            "low_resolution",
            "blurred",
            "dark",
            "bright",
            "flat",
            "clipped",
            "several_faces",
            "unmeasured",
        ):
            image_page = datasets.images(tx, dataset_id, filter=code, side=MODEL.side)  # type: ignore[arg-type]
            assert image_page.total == getattr(stats, code) == len(image_page.images), code
            assert all(code in {reason.code for reason in image.reasons} for image in image_page.images)
        assert datasets.matching_ids(tx, dataset_id, "too_small", side=MODEL.side) == [ids[0]]
        assert stats.unmeasured == 1
        assert stats.bright == 0  # not judged before it is measured


def test_the_best_of_each_group_stays_and_undo_puts_all_back(db: Database, workspace: Tenant, dataset_id: str) -> None:
    with db.transaction(workspace.caller, needs="editor") as tx:
        [first, second] = datasets.near_duplicate_groups(tx, dataset_id)
        assert [len(first.images), len(second.images)] == [3, 2]
        assert (first.best_id, second.best_id) == (first.images[1].id, second.images[1].id)  # largest, sharpest
        assert datasets.near_duplicate_groups(tx, dataset_id, cursor=first.id)[0].id == second.id
        preview = datasets.preview_fix(tx, dataset_id, "keep_best")
        assert [image.id for image in preview.kept] == [first.best_id, second.best_id]
        extra_ids = [image.id for image in preview.out]
        assert datasets.apply_fix(tx, dataset_id, "keep_best", image_ids=extra_ids, request_key="once") == 3
        assert included_indexes(tx, dataset_id) == [1, 4, 5, 6, 7, 8]
        assert datasets.readiness(tx, dataset_id).stats.near_duplicates == 0
        assert datasets.near_duplicate_groups(tx, dataset_id) == []
        with pytest.raises(Invalid, match="nothing left"):
            datasets.apply_fix(tx, dataset_id, "keep_best", image_ids=extra_ids)
        [edit] = datasets.list_edits(tx, dataset_id)
        assert (edit.title, edit.count, edit.said_by) == ("Kept the best of each group", 3, workspace.owner.id)
        datasets.set_included(tx, extra_ids[:1], True)  # somebody changes one of them meanwhile
        undo_result = datasets.undo_edit(tx, edit.id)
        assert (undo_result.count, undo_result.kept) == (2, 1)
        assert included_indexes(tx, dataset_id) == list(range(9))
        with pytest.raises(Conflict, match="already"):
            datasets.undo_edit(tx, edit.id)


def test_one_group_is_decided_by_hand_and_only_included_ones_compete(db: Database, workspace: Tenant, dataset_id: str) -> None:
    with db.transaction(workspace.caller, needs="editor") as tx:
        group = datasets.near_duplicate_groups(tx, dataset_id)[0]
        datasets.set_included(tx, [group.best_id], False)
        second_read = datasets.near_duplicate_groups(tx, dataset_id)[0]
        assert second_read.best_id != group.best_id
        assert datasets.keep_only(tx, group.images[0].id) == 1
        assert 0 in included_indexes(tx, dataset_id)
        assert {1, 2}.isdisjoint(included_indexes(tx, dataset_id))


def test_suggestions_are_previewed_and_applied_to_what_was_seen(db: Database, workspace: Tenant, dataset_id: str) -> None:
    with db.transaction(workspace.caller, needs="editor") as tx:
        ids = [item.id for item in datasets.images(tx, dataset_id).images]
        tx.execute(update(DatasetImage).where(DatasetImage.id.in_(ids[5:7])).values(sharpness=2.0))
        tx.execute(update(DatasetImage).where(DatasetImage.id == ids[8]).values(caption="somebody at the sea"))
        state = datasets.readiness(tx, dataset_id)
        suggestions = datasets.suggestions(state.stats, "bella")
        assert [(item.key, item.count) for item in suggestions] == [("keep_best", 3), ("blurred", 2), ("add_trigger", 1)]
        assert [item.id for item in datasets.preview_fix(tx, dataset_id, "blurred").out] == ids[5:7]
        assert datasets.apply_fix(tx, dataset_id, "blurred", image_ids=ids[5:6]) == 1
        [change] = datasets.preview_fix(tx, dataset_id, "add_trigger").captions
        assert (change.before, change.after) == ("somebody at the sea", "bella, somebody at the sea")
        assert datasets.apply_fix(tx, dataset_id, "add_trigger", image_ids=[change.image_id]) == 1
        for edit in datasets.list_edits(tx, dataset_id):
            datasets.undo_edit(tx, edit.id)
        assert datasets.images(tx, dataset_id).images[8].caption == "somebody at the sea"
        assert included_indexes(tx, dataset_id) == list(range(9))


def test_a_crop_is_what_is_trained_on_and_two_people_do_not_overwrite_it(
    db: Database, workspace: Tenant, dataset_id: str
) -> None:
    with db.transaction(workspace.caller, needs="editor") as tx:
        image = datasets.images(tx, dataset_id).images[5]
        assert datasets.set_crop(tx, image.id, Box(10, 20, 200, 100), version=0) == 1
        with pytest.raises(Conflict, match="meanwhile"):
            datasets.set_crop(tx, image.id, None, version=0)
        for invalid_box in (Box(0, 0, 20, 100), Box(400, 0, 200, 100), Box(-1, 0, 100, 100)):
            with pytest.raises(Invalid):
                datasets.set_crop(tx, image.id, invalid_box, version=1)
        assert datasets.training_set(tx, dataset_id)[5].crop == (10, 20, 200, 100)
        cropped = datasets.images(tx, dataset_id, filter="cropped").images
        assert [(card.id, card.crop, card.short_side) for card in cropped] == [(image.id, Box(10, 20, 200, 100), 100)]
        preview = datasets.bucket_preview(tx, dataset_id, resolution=256)
        assert {(b.width, b.height): b.count for b in preview.buckets} == {(256, 256): 8, (320, 192): 1}
        assert "1 picture" in preview.warning
        datasets.undo_edit(tx, datasets.list_edits(tx, dataset_id)[0].id)
        assert datasets.training_set(tx, dataset_id)[5].crop is None
        assert datasets.set_crop(tx, image.id, Box(0, 0, image.width, image.height), version=2) == 3
        assert datasets.images(tx, dataset_id).images[5].crop is None  # the whole picture is no crop


def test_rights_are_kept_with_who_and_when_and_run_out(db: Database, workspace: Tenant, dataset_id: str) -> None:
    with db.transaction(workspace.editor.caller, needs="editor") as tx:
        with pytest.raises(Invalid, match="who agreed"):
            datasets.declare_rights(tx, dataset_id, kind="agreed")
        with pytest.raises(Invalid, match="past"):
            datasets.declare_rights(tx, dataset_id, kind="myself", until=datetime(2020, 1, 1, tzinfo=UTC))
        later = datetime.now(UTC) + timedelta(days=30)
        card = datasets.declare_rights(tx, dataset_id, kind="agreed", note="Release of Ana, in the safe", until=later)
        assert (card.status, card.rights_kind, card.rights_by, card.rights_until) == (
            "ready",
            "agreed",
            workspace.editor.id,
            later,
        )
        tx.execute(update(Dataset).values(rights_until=datetime(2020, 1, 1, tzinfo=UTC)))
        assert [entry.code for entry in datasets.readiness(tx, dataset_id).blockers] == ["rights_expired"]
        assert datasets.get(tx, dataset_id).status == "draft"
        assert datasets.withdraw_rights(tx, dataset_id, note="Ana wrote").status == "draft"
        assert [entry.code for entry in datasets.readiness(tx, dataset_id).blockers] == ["no_rights"]
        with pytest.raises(Invalid, match="nothing to withdraw"):
            datasets.withdraw_rights(tx, dataset_id)
        datasets.declare_rights(tx, dataset_id, kind="made_up")
        history = datasets.rights_history(tx, dataset_id)
    assert [(entry.kind, entry.note) for entry in history] == [
        ("made_up", ""),
        ("withdrawn", "Ana wrote"),
        ("agreed", "Release of Ana, in the safe"),
    ]
    assert {entry.said_by for entry in history} == {workspace.editor.id}
