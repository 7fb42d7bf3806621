"""Faults that can be switched on, and durations. Set the attributes at any time, from any thread."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field


@dataclass
class Faults:
    """Everything off: a healthy, quick server. Times are seconds."""

    step_s: float = 0.0
    """How long one sampler step takes."""
    prompt_s: float = 0.0
    """How long all sampler steps of a prompt take together; wins over `step_s`."""
    load_s: float = 0.0
    """How long a checkpoint that is not loaded takes (comfyui.md, 10: 7-15 s)."""
    history_lag_s: float = 0.004
    """Between execution_success and the history entry (comfyui.md, 5: missing 46 of 200 times)."""
    interrupt_lag_s: float = 0.05
    """The same after an interrupt (comfyui.md, 3: 0.39 s until history existed)."""
    answer_s: float = 0.0
    """Added before each HTTP answer."""
    answer_500: dict[str, int] = field(default_factory=dict)
    """"POST /prompt" -> how many of the next ones answer 500 without doing anything."""
    lose_answer: dict[str, int] = field(default_factory=dict)
    """"POST /prompt" -> how many of the next ones are done and answered 500 (comfyui.md, 2: 500, yet the item IS enqueued)."""
    previews: str = ""
    """Preview method of the start command: "" none, latent2rgb."""
    deaf: bool = False
    """Sockets open and say nothing (comfyui.md, 5: stays open but silent)."""
    no_socket: bool = False
    """The socket is refused: a proxy that knows no WebSocket."""
    black: bool = False
    """NaN while sampling: success with a black picture (comfyui.md, 4)."""
    memory: bool = False
    """The sampler runs out of memory (comfyui.md, 4: OOM)."""
    lose_files: bool = False
    """Result files vanish: still success, /view 404 (comfyui.md, 10)."""
    cut_files: bool = False
    """Result files arrive cut off."""
    dead: bool = False
    """The next prompt kills the prompt thread (comfyui.md, 6)."""
    hold: threading.Event | None = None
    """Every sampler step waits for it."""

    def takes(self, table: dict[str, int], name: str) -> bool:
        """Whether this request is one of those counted in `table`."""
        remaining = table.get(name, 0)
        if remaining > 0:
            table[name] = remaining - 1
        return remaining > 0
