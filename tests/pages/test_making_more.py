"""What stands around the form on Create, and the Prompts page, without a browser."""

from __future__ import annotations

from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from backend import generation, jobs, prompt_library
from backend.db.transactions import Database
from backend.generation import GenerationDraft
from backend.prompt_library import PromptStyleDraft, TemplateDraft, WildcardDraft
from studio.ui.format import plain
from tests.factories.account import Tenant
from tests.factories.studio_rows import Rows, fill_workspace
from tests.pages.conftest import Open, words

PROMPT = "Prompt"


@pytest.fixture
def rows(db: Database, workspace: Tenant) -> Rows:
    return fill_workspace(db, workspace)


@pytest.fixture
def do(db: Database, workspace: Tenant) -> Any:
    def do(verb: Any, *args: Any, **options: Any) -> Any:
        with db.transaction(workspace.owner.caller, needs="owner") as tx:
            return verb(tx, *args, **options)

    return do


def press(at: AppTest, label: str) -> AppTest:
    at = next(button for button in at.button if button.label == label).click().run()
    assert not at.exception
    return at


def field(at: AppTest, kind: str, label: str) -> Any:
    return next(element for element in at.get(kind) if element.label == label)


def way(at: AppTest, name: str) -> AppTest:
    at.session_state["create:way"] = name
    at = at.run()
    assert not at.exception
    return at


def test_a_template_is_followed_and_left_with_its_words(open_page: Open, do: Any, rows: Rows) -> None:
    card = do(prompt_library.save_template, TemplateDraft(name="Face", prompt="portrait of {who}, {place=at noon}"))
    at = press(open_page("create/pictures"), "Face")
    assert plain("Fill in who first.") in at.warning[0].value
    field(at, "text_input", "Who").input("a tall man").run()
    at = press(at, "Create pictures")
    request = do(generation.latest)[0]
    assert request.recipe.asked == "portrait of a tall man, at noon"
    assert (request.recipe.template.template_id, request.recipe.template.version) == (card.id, 1)
    at = press(at, "Remove")
    assert field(at, "text_area", PROMPT).value == "portrait of a tall man, at noon"


def test_a_prompt_said_before_is_one_click_away(open_page: Open, do: Any, rows: Rows) -> None:
    do(prompt_library.record_prompt_use, "a red boat", "fog")
    at = open_page("create/pictures")
    field(at, "slider", "How many?").set_value(7).run()
    at = press(at, "a red boat")
    assert (field(at, "text_area", PROMPT).value, field(at, "slider", "How many?").value) == ("a red boat", 7)
    assert field(at, "text_area", "Negative prompt").value == "fog"


def test_a_style_brings_its_settings_and_a_preset_is_what_the_form_starts_with(open_page: Open, do: Any, rows: Rows) -> None:
    style = do(
        prompt_library.save_style, PromptStyleDraft(name="Neon", prompt="neon light", settings={"steps": 33, "size": "story"})
    )
    preset = do(
        prompt_library.save_preset, name="Mine", draft=GenerationDraft(prompt="at the pier", n=2).model_dump(mode="json")
    )
    do(prompt_library.set_default_preset, preset.id)
    at = open_page("create/pictures")
    assert (field(at, "text_area", PROMPT).value, field(at, "slider", "How many?").value) == ("at the pier", 2)
    at = field(at, "selectbox", "Prompt style").select(style.id).run()
    assert field(at, "number_input", "Steps").value == 33
    press(at, "Create pictures")
    recipe = do(generation.latest)[0].recipe
    assert (recipe.steps, recipe.size, recipe.style.name) == (33, "story", "Neon")
    assert "neon light" in recipe.prompt


def test_the_last_seed_is_kept_while_it_is_locked(open_page: Open, do: Any, rows: Rows) -> None:
    at = open_page("create/pictures")
    field(at, "text_area", PROMPT).input("a cat").run()
    at = press(at, "Create pictures").run()
    seed = do(generation.latest)[0].recipe.seeds[0]
    field(at, "toggle", f"Keep the last seed ({seed})").set_value(True).run()
    at.session_state["request_keys"] = {}
    press(at, "Create pictures")
    assert [card.recipe.seeds[0] for card in do(generation.latest, take=2)] == [seed, seed]


def test_a_grid_is_counted_before_it_is_drawn_and_a_large_one_confirmed(open_page: Open, do: Any, rows: Rows) -> None:
    at = open_page("create/pictures")
    field(at, "text_area", PROMPT).input("a cat").run()
    at = way(at, "grid")
    assert "Choose what changes" in words(at)
    field(at, "text_input", "Values").input("5, 10").run()
    at = press(at, "Create 2 pictures")
    card = do(generation.latest)[0]
    assert (card.form, card.n, [axis.labels for axis in card.grid.axes]) == ("grid", 2, [("5", "10")])
    field(at, "text_input", "Values").input("1-200").run()
    assert "at most 30" in at.error[0].value


