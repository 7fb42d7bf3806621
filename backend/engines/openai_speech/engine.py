"""Speech by an OpenAI-compatible server (contracts: POST /audio/speech, JSON in, bytes of sound out)."""

from __future__ import annotations

from collections.abc import Generator
from decimal import Decimal

import httpx

from backend.engines.ports import speech_http
from backend.engines.ports.events import Alive, EngineStatus, Event, Output
from backend.engines.ports.speech import SpeechLost, SpeechRequest, SpeechVoice
from backend.errors import Rejected, Unsupported
from backend.kit.background import wait_for
from backend.language import tr_lazy
from backend.media.audio import wav_file
from backend.settings import Settings

MAX_CHARACTERS = 4096
"""Of one request, as OpenAI allows."""


class OpenAISpeech:
    name = "openai"
    title: str = tr_lazy("Speech server")

    def __init__(self, settings: Settings) -> None:
        self._settings = settings.speech
        self._url = (settings.speech.openai_url or "https://api.openai.com/v1").rstrip("/")
        key = settings.speech.openai_key.get_secret_value()
        self._headers = {"Authorization": f"Bearer {key}"} if key else {}
        self.paid = settings.speech.openai_price > 0

    def voices(self) -> list[SpeechVoice]:
        languages = tuple(self._settings.openai_languages.replace(" ", "").split(","))
        names = [name.strip() for name in self._settings.openai_voices.split(",") if name.strip()]
        licence = tr_lazy("as its server's terms say")
        return [SpeechVoice(name, name.capitalize(), languages[0], licence, also=languages[1:]) for name in names]

    def quote_usd(self, text: str) -> Decimal:
        return speech_http.price(text, self._settings.openai_price)

    def run(self, request: SpeechRequest) -> Generator[Event, None, None]:
        if request.voice not in {voice.name for voice in self.voices()}:
            raise Unsupported(
                tr_lazy("OPENAI_SPEECH_VOICES does not name {voice} any more. Choose another voice.", voice=repr(request.voice))
            )
        if len(request.text) > MAX_CHARACTERS:
            raise Rejected(
                tr_lazy(
                    "This server speaks at most {max_characters:,} characters at once. Put [pause] between parts of the text.",
                    max_characters=MAX_CHARACTERS,
                )
            )
        body = {
            "model": self._settings.openai_model,
            "input": request.text,
            "voice": request.voice,
            "response_format": "wav",
            "speed": request.speed,
        }
        client = httpx.Client(headers=self._headers, timeout=httpx.Timeout(self._settings.timeout_s, connect=5.0))
        waiting = wait_for(lambda: speech_http.post(client, f"{self._url}/audio/speech", body), stop=client.close)
        try:
            answer = yield from speech_http.alive(waiting)
        finally:
            client.close()
        try:
            pcm, rate = wav_file.read_pcm(answer.content)
        except ValueError as error:
            raise SpeechLost(
                tr_lazy("The speech server's answer is not sound ({error}). It may have been paid.", error=str(error))
            ) from error
        request.workdir.mkdir(parents=True, exist_ok=True)
        out = request.workdir / "speech.wav"
        wav_file.write_wav(out, pcm, rate)
        yield Alive()
        yield Output(out, 0, {"words": (), "sentences": ()})

    def status(self) -> EngineStatus:
        names = ", ".join(voice.title for voice in self.voices())
        return EngineStatus(
            self.name,
            True,
            self._settings.openai_model,
            tr_lazy("Voices of {server}: {names}.", server=httpx.URL(self._url).host, names=names),
        )

    def close(self) -> None:
        return None
