"""Writes down English speech: `python -m backend.engines.local.speech.child_transcribe SETTINGS`.

Request: `{"wav"}`. Answers `{"text"}`, then `{"id", "done"}`. Model and dictionary come with PocketSphinx.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from backend.engines.local.speech.child_align import samples_of
from backend.engines.local.torch_host.child import ParentPipe, serve_warm

_RATE = 16_000
_SEARCH = {"fwdflat": False, "maxhmmpf": 3000}
"""One pass, over the likeliest states. The defaults (two passes, 30,000 states) take twice as long; of six statements, read by
two voices, with and without noise, they understood as much."""


def main() -> None:
    serve_warm(lambda settings: _decoder(), _answer)


def _decoder() -> Any:
    import pocketsphinx

    return pocketsphinx.Decoder(samprate=_RATE, loglevel="FATAL", **_SEARCH)


def _answer(pipe: ParentPipe, decoder: Any, message: dict[str, Any]) -> None:
    samples = samples_of(Path(message["request"]["wav"]))
    decoder.start_utt()
    decoder.process_raw(samples.tobytes(), full_utt=True)
    decoder.end_utt()
    best = decoder.hyp()
    pipe.send({"text": best.hypstr if best else ""})
    pipe.send({"id": message["id"], "done": True})


if __name__ == "__main__":
    main()
