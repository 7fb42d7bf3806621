"""Pocket TTS (Kyutai), with the user's own folders in `pocket/` of SPEECH_MODELS_DIR, one a language and called after it
(`italian`, `english_2026-10`): `model.safetensors`, `tokenizer.json` or `tokenizer.model`, and voices in `embeddings/`."""

from __future__ import annotations

from importlib import util
from pathlib import Path
from typing import Any

from backend.engines.local.speech.voice_folders import allows_commerce, licence_of, sha256_of_all
from backend.engines.local.speech.voices import OPTIONAL, LocalSpeech
from backend.engines.ports.speech import SpeechRequest, SpeechVoice
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
_NOT_FOR_MONEY = ("cosette", "jean")
"""Voices of Kyutai's catalogue that come from recordings under CC-BY-NC-4.0 (Expresso, EARS), whatever the model's licence."""


class PocketSpeech(LocalSpeech):
    name, title = "pocket", "Pocket TTS"
    package, distribution = "pocket_tts", "pocket-tts"
    install = OPTIONAL

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
            return (
                f"{self._folder} needs a folder called after its language ({names}), with model.safetensors and tokenizer.json."
            )
        return ""

    def _models(self) -> list[Path]:
        return [folder for folder in sorted(self._folder.iterdir()) if _language(folder) and _tokenizer(folder)]

    def _order(self, request: SpeechRequest) -> dict[str, Any]:
        folder, _, name = request.voice.partition("/")
        model = self._folder / folder
        state = next(state for state in _states(model) if state.stem == name)
        return {**_model_order(model), "state": str(state), "ffmpeg": binary_path(self._settings)}


def _model_order(folder: Path) -> dict[str, Any]:
    """What the child needs to load a model."""
    config = next(iter(sorted(folder.glob("*.yaml"))), None)
    return {
        "name": folder.name,
        "weights": str(folder / "model.safetensors"),
        "tokenizer": str(_tokenizer(folder)),
        "config": str(config) if config else None,
    }


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
