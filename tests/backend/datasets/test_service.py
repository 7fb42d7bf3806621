"""Datasets on real Postgres: names, rights, choosing, captions that two people change, deleting."""

from __future__ import annotations

import pytest
from sqlalchemy import select, update

from backend import assets, datasets
from backend.db.tables import Asset, Dataset, DatasetImage, Upload
from backend.db.transactions import Database
from backend.errors import Conflict, Invalid, NotFound, NotPermitted
from tests.factories.account import Tenant
from tests.factories.making import make_dataset, make_influencer
from tests.fakes.engines import MODEL


@pytest.fixture
def dataset_id(db: Database, workspace: Tenant) -> str:
    with db.transaction(workspace.caller, needs="editor") as tx:
        return make_dataset(tx)


def test_a_new_dataset_is_a_draft_with_a_name_of_its_own(db: Database, workspace: Tenant) -> None:
    with db.transaction(workspace.caller, needs="editor") as tx:
        influencer = make_influencer(tx)
        card = datasets.create(tx, name="  Summer 🌞 ", influencer_id=influencer.id, trigger_word="bella")
        assert (card.name, card.status, card.influencer_name, card.images) == ("Summer 🌞", "draft", "Bella", 0)
        with pytest.raises(Conflict, match="Dataset with name"):
            datasets.create(tx, name="Summer 🌞")
        with pytest.raises(Invalid):
            datasets.create(tx, name="x" * 300)
        with pytest.raises(Invalid, match="one word"):
            datasets.create(tx, name="Other", trigger_word="two words")
        with pytest.raises(NotFound):
            datasets.create(tx, name="Other", influencer_id="inf_none")
        assert datasets.rename(tx, card.id, "Winter").name == "Winter"
        assert datasets.set_influencer(tx, card.id, None).influencer_id is None
        assert [found_card.id for found_card in datasets.page(tx, text="wint").cards] == [card.id]
        datasets.delete(tx, card.id)
        assert datasets.create(tx, name="Winter").status == "draft"
        with pytest.raises(NotFound):
            datasets.get(tx, card.id)


def test_a_name_that_is_too_short_now_stays(db: Database, workspace: Tenant) -> None:
    with db.transaction(workspace.caller, needs="editor") as tx:
        card = datasets.create(tx, name="Bella")
        tx.execute(update(Dataset).values(name="B"))
        assert datasets.rename(tx, card.id, "B").name == "B"
        assert datasets.set_trigger_word(tx, card.id, "bella").trigger_word == "bella"
        with pytest.raises(Invalid, match="3 to 80"):
            datasets.rename(tx, card.id, "C")


def test_pages_of_datasets(db: Database, workspace: Tenant) -> None:
    with db.transaction(workspace.caller, needs="editor") as tx:
        dataset_ids = [datasets.create(tx, name=f"Set {n}").id for n in range(5)]
        first_page = datasets.page(tx, take=3)
        second_page = datasets.page(tx, take=3, cursor=first_page.next_cursor)
    assert [card.id for card in first_page.cards + second_page.cards] == dataset_ids[::-1]
    assert (first_page.total, second_page.next_cursor) == (5, None)


def test_status_follows_what_readiness_says(db: Database, workspace: Tenant) -> None:
    with db.transaction(workspace.caller, needs="editor") as tx:
        dataset_id = make_dataset(tx, rights="", status="draft", trigger_word="")
        assert {item.code for item in datasets.readiness(tx, dataset_id).blockers} == {"no_rights", "no_trigger_word"}
        assert datasets.set_trigger_word(tx, dataset_id, "bella").status == "draft"
        card = datasets.declare_rights(tx, dataset_id, "They show me.")
        assert (card.status, card.rights_by, card.rights_at is None) == ("ready", workspace.owner.id, False)
        ids = [item.id for item in datasets.images(tx, dataset_id).images]
        assert datasets.set_included(tx, ids[:2], False) == 2
        assert datasets.get(tx, dataset_id).status == "draft"
        assert datasets.get(tx, dataset_id).included == 4
        assert len(datasets.training_set(tx, dataset_id)) == 4
        datasets.set_included(tx, ids[:2], True)
        assert datasets.get(tx, dataset_id).status == "ready"
        tx.execute(update(Dataset).values(status="training"))  # what a run whose worker died leaves behind
        assert datasets.get(tx, dataset_id).status == "ready"
        datasets.set_included(tx, ids[:3], False)
        assert datasets.get(tx, dataset_id).status == "draft"
        with pytest.raises(NotFound):
            datasets.set_included(tx, ["img_none"], True)


