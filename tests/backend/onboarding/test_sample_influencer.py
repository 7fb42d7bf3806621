"""The sample influencer: a month of posts in every state, added once, removed without a trace."""

from __future__ import annotations

from collections import Counter
from functools import partial

import pytest
from sqlalchemy import func, select, text, update

from backend import assets, channels, content_plans, gallery, generation, influencers, onboarding, writing
from backend.app import App
from backend.content_plans import PlanFilters, PostSource
from backend.db.tables import Base, Post, PostState
from backend.db.transactions import Database
from backend.errors import Conflict
from backend.language import LANGUAGES, Reader, reading
from backend.onboarding import sample_data
from backend.writing import TextParts, WriteOrder
from backend.writing.checks import check_text
from tests.factories.account import Tenant
from tests.factories.studio_rows import fill_workspace, make_clip

LEFT_BEHIND = {"assets", "events", "turns", "undo_entries"}
"""Files wait for the sweep; what happened is history, and so is how it could be undone, for 30 days."""


_ADVICE = {"copied", "unlike", "hashtags"}
"""One of her posts is the example that her persona gives, one has an emoji, and posts have fewer hashtags than texts."""


def add(app: App, workspace: Tenant, zone: str = "UTC") -> influencers.InfluencerCard:
    return onboarding.add_sample(partial(app.db.transaction, workspace.caller, needs="editor"), app.storage, time_zone=zone)


def row_counts(db: Database, workspace: Tenant) -> Counter[str]:
    with db.transaction(workspace.caller) as tx:
        tables = [table for table in Base.metadata.sorted_tables if "tenant_id" in table.c and table.name not in LEFT_BEHIND]
        return Counter({table.name: tx.scalar(select(func.count()).select_from(table)) or 0 for table in tables})


def test_a_month_of_posts_in_every_state_with_pictures_and_texts(app: App, workspace: Tenant) -> None:
    card = add(app, workspace, "Europe/Rome")
    assert add(app, workspace).id == card.id
    with app.db.transaction(workspace.caller) as tx:
        counts = content_plans.count_by_state(tx, list(PostState), influencer_id=card.id)
        plans = content_plans.page(tx, PlanFilters(influencer_id=card.id), take=200).cards
        [channel] = channels.of(tx, card.id)
        tiles = gallery.tiles(tx, filters=gallery.GalleryFilters(influencer_id=card.id)).tiles
        texts = writing.page(tx, influencer_id=card.id).cards
        picture = generation.picture(tx, tiles[0].id)
        assert onboarding.count_own_work(tx) == 0
    assert card.is_sample
    assert card.cover_asset_id == tiles[0].asset_id
    assert (channel.platform, len(tiles), len(texts)) == ("sandbox", 14, 3)
    assert [text.notes for text in texts] == [(), (), ()], "the sample breaks no rule of ours"
    assert picture.recipe.prompt.startswith("mia, auburn bob haircut")
    wanted = ("published", "failed", "missed", "scheduled", "in_review", "draft", "on_hold")
    assert all(counts[PostState(state)] for state in wanted), counts
    days = sorted(plan.wall.date() for plan in plans if plan.wall)
    assert (days[-1] - days[0]).days == 30
    assert all(post.media and post.alt_texts for plan in plans if plan.wall for post in plan.posts)
    with app.db.transaction(workspace.caller) as tx:
        file = assets.get(tx, tiles[0].asset_id)
    assert app.storage.read(file.key).startswith(b"RIFF")
    assert app.storage.read(assets.thumb_key(file.key, 320)).startswith(b"RIFF")


def test_whoever_reads_italian_gets_an_italian_sample(app: App, workspace: Tenant) -> None:
    with reading(Reader("it")):
        card = add(app, workspace)
    with app.db.transaction(workspace.caller) as tx:
        plans = content_plans.page(tx, PlanFilters(influencer_id=card.id), take=200).cards
        texts = writing.page(tx, influencer_id=card.id).cards
    assert (card.language, card.persona.topics[0], texts[0].language) == ("it", "caffè", "it")
    assert "Dietro il bancone" in {plan.topic for plan in plans}
    assert [text.notes for text in texts] == [(), (), ()]


@pytest.mark.parametrize("language", LANGUAGES)
def test_its_texts_break_no_rule_of_ours(language: str) -> None:
    sample = sample_data.load(language)
    for said in (*sample.texts, *(post for post in sample.posts if post.caption)):
        parts = TextParts(caption=said.caption, hashtags=tuple(f"#{word}" for word in said.hashtags))
        order = WriteOrder(influencer_id="inf", topic=said.topic)
        broken = [note for note in check_text(parts, order, sample.persona, language) if note.rule not in _ADVICE]
        assert not broken, (said.topic, broken)
    english = sample_data.load("en")
    assert language == "en" or not {post.caption for post in sample.posts if post.caption} & {p.caption for p in english.posts}


def test_its_name_makes_way(app: App, workspace: Tenant) -> None:
    with app.db.transaction(workspace.caller) as tx:
        influencers.create(tx, influencers.InfluencerDraft(name="Mia Rossi"))
    assert add(app, workspace).name == "Mia Rossi 2"


def test_removed_without_a_trace_with_what_people_made_of_it(app: App, workspace: Tenant) -> None:
    rows = fill_workspace(app.db, workspace)
    before = row_counts(app.db, workspace)
    card = add(app, workspace)
    with app.db.transaction(workspace.caller) as tx:
        picture_id = gallery.tiles(tx, filters=gallery.GalleryFilters(influencer_id=card.id)).tiles[0].id
        plan = content_plans.create_from(tx, PostSource(picture_ids=(picture_id,)), request_key="own")
        make_clip(tx, picture_id)
        assert onboarding.count_own_work(tx) == 2
        tx.execute(update(Post).where(Post.plan_id == plan.id).values(state="publishing"))
    with pytest.raises(Conflict, match="being published"), app.db.transaction(workspace.caller) as tx:
        onboarding.remove_sample(tx)
    with app.db.transaction(workspace.caller) as tx:
        tx.execute(update(Post).where(Post.plan_id == plan.id).values(state="draft"))
        assert onboarding.remove_sample(tx)
        assert not onboarding.remove_sample(tx)
        assert influencers.get(tx, rows.influencer_id).cover_asset_id
        left = tx.scalars(text("SELECT count(*) FROM assets WHERE state = 'stored' AND filename LIKE 'sample-%'")).one()
    kept = {"jobs", "attempts", "job_logs", "audit_changes"}  # what was done stays known, as for anything that is removed
    assert {name: n for name, n in (row_counts(app.db, workspace) - before).items() if name not in kept} == {}
    assert left == 0


def test_it_never_gets_a_real_channel(app: App, workspace: Tenant) -> None:
    card = add(app, workspace)
    with pytest.raises(Conflict, match="practice channel only"):
        channels.check_connectable(
            app, workspace.caller, origin="https://studio.example", name="instagram", influencer_id=card.id
        )
