"""Requests against real Postgres."""

from __future__ import annotations

import pytest

from backend import gallery, generation, influencers, jobs
from backend.db.transactions import Database
from backend.errors import Invalid, NotFound
from backend.generation import GenerationCard, GenerationDraft, LoraPick
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
        for verb in (generation.picture, generation.remix, gallery.make_cover):
            with pytest.raises(NotFound):
                verb(tx, picture)
        with pytest.raises(NotFound):
            gallery.delete(tx, [picture])
        assert gallery.page(tx).total == 0


def test_remix_repeats_or_varies(db: Database, workspace: Tenant) -> None:
    with db.transaction(workspace.caller, needs="editor") as tx:
        lora = make_lora(tx)
        picture = make_pictures(tx, 2, lora_id=lora.id)[1]
        exact, varied = generation.remix(tx, picture, new_seed=False), generation.remix(tx, picture)
        assert (exact.seed, exact.n, varied.seed, varied.n) == (101, 1, -1, 4)
        assert exact.loras == (LoraPick(lora_id=lora.id, weight=0.8),)
        reassembled = generation.assemble(tx, draft=exact, models=MODELS)
        recipe = generation.picture(tx, picture).recipe
        assert (reassembled.prompt, reassembled.width, reassembled.steps) == (recipe.prompt, recipe.width, recipe.steps)


def test_request_keys_belong_to_their_workspace(db: Database, workspace: Tenant, other_workspace: Tenant) -> None:
    assert begin(db, workspace, prompt="x").id != begin(db, other_workspace, prompt="x").id
