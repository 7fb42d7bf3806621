"""The demo's own judgement: unseen prompts, and when it calls itself good."""

from __future__ import annotations

import pytest

from backend.demo import EACH, PROMPTS, _good, unseen_prompts
from backend.engines.starter_model import characters


@pytest.mark.parametrize("sample", characters(), ids=lambda sample: sample.name)
def test_prompts_use_places_and_clothes_the_dataset_does_not_show(sample: object) -> None:
    captions = [path.read_text() for path in sorted(sample.folder.glob("*.txt"))]  # type: ignore[attr-defined]
    prompts = unseen_prompts(sample.name, captions)  # type: ignore[attr-defined]
    assert len(set(prompts)) == PROMPTS
    assert PROMPTS * EACH == 24
    said = " ".join(captions)
    for prompt in prompts:
        _, _, place, clothes = prompt.split(", ")
        assert place not in said
        assert clothes not in said


OUTCOME = {"identity_before": 0.1, "identity_after": 0.9, "place_obeyed": 0.9, "loss_first": 0.3, "loss_last": 0.1}


@pytest.mark.parametrize(
    ("change", "good"),
    [
        ({}, True),
        ({"identity_after": 0.84}, False),
        ({"identity_before": 0.6}, False),
        ({"place_obeyed": 0.8}, False),
        ({"identity_after": None, "identity_before": None, "place_obeyed": None}, True),
        ({"identity_after": None, "loss_last": 0.4}, False),
    ],
)
def test_the_bars(change: dict[str, float | None], good: bool) -> None:
    assert _good({**OUTCOME, **change}) is good
