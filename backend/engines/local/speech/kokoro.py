"""Kokoro, with the user's own files in `kokoro/` of SPEECH_MODELS_DIR: one `.onnx`, one `.bin` with its voices, and
`config.json` where the model has an alphabet of its own."""

from __future__ import annotations

import zipfile
from importlib import util
from pathlib import Path
from typing import Any, NamedTuple

from backend.engines.local.speech.voice_folders import allows_commerce, licence_of, sha256_of_all
from backend.engines.local.speech.voices import OPTIONAL, LocalSpeech
from backend.engines.ports.speech import SpeechRequest, SpeechVoice
from backend.language import tr_lazy
from backend.settings import Settings

_LANGUAGES = {
    "a": ("en", "en-us", "American"),
    "b": ("en", "en-gb", "British"),
    "e": ("es", "es", "Spanish"),
    "f": ("fr", "fr-fr", "French"),
    "i": ("it", "it", "Italian"),
    "p": ("pt", "pt-br", "Brazilian"),
}
"""First letter of a voice's name -> language, how eSpeak NG calls it, and for people. Japanese, Chinese and Hindi voices are
left out: eSpeak's phonemes are not those that they were trained with."""
_PEOPLE = {"f": "woman", "m": "man"}


class KokoroFiles(NamedTuple):
    """`vocab` None: the alphabet of the model, or of the library."""

    model: Path
    voices: Path
    vocab: Path | None


class KokoroSpeech(LocalSpeech):
    name, title = "kokoro", "Kokoro"
    package, distribution = "kokoro_onnx", "kokoro-onnx"
    install = OPTIONAL

    def __init__(self, settings: Settings, folder: Path) -> None:
        super().__init__("child_kokoro", settings)
        self._folder = folder

    def voices(self) -> list[SpeechVoice]:
        files = self._files()
        if files is None or not util.find_spec(self.package):
            return []
        licence = licence_of(self._folder)
        digest, commercial = sha256_of_all(files.model, files.voices), allows_commerce(licence)
        return [
            SpeechVoice(name, title, language, licence, commercial=commercial, weights_sha256=digest)
            for name, title, language in map(_described, names_in(files.voices))
            if language
        ]

    def problem(self) -> str:
        if self._files() is None:
            return tr_lazy("{folder} needs one .onnx and one .bin with its voices.", folder=str(self._folder))
        return ""

    def _files(self) -> KokoroFiles | None:
        models, voices = (sorted(self._folder.glob(pattern)) for pattern in ("*.onnx", "*.bin"))
        if len(models) != 1 or len(voices) != 1:
            return None
        vocab = self._folder / "config.json"
        return KokoroFiles(models[0], voices[0], vocab if vocab.is_file() else None)

    def _order(self, request: SpeechRequest) -> dict[str, Any]:
        files = self._files()
        assert files is not None  # `run` found the voice in it
        return {
            "model": str(files.model),
            "voices": str(files.voices),
            "vocab": str(files.vocab) if files.vocab else None,
            "voice": request.voice,
            "language": _LANGUAGES[request.voice[0]][1],
        }


def names_in(voices: Path) -> list[str]:
    """Names of the voices in a file (an archive of NumPy arrays); [] where it is none."""
    try:
        with zipfile.ZipFile(voices) as archive:
            return sorted(name.removesuffix(".npy") for name in archive.namelist())
    except (OSError, zipfile.BadZipFile):
        return []


def _described(name: str) -> tuple[str, str, str]:
    """(name, title, language) of a voice: `if_sara` is an Italian woman; language "" where its name does not tell."""
    code, _, own_name = name.partition("_")
    if len(code) != 2 or code[0] not in _LANGUAGES or code[1] not in _PEOPLE or not own_name:
        return name, name, ""
    language, _, of_country = _LANGUAGES[code[0]]
    return name, f"{own_name.capitalize()} ({_PEOPLE[code[1]]}, {of_country})", language
