"""Requests and the gallery against real Postgres."""

from __future__ import annotations

from contextlib import AbstractContextManager
from datetime import timedelta

import pytest
from sqlalchemy import event, update
from sqlalchemy.orm import Session

from backend import assets, generation, influencers, jobs
from backend.app import App
from backend.db.tables import Asset
from backend.db.transactions import Database
from backend.errors import Invalid, NotFound
from backend.generation import GalleryFilters, GenerationCard, GenerationDraft, LoraPick
from backend.kit.clock import now
from tests.factories.account import Tenant
from tests.factories.making import make_asset, make_influencer, make_lora, make_pictures
from tests.fakes.engines import MODEL, OTHER

MODELS = [MODEL, OTHER]


def begin(db: Database, tenant: Tenant, *, key: str = "k1", **values: object) -> GenerationCard:
    with db.transaction(tenant.editor.caller, needs="editor") as tx:
        return generation.start(tx, draft=GenerationDraft(**values), models=MODELS, request_key=key)


def test_the_recipe_is_fixed_when_it_is_asked_for(db: Database, workspace: Tenant) -> None:
    with db.transaction(workspace.caller, needs="editor") as tx:
        lora = make_lora(tx)
        influencer = make_influencer(tx, look_prompt="cartoon", look_negative="blurry")
    card = begin(
        db, workspace, prompt="at the beach <lora:bella-v1:0.8>", influencer_id=influencer.id, n=3, seed=7, size="portrait"
    )
    recipe = card.recipe
    assert recipe.prompt == "bella, at the beach, cartoon"
    assert (recipe.asked, recipe.negative_prompt, recipe.seeds) == ("at the beach <lora:bella-v1:0.8>", "blurry", [7, 8, 9])
    assert [(ref.lora_id, ref.weight) for ref in recipe.loras] == [(lora.id, 0.8)]
    assert (recipe.model, recipe.steps, recipe.cfg) == ("tiny", 4, 3.0)
    assert recipe.height > recipe.width
    assert (card.state, card.done, card.n) == ("pending", 0, 3)
    with db.transaction(workspace.caller) as tx:
        assert jobs.get(tx, card.job_id).title == "3 × bella, at the beach, cartoon"


def test_two_clicks_are_one_request(db: Database, workspace: Tenant) -> None:
    first, second = begin(db, workspace, prompt="x y"), begin(db, workspace, prompt="something else")
    assert first.id == second.id
    assert first.recipe.seeds == second.recipe.seeds


def test_the_influencers_lora_draws_unless_another_is_chosen(db: Database, workspace: Tenant) -> None:
    with db.transaction(workspace.caller, needs="editor") as tx:
        default, second_lora, influencer = make_lora(tx, "bella-v1"), make_lora(tx, "other"), make_influencer(tx)
        influencers.set_default_lora(tx, influencer.id, default.id, 0.9)
        draft = GenerationDraft(prompt="x", influencer_id=influencer.id)
        assembled = generation.assemble(tx, draft=draft, models=MODELS)
        assert [(ref.name, ref.weight) for ref in assembled.loras] == [("bella-v1", 0.9)]
        assert any("bella-v1" in note for note in assembled.notes)
        picked = draft.model_copy(update={"loras": (LoraPick(lora_id=second_lora.id, weight=0.5),)})
        assert [ref.name for ref in generation.assemble(tx, draft=picked, models=MODELS).loras] == ["other"]
        on_big = draft.model_copy(update={"model": "big"})
        assert generation.assemble(tx, draft=on_big, models=MODELS).loras == ()
        plain = draft.model_copy(update={"with_look": False})
        assert generation.assemble(tx, draft=plain, models=MODELS).prompt == "x"


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"prompt": "a <lora:bela-v1>"}, "Did you mean bella-v1"),
        ({"prompt": "  "}, "Write what the picture should show"),
        ({"prompt": "x", "model": "nope"}, "It offers: tiny, big"),
        ({"prompt": "x", "sampler": "nope"}, "no sampler called 'nope'"),
        ({"prompt": "x", "size": "cinema"}, "Choose one of: square"),
        ({"prompt": "x <lora:bella-v1>", "model": "big"}, "does not fit Big model"),
    ],
)
def test_what_cannot_be_drawn_is_a_sentence(db: Database, workspace: Tenant, values: dict[str, str], sentence: str) -> None:
    with db.transaction(workspace.caller, needs="editor") as tx:
        make_lora(tx)
    with pytest.raises(Invalid, match=sentence):
        begin(db, workspace, **values)


def test_another_workspaces_things_are_not_found(db: Database, workspace: Tenant, other_workspace: Tenant) -> None:
    with db.transaction(workspace.caller, needs="editor") as tx:
        lora, influencer, picture, asset = make_lora(tx), make_influencer(tx), make_pictures(tx, 1)[0], make_asset(tx)
    for values in ({"influencer_id": influencer.id}, {"loras": (LoraPick(lora_id=lora.id),)}, {"init_asset_id": asset}):
        with pytest.raises(NotFound):
            begin(db, other_workspace, prompt="x", **values)
    with db.transaction(other_workspace.caller, needs="editor") as tx:
        for verb in (generation.picture, generation.remix, generation.make_cover):
            with pytest.raises(NotFound):
                verb(tx, picture)
        with pytest.raises(NotFound):
            generation.delete(tx, [picture])
        assert generation.gallery(tx).total == 0


