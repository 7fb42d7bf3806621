"""Search of plans: by whole words and beginnings of words, as typed, in one's own workspace."""

from __future__ import annotations

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from backend import content_plans
from backend.content_plans import PlanFilters, PostState, queries
from backend.db.transactions import Database
from tests.factories.account import Tenant
from tests.factories.posts import Planner, local_time_ahead, make_planner
from tests.support.databases import DatabaseUrls

MANY = text(
    "INSERT INTO content_plans (id, influencer_id, topic, due_at, request_key) SELECT 'cp_1' || lpad(n::text, 25, '0'), :who, "
    "'Harbour walk ' || n, clock_timestamp() + n * interval '1 min', 'many-' || n FROM generate_series(1, :n) n"
)
POSTS = text(
    "INSERT INTO posts (id, plan_id, channel_id, caption) SELECT 'post_1' || lpad(n::text, 25, '0'), "
    "'cp_1' || lpad(n::text, 25, '0'), :channel, 'Good morning number ' || n FROM generate_series(1, :n) n"
)
SCANS = text("SELECT pg_stat_get_xact_numscans(CAST(:index AS regclass))")


def topics(tx: Session, typed: str) -> set[str]:
    return {card.topic for card in content_plans.page(tx, PlanFilters(text=typed)).cards}


def written(tx: Session, bella: Planner, topic: str, caption: str = "", hashtags: str = "") -> str:
    return bella.plan(tx, topic=topic, variants=(bella.variant(caption=caption, hashtags=hashtags),)).id


@pytest.fixture(params=["few", "common"])
def found_by(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Both ways must find the same: by ids from the index, and down the list where too many have the words."""
    if request.param == "common":
        monkeypatch.setattr(queries, "MAX_INDEXED_MATCHES", 0)
    return str(request.param)


@pytest.mark.usefixtures("found_by")
def test_a_search_reads_topic_caption_and_hashtags(db: Database, workspace: Tenant, other_workspace: Tenant) -> None:
    with db.transaction(other_workspace.caller) as tx:
        written(tx, make_planner(tx), "Theirs", "Trams in the harbour", "#harbour")
    with db.transaction(workspace.caller) as tx:
        bella = make_planner(tx)
        written(tx, bella, "Trams/harbour-side", "Good morning")
        written(tx, bella, "Coffee", "In the Harbour, early. #sunrise")
        written(tx, bella, "Tea", "At home", "#harbourlife")
        written(tx, bella, "東京 ramen", "Été à Paris")
        deleted = written(tx, bella, "Deleted harbour")
        content_plans.delete(tx, deleted)
    with db.transaction(workspace.viewer.caller) as tx:
        harbour = {"Trams/harbour-side", "Coffee", "Tea"}
        assert topics(tx, "harbour") == topics(tx, " HARB ") == harbour
        assert topics(tx, "harbour trams") == topics(tx, "harbour-side") == {"Trams/harbour-side"}
        assert topics(tx, "#sunrise") == topics(tx, "the harbour,") == {"Coffee"}
        assert topics(tx, "harbourlife") == topics(tx, "#harbourl") == {"Tea"}
        assert topics(tx, "東京") == topics(tx, "Été") == {"東京 ramen"}
        assert topics(tx, "coffee home") == topics(tx, "arbour") == topics(tx, "theirs") == set()
        page = content_plans.page(tx, PlanFilters(text="harbour", states=(PostState.DRAFT,)), take=2)
        rest = content_plans.page(tx, PlanFilters(text="harbour"), cursor=page.next_cursor, take=2)
        assert (len(page.cards), page.total, len(rest.cards), rest.next_cursor) == (2, 3, 1, None)


@pytest.mark.usefixtures("found_by")
def test_what_is_typed_is_no_pattern(db: Database, workspace: Tenant) -> None:
    with db.transaction(workspace.caller) as tx:
        bella = make_planner(tx)
        for topic in (
            "50% off",
            "500 off",
            "snake_case",
            "snake case",
            'it\'s "new"',
            "its new",
            "back\\slash",
            "palm 🌴",
            "a<b & c",
        ):
            written(tx, bella, topic)
        assert topics(tx, "50%") == topics(tx, "%") == {"50% off"}
        assert topics(tx, "snake_case") == topics(tx, "_") == {"snake_case"}
        assert topics(tx, "it's") == topics(tx, "'") == topics(tx, '"new"') == {'it\'s "new"'}
        assert topics(tx, "back\\slash") == topics(tx, "\\") == {"back\\slash"}
        assert topics(tx, "🌴") == topics(tx, "palm 🌴") == {"palm 🌴"}
        assert topics(tx, "a<b & c") == topics(tx, "&") == {"a<b & c"}
        assert len(topics(tx, "\x00")) == 9, "nothing is asked for"
        assert topics(tx, "new:* | off") == topics(tx, "!off") == topics(tx, "x" * 3000) == set()


def test_the_index_finds_the_words(
    db: Database, workspace: Tenant, other_workspace: Tenant, database_urls: DatabaseUrls
) -> None:
    """Row-level security takes an index from what is not leakproof: only the function can use it."""
    with db.transaction(workspace.caller) as tx:
        bella = make_planner(tx)
        tx.execute(MANY, {"who": bella.influencer.id, "n": 3000})
        tx.execute(POSTS, {"channel": bella.channel.id, "n": 3000})
    with create_engine(database_urls.owner, poolclass=NullPool, isolation_level="AUTOCOMMIT").connect() as connection:
        connection.execute(text("VACUUM ANALYZE content_plans, posts"))
    with db.transaction(workspace.caller) as tx:
        indexes = ("ix_content_plans_search", "ix_posts_search")
        before = [tx.scalar(SCANS, {"index": index}) for index in indexes]
        assert topics(tx, "2999") == {"Harbour walk 2999"}
        assert [tx.scalar(SCANS, {"index": index}) for index in indexes] == [scans + 1 for scans in before]
        common = content_plans.page(tx, PlanFilters(text="harbour"), take=2)
        assert ([card.topic for card in common.cards], common.total) == (["Harbour walk 1", "Harbour walk 2"], 1000)
    query = text("SELECT find_plans('''2999'':*', ARRAY[]::text[], 9)")
    with db.transaction(workspace.caller) as tx:
        assert set(tx.scalar(query) or []) == {"cp_1" + "2999".rjust(25, "0")}
        tx.execute(text("SELECT set_config('app.tenant', '', true)"))
        assert tx.scalar(query) == []
    with db.transaction(other_workspace.caller) as tx:
        assert tx.scalar(query) == []


def test_pages_of_dated_and_undated_plans_follow_each_other(db: Database, workspace: Tenant) -> None:
    with db.transaction(workspace.caller) as tx:
        bella = make_planner(tx)
        plans = [bella.plan(tx, wall=local_time_ahead()).id for _ in range(3)] + [bella.plan(tx).id for _ in range(3)]
        for take in (1, 2, 4):
            walked: list[str] = []
            cursor = None
            while len(walked) < len(plans):
                page = content_plans.page(tx, cursor=cursor, take=take)
                walked += [card.id for card in page.cards]
                cursor = page.next_cursor
            assert (walked, cursor) == (plans, None)
        behind = content_plans.page(tx, cursor=plans[0], take=2, skip=2)
        assert [card.id for card in behind.cards] == plans[3:5]
