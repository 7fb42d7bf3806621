"""Speaks with Piper voices (GPL-3.0-or-later): `python -m backend.engines.local.speech.child_piper SETTINGS`.

Piper is only ever loaded in this process. SETTINGS: `{"threads", "idle_s"}`. Request: `{"model": path of the .onnx,
"sentences": [text, …], "speed", "out"}`. Answers as `child_hibari`, with `"words": [[start, end], …]` in samples where the
voice says how long each phoneme takes, else []. The last voice stays loaded.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from backend.engines.local.torch_host.child import ParentPipe, serve_warm
from backend.engines.ports.word_times import joined, spans_of_words, words_of
from backend.errors import Rejected, Unsupported
from backend.language import tr_lazy
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
                self._voice, self._path = PiperVoice.load(path, include_alignments=True), path
            except Exception as error:  # whatever onnxruntime and json raise for files that are no voice
                raise Unsupported(
                    tr_lazy(
                        "{name} cannot be loaded as a Piper voice ({reason}). Copy its .onnx and .onnx.json there again.",
                        name=Path(path).name,
                        reason=(str(error).splitlines() or [""])[0][:160],
                    )
                ) from error
        return self._voice


def main() -> None:
    serve_warm(lambda settings: _Voices(), _speak)


def _speak(pipe: ParentPipe, voices: _Voices, message: dict[str, Any]) -> None:
    from piper import SynthesisConfig

    request, times, pcm = message["request"], [], bytearray()
    spans: list[list[tuple[float, float]]] = []
    voice = voices.load(request["model"])
    rate = voice.config.sample_rate
    for n, sentence in enumerate(request["sentences"]):
        start = len(pcm) // 2
        phonemes: list[tuple[str, int, int]] = []
        for chunk in voice.synthesize(sentence, SynthesisConfig(length_scale=1.0 / request["speed"]), include_alignments=True):
            phonemes += _timed_phonemes(chunk, len(pcm) // 2)
            pcm += chunk.audio_int16_bytes
        if len(pcm) // 2 == start:
            raise Rejected(
                tr_lazy("This voice cannot say “{sentence}”. Write it in letters, or leave it out.", sentence=sentence[:60])
            )
        times.append([start, len(pcm) // 2])
        spans.append(spans_of_words([_alone(voice, word) for word in words_of(sentence)], phonemes))
        pcm += b"\0\0" * round(_PAUSE_S * rate)
        pipe.send({"spoken": n + 1})
    write_wav(request["out"], bytes(pcm), rate)
    pipe.send({"sample_rate": rate, "sentences": times, "words": joined(spans)})
    pipe.send({"id": message["id"], "done": True})


def _timed_phonemes(chunk: Any, start: int) -> list[tuple[str, int, int]]:
    """(phoneme, start, end) in samples, of a part of the sound that begins at `start`; a space at its end, for the next part
    begins with another word. [] where the voice does not tell, or tells of more or less sound than there is."""
    alignments = chunk.phoneme_alignments or []
    if sum(alignment.num_samples for alignment in alignments) != len(chunk.audio_int16_bytes) // 2:
        return []
    phonemes, end = [], start
    for alignment in alignments:
        begin, end = end, end + int(alignment.num_samples)
        phonemes.append((alignment.phoneme, begin, end))
    return [*phonemes, (" ", end, end)]


def _alone(voice: Any, word: str) -> str:
    return "".join(phoneme for sentence in voice.phonemize(word) for phoneme in sentence)


if __name__ == "__main__":
    main()
