"""The page of one influencer: its tabs show what is hers, and follow the address and the top bar."""

from __future__ import annotations

from typing import Any

from streamlit.testing.v1 import AppTest

from backend import influencers, jobs, voices
from backend.db.transactions import Database
from tests.factories.account import Tenant
from tests.factories.making import make_influencer
from tests.factories.posts import make_planner
from tests.factories.studio_rows import fill_workspace, make_clip
from tests.pages.conftest import Open, words


def press(at: AppTest, label: str) -> None:
    next(button for button in at.button if button.label == label).click().run()
    assert not at.exception


TABS = {
    "overview": "Trained face",
    "content": "Videos :gray[1]",
    "persona": "A travel vlogger who loves old trams",
    "look": "Datasets",
    "channels": "Posting rules",
    "report": "Created with",
}
"""Tab -> words on it."""


def test_every_tab_for_editors_and_viewers(open_page: Open, db: Database, workspace: Tenant) -> None:
    rows = fill_workspace(db, workspace)
    with db.transaction(workspace.caller) as tx:
        make_clip(tx, rows.picture_ids[0])
    for tab, says in TABS.items():
        for person in (workspace.editor, workspace.viewer):
            at = open_page("influencers/influencers", person=person, id=rows.influencer_id, tab=tab)
            assert not at.exception, tab
            assert not at.error, tab
            assert says in words(at) + "\n".join(field.value or "" for field in at.text_area)


def test_saving_the_persona_keeps_the_look_and_the_other_way_round(open_page: Open, db: Database, workspace: Tenant) -> None:
    rows = fill_workspace(db, workspace)
    for tab, label, value in (("persona", "Tone", "dry"), ("look", "Added to every prompt", "freckles")):
        at = open_page("influencers/influencers", id=rows.influencer_id, tab=tab)
        next(field for field in [*at.text_input, *at.text_area] if field.label == label).input(value)
        next(button for button in at.button if button.label == "Save").click().run()
        assert not at.exception
    with db.transaction(workspace.caller) as tx:
        card = influencers.get(tx, rows.influencer_id)
    assert (card.persona.tone, card.look_prompt, card.persona.bio[:8], card.trigger_word) == (
        "dry",
        "freckles",
        "A travel",
        "bella",
    )


def test_what_is_typed_into_the_persona_is_kept_until_it_is_saved_or_discarded(
    open_page: Open, db: Database, workspace: Tenant
) -> None:
    rows = fill_workspace(db, workspace)
    query = {"id": rows.influencer_id, "tab": "persona"}

    def tone(at: AppTest) -> Any:
        return next(field for field in at.text_input if field.label == "Tone")

    at = open_page("influencers/influencers", **query)
    saved_tone = tone(at).value
    tone(at).input("dry").run()
    at = open_page("influencers/influencers", **query)  # a new session, as after a sign-out
    assert tone(at).value == "dry"
    assert "Unsaved changes" in words(at)
    press(at, "Discard changes")
    assert tone(at).value == saved_tone
    press(at, "Restore them")
    with db.transaction(workspace.caller, needs="editor") as tx:
        card = influencers.get(tx, rows.influencer_id)
        influencers.save(tx, card.id, card.draft().model_copy(update={"look_prompt": "freckles"}), version=card.version)
    at = open_page("influencers/influencers", **query)
    assert (tone(at).value, at.warning[0].value) == (
        "dry",
        f"Somebody else has changed {card.name} since you opened this page.",
    )
    others = open_page("influencers/influencers", person=workspace.editor, **query)
    assert tone(others).value == saved_tone, "kept for each user"
    at = open_page("influencers/influencers", **query)
    press(at, "Load the newer version")
    tone(at).input("sweet").run()
    press(at, "Save")
    with db.transaction(workspace.caller) as tx:
        card = influencers.get(tx, rows.influencer_id)
    assert (card.persona.tone, card.look_prompt) == ("sweet", "freckles")
    assert "Unsaved changes" not in words(at)


def test_another_influencer_in_the_top_bar_opens_her_page(open_page: Open, db: Database, workspace: Tenant) -> None:
    with db.transaction(workspace.caller) as tx:
        first, second = make_planner(tx, "Nina").influencer, make_influencer(tx, "Marco")
    at = open_page("influencers/influencers", id=first.id)
    next(field for field in at.selectbox if field.label == "Influencer").select(second.id).run()
    assert not at.exception
    assert "## Marco" in words(at)
    next(field for field in at.selectbox if field.label == "Influencer").select("").run()
    assert any(button.label == "New influencer" for button in at.button)


def test_the_sample_is_added_and_removed_with_a_click_each(open_page: Open, db: Database, workspace: Tenant) -> None:
    at = open_page("influencers/influencers")
    next(button for button in at.button if button.label == "Add a sample influencer").click().run()
    assert not at.exception
    with db.transaction(workspace.caller) as tx:
        [card] = influencers.page(tx).cards
    at = open_page("influencers/influencers", id=card.id)
    assert ":violet-badge[Sample]" in words(at)
    assert not [button for button in at.button if button.label.startswith("Connect")]
    at = open_page("results/results")
    assert not at.exception
    assert "10" in [metric.value for metric in at.metric]
    at = open_page("influencers/influencers", id=card.id)
    next(button for button in at.button if button.label == "Remove the sample").click().run()
    assert not at.exception
    with db.transaction(workspace.caller) as tx:
        assert not influencers.page(tx).cards


def test_a_voice_is_chosen_tried_and_taught_on_the_persona_tab(open_page: Open, db: Database, workspace: Tenant) -> None:
    rows = fill_workspace(db, workspace)
    at = open_page("influencers/influencers", id=rows.influencer_id, tab="persona")
    next(field for field in at.text_input if field.label == "Written").input("!!!")
    next(field for field in at.text_input if field.label == "Spoken").input("bang")
    next(button for button in at.button if button.label == "Add").click().run()
    assert "at least one letter" in words(at)
    assert "bang" in [field.value for field in at.text_input], "what was typed stays"
    next(field for field in at.text_input if field.label == "Written").input("Nguyen")
    next(field for field in at.text_input if field.label == "Spoken").input("win")
    next(button for button in at.button if button.label == "Add").click().run()
    next(button for button in at.button if button.label == "Listen").click().run()
    next(field for field in at.slider if field.label == "Speed").set_value(1.25)
    next(button for button in at.button if button.label == "Save voice").click().run()
    assert not at.exception
    assert not at.error
    with db.transaction(workspace.caller) as tx:
        choice = voices.for_influencer(tx, rows.influencer_id)
        assert choice is not None
        assert (choice.voice.engine, choice.voice.engine_voice, choice.speed) == ("hibari", "heart", 1.25)
        assert [(entry.written, entry.spoken) for entry in voices.lexicon(tx)] == [("Nguyen", "win")]
        assert [job.title[:6] for job in jobs.page(tx, kinds=("voice-preview",), take=5).cards] == ["Heart "]
