"""Influencers against real Postgres: versions, archive, default LoRA, cover, the wizard's memory."""

from __future__ import annotations

import pytest

from backend import influencers
from backend.db.transactions import Database
from backend.errors import Conflict, Invalid, NotFound, NotPermitted
from backend.influencers import InfluencerDraft, Persona
from tests.factories.account import Tenant
from tests.factories.making import make_asset, make_influencer, make_lora


def test_create_and_read_back(db: Database, workspace: Tenant) -> None:
    persona = Persona(bio="Runs a café.", topics=("coffee", "books"), dont=("politics",))
    draft = InfluencerDraft(name="Bella", persona=persona, language="de", time_zone="Europe/Berlin", look_prompt="cartoon")
    with db.transaction(workspace.editor.caller, needs="editor") as tx:
        created = influencers.create(tx, draft)
    with db.transaction(workspace.viewer.caller) as tx:
        card = influencers.get(tx, created.id)
    assert card.draft() == draft
    assert (card.trigger_word, card.version, card.default_lora_id, card.setup) == ("bella", 1, None, {})


def test_a_viewer_cannot_write(db: Database, workspace: Tenant) -> None:
    with pytest.raises(NotPermitted, match="viewer"), db.transaction(workspace.viewer.caller, needs="editor") as tx:
        make_influencer(tx)


def test_another_workspaces_influencer_is_not_found(db: Database, workspace: Tenant, other_workspace: Tenant) -> None:
    with db.transaction(workspace.caller, needs="editor") as tx:
        card = make_influencer(tx)
    with db.transaction(other_workspace.caller, needs="editor") as tx:
        for verb in (influencers.get, influencers.archive, influencers.restore):
            with pytest.raises(NotFound):
                verb(tx, card.id)
        with pytest.raises(NotFound):
            influencers.save(tx, card.id, card.draft(), version=1)
        assert influencers.page(tx).total == 0
        assert make_influencer(tx).name == card.name


def test_an_older_version_is_refused_and_nothing_is_lost(db: Database, workspace: Tenant) -> None:
    with db.transaction(workspace.caller, needs="editor") as tx:
        card = make_influencer(tx)
        saved = influencers.save(tx, card.id, InfluencerDraft(name="Bella Rossi"), version=card.version)
        assert (saved.version, saved.name) == (2, "Bella Rossi")
        with pytest.raises(Conflict, match="Somebody else changed"):
            influencers.save(tx, card.id, InfluencerDraft(name="Bella Verdi"), version=card.version)
        assert influencers.get(tx, card.id).name == "Bella Rossi"


def test_names_are_taken_once_also_from_the_archive(db: Database, workspace: Tenant) -> None:
    with db.transaction(workspace.caller, needs="editor") as tx:
        bella, marco = make_influencer(tx, "Bella"), make_influencer(tx, "Marco")
        with pytest.raises(Conflict, match="already an influencer called Bella"):
            make_influencer(tx, "Bella")
        with pytest.raises(Conflict, match="already an influencer called Bella"):
            influencers.save(tx, marco.id, InfluencerDraft(name="Bella"), version=1)
        influencers.archive(tx, bella.id)
        with pytest.raises(Conflict, match="archived influencer"):
            make_influencer(tx, "Bella")
        assert [card.id for card in influencers.page(tx).cards] == [marco.id]
        assert [card.id for card in influencers.page(tx, archived=True).cards] == [bella.id]
        assert influencers.restore(tx, bella.id).archived_at is None


def test_pages_follow_the_cursor(db: Database, workspace: Tenant) -> None:
    with db.transaction(workspace.caller, needs="editor") as tx:
        ids = [make_influencer(tx, f"Number {n}").id for n in range(5)]
        first = influencers.page(tx, take=2)
        second = influencers.page(tx, take=2, cursor=first.next_cursor)
        last = influencers.page(tx, take=2, cursor=second.next_cursor)
        assert [card.id for page in (first, second, last) for card in page.cards] == ids[::-1]
        assert (first.total, last.next_cursor) == (5, None)
        assert influencers.page(tx, text="NUMBER 3").total == 1
        assert influencers.page(tx, text="100%").total == 0


def test_default_lora_and_its_end(db: Database, workspace: Tenant) -> None:
    with db.transaction(workspace.caller, needs="editor") as tx:
        card, lora = make_influencer(tx), make_lora(tx)
        changed = influencers.set_default_lora(tx, card.id, lora.id, 0.8)
        assert (changed.default_lora_name, changed.default_lora_weight) == ("bella-v1", 0.8)
        with pytest.raises(Invalid, match="between -2 and 2"):
            influencers.set_default_lora(tx, card.id, lora.id, 3)
        with pytest.raises(NotFound):
            influencers.set_default_lora(tx, card.id, "lora_nothere")
        assert influencers.set_default_lora(tx, card.id, None).default_lora_id is None


def test_cover_and_wizard_memory(db: Database, workspace: Tenant) -> None:
    with db.transaction(workspace.caller, needs="editor") as tx:
        card, first, second = make_influencer(tx), make_asset(tx), make_asset(tx)
        influencers.set_cover(tx, card.id, first)
        assert influencers.set_cover(tx, card.id, second).cover_asset_id == second
        with pytest.raises(NotFound):
            influencers.set_cover(tx, card.id, "ast_nothere")
        influencers.save_setup(tx, card.id, step="pictures", dataset_id="ds_1")
        assert influencers.save_setup(tx, card.id, step="train").setup == {"step": "train", "dataset_id": "ds_1"}
        assert influencers.get(tx, card.id).version == 1
