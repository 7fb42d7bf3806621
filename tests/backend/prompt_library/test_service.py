"""Lists, templates, styles, presets and history against real Postgres."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from backend import prompt_library
from backend.db.transactions import Database
from backend.errors import Conflict, Invalid, NotFound
from backend.prompt_library import PromptStyleDraft, TemplateDraft, WildcardDraft
from tests.factories.account import Person, Tenant
from tests.factories.making import make_influencer

Do = Callable[..., Any]


@pytest.fixture
def do(db: Database, workspace: Tenant) -> Do:
    """`do(verb, …, who=person)`: one verb in an editor's transaction."""

    def do(verb: Callable[..., Any], *args: Any, who: Person | None = None, **more: Any) -> Any:
        with db.transaction((who or workspace.editor).caller, needs="editor") as tx:
            return verb(tx, *args, **more)

    return do


def places(*lines: str, name: str = "places") -> WildcardDraft:
    return WildcardDraft(name=name, lines=lines)


def test_a_list_is_cleaned_kept_and_never_overwritten_unseen(do: Do) -> None:
    card = do(prompt_library.save_wildcard, places(" Rome ", "", "# no", "Rome", "Oslo", name=" __Old Places__ "))
    assert (card.name, card.lines, card.version) == ("old-places", ("Rome", "Oslo"), 1)
    changed = do(prompt_library.save_wildcard, places("Lima"), wildcard_id=card.id, version=1)
    assert (changed.name, changed.lines, changed.version) == ("places", ("Lima",), 2)
    with pytest.raises(Conflict, match="Somebody else"):
        do(prompt_library.save_wildcard, places("Bern"), wildcard_id=card.id, version=1)
    with pytest.raises(Conflict, match="already a list called places"):
        do(prompt_library.save_wildcard, places("Bern"))
    with pytest.raises(Invalid, match="circle: places → places"):
        do(prompt_library.save_wildcard, places("in __places__"), wildcard_id=card.id, version=2)
    do(prompt_library.save_wildcard, places("__places__ at {noon|night}", "__later__", name="scenes"))
    assert do(prompt_library.load_lists, ["a {__places__|b}"]) == {"places": ("Lima",)}
    with pytest.raises(Invalid, match=r"no wildcard list called later.*There are: places, scenes"):
        do(prompt_library.load_lists, ["__scenes__"])
    do(prompt_library.delete_wildcard, card.id)
    with pytest.raises(NotFound):
        do(prompt_library.delete_wildcard, card.id)


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"name": "a b!", "lines": ("x",)}, "small letters"),
        ({"name": "ok", "lines": ("#",)}, "at least one line"),
        ({"name": "ok", "lines": tuple(map(str, range(2001)))}, "2,000 lines; this one has 2,001"),
        ({"name": "ok", "lines": ("x" * 501,)}, "longer than 500"),
        ({"name": "ok", "lines": ("{a",)}, "never closed"),
    ],
)
def test_lists_that_cannot_be_kept_are_a_sentence(values: dict[str, Any], sentence: str) -> None:
    with pytest.raises(Invalid, match=sentence):
        WildcardDraft(**values)


def test_an_edit_of_a_template_is_a_new_version_and_a_rename_is_not(do: Do) -> None:
    first_version = do(prompt_library.save_template, TemplateDraft(name="Face", prompt="{who} smiling"))
    renamed = do(
        prompt_library.save_template,
        TemplateDraft(name="Faces", prompt="{who} smiling"),
        template_id=first_version.id,
        version=1,
    )
    assert (renamed.name, renamed.version) == ("Faces", 1)
    second_version = do(
        prompt_library.save_template,
        TemplateDraft(name="Faces", prompt="{who} laughing"),
        template_id=first_version.id,
        version=1,
    )
    assert [card.version for card in do(prompt_library.template_versions, first_version.id)] == [2, 1]
    assert do(prompt_library.template, first_version.id, 1).prompt == "{who} smiling"
    with pytest.raises(Conflict, match="Somebody else"):
        do(prompt_library.save_template, TemplateDraft(name="Faces", prompt="x"), template_id=first_version.id, version=1)
    with pytest.raises(Conflict, match="already a template called Faces"):
        do(prompt_library.save_template, TemplateDraft(name="Faces", prompt="x"))
    do(prompt_library.delete_template, second_version.id)
    assert (do(prompt_library.templates), do(prompt_library.template, first_version.id).deleted) == ([], True)
    with pytest.raises(Invalid, match="never closed"):
        TemplateDraft(name="Bad", prompt="{who} {a|b")


def test_styles_belong_to_one_influencer_or_to_all(do: Do) -> None:
    bella, marco = (do(make_influencer, name) for name in ("Bella", "Marco"))
    do(prompt_library.save_style, PromptStyleDraft(name="All", prompt="film grain"))
    own = do(prompt_library.save_style, PromptStyleDraft(name="Hers", influencer_id=bella.id, settings={"steps": 30}))
    assert [card.name for card in do(prompt_library.styles, influencer_id=bella.id)] == ["All", "Hers"]
    assert [card.name for card in do(prompt_library.styles, influencer_id=marco.id)] == ["All"]
    changed = PromptStyleDraft(name="Hers", influencer_id=bella.id, prompt="night", settings={"cfg": 0})
    assert do(prompt_library.save_style, changed, style_id=own.id, version=1).settings.cfg == 0
    with pytest.raises(Conflict):
        do(prompt_library.save_style, changed, style_id=own.id, version=1)
    with pytest.raises(Invalid, match="adds words or settings"):
        PromptStyleDraft(name="Empty")


