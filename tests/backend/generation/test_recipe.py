"""Pictures of one request that differ: what each has of its own, in which order they are drawn; grids and lists."""

from __future__ import annotations

from contextlib import suppress
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.errors import Invalid
from backend.generation import AxisDraft, GenerationDraft, LoraPick, PictureRecipe, parse_list, split_values
from backend.generation.grid import grid_drafts, parse_numbers
from backend.generation.lists import apply_to
from backend.generation.recipe import LoraRef, batch_by_model, differences
from tests.fakes.engines import MODEL, OTHER

BASE = PictureRecipe(
    asked="a",
    prompt="a",
    negative_asked="",
    negative_prompt="",
    with_look=True,
    model="tiny",
    size="square",
    width=64,
    height=64,
    steps=4,
    cfg=3.0,
    sampler="ddim",
    seeds=[1],
    loras=[],
)
LORA = LoraRef(lora_id="lora_1", name="bella-v1", weight=0.5)
changes = st.fixed_dictionaries(
    {},
    optional={
        "prompt": st.sampled_from(["a", "b"]),
        "steps": st.sampled_from([4, 8]),
        "cfg": st.sampled_from([3.0, 0.0]),
        "model": st.sampled_from(["tiny", "big"]),
        "loras": st.sampled_from([[], [LORA]]),
        "negative_prompt": st.just("x"),
        "init_asset_id": st.sampled_from([None, "ast_1", "ast_2"]),
        "strength": st.sampled_from([0.6, 0.3]),
    },
)
DRAFT = GenerationDraft(prompt="a cat at noon", seed=7, n=4)


@settings(deadline=None)
@given(st.lists(changes, max_size=20))
def test_what_is_kept_of_each_picture_makes_its_recipe_again(all_changes: list[dict[str, object]]) -> None:
    recipes = [BASE.model_copy(update=change) for change in all_changes]
    for base in (BASE, BASE.model_copy(update={"init_asset_id": "ast_1"})):
        shots = differences(base, recipes)
        assert [base.with_overrides(overrides) for overrides in shots] == recipes
        assert [not overrides.plain() for overrides in shots] == [recipe == base for recipe in recipes]


@settings(deadline=None)
@given(st.lists(changes, max_size=30), st.integers(1, 8))
def test_each_is_drawn_once_and_each_checkpoint_loaded_once(all_changes: list[dict[str, object]], most: int) -> None:
    recipes = [BASE.model_copy(update=change) for change in all_changes]
    rounds = batch_by_model(list(enumerate(recipes)), most)
    assert sorted(n for group in rounds for n in group) == list(range(len(recipes)))
    assert all(len(group) <= most for group in rounds)
    for group in rounds:
        stripped = [recipes[n].model_copy(update={"prompt": ""}) for n in group]
        assert all(entry == stripped[0] for entry in stripped)
    models = [recipes[group[0]].model for group in rounds]
    assert sum(a != b for a, b in pairwise(models)) == max(0, len(set(models)) - 1)


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("10, 20,30", [10, 20, 30]),
        ("10-30 (+10)", [10, 20, 30]),
        ("1-3", [1, 2, 3]),
        ("0-1 [3]", [0, 0.5, 1]),
        ("0.2-0.6 (+0.2), 0.6, 1", [0.2, 0.4, 0.6, 1]),
        ("-1-1", [-1, 0, 1]),
        ("-0.5", [-0.5]),
    ],
)
def test_values_as_people_write_them(text: str, values: list[float]) -> None:
    assert parse_numbers(split_values(text)) == values


@settings(deadline=None)
@given(st.text("0123456789.-+()[] ,", max_size=30))
def test_any_values_are_numbers_or_a_sentence(text: str) -> None:
    with suppress(Invalid):
        assert 1 <= len(parse_numbers(split_values(text))) <= 30


def test_a_grid_is_every_combination_x_first() -> None:
    axes = [
        AxisDraft(kind="steps", values=("10", "20")),
        AxisDraft(kind="replace", values=("cat", "dog", "bird")),
        AxisDraft(kind="lora", values=("0.5", "1"), lora_id="lora_1"),
    ]
    built = grid_drafts(DRAFT, axes, [MODEL, OTHER], {"lora_1": "bella-v1"})
    assert [len(axis.labels) for axis in built.grid.axes] == [2, 3, 2]
    assert [axis.title for axis in built.grid.axes] == ["Steps", "“cat”", "Weight of bella-v1"]
    at = [(draft.steps, draft.prompt.split()[1], draft.loras[0].weight) for draft in built.drafts]
    assert at[:3] == [(10, "cat", 0.5), (20, "cat", 0.5), (10, "dog", 0.5)]
    assert at[-1] == (20, "bird", 1.0)
    assert len(set(at)) == 12
    assert {(draft.seed, draft.n) for draft in built.drafts} == {(7, 1)}


def test_a_lora_written_in_the_prompt_does_not_outweigh_its_axis() -> None:
    draft = DRAFT.model_copy(update={"prompt": "a <lora:Bella-v1:0.2> b", "loras": (LoraPick(lora_id="lora_2"),)})
    [one] = grid_drafts(
        draft, [AxisDraft(kind="lora", values=("1",), lora_id="lora_1")], [MODEL], {"lora_1": "bella-v1"}
    ).drafts
    assert "lora" not in one.prompt
    assert [(pick.lora_id, pick.weight) for pick in one.loras] == [("lora_2", 0.8), ("lora_1", 1.0)]


