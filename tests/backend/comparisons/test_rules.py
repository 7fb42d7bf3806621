"""Plans and prompts."""

from __future__ import annotations

from itertools import groupby

from hypothesis import given
from hypothesis import strategies as st

from backend.comparisons import rules
from backend.comparisons.schemas import MAX_CHECKPOINTS, ComparisonPlan


def plan(steps: list[int], strengths: list[float], prompts: int = 3, seeds: int = 2, *, control: bool = True) -> ComparisonPlan:
    return ComparisonPlan(
        steps=steps,
        strengths=strengths,
        prompts=[f"p{n}" for n in range(prompts)],
        seeds=list(range(seeds)),
        control=control,
        model="tiny",
        base="starter-128",
        width=64,
        height=64,
        sampler="ddim",
        sampling_steps=4,
        cfg=3.0,
    )


@given(st.lists(st.integers(1, 50_000), max_size=60))
def test_checkpoints_are_spread_over_the_run(steps: list[int]) -> None:
    chosen = rules.evenly_spaced_steps(steps)
    assert len(chosen) == min(len(set(steps)), MAX_CHECKPOINTS)
    assert list(chosen) == sorted(set(chosen) & set(steps))
    if steps:
        assert (chosen[0], chosen[-1]) == (min(steps), max(steps))


@given(
    st.sets(st.integers(1, 9), min_size=1, max_size=8),
    st.sets(st.sampled_from([0.4, 0.6, 0.8, 1.0]), min_size=1),
    st.integers(1, 6),
    st.integers(1, 4),
    st.booleans(),
)
def test_every_cell_once_and_a_lora_in_one_go(
    steps: set[int], strengths: set[float], prompts: int, seeds: int, control: bool
) -> None:
    cells = rules.planned_cells(plan(sorted(steps), sorted(strengths), prompts, seeds, control=control))
    assert [cell.n for cell in cells] == list(range(len(cells)))
    assert len(cells) == rules.picture_count(len(steps), len(strengths), prompts, seeds, control=control)
    assert len({(cell.arm, cell.prompt_n, cell.seed_n) for cell in cells}) == len(cells)
    loads = [arm for arm, _ in groupby(cells, key=lambda cell: cell.arm)]
    assert len(loads) == len(set(loads))
    assert [arm.step for arm in loads] == sorted(arm.step for arm in loads)


def test_prompts_name_what_the_captions_do_not() -> None:
    captions = ["portrait of bella, in the snowy mountains, wearing red", "bella at the beach, wearing yellow"]
    prompts = rules.default_prompts(["portrait of bella, smiling"], captions, "bella")
    assert prompts == (
        "portrait of bella, smiling",
        "portrait of bella, in a forest, wearing turquoise",
        "portrait of bella, in the city at night, wearing orange",
    )


def test_the_trigger_word_leads_once() -> None:
    assert rules.with_trigger_word("at the beach", "bella") == "bella, at the beach"
    assert rules.with_trigger_word("portrait of Bella, smiling", "bella") == "portrait of Bella, smiling"
    assert rules.with_trigger_word("isabella at the beach", "bella") == "bella, isabella at the beach"
