"""Speech by ElevenLabs (POST /v1/text-to-speech/{voice}/with-timestamps, GET /v1/voices), what it spoke before (history.py),
and copies of voices (instant voice cloning: POST /v1/voices/add, DELETE /v1/voices/{voice})."""

from __future__ import annotations

import base64
import binascii
import threading
import time
from collections.abc import Generator
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx

from backend.engines.elevenlabs.history import SpeechHistoryReader, free_refusal
from backend.engines.ports import speech_http, word_times
from backend.engines.ports.events import Alive, EngineStatus, Event, Output
from backend.engines.ports.speech import SpeechLost, SpeechRequest, SpeechVoice, SpokenWord
from backend.errors import EngineError, EngineUnavailable, Unsupported
from backend.kit.background import wait_for
from backend.language import tr_lazy
from backend.media.audio import sound_file, wav_file
from backend.settings import Settings

RATE = 24_000
MIN_SPEED, MAX_SPEED = 0.7, 1.2
HISTORY_ASKS = 3
_LIST_S = 300.0
"""Seconds for which the list of voices is kept."""
_LANGUAGES = (
    "en",
    "it",
    "es",
    "fr",
    "de",
    "pt",
    "nl",
    "pl",
    "tr",
    "ru",
    "uk",
    "ar",
    "hi",
    "ja",
    "ko",
    "sv",
    "da",
    "fi",
    "cs",
    "ro",
)
_OF_PEOPLE = ("cloned", "professional")
"""Categories of voices that are somebody's. They are not offered: those that the studio made belong to a consent, and for
others it has none."""
_GONE = ("voice_does_not_exist", "voice_not_found")
"""What a deletion is answered with where there is no such voice; also with the status 400."""