def test_readiness_counts_in_postgres(db: Database, workspace: Tenant, dataset_id: str) -> None:
    with db.transaction(workspace.caller, needs="editor") as tx:
        first_id, second_id, third_id, *_ = [image.id for image in datasets.images(tx, dataset_id).images]
        tx.execute(update(DatasetImage).where(DatasetImage.id == first_id).values(caption="", sharpness=1.0))
        tx.execute(update(DatasetImage).where(DatasetImage.id == second_id).values(caption="isabella"))
        tx.execute(
            update(DatasetImage)
            .where(DatasetImage.id.in_((first_id, second_id)))
            .values(alike=first_id, near_duplicate_distance=3)
        )
        tx.execute(update(DatasetImage).where(DatasetImage.id == third_id).values(width=64))
        stats = datasets.readiness(tx, dataset_id, model_card=MODEL).stats
        assert (stats.images, stats.blurred, stats.uncaptioned, stats.without_trigger, stats.near_duplicates) == (6, 1, 1, 1, 1)
        assert stats.low_resolution == (1 if MODEL.side > 64 else 0)
        assert [image.id for image in datasets.images(tx, dataset_id, filter="near_duplicates").images] == [first_id, second_id]
        for name, expected in (("blurred", first_id), ("uncaptioned", first_id), ("without_trigger", second_id)):
            assert [image.id for image in datasets.images(tx, dataset_id, filter=name).images] == [expected]
        reasons = {reason.code: reason.sentence for reason in datasets.images(tx, dataset_id).images[0].reasons}
        assert reasons == {
            "blurred": "sharpness 1, at least 150",
            "near_duplicates": "differs from another in 3 of 64 bits, at least 7",
            "uncaptioned": "no caption",
        }
        first_page = datasets.images(tx, dataset_id, take=4)
        assert (len(first_page.images), first_page.total) == (4, 6)
        assert datasets.images(tx, dataset_id, cursor=first_page.next_cursor).total is None
        assert len(datasets.images(tx, dataset_id, take=4, cursor=first_page.next_cursor).images) == 2
        card = datasets.get(tx, dataset_id)
        assert card.cover_asset_ids == tuple(image.asset_id for image in first_page.images)


def test_a_caption_changed_by_somebody_else_is_not_overwritten(db: Database, workspace: Tenant, dataset_id: str) -> None:
    with db.transaction(workspace.caller) as tx:
        images = datasets.images(tx, dataset_id).images[:2]
    with db.transaction(workspace.editor.caller, needs="editor") as tx:
        assert datasets.set_captions(tx, {images[0].id: ("bella in the rain", images[0].caption_version)}) == 1
    own_captions = {image.id: (f"mine {n}", image.caption_version) for n, image in enumerate(images)}
    with (
        pytest.raises(Conflict, match="Nothing was overwritten") as caught,
        db.transaction(workspace.caller, needs="editor") as tx,
    ):
        datasets.set_captions(tx, own_captions)
    assert caught.value.data["stale"] == [images[0].id]
    with db.transaction(workspace.caller) as tx:
        now = datasets.images(tx, dataset_id).images[:2]
    assert [image.caption for image in now] == ["bella in the rain", images[1].caption]
    assert (now[0].caption_by, now[0].caption_version) == (workspace.editor.id, images[0].caption_version + 1)


def test_removed_pictures_leave_their_files_to_retention(db: Database, workspace: Tenant, dataset_id: str) -> None:
    with db.transaction(workspace.caller, needs="editor") as tx:
        one, two, three, *_ = datasets.images(tx, dataset_id).images
        alike = update(DatasetImage).where(DatasetImage.id == three.id)
        tx.execute(alike.values(alike=one.id, near_duplicate_of=one.id, near_duplicate_distance=2))
        assets.use(tx, two.asset_id, "influencer", "inf_1")
        assert datasets.remove_images(tx, [one.id, two.id]) == 2
        assert datasets.get(tx, dataset_id).images == 4
        assert [assets.get(tx, asset_id).state for asset_id in (one.asset_id, two.asset_id)] == ["deleted", "stored"]
        assert datasets.images(tx, dataset_id).images[0].near_duplicate_of is None
        assert datasets.get(tx, dataset_id).status == "draft"
        datasets.delete(tx, dataset_id)
        assert datasets.erase(tx, [dataset_id]) == 1
        assert set(tx.scalars(select(Asset.state).where(Asset.id != two.asset_id))) == {"deleted"}


def test_two_requests_for_a_check_are_one_job(db: Database, workspace: Tenant, dataset_id: str) -> None:
    with db.transaction(workspace.caller, needs="editor") as tx:
        with pytest.raises(Invalid, match="no new pictures"):
            datasets.ingest(tx, dataset_id, request_key="a")
        tx.add(Upload(id="up_1", noun="dataset", noun_id=dataset_id, filename="a.jpg", client_key="a", key="k", size_bytes=1))
        tx.flush()
        tx.execute(update(Upload).values(state="stored"))
        first = datasets.ingest(tx, dataset_id, request_key="b")
        assert datasets.ingest(tx, dataset_id, request_key="c").id == first.id
        assert datasets.ingest(tx, dataset_id, request_key="b").id == first.id
        assert first.subject_id == dataset_id
        sample = datasets.add_sample_character(tx, dataset_id, "bella", request_key="d")
        assert datasets.add_sample_character(tx, dataset_id, "bella", request_key="d").id == sample.id
        with pytest.raises(Invalid, match="bella"):
            datasets.add_sample_character(tx, dataset_id, "nobody", request_key="e")


def test_viewers_look_and_strangers_see_nothing(
    db: Database, workspace: Tenant, other_workspace: Tenant, dataset_id: str
) -> None:
    with db.transaction(workspace.viewer.caller) as tx:
        assert datasets.get(tx, dataset_id).images == 6
        with pytest.raises(NotPermitted):
            datasets.add_sample_character(tx, dataset_id, "bella", request_key="x")
    with db.transaction(other_workspace.caller, needs="editor") as tx:
        for act in (datasets.get, datasets.readiness, datasets.images, datasets.delete, datasets.training_set):
            with pytest.raises(NotFound):
                act(tx, dataset_id)
