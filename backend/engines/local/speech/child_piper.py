"""Speaks with Piper voices (GPL-3.0-or-later): `python -m backend.engines.local.speech.child_piper SETTINGS`.

Piper is only ever loaded in this process. SETTINGS: `{"threads", "idle_s"}`. Request: `{"model": path of the .onnx,
"sentences": [text, …], "speed", "out"}`. Answers as `child_hibari`. The last voice stays loaded.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from backend.engines.local.torch_host.child import ParentPipe, serve_warm
from backend.errors import Rejected, Unsupported
from backend.media.audio.wav_file import write_wav

_PAUSE_S = 0.2
"""Between sentences; Piper itself leaves almost none."""


class _Voices:
    """The voice that was used last, in memory."""

    def __init__(self) -> None:
        self._path, self._voice = "", None

    def load(self, path: str) -> Any:
        if path != self._path:
            from piper import PiperVoice

            try:
                self._voice, self._path = PiperVoice.load(path), path
            except Exception as error:  # whatever onnxruntime and json raise for files that are no voice
                raise Unsupported(
                    f"{Path(path).name} cannot be loaded as a Piper voice ({(str(error).splitlines() or [''])[0][:160]}). Copy "
                    "its .onnx and .onnx.json there again."
                ) from error
        return self._voice


def main() -> None:
    serve_warm(lambda settings: _Voices(), _speak)


def _speak(pipe: ParentPipe, voices: _Voices, message: dict[str, Any]) -> None:
    from piper import SynthesisConfig

    request, times, pcm = message["request"], [], bytearray()
    voice = voices.load(request["model"])
    rate = voice.config.sample_rate
    for n, sentence in enumerate(request["sentences"]):
        start = len(pcm) // 2
        for chunk in voice.synthesize(sentence, SynthesisConfig(length_scale=1.0 / request["speed"])):
            pcm += chunk.audio_int16_bytes
        if len(pcm) // 2 == start:
            raise Rejected(f"This voice cannot say “{sentence[:60]}”. Write it in letters, or leave it out.")
        times.append([start, len(pcm) // 2])
        pcm += b"\0\0" * round(_PAUSE_S * rate)
        pipe.send({"spoken": n + 1})
    write_wav(request["out"], bytes(pcm), rate)
    pipe.send({"sample_rate": rate, "sentences": times})
    pipe.send({"id": message["id"], "done": True})


if __name__ == "__main__":
    main()