class ElevenLabsSpeech:
    name, title, paid = "elevenlabs", "ElevenLabs", True
    keeps_copies = True
    history_pause_s = 2.0
    """Seconds between two looks into the history: what was just spoken is there a moment later."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings.speech
        self._all_settings = settings
        self._url = settings.speech.elevenlabs_url.rstrip("/")
        self._headers = {"xi-api-key": settings.speech.elevenlabs_key.get_secret_value()}
        self._lock = threading.Lock()
        self._listed: tuple[float, list[SpeechVoice]] = (0.0, [])

    def voices(self) -> list[SpeechVoice]:
        try:
            return self._voices()
        except EngineError:
            return []

    def quote_usd(self, text: str) -> Decimal:
        return speech_http.price(text, self._settings.elevenlabs_price)

    def run(self, request: SpeechRequest) -> Generator[Event, None, None]:
        if not MIN_SPEED <= request.speed <= MAX_SPEED:
            raise Unsupported(
                tr_lazy(
                    "ElevenLabs speaks at a speed of {min_speed} to {max_speed}. Set it there.",
                    min_speed=MIN_SPEED,
                    max_speed=MAX_SPEED,
                )
            )
        url = f"{self._url}/v1/text-to-speech/{request.voice}/with-timestamps"
        body = {
            "text": request.text,
            "model_id": self._settings.elevenlabs_model,
            "voice_settings": {"speed": request.speed},
        }
        options = {"params": {"output_format": f"pcm_{RATE}"}}
        client = self._client(self._settings.timeout_s)
        waiting = wait_for(lambda: speech_http.post(client, url, body, **options), stop=client.close)
        try:
            answer = yield from speech_http.alive(waiting)
        finally:
            client.close()
        pcm, words = _read(answer, request.text)
        request.workdir.mkdir(parents=True, exist_ok=True)
        out = request.workdir / "speech.wav"
        wav_file.write_wav(out, pcm, RATE)
        yield Output(out, 0, {"words": words, "sentences": ()})

    def recover(self, request: SpeechRequest, *, since: datetime) -> Generator[Event, None, None]:
        history = SpeechHistoryReader(self._url, self._headers, self._settings.elevenlabs_model)
        for n in range(HISTORY_ASKS):
            if n:
                yield from _pause(self.history_pause_s)
            entry = yield from history.find(request, since)
            if entry:
                break
        else:
            return
        request.workdir.mkdir(parents=True, exist_ok=True)
        downloaded, out = request.workdir / "history.wav", request.workdir / "speech.wav"
        yield from history.download(entry, downloaded)
        for _ in sound_file.write_voice_wav(downloaded, "wav", out, settings=self._all_settings):
            yield Alive()
        alignments = entry.get("alignments") or {}
        yield Output(out, 0, {"words": _words(alignments.get("alignment"), request.text), "sentences": ()})

    def clone_problem(self, language: str) -> str:
        return ""

    def clone(self, sample: Path, *, title: str, mark: str, language: str) -> Generator[Event | SpeechVoice, None, None]:
        client = self._client(self._settings.timeout_s)
        waiting = wait_for(lambda: self._find_or_add(client, sample, title, mark), stop=client.close)
        try:
            voice_id = yield from speech_http.alive(waiting)
        finally:
            client.close()
        also = tuple(code for code in _LANGUAGES if code != language)
        yield SpeechVoice(voice_id, title, language, "ElevenLabs' terms", also=also)

    def forget(self, name: str) -> None:
        try:
            with self._client(20.0) as client:
                answer = client.delete(f"{self._url}/v1/voices/{name}")
        except httpx.HTTPError as error:
            raise EngineUnavailable(tr_lazy("ElevenLabs does not answer. It is asked again to delete the voice.")) from error
        if answer.status_code >= 400 and answer.status_code != 404 and not any(code in answer.text for code in _GONE):
            raise free_refusal(answer)

    def forget_marked(self, mark: str) -> None:
        try:
            with self._client(20.0) as client:
                voice_id = self._find_marked(client, mark)
        except (httpx.HTTPError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise EngineUnavailable(tr_lazy("ElevenLabs does not answer. It is asked again to delete the voice.")) from error
        if voice_id:
            self.forget(voice_id)

    def _find_marked(self, client: httpx.Client, mark: str) -> str:
        """The id of the voice that bears the mark, or ""."""
        listed = client.get(f"{self._url}/v1/voices")
        if listed.status_code >= 400:
            raise free_refusal(listed)
        return next((str(entry["voice_id"]) for entry in listed.json()["voices"] if entry.get("description") == mark), "")

    def _find_or_add(self, client: httpx.Client, sample: Path, title: str, mark: str) -> str:
        """The id of the voice that bears the mark: an answer that was lost before makes no second one."""
        try:
            if voice_id := self._find_marked(client, mark):
                return voice_id
            files = {"files": ("sample.wav", sample.read_bytes(), "audio/wav")}
            added = client.post(f"{self._url}/v1/voices/add", data={"name": title, "description": mark}, files=files)
            if added.status_code >= 400:
                raise free_refusal(added)
            body = added.json()
            if body.get("requires_verification"):
                self.forget(str(body["voice_id"]))
                raise Unsupported(tr_lazy("ElevenLabs wants to verify this voice in its own dashboard first. Do that there."))
            return str(body["voice_id"])
        except (httpx.HTTPError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise EngineUnavailable(tr_lazy("ElevenLabs' answer was lost. It is asked again.")) from error

    def status(self) -> EngineStatus:
        try:
            count = len(self._voices())
        except EngineError as error:
            return EngineStatus(self.name, False, "", error.message)
        return EngineStatus(self.name, True, self._settings.elevenlabs_model, tr_lazy("Voices of the account: {n}.", n=count))

    def close(self) -> None:
        return None

    def _client(self, read_s: float) -> httpx.Client:
        return httpx.Client(headers=self._headers, timeout=httpx.Timeout(read_s, connect=5.0))

    def _voices(self) -> list[SpeechVoice]:
        with self._lock:
            read_at, voices = self._listed
            if not voices or time.monotonic() - read_at > _LIST_S:
                voices = self._read_voices()
                self._listed = time.monotonic(), voices
            return voices

    def _read_voices(self) -> list[SpeechVoice]:
        try:
            with self._client(5.0) as client:
                answer = client.get(f"{self._url}/v1/voices")
        except httpx.HTTPError as error:
            raise EngineUnavailable(tr_lazy("ElevenLabs does not answer. It is tried again.")) from error
        if answer.status_code >= 400:
            raise speech_http.refusal(answer)
        try:
            entries = answer.json()["voices"]
            return [_voice(entry) for entry in entries if entry.get("category") not in _OF_PEOPLE]
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise EngineUnavailable(
                tr_lazy("ElevenLabs answers something else than its list of voices. It is tried again.")
            ) from error


def _pause(seconds: float) -> Generator[Event, None, None]:
    over = threading.Event()
    for _ in wait_for(lambda: over.wait(seconds), stop=over.set):
        yield Alive()


def _voice(entry: dict[str, Any]) -> SpeechVoice:
    labels = entry.get("labels") or {}
    language = str(labels.get("language") or "en")[:2]
    also = tuple(code for code in _LANGUAGES if code != language)
    return SpeechVoice(str(entry["voice_id"]), str(entry["name"])[:100], language, "ElevenLabs' terms", also=also)


def _read(answer: httpx.Response, text: str) -> tuple[bytes, tuple[SpokenWord, ...]]:
    """The sound and its words; no words where the times do not belong to this text."""
    try:
        body = answer.json()
        pcm = base64.b64decode(body["audio_base64"], validate=True)
    except (ValueError, KeyError, TypeError, binascii.Error) as error:
        raise SpeechLost(tr_lazy("ElevenLabs' answer is not sound. It may have been paid.")) from error
    if not pcm or len(pcm) % 2:
        raise SpeechLost(tr_lazy("ElevenLabs' answer is cut off. It may have been paid."))
    return pcm, _words(body.get("alignment"), text)


def _words(alignment: Any, text: str) -> tuple[SpokenWord, ...]:
    try:
        characters = alignment["characters"]
        starts = [float(start) for start in alignment["character_start_times_seconds"]]
        ends = [float(end) for end in alignment["character_end_times_seconds"]]
        if "".join(characters) != text or not len(starts) == len(ends) == len(text):
            return ()
    except (KeyError, TypeError, ValueError):
        return ()
    return word_times.words_at(text, list(enumerate(starts)), ends[-1])