def test_a_list_is_read_line_by_line(open_page: Open, do: Any, rows: Rows) -> None:
    at = way(open_page("create/pictures"), "list")
    field(at, "text_area", "One prompt per line").input("a cat\na <lora:nope>\n" + "a dog\n" * 50).run()
    assert "1 line cannot be used" in at.warning[0].value
    create = next(button for button in at.button if button.label == "Create 51 pictures")
    assert create.disabled
    field(at, "checkbox", "Yes, create 51 pictures").check().run()
    press(at, "Create 51 pictures")
    card = do(generation.latest)[0]
    assert (card.form, card.n) == ("list", 51)


def test_the_line_can_be_changed_and_emptied(open_page: Open, do: Any, rows: Rows, app: Any) -> None:
    models = app.engines.image.models()
    first, second = (
        do(generation.start, draft=GenerationDraft(prompt=name, n=1), models=models, request_key=name)
        for name in ("one", "two")
    )
    at = open_page("create/pictures")
    at = next(button for button in at.button if button.key == f"icon-only:queue:first:{second.job_id}").click().run()
    assert not at.exception
    order = [job.id for job in do(jobs.queue_status, "gpu")]
    assert order.index(second.job_id) < order.index(first.job_id)
    press(at, "Cancel all")
    assert {do(jobs.get, card.job_id).state for card in (first, second)} == {"cancelled"}


def test_the_form_is_as_it_was_left_and_what_an_address_replaces_comes_back(open_page: Open, do: Any, rows: Rows) -> None:
    at = open_page("create/pictures")
    field(at, "text_area", PROMPT).input("a cat").run()
    field(at, "slider", "How many?").set_value(7).run()
    at = way(at, "grid")
    field(at, "text_input", "Values").input("5, 10").run()

    at = open_page("create/pictures")
    assert (field(at, "text_area", PROMPT).value, field(at, "text_input", "Values").value) == ("a cat", "5, 10")
    at = open_page("create/pictures", remix=rows.picture_ids[0])
    assert field(at, "text_area", PROMPT).value == "portrait, at the beach, smiling"
    at = press(at, "Undo: back to what was here before")
    assert field(at, "text_area", PROMPT).value == "a cat"
    at = press(way(at, "one"), "Reset the form")
    assert (field(at, "text_area", PROMPT).value, field(at, "slider", "How many?").value) == ("", 4)


def test_a_format_of_ones_own(open_page: Open, do: Any, rows: Rows) -> None:
    at = open_page("create/pictures")
    field(at, "text_area", PROMPT).input("a cat").run()
    field(at, "button_group", "Format").set_value("own").run()
    field(at, "number_input", "Width (px)").set_value(1200).run()
    field(at, "number_input", "Height (px)").set_value(800).run()
    press(at, "Create pictures")
    recipe = do(generation.latest)[0].recipe
    assert recipe.width / recipe.height == pytest.approx(1.5, rel=0.2)
    at = open_page("create/pictures")
    assert [field(at, "number_input", f"{side} (px)").value for side in ("Width", "Height")] == [1200, 800]


def test_a_part_of_a_picture_waits_for_its_mask(open_page: Open, rows: Rows) -> None:
    at = open_page("create/pictures", **{"from": rows.picture_ids[0], "part": "1"})
    assert not at.exception
    assert next(button for button in at.button if button.label == "Create pictures").disabled


def test_the_prompts_page_shows_everything_and_offers_a_viewer_no_change(open_page: Open, do: Any, workspace: Tenant) -> None:
    do(prompt_library.save_wildcard, WildcardDraft(name="places", lines=("Rome",)))
    face = do(prompt_library.save_template, TemplateDraft(name="Face", prompt="portrait of {who}"))
    do(prompt_library.save_template, TemplateDraft(name="Face", prompt="{who}, close"), template_id=face.id, version=1)
    do(prompt_library.save_style, PromptStyleDraft(name="Neon", prompt="neon light"))
    do(prompt_library.save_preset, name="Ours", draft={"nonsense": 1}, own=False)
    for person in (workspace.owner, workspace.viewer):
        at = open_page("create/prompts", person=person)
        assert not at.exception
        for text in ("Rome", "version 2", "portrait of {who}", "neon light", "from an older form"):
            assert text in words(at).replace("\\", "")
        offered = {"New list", "Edit"} & {button.label for button in at.button}
        assert bool(offered) == (person is workspace.owner)


def test_an_empty_list_of_wildcards_offers_an_example(open_page: Open, do: Any) -> None:
    press(open_page("create/prompts"), "Add the list “places”")
    assert [card.name for card in do(prompt_library.wildcards)] == ["places"]
