"""Captions: what a bulk change does to the words, its undo from the server, who wrote what, and leaks."""

from __future__ import annotations

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend import datasets
from backend.datasets import CaptionEdit, caption_text
from backend.db.transactions import Database
from backend.errors import Invalid, NotFound
from tests.factories.account import Tenant
from tests.factories.making import make_dataset

CAPTION = st.lists(st.text("abAB  é,", max_size=8), max_size=6).map(",".join)


@pytest.fixture
def dataset_id(db: Database, workspace: Tenant) -> str:
    with db.transaction(workspace.caller, needs="editor") as tx:
        return make_dataset(tx)


@given(CAPTION, st.text("ab", min_size=1, max_size=3))
def test_words_are_removed_added_and_tidied(caption: str, word: str) -> None:
    removed = caption_text.rewrite(caption, CaptionEdit(verb="remove", find=word))
    assert word not in [tag.casefold() for tag in caption_text.tags(removed)]
    tidied = caption_text.rewrite(caption, CaptionEdit(verb="tidy"))
    assert caption_text.rewrite(tidied, CaptionEdit(verb="tidy")) == tidied
    assert {tag.casefold() for tag in caption_text.tags(tidied)} == {tag.casefold() for tag in caption_text.tags(caption)}
    assert len({tag.casefold() for tag in caption_text.tags(tidied)}) == len(caption_text.tags(tidied))
    for verb in ("prefix", "suffix", "trigger"):
        edit = CaptionEdit(verb=verb, put=word)
        edited = caption_text.rewrite(caption, edit, word)
        assert word in edited.casefold()
        assert caption_text.rewrite(edited, edit, word) == edited


def test_tags_are_counted_whatever_their_case() -> None:
    counts = caption_text.tag_counts(["bella, Red dress", "bella,red dress, red dress", "red dress", ""])
    assert [(entry.tag, entry.count) for entry in counts] == [("red dress", 3), ("bella", 2)]


def test_what_the_trigger_word_should_carry_is_named() -> None:
    places = ("beach", "forest", "kitchen", "street", "office", "garden")
    captions = [f"photo of bella, a woman with long blonde hair and blue eyes, {place}, necklace" for place in places]
    leaks = {leak.words: (leak.count, leak.why) for leak in caption_text.leaks(captions, "bella")}
    assert leaks["long blonde hair"] == (6, "trait")
    assert leaks["necklace"] == (6, "always")
    assert not {"bella", "photo", "woman", "beach"} & set(leaks)
    assert caption_text.leaks([f"bella, {place}" for place in places], "bella") == []
    assert [leak.words for leak in caption_text.leaks(["bella, freckles"], "bella")] == ["freckles"]


def test_two_clicks_at_once_are_one_change(db: Database, workspace: Tenant) -> None:
    with db.transaction(workspace.caller, needs="editor") as tx:
        dataset_id, empty_id = make_dataset(tx), datasets.create(tx, name="Empty").id
    barrier, edit_ids = threading.Barrier(4), []

    def click() -> None:
        barrier.wait()
        with db.transaction(workspace.caller, needs="editor") as tx:
            edit = CaptionEdit(verb="replace", find="portrait", put="photo")
            edit_ids.append(datasets.edit_captions(tx, dataset_id, edit, request_key="once").id)
            datasets.declare_sample_rights(tx, empty_id)

    threads = [threading.Thread(target=click) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with db.transaction(workspace.caller) as tx:
        assert len(datasets.rights_history(tx, empty_id)) == 1
    assert (len(edit_ids), len(set(edit_ids))) == (4, 1)


def test_a_bulk_change_is_seen_before_and_taken_back_after(db: Database, workspace: Tenant, dataset_id: str) -> None:
    edit = CaptionEdit(verb="replace", find="portrait", put="photo")
    with db.transaction(workspace.caller, needs="editor") as tx:
        before = [image.caption for image in datasets.images(tx, dataset_id).images]
        changes = datasets.preview_captions(tx, dataset_id, edit)
        assert (len(changes), changes[0].before, changes[0].after) == (6, before[0], before[0].replace("portrait", "photo"))
        card = datasets.edit_captions(tx, dataset_id, edit, request_key="once")
        assert datasets.edit_captions(tx, dataset_id, edit, request_key="once") == card
        assert (card.count, card.title) == (6, "Replaced “portrait” with “photo”")
        first = datasets.images(tx, dataset_id).images[0]
        assert (first.caption, first.caption_source) == ("photo of bella, number 0", "bulk")
        datasets.set_captions(tx, {first.id: ("bella at sea", first.caption_version)})
        undo_result = datasets.undo_edit(tx, card.id)
        assert (undo_result.count, undo_result.kept) == (5, 1)
        assert [image.caption for image in datasets.images(tx, dataset_id).images] == ["bella at sea", *before[1:]]
        for invalid_edit in (
            CaptionEdit(verb="replace"),
            CaptionEdit(verb="remove", find=" "),
            CaptionEdit(verb="prefix", put=" "),
        ):
            with pytest.raises(Invalid):
                datasets.edit_captions(tx, dataset_id, invalid_edit)
        with pytest.raises(Invalid, match="No caption would change"):
            datasets.edit_captions(tx, dataset_id, CaptionEdit(verb="replace", find="nowhere", put="x"))
        with pytest.raises(NotFound):
            datasets.set_captions(tx, {"img_none": ("x", 0)})


def test_every_version_is_kept_with_its_author_and_comes_back(db: Database, workspace: Tenant, dataset_id: str) -> None:
    with db.transaction(workspace.caller, needs="editor") as tx:
        one, two, *_ = datasets.images(tx, dataset_id).images
        datasets.set_captions(tx, {one.id: ("first", 0), two.id: ("other", 0)})
    with db.transaction(workspace.editor.caller, needs="editor") as tx:
        datasets.edit_captions(tx, dataset_id, CaptionEdit(verb="suffix", put="rain"), image_ids=[one.id])
        datasets.restore_caption(tx, one.id, 1)
        history = datasets.caption_history(tx, one.id)
        assert [(v.version, v.caption, v.source) for v in history] == [
            (3, "first", "restored"),
            (2, "first, rain", "bulk"),
            (1, "first", "person"),
        ]
        assert [v.said_by for v in history] == [workspace.editor.id, workspace.editor.id, workspace.owner.id]
        assert datasets.images(tx, dataset_id, text="FIRST").total == 1
        assert datasets.caption_tags(tx, dataset_id)[0].count == 4
        with pytest.raises(NotFound):
            datasets.restore_caption(tx, one.id, 99)
        [edit, *_] = [one for one in datasets.list_edits(tx, dataset_id) if one.count == 2]
        assert datasets.undo_edit(tx, edit.id).count == 1  # the other one was changed since