class TestGallery:
    def test_pages_are_one_statement_each(self, db: Database, workspace: Tenant) -> None:
        with db.transaction(workspace.caller, needs="editor") as tx:
            ids = make_pictures(tx, 7, lora_id=make_lora(tx).id, influencer_id=make_influencer(tx).id)
        with db.transaction(workspace.caller) as tx:
            statements: list[str] = []
            event.listen(db.engine, "before_cursor_execute", lambda *args: statements.append(args[2]))
            first = generation.gallery(tx, take=5)
            assert len(statements) == 2
            second = generation.gallery(tx, take=5, cursor=first.next_cursor)
        assert [card.id for page in (first, second) for card in page.pictures] == ids[::-1]
        assert (first.total, second.next_cursor, first.pictures[0].influencer_name) == (7, None, "Bella")

    def test_filters(self, db: Database, workspace: Tenant) -> None:
        with db.transaction(workspace.caller, needs="editor") as tx:
            lora, influencer = make_lora(tx), make_influencer(tx)
            a = make_pictures(tx, 1, lora_id=lora.id, prompt="Bella at the Beach, 100% real")[0]
            b = make_pictures(tx, 1, influencer_id=influencer.id, rating=4)[0]
            c = make_pictures(tx, 1, prompt="a_forest", created_at=now() - timedelta(days=3))[0]

            def found(**filters: object) -> set[str]:
                return {card.id for card in generation.gallery(tx, filters=GalleryFilters(**filters)).pictures}

            today = now().date()
            assert found() == {a, b, c}
            assert found(lora_id=lora.id) == {a}
            assert found(influencer_id=influencer.id) == found(min_rating=4) == {b}
            assert found(min_rating=5) == set()
            assert found(text="beach bella") == {a, b}
            assert found(text="100%") == {a}
            assert found(text="a_f") == {c}
            assert found(text="_%_") == set()
            assert found(date_to=today - timedelta(days=2)) == {c}
            assert found(date_from=today, date_to=today) == {a, b}

    def test_rating(self, db: Database, workspace: Tenant) -> None:
        with db.transaction(workspace.caller, needs="editor") as tx:
            ids = make_pictures(tx, 2)
            generation.rate(tx, ids, 5)
            assert {generation.picture(tx, each).rating for each in ids} == {5}
            with pytest.raises(Invalid, match="1 to 5 stars"):
                generation.rate(tx, ids, 6)
            with pytest.raises(NotFound):
                generation.rate(tx, [ids[0], "pic_nothere"], 1)

    def test_delete_and_undelete(self, db: Database, workspace: Tenant) -> None:
        with db.transaction(workspace.caller, needs="editor") as tx:
            ids = make_pictures(tx, 3)
            generation.delete(tx, ids[:2])
            assert [card.id for card in generation.gallery(tx).pictures] == [ids[2]]
            assert generation.picture(tx, ids[0]).deleted_at
            generation.undelete(tx, ids[:1])
            assert {card.id for card in generation.gallery(tx).pictures} == {ids[0], ids[2]}

    def test_an_old_picture_comes_back_until_its_bytes_are_gone(self, app: App, workspace: Tenant) -> None:
        def open_tx() -> AbstractContextManager[Session]:
            return app.db.transaction(workspace.caller, needs="editor")

        def sweep() -> assets.SweepResult:
            return assets.sweep(open_tx, app.storage, settings=app.settings)

        with open_tx() as tx:
            ids = make_pictures(tx, 1)
            tx.execute(update(Asset).values(created_at=now() - timedelta(days=400)))
            generation.delete(tx, ids)
        assert sweep().retired == 1
        with open_tx() as tx:
            generation.undelete(tx, ids)
            asset = assets.get(tx, generation.picture(tx, ids[0]).asset_id)
            assert (asset.state, [use.noun_id for use in assets.uses(tx, asset.id)]) == ("stored", ids)
        assert (sweep().retired, sweep().purged) == (0, 0)
        with open_tx() as tx:
            generation.delete(tx, ids)
        sweep()
        with open_tx() as tx:
            tx.execute(update(Asset).values(deleted_at=now() - timedelta(days=8)))
        assert sweep().purged == 1
        with pytest.raises(NotFound, match="their files are gone"), open_tx() as tx:
            generation.undelete(tx, ids)

    def test_remix_repeats_or_varies(self, db: Database, workspace: Tenant) -> None:
        with db.transaction(workspace.caller, needs="editor") as tx:
            lora = make_lora(tx)
            picture = make_pictures(tx, 2, lora_id=lora.id)[1]
            exact, varied = generation.remix(tx, picture, new_seed=False), generation.remix(tx, picture)
            assert (exact.seed, exact.n, varied.seed, varied.n) == (101, 1, -1, 4)
            assert exact.loras == (LoraPick(lora_id=lora.id, weight=0.8),)
            reassembled = generation.assemble(tx, draft=exact, models=MODELS)
            recipe = generation.picture(tx, picture).recipe
            assert (reassembled.prompt, reassembled.width, reassembled.steps) == (recipe.prompt, recipe.width, recipe.steps)

    def test_cover(self, db: Database, workspace: Tenant) -> None:
        with db.transaction(workspace.caller, needs="editor") as tx:
            influencer = make_influencer(tx)
            with_who, without = make_pictures(tx, 1, influencer_id=influencer.id)[0], make_pictures(tx, 1)[0]
            generation.make_cover(tx, with_who)
            assert influencers.get(tx, influencer.id).cover_asset_id == generation.picture(tx, with_who).asset_id
            with pytest.raises(Invalid, match="belongs to no influencer"):
                generation.make_cover(tx, without)


def test_request_keys_belong_to_their_workspace(db: Database, workspace: Tenant, other_workspace: Tenant) -> None:
    assert begin(db, workspace, prompt="x").id != begin(db, other_workspace, prompt="x").id