def test_one_preset_of_a_person_and_one_of_the_workspace_is_what_the_form_starts_with(do: Do, workspace: Tenant) -> None:
    assert do(prompt_library.default_preset) is None
    shared_preset = do(prompt_library.save_preset, name="Ours", draft={"prompt": "a"}, own=False)
    own_preset = do(prompt_library.save_preset, name="Mine", draft={"prompt": "b"})
    do(prompt_library.set_default_preset, shared_preset.id)
    assert do(prompt_library.default_preset).name == "Ours"
    do(prompt_library.set_default_preset, own_preset.id)
    assert do(prompt_library.default_preset).name == "Mine"
    assert do(prompt_library.default_preset, who=workspace.owner).name == "Ours"
    assert [card.name for card in do(prompt_library.presets, who=workspace.owner)] == ["Ours"]
    with pytest.raises(NotFound):
        do(prompt_library.delete_preset, own_preset.id, who=workspace.owner)
    overwritten = do(prompt_library.save_preset, name=" Mine ", draft={"prompt": "c"})
    assert (overwritten.id, overwritten.draft, overwritten.is_default) == (own_preset.id, {"prompt": "c"}, True)
    do(prompt_library.set_default_preset, own_preset.id, on=False)
    assert do(prompt_library.default_preset).name == "Ours"


def test_what_was_said_is_found_again_once(do: Do, workspace: Tenant) -> None:
    for prompt, who in (("a red cat", None), ("a dog", None), ("a red cat", None), ("a red cat", workspace.owner)):
        do(prompt_library.record_prompt_use, prompt, who=who)
    do(prompt_library.record_prompt_use, "a cow, 100% red", "blue")
    assert [(earlier.prompt, earlier.uses) for earlier in do(prompt_library.earlier_prompts)] == [
        ("a cow, 100% red", 1),
        ("a red cat", 2),
        ("a dog", 1),
    ]
    assert [
        (earlier.prompt, earlier.uses) for earlier in do(prompt_library.earlier_prompts, text="RED cat", everybody=True)
    ] == [("a red cat", 3)]
    assert [earlier.negative for earlier in do(prompt_library.earlier_prompts, text="100%")] == ["blue"]
    do(prompt_library.delete_earlier_prompt, do(prompt_library.earlier_prompts, text="dog")[0].id)
    assert do(prompt_library.earlier_prompts, text="dog") == []


def test_what_is_exported_can_be_brought_elsewhere_twice(do: Do, other_workspace: Tenant) -> None:
    do(prompt_library.save_wildcard, places("Rome", "Oslo"))
    do(prompt_library.save_template, TemplateDraft(name="Face", prompt="{who}", negative="hat"))
    exported = do(prompt_library.export_json)
    elsewhere = other_workspace.editor
    first = do(prompt_library.import_text, "all.JSON", exported, who=elsewhere)
    second = do(prompt_library.import_text, "all.json", exported, who=elsewhere)
    assert ((first.created, first.changed, first.same), (second.created, second.changed, second.same)) == ((2, 0, 0), (0, 0, 2))
    assert do(prompt_library.export_json, who=elsewhere) == exported
    text_result = do(prompt_library.import_text, "lists/hair colors.txt", "red\nblue\n", who=elsewhere)
    assert (text_result.created, do(prompt_library.wildcard_names, who=elsewhere)) == (1, ["hair-colors", "places"])
    mixed = '{"wildcards": {"ok": ["x"], "bad!": ["x"], "none": [], "round": ["__round__"]}, "templates": [{"name": "X"}, 3]}'
    mixed_result = do(prompt_library.import_text, "mixed.json", mixed, who=elsewhere)
    assert (mixed_result.created, len(mixed_result.problems)) == (1, 5)
    for broken in ("{", "[]", "[" * 200_000, "{}", '{"templates": 1}'):
        with pytest.raises(Invalid):
            do(prompt_library.import_text, "x.json", broken)


def test_what_is_typed_into_a_form_is_kept_for_its_user_alone(do: Do, workspace: Tenant) -> None:
    assert do(prompt_library.unsaved_form, "create") == {}
    do(prompt_library.save_unsaved_form, "create", {"prompt": "a red", "mode": "grid"})
    do(prompt_library.save_unsaved_form, "create", {"prompt": "a red boat"})
    assert do(prompt_library.unsaved_form, "create") == {"prompt": "a red boat", "mode": "grid"}
    assert do(prompt_library.unsaved_form, "videos") == {}
    assert do(prompt_library.unsaved_form, "create", who=workspace.owner) == {}
    with pytest.raises(Invalid, match="too long"):
        do(prompt_library.save_unsaved_form, "create", {"prompt": "x" * prompt_library.MAX_FORM_BYTES})
