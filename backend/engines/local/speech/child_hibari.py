"""Speaks English with Hibari: `python -m backend.engines.local.speech.child_hibari SETTINGS`.

SETTINGS: `{"threads", "idle_s"}`. Request: `{"sentences": [text, …], "speed", "out"}`. Writes a WAV (24 kHz) to `out`; answers
`{"spoken": n}` a sentence, then `{"sample_rate", "sentences": [[start, end], …], "words": []}` in samples, then `{"id",
"done"}`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from backend.engines.local.torch_host.child import ParentPipe, serve_warm
from backend.errors import Rejected
from backend.language import tr_lazy
from backend.media.audio.wav_file import write_wav


def main() -> None:
    serve_warm(_load, _speak)


def _load(settings: dict[str, Any]) -> Any:
    from hibari import Hibari

    return Hibari(threads=settings["threads"] or 1)


def _speak(pipe: ParentPipe, model: Any, message: dict[str, Any]) -> None:
    request, parts, times, position = message["request"], [], [], 0
    for n, sentence in enumerate(request["sentences"]):
        sound = model(sentence, request["speed"], seed=0)
        if not len(sound):
            raise Rejected(
                tr_lazy(
                    "This voice cannot say “{sentence}”. It speaks English; write it in letters, or leave it out.",
                    sentence=sentence[:60],
                )
            )
        parts.append(sound)
        times.append([position, position + len(sound)])
        position += len(sound)
        pipe.send({"spoken": n + 1})
    pcm = (np.clip(np.concatenate(parts), -1.0, 1.0) * 32767.0).astype("<i2").tobytes()
    write_wav(request["out"], pcm, model.sample_rate)
    pipe.send({"sample_rate": model.sample_rate, "sentences": times, "words": []})
    pipe.send({"id": message["id"], "done": True})


if __name__ == "__main__":
    main()
