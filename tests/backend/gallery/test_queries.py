"""Finding pictures: what people type, pages in any order, alike pictures, and nothing of another workspace."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from backend import gallery
from backend.db.transactions import Database
from backend.errors import Invalid
from backend.gallery import GalleryFilters
from backend.gallery.search import TERMS, GallerySearch, parse_search
from backend.kit.clock import now
from backend.media.images.picture_hash import bands
from tests.factories.account import Tenant
from tests.factories.making import make_influencer, make_lora, make_pictures


def test_words_phrases_and_terms() -> None:
    message = parse_search(
        'beach, smiling "old tram" -blurry -"two people" seed:7 rating:>=4 from:2026-11-01 size:Portrait is:favourite'
    )
    assert message == GallerySearch(
        words=("beach", "smiling"),
        phrases=("old tram",),
        without=("blurry", "two people"),
        seed=7,
        stars=(4, 5),
        date_from=date(2026, 11, 1),
        shape="portrait",
        favourite=True,
    )
    assert parse_search('lora:"bella v1" influencer:Zara model:starter').lora == "bella v1"
    assert [parse_search(f"rating:{entry}").stars for entry in ("3", "<3", ">3", "2..4", "=0")] == [
        (3, 3),
        (0, 2),
        (4, 5),
        (2, 4),
        (0, 0),
    ]
    assert parse_search("(smile:1.2)").words == ("(smile:1.2)",)


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("foo:1", "no search term “foo:”"),
        ("seed:x", "whole number"),
        ("rating:9", "0 to 5"),
        ("from:May", "year-month-day"),
        ("size:huge", "one of square"),
        ("is:nice", "one of favourite"),
        ("lora:", "Write what lora: should be"),
    ],
)
def test_what_cannot_be_read_gets_a_sentence(typed: str, says: str) -> None:
    with pytest.raises(Invalid, match=says):
        parse_search(typed)


@given(st.text(max_size=80) | st.lists(st.sampled_from([*TERMS.values(), '"', "-", ":", "a:b", "x"])).map(" ".join))
def test_any_text_is_read_or_refused_with_a_sentence(typed: str) -> None:
    message = ""
    try:
        parse_search(typed)
    except Invalid as error:
        message = error.message
    assert message == "" or message.endswith(".")


@pytest.fixture
def named_pictures(db: Database, workspace: Tenant) -> dict[str, str]:
    with db.transaction(workspace.caller, needs="editor") as tx:
        lora, influencer = make_lora(tx), make_influencer(tx)
        return {
            "beach": make_pictures(tx, 1, lora_id=lora.id, prompt="Bella at the Beach, an old tram", rating=5)[0],
            "forest": make_pictures(
                tx, 1, influencer_id=influencer.id, prompt="bella, forest", favourite=True, shape="portrait"
            )[0],
            "old": make_pictures(tx, 1, prompt="tram, old", created_at=now() - timedelta(days=9), seed=9, rating=3)[0],
        }


@pytest.mark.parametrize(
    ("typed", "names"),
    [
        ("", "beach forest old"),
        ("bel", "beach forest"),
        ("tram", "beach old"),
        ('"old tram"', "beach"),
        ("bella -tram", "forest"),
        ("rating:>=3", "beach old"),
        ("rating:0", "forest"),
        ("seed:9", "old"),
        ("model:tiny is:favourite", "forest"),
        ("lora:bella-v1", "beach"),
        ("influencer:bella", "forest"),
        ("size:portrait", "forest"),
        ("is:imported", ""),
        ("model:other", ""),
        ("'); DROP TABLE pictures; --", ""),
        ("\\ ' : & | ! ( <->", ""),
        ("#ws", ""),
        ("är", ""),
    ],
)
def test_search(db: Database, workspace: Tenant, named_pictures: dict[str, str], typed: str, names: str) -> None:
    with db.transaction(workspace.viewer.caller) as tx:
        filters = GalleryFilters(text=typed)
        matching = set(gallery.matching_ids(tx, filters=filters, most=9))
        assert matching == {named_pictures[name] for name in names.split()}
        assert gallery.count(tx, filters=filters).n == len(matching)


def test_names_of_nothing_are_said(db: Database, workspace: Tenant, named_pictures: dict[str, str]) -> None:
    with db.transaction(workspace.viewer.caller) as tx:
        for typed, says in (
            ("lora:bela-v1", "Did you mean bella-v1"),
            ("influencer:zoe", "There are: Bella"),
            ("board:x", "no board"),
        ):
            with pytest.raises(Invalid, match=says):
                gallery.matching_ids(tx, filters=GalleryFilters(text=typed), most=9)


def test_days_pages_and_neighbours(db: Database, workspace: Tenant, named_pictures: dict[str, str]) -> None:
    day = now().date() - timedelta(days=9)
    with db.transaction(workspace.viewer.caller) as tx:
        assert gallery.matching_ids(tx, filters=GalleryFilters(text=f"from:{day} until:{day}"), most=9) == [
            named_pictures["old"]
        ]
        oldest = gallery.tiles(tx, filters=GalleryFilters(order="oldest"), take=2)
        second_page = gallery.tiles(tx, filters=GalleryFilters(order="oldest"), take=2, cursor=oldest.next_cursor)
        assert [entry.id for entry in (*oldest.tiles, *second_page.tiles)] == [
            named_pictures["old"],
            named_pictures["beach"],
            named_pictures["forest"],
        ]
        before, after = gallery.neighbours(tx, named_pictures["beach"], filters=GalleryFilters())
        assert before
        assert after
        assert (before.id, after.id) == (named_pictures["forest"], named_pictures["old"])
        assert gallery.neighbours(tx, named_pictures["old"], filters=GalleryFilters(text="tram"))[1] is None
        assert gallery.count(tx, filters=GalleryFilters(), most=2) == gallery.Count(2, more=True)


def test_best_rated_first_page_after_page_and_between_neighbours(db: Database, workspace: Tenant) -> None:
    with db.transaction(workspace.caller, needs="editor") as tx:
        ids = make_pictures(tx, 40)
        stars = {one: n * 7 % 6 for n, one in enumerate(ids)}
        for one, rating in stars.items():
            gallery.rate(tx, [one], rating)
        best, filters, cursor = (
            sorted(ids, key=lambda one: (-stars[one], ids[::-1].index(one))),
            GalleryFilters(order="best"),
            None,
        )
        shown: list[str] = []
        while cursor or not shown:
            page = gallery.tiles(tx, filters=filters, take=7, cursor=cursor)
            shown, cursor = shown + [tile.id for tile in page.tiles], page.next_cursor
        assert shown == best
        assert gallery.matching_ids(tx, filters=filters, most=9) == best[:9]
        for at in (0, 6, 7, 39):
            before, after = gallery.neighbours(tx, best[at], filters=filters)
            assert (before.id if before else None) == (best[at - 1] if at else None)
            assert (after.id if after else None) == (best[at + 1] if at < 39 else None)
        four_stars = gallery.matching_ids(tx, filters=GalleryFilters(order="best", min_rating=4), most=99)
        assert four_stars == [entry for entry in best if stars[entry] >= 4]


def test_alike_pictures_closest_first(db: Database, workspace: Tenant, other_workspace: Tenant) -> None:
    base = 0x0F0F_33CC_55AA_1234

    def put(tenant: Tenant, flips: int) -> str:
        with db.transaction(tenant.caller, needs="editor") as tx:
            look = f"{base ^ (1 << flips * 3) - 1:016x}" if flips else f"{base:016x}"
            return make_pictures(tx, 1, dhash=look, bands=bands(look, tenant.id))[0]

    first, near, far, _ = put(workspace, 0), put(workspace, 1), put(workspace, 3), put(workspace, 9)
    foreign = put(other_workspace, 0)
    with db.transaction(workspace.viewer.caller) as tx:
        assert [(one.id, bits) for one, bits in gallery.similar(tx, first)] == [(near, 3), (far, 9)]
    with db.transaction(other_workspace.caller) as tx:
        assert gallery.similar(tx, foreign) == []


def test_the_search_function_knows_no_other_workspace(
    db: Database, workspace: Tenant, other_workspace: Tenant, named_pictures: dict[str, str]
) -> None:
    def raw(tx: Any, want: str) -> list[str]:
        return list(tx.scalars(text("SELECT picture_id FROM find_pictures(CAST(:want AS jsonb), NULL, 99)"), {"want": want}))

    with db.transaction(workspace.caller) as tx:
        assert len(raw(tx, '{"order": "newest"}')) == 3
    with db.transaction(other_workspace.caller) as tx:
        assert raw(tx, '{"order": "newest"}') == raw(tx, '{"words": ["bella"], "order": "none"}') == []
        tx.execute(text("SELECT set_config('app.tenant', '', true)"))
        assert raw(tx, '{"order": "newest"}') == []
