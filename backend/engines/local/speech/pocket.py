"""Pocket TTS (Kyutai) speaks and copies voices, with the user's own folders in `pocket/` of SPEECH_MODELS_DIR, one a language
and called after it (`italian`, `english_2026-10`): `model.safetensors`, `tokenizer.json` or `tokenizer.model`, and voices in
`embeddings/`."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Generator
from contextlib import closing
from functools import cache
from importlib import util
from pathlib import Path
from typing import Any

from backend.engines.local.speech.voice_folders import allows_commerce, licence_of, sha256_of, sha256_of_all
from backend.engines.local.speech.voices import OPTIONAL, LocalSpeech
from backend.engines.ports.events import Alive, Event
from backend.engines.ports.speech import SpeechRequest, SpeechVoice
from backend.errors import Unsupported
from backend.language import joined, tr_lazy
from backend.media.ffmpeg.runner import binary_path
from backend.settings import Settings

_LANGUAGES = {
    "english": "en",
    "italian": "it",
    "spanish": "es",
    "french": "fr",
    "german": "de",
    "portuguese": "pt",
    "dutch": "nl",
}
_MAX_HEADER = 100_000_000
"""Bytes: as safetensors itself allows."""
_NOT_FOR_MONEY = ("cosette", "jean")
"""Voices of Kyutai's catalogue that come from recordings under CC-BY-NC-4.0 (Expresso, EARS), whatever the model's licence."""


class PocketSpeech(LocalSpeech):
    """Keeps no copies: it speaks with the recording that each request brings."""

    name, title = "pocket", "Pocket TTS"
    package, distribution = "pocket_tts", "pocket-tts"
    install = OPTIONAL
    keeps_copies = False

    def __init__(self, settings: Settings, folder: Path) -> None:
        super().__init__("child_pocket", settings)
        self._settings = settings
        self._folder = folder

    def voices(self) -> list[SpeechVoice]:
        if not util.find_spec(self.package):
            return []
        return [_voice(folder, state) for folder in self._models() for state in _states(folder)]

    def problem(self) -> str:
        if not self._models():
            names = ", ".join(_LANGUAGES)
            return tr_lazy(
                "{folder} needs a folder called after its language ({languages}), with model.safetensors and tokenizer.json.",
                folder=str(self._folder),
                languages=names,
            )
        return ""

    def clone_problem(self, language: str) -> str:
        if not util.find_spec(self.package):
            return joined(tr_lazy("{package} is not installed.", package=self.distribution), self.install)
        models = [folder for folder in self._models() if language in ("", _language(folder))]
        if not models:
            return tr_lazy(
                "Pocket TTS has no model for {language} here. Put one into {folder}.",
                language=repr(language),
                folder=str(self._folder),
            )
        if not any(has_cloning_weights(folder / "model.safetensors") for folder in models):
            names = ", ".join(folder.name for folder in models)
            return tr_lazy(
                "The weights in {folder} ({models}) are those without voice cloning. Put those there that Kyutai gives "
                "to whoever accepts its terms (kyutai/pocket-tts).",
                folder=str(self._folder),
                models=names,
            )
        return ""

    def clone(self, sample: Path, *, title: str, mark: str, language: str) -> Generator[Event | SpeechVoice, None, None]:
        if problem := self.clone_problem(language):
            raise Unsupported(problem)
        [folder, *_] = [
            folder
            for folder in self._models()
            if _language(folder) == language and has_cloning_weights(folder / "model.safetensors")
        ]
        # Says nothing: a recording that the model cannot take is refused now, and not when something is to be spoken.
        order = {"sentences": [], "speed": 1.0, "out": "", "ffmpeg": "", **_model_order(folder), **_sample_order(sample)}
        with closing(self._child.run(order)) as messages:
            for _ in messages:
                yield Alive()
        yield self._copy(folder, f"{folder.name}/{mark}", title)

    def forget(self, name: str) -> None:
        """Nothing of the person is kept here: what speaks is the recording of the consent."""

    def forget_marked(self, mark: str) -> None:
        """As `forget`."""

    def _copy(self, folder: Path, name: str, title: str) -> SpeechVoice:
        licence = licence_of(folder)
        digest, commercial = sha256_of(folder / "model.safetensors"), allows_commerce(licence)
        return SpeechVoice(name, title, _language(folder), licence, commercial=commercial, weights_sha256=digest)

    def _find(self, request: SpeechRequest) -> SpeechVoice | None:
        if request.sample is None:
            return super()._find(request)
        name = request.voice.partition("/")[0]
        return next((self._copy(folder, request.voice, "This copy") for folder in self._models() if folder.name == name), None)

    def _models(self) -> list[Path]:
        return [folder for folder in sorted(self._folder.iterdir()) if _language(folder) and _tokenizer(folder)]

    def _order(self, request: SpeechRequest) -> dict[str, Any]:
        folder, _, name = request.voice.partition("/")
        model = self._folder / folder
        voice = _sample_order(request.sample) if request.sample else _state_order(model, name)
        return {**_model_order(model), **voice, "ffmpeg": binary_path(self._settings)}


def _model_order(folder: Path) -> dict[str, Any]:
    """What the child needs to load a model."""
    config = next(iter(sorted(folder.glob("*.yaml"))), None)
    return {
        "name": folder.name,
        "weights": str(folder / "model.safetensors"),
        "tokenizer": str(_tokenizer(folder)),
        "config": str(config) if config else None,
    }


def _state_order(folder: Path, name: str) -> dict[str, Any]:
    state = next(state for state in _states(folder) if state.stem == name)
    return {"state": str(state), "state_key": str(state), "copy": False}


def _sample_order(sample: Path) -> dict[str, Any]:
    """`state_key`: the same recording has another path in each job."""
    return {"state": str(sample), "state_key": hashlib.sha256(sample.read_bytes()).hexdigest(), "copy": True}


@cache
def has_cloning_weights(weights: Path) -> bool:
    """Whether the encoder of recordings is there. In Kyutai's weights without voice cloning all its numbers are zero, and
    whoever copies a voice with them hears another one, without an error. False for a file that is no safetensors file."""
    try:
        with weights.open("rb") as file:
            size = int.from_bytes(file.read(8), "little")
            header = json.loads(file.read(min(size, _MAX_HEADER)))
            begins = 8 + size
            for name, tensor in header.items():
                if name.startswith("mimi.encoder.") and name.endswith(".weight"):
                    start, end = tensor["data_offsets"]
                    file.seek(begins + start)
                    if any(file.read(end - start)):
                        return True
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return False
    return False


def _language(folder: Path) -> str:
    """ISO 639-1, by the folder's name; "" where it is none, or has no model."""
    if not (folder / "model.safetensors").is_file():
        return ""
    return _LANGUAGES.get(folder.name.replace("-", "_").split("_")[0].lower(), "")


def _tokenizer(folder: Path) -> Path | None:
    return next((path for name in ("tokenizer.json", "tokenizer.model") if (path := folder / name).is_file()), None)


def _states(folder: Path) -> list[Path]:
    """Voices that were made ready for the model, as `pocket-tts export-voice` writes them."""
    return sorted((folder / "embeddings").glob("*.safetensors"))


def _voice(folder: Path, state: Path) -> SpeechVoice:
    licence = "CC-BY-NC-4.0 (voice)" if state.stem in _NOT_FOR_MONEY else licence_of(folder, f"embeddings/{state.stem}")
    return SpeechVoice(
        f"{folder.name}/{state.stem}",
        f"{state.stem.replace('_', ' ').title()} (Pocket, {folder.name})",
        _language(folder),
        licence,
        commercial=allows_commerce(licence),
        weights_sha256=sha256_of_all(folder / "model.safetensors", state),
    )
