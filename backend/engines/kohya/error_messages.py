"""Errors for failed runs of sd-scripts, as sentences that say what to do (docs/contracts/kohya.md, 7).

None is EngineUnavailable: such a job waits until `status()` is ok again, and `status()` does not see these problems.
"""

from __future__ import annotations

import signal

from backend.errors import EngineError, OutOfMemory, ProcessKilled, Rejected, Unsupported
from backend.language import tr_lazy

_MEMORY = ("outofmemoryerror", "out of memory", "cannot allocate memory", "can't allocate memory", "bad_alloc", "memoryerror")
_TOKENIZER = (
    "expected str, bytes or os.pathlike object, not nonetype",
    "can't load tokenizer",
    "we couldn't connect to",
    "localentrynotfound",
    "/api/models/openai/clip-vit",
)


def no_pictures() -> Rejected:
    return Rejected(tr_lazy("kohya found no pictures to train on. Include at least one, then start the training again."))


def not_a_number(step: int, rate: float) -> Rejected:
    return Rejected(
        tr_lazy(
            "Training stopped at step {step}: the loss is no longer a number. Lower the learning rate (now "
            "{rate:g}) and start again.",
            step=step,
            rate=rate,
        )
    )


def not_finite(step: int) -> Rejected:
    return Rejected(
        tr_lazy(
            "The LoRA at step {step} holds numbers that are not finite. Lower the learning rate and train again.", step=step
        )
    )


def silent(phase: str, minutes: float) -> EngineError:
    return EngineError(
        tr_lazy(
            "kohya has said nothing for {minutes:.0f} minutes while {phase}, so it was stopped. Check its GPU and "
            "disk, then try the training again.",
            minutes=minutes,
            phase=phase,
        )
    )


def too_short(done: int, expected: int) -> EngineError:
    return EngineError(
        tr_lazy(
            "kohya ended after {done} of {expected} steps without an error. Try the training again.",
            done=done,
            expected=expected,
        )
    )


def no_file() -> EngineError:
    return EngineError(tr_lazy("kohya ended without an error and without a finished LoRA. Try the training again."))


def killed() -> ProcessKilled:
    return ProcessKilled(tr_lazy("kohya's process was ended from outside. The training continues from its last version."))


def lacked_memory(text: str) -> bool:
    return any(sign in text.lower() for sign in _MEMORY)


def failure(code: int, text: str, model: str) -> EngineError:
    """The error for an unexpected exit. `code`: negative for a signal (SIGKILL: lack of memory). `text`: end of the output."""
    lowered = text.lower()
    last_line = _last_line(text)
    detail = {"exit_code": code, "last": last_line[:1000]}
    if code == -signal.SIGKILL or lacked_memory(text):
        return OutOfMemory(
            tr_lazy(
                "kohya ran out of memory. Lower the batch size, the resolution or the rank, or turn convolutions "
                "off. KOHYA_VRAM_GB makes it more frugal."
            ),
            **detail,
        )
    if code == 2:
        return Unsupported(
            tr_lazy("The sd-scripts in KOHYA_DIR do not know an option they are given. Update them to 0.9 or newer."), **detail
        )
    if "modulenotfounderror" in lowered or "importerror" in lowered:
        return Unsupported(
            tr_lazy(
                "The python of sd-scripts lacks a package ({last_line}). Install its requirements.txt with KOHYA_PYTHON.",
                last_line=last_line[:200],
            ),
            **detail,
        )
    if any(sign in lowered for sign in _TOKENIZER):
        return Unsupported(
            tr_lazy(
                "kohya could not get the CLIP tokenizer from the hub. Let this machine reach huggingface.co once: it is "
                "kept then."
            ),
            **detail,
        )
    if "no space left on device" in lowered:
        return EngineError(
            tr_lazy("The disk is full, so kohya could not write its files. Make room, then retry the training."), **detail
        )
    if "safetensorerror" in lowered or "loading state_dict" in lowered or "neither a valid local path" in lowered:
        return Rejected(
            tr_lazy(
                "kohya cannot load the checkpoint {model}: it is broken or of another kind. Copy it again, or choose another.",
                model=repr(model),
            ),
            **detail,
        )
    if "zerodivisionerror" in lowered:
        return Rejected(tr_lazy("A picture of the dataset cannot be read. Remove it and start the training again."), **detail)
    if "nan detected in latents" in lowered:
        return Rejected(
            tr_lazy("The checkpoint's VAE gives no numbers for a picture (NaN). Choose another checkpoint."), **detail
        )
    return EngineError(
        tr_lazy(
            "kohya ended unexpectedly (code {code}): {last_line}", code=code, last_line=last_line[:300] or "it said nothing"
        ),
        **detail,
    )


def _last_line(text: str) -> str:
    """The last line that is neither empty nor a progress bar; of a traceback that is the error."""
    lines = [line.strip() for line in text.splitlines() if line.strip() and "it/s" not in line and "s/it" not in line]
    return lines[-1] if lines else ""
