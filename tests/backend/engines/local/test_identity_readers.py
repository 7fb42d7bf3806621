"""Real children: the starter's classifier tells its characters apart, any vision folder gives vectors, none says why."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from backend.engines.local.starter_model import characters
from backend.engines.ports import identity_rules
from backend.engines.ports.events import Alive, Output, Progress
from backend.engines.ports.identity import IdentityEngine, IdentityRequest, Reading
from backend.engines.registry import build_engines
from backend.errors import EngineUnavailable, Rejected
from backend.settings import Settings
from tests.factories import miniature_vision
from tests.support import torch_child

TORCH = """
import json, sys
from pathlib import Path
from backend.engines.local.starter_model import classifier
pictures = classifier.read_pictures([Path(path) for path in json.load(sys.stdin)])
print(json.dumps(classifier.classify(classifier.load(), pictures)))
"""


@pytest.fixture(scope="module")
def starter() -> Iterator[IdentityEngine]:
    engine = build_engines(Settings.read()).identity
    yield engine
    engine.unload()


def faces(name: str) -> list[Path]:
    return sorted(next(character.folder for character in characters() if character.name == name).glob("*.jpg"))


def read(engine: IdentityEngine, pictures: list[Path], workdir: Path) -> list[Reading]:
    workdir.mkdir(exist_ok=True)
    outputs = [event for event in engine.run(IdentityRequest(tuple(pictures), workdir)) if isinstance(event, Output)]
    assert [event.n for event in outputs] == list(range(len(pictures)))
    return [Reading.load(event.path) for event in outputs]


def test_the_starter_tells_its_characters_apart(starter: IdentityEngine, tmp_path: Path) -> None:
    people = {character.name: read(starter, faces(character.name), tmp_path / character.name) for character in characters()}
    for character in characters():
        own_readings = people[character.name]
        common, alone = identity_rules.build_reference(own_readings), identity_rules.leave_one_out(own_readings)
        assert character.traits.items() <= common.traits.items()
        line = identity_rules.threshold(alone, traits=len(common.traits))
        assert identity_rules.count_passing(alone, line) >= 13
        others = [
            identity_rules.score(common, reading)
            for name, readings in people.items()
            if name != character.name
            for reading in readings
        ]
        assert identity_rules.count_passing(others, line) == 0


@pytest.mark.model
def test_it_says_what_the_classifier_says(starter: IdentityEngine, tmp_path: Path) -> None:
    pictures = [*faces("bella"), *faces("marco")]
    paths_json = json.dumps([str(path) for path in pictures])
    classified = json.loads(torch_child.run_code(TORCH, stdin=paths_json))
    assert [reading.traits for reading in read(starter, pictures, tmp_path)] == classified


def test_a_file_that_is_no_picture_leaves_the_child_at_work(starter: IdentityEngine, tmp_path: Path) -> None:
    (tmp_path / "x.png").write_bytes(b"no picture")
    with pytest.raises(Rejected, match=r"x\.png cannot be read"):
        read(starter, [faces("bella")[0], tmp_path / "x.png"], tmp_path / "out")
    events = list(starter.run(IdentityRequest((faces("zara")[0],), tmp_path)))
    assert Progress(0, 0, "loading") not in events


def test_closing_ends_the_child(starter: IdentityEngine, tmp_path: Path) -> None:
    running = starter.run(IdentityRequest(tuple(faces("bella") * 20), tmp_path))
    assert any(isinstance(event, Output) for event in running)
    running.close()
    assert len(read(starter, faces("bella")[:1], tmp_path)) == 1


def test_the_starters_classifier_refuses_other_models(starter: IdentityEngine) -> None:
    assert starter.unsupported_reason("starter-128") == ""
    assert "IDENTITY_MODEL" in starter.unsupported_reason("sd15")
    assert starter.status().ok
    assert starter.embedder.startswith("starter-traits:")


@pytest.mark.model
@pytest.mark.parametrize(("kind", "width"), [("dinov2", 16), ("clip", 12)])
def test_any_vision_folder_gives_unit_vectors(kind: str, width: int, tmp_path: Path) -> None:
    folder = miniature_vision.make(tmp_path / f"tiny-{kind}", kind=kind)
    engine = build_engines(Settings.read(IDENTITY_MODEL=folder)).identity
    try:
        first, again, other = read(engine, [faces("bella")[0], faces("bella")[0], faces("marco")[0]], tmp_path / "out")
        texts = ("red beach", "green forest", "w1", "w2 w3", "w4", "red beach", "")
        request = IdentityRequest((faces("bella")[0],) * len(texts), tmp_path, texts)
        agreements = [Reading.load(e.path).agreement for e in engine.run(request) if isinstance(e, Output)]
    finally:
        engine.unload()
    assert first == again != other
    assert first.agreement is agreements[-1] is None
    if kind == "clip":
        assert agreements[0] == agreements[5]
        assert len(set(agreements)) > 2
        assert all(agreement is not None and 0 <= agreement <= 1 for agreement in agreements[:-1])
    else:
        assert set(agreements) == {None}, "it reads pictures only"
    assert len(first.vector) == width
    assert sum(value * value for value in first.vector) == pytest.approx(1, abs=1e-5)
    assert first.embedder == engine.embedder
    assert engine.unsupported_reason("sdxl") == ""
    (folder / "preprocessor_config.json").write_text('{"image_processor_type": "CLIPImageProcessor", "image_mean": [0, 0, 0]}')
    assert build_engines(Settings.read(IDENTITY_MODEL=folder)).identity.embedder != engine.embedder


def test_a_folder_without_a_model_and_no_folder_say_what_to_set(tmp_path: Path) -> None:
    for settings in (Settings.read(IDENTITY_MODEL=tmp_path / "gone"), Settings.read(DEFAULT_MODEL="photo")):
        engine = build_engines(settings).identity
        assert engine.embedder == ""
        assert not engine.status().ok
        assert "IDENTITY_MODEL" in engine.unsupported_reason("sd15")
        with pytest.raises(EngineUnavailable, match="IDENTITY_MODEL"):
            [event for event in engine.run(IdentityRequest((), tmp_path)) if not isinstance(event, Alive)]
