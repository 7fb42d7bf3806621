"""Speaks with Pocket TTS: `python -m backend.engines.local.speech.child_pocket SETTINGS`.

SETTINGS: `{"threads", "idle_s"}`. Request: `{"name" of the model, "weights", "tokenizer": paths, "config": path or null,
"state": path of a voice or of a recording (WAV), "state_key": the same for the same voice, "copy": it is a recording,
"sentences": [text, …], "speed", "ffmpeg": its path, "out"}`. Answers as `child_hibari`; without sentences only
`{"id", "done"}`, when the voice can be used. The last model and voice stay loaded. Nothing is ever downloaded: whatever a
configuration names, weights and tokenizer are those of the request.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from backend.engines.local.torch_host.child import ParentPipe, serve_warm
from backend.errors import EngineError, Rejected, Unsupported
from backend.language import tr_lazy
from backend.media.audio.wav_file import write_wav

_PAUSE_S = 0.15
"""Between sentences; the model leaves some of its own."""


class _PocketModels:
    """The model and the voice that were used last, in memory."""

    def __init__(self) -> None:
        self._model: tuple[str, Any] = ("", None)
        self._state: tuple[str, Any] = ("", None)

    def load(self, request: dict[str, Any]) -> Any:
        if self._model[0] != request["weights"]:
            self._state = "", None
            try:
                self._model = request["weights"], _loaded(request)
            except Exception as error:  # whatever torch, yaml and the tokenizers raise for files that are no model
                raise Unsupported(
                    tr_lazy(
                        "{name} cannot be loaded as a Pocket TTS model ({reason}). Copy its files there again.",
                        name=request["name"],
                        reason=(str(error).splitlines() or [""])[0][:160],
                    )
                ) from error
        return self._model[1]

    def state(self, request: dict[str, Any]) -> Any:
        model = self.load(request)
        if request["copy"] and not model.has_voice_cloning:
            raise Unsupported(
                tr_lazy("The weights of {name} are those without voice cloning. Put others there.", name=request["name"])
            )
        if self._state[0] != request["state_key"]:
            try:
                state = model.get_state_for_audio_prompt(Path(request["state"]), truncate=True)
            except Exception as error:  # whatever safetensors, wave and torch raise for a file that is no voice
                reason = (str(error).splitlines() or [""])[0][:160]
                raise Unsupported(
                    tr_lazy("{name} is no voice for this model ({reason}).", name=Path(request["state"]).name, reason=reason)
                ) from error
            self._state = request["state_key"], state
        return self._state[1]


def _loaded(request: dict[str, Any]) -> Any:
    import yaml
    from pocket_tts import TTSModel
    from pocket_tts.utils.config import CONFIGS_DIR

    source = Path(request["config"] or CONFIGS_DIR / f"{request['name']}.yaml")
    config = yaml.safe_load(source.read_text("utf-8"))
    # Without a second choice: the library would take weights without voice cloning instead, and say nothing.
    config = {**config, "weights_path": request["weights"], "weights_path_without_voice_cloning": None}
    tokenizer = {"tokenizer_path": request["tokenizer"]}
    tokenizer["tokenizer"] = "tokenizers" if request["tokenizer"].endswith(".json") else "sentencepiece"
    config["flow_lm"] = {**config["flow_lm"], "weights_path": None}
    config["flow_lm"]["lookup_table"] = {**config["flow_lm"]["lookup_table"], **tokenizer}
    config["mimi"] = {**config["mimi"], "weights_path": None}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "config.yaml"
        path.write_text(json.dumps(config), "utf-8")  # JSON is YAML
        return TTSModel.load_model(config=path)


def main() -> None:
    serve_warm(lambda settings: _PocketModels(), _speak)


def _speak(pipe: ParentPipe, models: _PocketModels, message: dict[str, Any]) -> None:
    import torch

    request, times, pcm = message["request"], [], bytearray()
    model, state = models.load(request), models.state(request)
    if not request["sentences"]:
        pipe.send({"id": message["id"], "done": True})
        return
    torch.manual_seed(0)  # the same words sound alike
    for n, sentence in enumerate(request["sentences"]):
        sound = model.generate_audio(state, sentence).numpy()
        if not np.isfinite(sound).all() or not len(sound):
            raise Rejected(
                tr_lazy("This voice cannot say “{sentence}”. Write it in letters, or leave it out.", sentence=sentence[:60])
            )
        samples = (np.clip(sound, -1.0, 1.0) * 32767.0).astype("<i2").tobytes()
        if request["speed"] != 1.0:
            samples = _at_speed(samples, model.sample_rate, request["speed"], request["ffmpeg"])
        times.append([len(pcm) // 2, (len(pcm) + len(samples)) // 2])
        pcm += samples + b"\0\0" * round(_PAUSE_S * model.sample_rate)
        pipe.send({"spoken": n + 1})
    write_wav(request["out"], bytes(pcm), model.sample_rate)
    pipe.send({"sample_rate": model.sample_rate, "sentences": times, "words": []})
    pipe.send({"id": message["id"], "done": True})


def _at_speed(pcm: bytes, rate: int, speed: float, ffmpeg: str) -> bytes:
    """The same voice, faster or slower: the model knows one pace only. `speed`: 0.5 to 2.0, what `atempo` takes."""
    sound = ["-f", "s16le", "-ar", str(rate), "-ac", "1"]
    argv = [ffmpeg, "-hide_banner", "-loglevel", "error", *sound, "-i", "pipe:0", "-af", f"atempo={speed}", *sound, "pipe:1"]
    result = subprocess.run(argv, input=pcm, capture_output=True, check=False)
    if result.returncode:
        raise EngineError(
            tr_lazy("ffmpeg could not change the speed: {reason}", reason=result.stderr.decode(errors="replace")[-200:])
        )
    return result.stdout


if __name__ == "__main__":
    main()
