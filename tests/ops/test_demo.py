"""The demo's own judgement: unseen prompts, and when it calls itself good."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from backend.db.transactions import SignedIn
from backend.engines.local.starter_model import characters
from backend.engines.ports.events import EngineStatus
from backend.engines.ports.image import ModelCard
from backend.errors import Invalid
from ops.demo import PICTURES_PER_PROMPT, PROMPTS, DemoRun, _choose_models, _is_success, unseen_prompts
from tests.fakes.engines import MODEL, OTHER


@pytest.mark.parametrize("sample", characters(), ids=lambda sample: sample.name)
def test_prompts_use_places_and_clothes_the_dataset_does_not_show(sample: object) -> None:
    captions = [path.read_text() for path in sorted(sample.folder.glob("*.txt"))]  # type: ignore[attr-defined]
    prompts = unseen_prompts(sample.name, captions)  # type: ignore[attr-defined]
    assert len(set(prompts)) == PROMPTS
    assert PROMPTS * PICTURES_PER_PROMPT == 24
    all_captions = " ".join(captions)
    for prompt in prompts:
        _, _, place, clothes = prompt.split(", ")
        assert place not in all_captions
        assert clothes not in all_captions


def with_engines(image: list[ModelCard], trainer: list[ModelCard]) -> DemoRun:
    def engine(cards: list[ModelCard]) -> Any:
        status = EngineStatus("comfyui", True, "1", "Idle.")
        return SimpleNamespace(name="comfyui", models=lambda: cards, status=lambda: status)

    app: Any = SimpleNamespace(engines=SimpleNamespace(image=engine(image), trainer=engine(trainer)))
    return DemoRun(app, SignedIn("", ""))


def test_what_draws_is_of_the_family_that_is_trained() -> None:
    own = replace(OTHER, name="own", trainable=True)
    assert _choose_models(with_engines([MODEL, OTHER, own], [own])) == (own, own)
    assert _choose_models(with_engines([MODEL, OTHER], [own])) == (own, OTHER)
    with pytest.raises(Invalid, match=r"sd15.*no model of that family.*Idle"):
        _choose_models(with_engines([MODEL], [own]))


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
    assert _is_success({**OUTCOME, **change}) is good