def test_another_model_draws_with_its_own_values() -> None:
    draft = DRAFT.model_copy(update={"sampler": "ddim", "steps": 4})
    built = grid_drafts(draft, [AxisDraft(kind="model", values=("tiny", "big"))], [MODEL, OTHER], {})
    assert [(draft.model, draft.sampler, draft.steps) for draft in built.drafts] == [("tiny", "", None), ("big", "", None)]
    assert built.grid.axes[0].labels == ("Tiny model", "Big model")


@pytest.mark.parametrize(
    ("axes", "sentence"),
    [
        ([], "at least one thing"),
        ([AxisDraft(kind="steps", values=("1-20",)), AxisDraft(kind="cfg", values=("1-20",))], "20 × 20 = 400 pictures"),
        ([AxisDraft(kind="steps", values=("a",))], "not a number"),
        ([AxisDraft(kind="steps", values=("nan",))], "not a number"),
        ([AxisDraft(kind="seed", values=("1e999",))], "not a number"),
        ([AxisDraft(kind="steps", values=("200",))], "not between 1 and 150"),
        ([AxisDraft(kind="cfg", values=("1-1000",))], "at most 30"),
        ([AxisDraft(kind="cfg", values=("9-1",))], "never ends"),
        ([AxisDraft(kind="lora", values=("1",))], "Choose the LoRA"),
        ([AxisDraft(kind="replace", values=("horse", "dog"))], "not in the prompt"),
        ([AxisDraft(kind="sampler")], "Choose the values"),
        ([AxisDraft(kind="steps", values=("1",))] * 2, "same thing"),
        ([AxisDraft(kind="replace", values=("cat",))] * 4, "at most 3 axes"),
        ([AxisDraft(kind="replace", values=("a", "x" * 1990))], "characters; at most 2,000"),
    ],
)
def test_grids_that_cannot_be_are_a_sentence(axes: list[AxisDraft], sentence: str) -> None:
    with pytest.raises(Invalid, match=sentence):
        grid_drafts(DRAFT, axes, [MODEL], {})


def test_words_of_a_grid_are_a_line_beside_its_pictures() -> None:
    """Whoever writes 2,000 line breaks gets no picture of 2,000 lines."""
    built = grid_drafts(DRAFT, [AxisDraft(kind="replace", values=("cat", "dog\n" * 300 + "x"))], [MODEL], {})
    assert all("\n" not in label and len(label) <= 80 for label in built.grid.axes[0].labels)
    with pytest.raises(Invalid, match="at most 2,000 characters"):
        AxisDraft(kind="replace", values=("cat", "x" * 2001))


def test_a_list_of_lines() -> None:
    lines = parse_list("\ufeffa cat, asleep\n\n# not this\n a dog ", DRAFT)
    assert [(line.number, line.prompt) for line in lines] == [(1, "a cat, asleep"), (4, "a dog")]
    assert all(line.draft and (line.draft.n, line.draft.seed) == (1, 7) for line in lines)


def test_a_table_with_an_error_in_each_line() -> None:
    table = 'Prompt;N;Seed;Size\n"a cat; asleep";2;5;Story\na dog;two;;\n;1;;\na cow;99;;\na hen;1;;cinema\na;1;2;story;more\n'
    good, *bad = parse_list(table, DRAFT)
    assert good.draft
    assert (good.prompt, good.draft.n, good.draft.seed, good.draft.size) == ("a cat; asleep", 2, 5, "story")
    assert [line.draft for line in bad] == [None] * 5
    for line, sentence in zip(
        bad, ["whole number", "prompt is missing", "N: ", "Choose one of", "quotation marks"], strict=True
    ):
        assert sentence in line.problem


def test_what_a_request_has_once_is_refused_for_one_of_its_lines() -> None:
    one = "ast_1"
    lines = [
        {"init_asset_id": one, "strength": 0.3},
        {"mask_asset_id": one, "init_asset_id": one},
        {"influencer_id": "inf_1"},
        {"pose": {"asset_id": one}},
        {"workflow_id": "gra_1"},
        {"second_pass": {"scale": 1.5}},
        {"feather": 8, "prompt": "same"},
    ]
    good, *bad, stripped = apply_to(lines, DRAFT)
    assert good.draft
    assert (good.draft.init_asset_id, good.draft.strength) == (one, 0.3)
    assert stripped.draft
    for line, word in zip(bad, ["mask", "influencer", "pose", "workflow", "second pass"], strict=True):
        assert f"The {word} is the same for all lines" in line.problem
    masked = DRAFT.model_copy(update={"init_asset_id": one, "mask_asset_id": "ast_2"})
    assert "lies on one picture" in apply_to([{"init_asset_id": "ast_3"}], masked)[0].problem


def test_lists_have_a_limit() -> None:
    with pytest.raises(Invalid, match="201 lines; at most 200"):
        parse_list("x\n" * 201, DRAFT)
    with pytest.raises(Invalid, match="208 pictures"):
        parse_list("prompt,n\n" + "x,16\n" * 13, DRAFT)
    with pytest.raises(Invalid, match="one prompt a line"):
        parse_list(" \n", DRAFT)


@settings(deadline=None)
@given(st.text('ab,;\t"\n#1 promtnsed', max_size=120))
def test_any_text_is_a_list_or_a_sentence(text: str) -> None:
    with suppress(Invalid):
        for line in parse_list(text, DRAFT):
            assert bool(line.draft) != bool(line.problem)
