"""One search over everything of a workspace: found by words or names, never another workspace's, nothing that is put away."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import event, insert, select, update
from sqlalchemy.orm import Session

from backend import content_plans, gallery, jobs, reels, search, videos
from backend.app import App
from backend.db.tables import Influencer, Job, Picture, TextDraft, User
from backend.gallery import BoardDraft
from backend.kit.ids import new_id
from backend.reels import ReelDraft
from backend.search.rules import MAX_WORDS, name_rank, parse_terms
from tests.factories.account import Tenant
from tests.factories.making import make_dataset, make_influencer, make_lora, make_pictures
from tests.factories.posts import make_planner
from tests.factories.studio_rows import make_clip
from tests.support.handlers import Steps


def make_text(tx: Session, influencer_id: str, topic: str, caption: str, **values: str) -> str:
    text_id = new_id("txt")
    row = {"id": text_id, "influencer_id": influencer_id, "batch_id": new_id("bat"), "content_type": "caption", "topic": topic}
    tx.execute(insert(TextDraft).values({**row, "length": 500, "parts": {"caption": caption}, **values}))
    return text_id


def job_row(n: int) -> dict[str, object]:
    return {"id": new_id("job"), "kind": "upkeep", "queue": "cpu", "title": "x", "payload": {}, "request_key": f"x{n}"}


@contextmanager
def viewing(app: App, workspace: Tenant) -> Iterator[Session]:
    with app.db.transaction(workspace.viewer.caller) as tx:
        yield tx


def found_titles(app: App, workspace: Tenant, words: str, take: int = 5) -> list[tuple[str, str]]:
    with viewing(app, workspace) as tx:
        return [(hit.noun, hit.title) for hit in search.search(tx, words, take=take)]


def test_every_noun_is_found_by_what_is_written_in_it(app: App, workspace: Tenant, other_workspace: Tenant) -> None:
    with app.db.transaction(workspace.caller, needs="editor") as tx:
        planner = make_planner(tx, "Harbour Bella")
        plan = planner.plan(tx, topic="Harbour trams", variants=(planner.variant(caption="Early coffee"),))
        [picture_id] = make_pictures(tx, 1, prompt="bella at the harbour", influencer_id=planner.influencer.id)
        make_text(tx, planner.influencer.id, "rain", "the HARBOUR in the rain")
        jobs.enqueue(tx, kind="upkeep", payload=Steps(), title="Harbour upkeep", request_key="upkeep")
        job = jobs.enqueue(tx, kind="upkeep", payload=Steps(), title="Train harbour-v1", request_key="job")
        tx.execute(update(Job).where(Job.id == job.id).values(kind="lora-training"))
        gallery.create_board(tx, draft=BoardDraft(name="My harbour"))
        make_dataset(tx, images=1, name="harbour set")
        make_lora(tx, "harbour-v1")
    with app.db.transaction(other_workspace.caller, needs="editor") as tx:
        make_influencer(tx, "Harbour of others")
        make_pictures(tx, 1, prompt="harbour of others")

    assert found_titles(app, workspace, "harbour") == [
        ("influencer", "Harbour Bella"),
        ("post", "Harbour trams"),
        ("picture", "bella at the harbour"),
        ("text", "rain"),
        ("job", "Train harbour-v1"),
        ("board", "My harbour"),
        ("dataset", "harbour set"),
        ("lora", "harbour-v1"),
        ("channel", "Harbour Bella"),
    ]
    assert found_titles(app, workspace, "COFF") == [("post", "Harbour trams")]
    assert found_titles(app, workspace, "harb tra") == [("post", "Harbour trams"), ("job", "Train harbour-v1")]
    with viewing(app, workspace) as tx:
        name = tx.scalars(select(User.name).where(User.id == workspace.viewer.id)).one()
        by_id = {hit.noun: hit for hit in search.search(tx, "harbour")}
        assert (by_id["post"].id, by_id["post"].asset_id, by_id["post"].state) == (plan.id, planner.asset_id, "draft")
        assert (by_id["picture"].id, by_id["picture"].subtitle) == (picture_id, "Harbour Bella")
        assert {hit.id for hit in search.search(tx, name)} >= {workspace.viewer.id}
    assert found_titles(app, other_workspace, "harbour") == [
        ("influencer", "Harbour of others"),
        ("picture", "harbour of others"),
    ]


def test_videos_are_found_by_title_and_reels_by_what_is_said_in_them(app: App, workspace: Tenant) -> None:
    with app.db.transaction(workspace.caller, needs="editor") as tx:
        bella = make_influencer(tx, "Bella").id
        [picture_id] = make_pictures(tx, 1, influencer_id=bella)
        clip_id, thrown = make_clip(tx, picture_id), make_clip(tx, picture_id)
        videos.delete(tx, [thrown])
        draft = ReelDraft(title="Mornings", script="Nobody talks before the lighthouse.", influencer_id=bella)
        reel_id = reels.create(tx, draft).id
    with viewing(app, workspace) as tx:
        assert [hit.id for hit in search.search(tx, "push in") if hit.noun == "video"] == [clip_id]
        [hit] = search.search(tx, "lighthouse")
        assert (hit.noun, hit.id, hit.title, hit.subtitle) == ("reel", reel_id, "Mornings", "Bella")


def test_what_is_put_away_is_not_found(app: App, workspace: Tenant) -> None:
    with app.db.transaction(workspace.caller, needs="editor") as tx:
        planner = make_planner(tx, "Nina")
        plan = planner.plan(tx, topic="Zebra")
        [deleted, held] = make_pictures(tx, 2, prompt="zebra")
        make_text(tx, planner.influencer.id, "zebra", "", state="discarded")
        parent, child = (
            jobs.enqueue(tx, kind="upkeep", payload=Steps(), title="Zebra", request_key=key) for key in ("parent", "child")
        )
        tx.execute(update(Job).where(Job.id == child.id).values(parent_id=parent.id, kind="image-generation"))
        content_plans.delete(tx, plan.id)
        gallery.delete(tx, [deleted])
        tx.execute(update(Picture).where(Picture.id == held).values(gate="held"))
        archived = make_influencer(tx, "Zebra")
        tx.execute(update(Influencer).where(Influencer.id == archived.id).values(archived_at=Influencer.created_at))
    assert found_titles(app, workspace, "zebra") == []


def test_each_noun_has_its_newest_and_old_ones_are_found_by_their_index(app: App, workspace: Tenant) -> None:
    with app.db.transaction(workspace.caller, needs="editor") as tx:
        planner = make_planner(tx)
        make_pictures(tx, 1, prompt="the first lighthouse")
        for n in range(16):
            make_pictures(tx, 20, prompt=f"dune {n}")
        old = [
            jobs.enqueue(tx, kind="upkeep", payload=Steps(), title=f"Lighthouse {n}", request_key=f"l{n}").id for n in (1, 2)
        ]
        tx.execute(insert(Job), [job_row(n) for n in range(300)])
        tx.execute(update(Job).where(Job.id.in_(old)).values(kind="image-generation", state="completed"))
        planner.plan(tx, topic="", variants=(planner.variant(caption="Lighthouse, without a topic"),))
    assert found_titles(app, workspace, "lighth") == [
        ("post", "Lighthouse, without a topic"),
        ("picture", "the first lighthouse"),
        ("job", "Lighthouse 2"),
        ("job", "Lighthouse 1"),
    ]
    assert found_titles(app, workspace, "dune", take=3) == [("picture", "dune 15")] * 3


def test_it_is_one_statement(app: App, workspace: Tenant) -> None:
    statements: list[str] = []
    with viewing(app, workspace) as tx:
        event.listen(tx.connection(), "before_cursor_execute", lambda *args: statements.append(args[2]))
        search.search(tx, "anything")
    assert len(statements) == 1


@pytest.mark.parametrize("typed", ["", "   ", "\x00"])
def test_nothing_typed_finds_nothing(app: App, workspace: Tenant, typed: str) -> None:
    assert found_titles(app, workspace, typed) == []


@pytest.mark.parametrize("typed", ["50%", "a'b\\c", "' | '", "!:*", "🦓", "_", "مرحبا", "&|!()<->", "x" * 5000, "'"])
def test_signs_are_looked_for_as_they_are(app: App, workspace: Tenant, typed: str) -> None:
    with app.db.transaction(workspace.caller, needs="editor") as tx:
        gallery.create_board(tx, draft=BoardDraft(name=f"board {typed[:50]}"))
    if len(typed) < 50:
        assert ("board", f"board {typed}") in found_titles(app, workspace, typed.split()[0])
    assert ("board", "board") not in found_titles(app, workspace, typed)


@given(st.text(max_size=60))
def test_words_of_a_query_are_letters_and_digits_alone(typed: str) -> None:
    terms = parse_terms(typed)
    assert len(terms.pieces) <= MAX_WORDS
    for word in filter(None, terms.words.split(" & ")):
        assert word.startswith("'")
        assert word.endswith("':*")
        assert not set(word[1:-3]) & set("'\\&|!() ")
    assert terms.words == parse_terms(" ".join(terms.pieces)).words


def test_names_that_begin_with_what_was_typed_come_first() -> None:
    names = ["Sabina", "Nina", "Anna Nina", "nina v2"]
    assert sorted(names, key=lambda name: name_rank(name, parse_terms("nin"))) == ["Nina", "nina v2", "Anna Nina", "Sabina"]
