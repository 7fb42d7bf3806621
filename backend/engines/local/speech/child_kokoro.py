"""Speaks with Kokoro: `python -m backend.engines.local.speech.child_kokoro SETTINGS`.

SETTINGS: `{"threads", "idle_s"}`. Request: `{"model", "voices", "vocab" or null: paths, "voice", "language": as eSpeak NG calls
it, "sentences": [text, …], "speed", "out"}`. Answers as `child_hibari`, with `"words": [[start, end], …]` in samples where the
model says how long each phoneme takes, else []. What makes phonemes of words (phonemizer, eSpeak NG) is GPL, and only ever
loaded in this process.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from backend.engines.local.torch_host.child import ParentPipe, serve_warm
from backend.engines.ports.word_times import joined, spans_of_words, words_of
from backend.errors import Rejected, Unsupported
from backend.language import tr_lazy
from backend.media.audio.wav_file import write_wav

_PAUSE_S, _CLAUSE_S = 0.2, 0.1
"""Between sentences, and after a comma."""


class _KokoroModels:
    """The model that was used last, in memory."""

    def __init__(self, settings: dict[str, Any]) -> None:
        self._threads = settings["threads"]
        self._loaded: tuple[tuple[str, ...], Any] = ((), None)

    def load(self, request: dict[str, Any]) -> Any:
        paths = (request["model"], request["voices"], request["vocab"] or "")
        if self._loaded[0] != paths:
            import onnxruntime
            from kokoro_onnx import Kokoro

            options = onnxruntime.SessionOptions()
            options.intra_op_num_threads = self._threads
            try:
                session = onnxruntime.InferenceSession(request["model"], options, providers=["CPUExecutionProvider"])
                model = Kokoro.from_session(session, request["voices"], vocab_config=request["vocab"])
            except Exception as error:  # whatever onnxruntime, NumPy and json raise for files that are no model
                raise Unsupported(
                    tr_lazy(
                        "{name} cannot be loaded as a Kokoro model ({reason}). Copy its files there again.",
                        name=Path(paths[0]).name,
                        reason=(str(error).splitlines() or [""])[0][:160],
                    )
                ) from error
            self._loaded = paths, model
        return self._loaded[1]


def main() -> None:
    serve_warm(_KokoroModels, _speak)


def _speak(pipe: ParentPipe, models: _KokoroModels, message: dict[str, Any]) -> None:
    request = message["request"]
    kokoro = models.load(request)
    parts: list[Any] = []
    times: list[list[int]] = []
    spans: list[list[list[int]]] = []
    position, rate = 0, 0
    for n, sentence in enumerate(request["sentences"]):
        try:
            sound, rate, spoken = kokoro.create_timed(
                sentence,
                request["voice"],
                request["speed"],
                request["language"],
                sentence_pause=_PAUSE_S,
                clause_pause=_CLAUSE_S,
            )
        except ValueError as error:
            raise Rejected(
                tr_lazy("This voice cannot say “{sentence}”. Write it in letters, or leave it out.", sentence=sentence[:60])
            ) from error
        of_words = _word_spans(sentence, spoken, request["language"])
        spans.append([[position + round(start * rate), position + round(end * rate)] for start, end in of_words])
        parts += [sound, np.zeros(round(_PAUSE_S * rate), sound.dtype)]
        times.append([position, position + len(sound)])
        position += len(sound) + len(parts[-1])
        pipe.send({"spoken": n + 1})
    pcm = (np.clip(np.concatenate(parts), -1.0, 1.0) * 32767.0).astype("<i2").tobytes()
    write_wav(request["out"], pcm, rate)
    pipe.send({"sample_rate": rate, "sentences": times, "words": joined(spans)})
    pipe.send({"id": message["id"], "done": True})


def _word_spans(sentence: str, spoken: list[Any], language: str) -> list[tuple[float, float]]:
    """Seconds of the sentence in which each of its words is said; [] where the model does not tell."""
    if not spoken:
        return []
    import phonemizer

    texts = words_of(sentence)
    alone = phonemizer.phonemize(texts, language)  # one entry a word, unless one has no sound
    if len(alone) != len(texts):
        return []
    return spans_of_words(alone, [(timing.phoneme, timing.start, timing.end) for timing in spoken])


if __name__ == "__main__":
    main()
