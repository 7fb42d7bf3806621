"""What can be made to go wrong, and how long things take. Set the attributes at any time, from any thread."""

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
    """How long a checkpoint that is not loaded takes (§3 checkpoint reload 7-15 s)."""
    history_lag_s: float = 0.004
    """Between execution_success and the history entry (§1 WebSocket: missing 46 of 200 times)."""
    interrupt_lag_s: float = 0.05
    """The same after an interrupt (§1 Queue: 0.39 s until history existed)."""
    answer_s: float = 0.0
    """Added before each HTTP answer."""
    answer_500: dict[str, int] = field(default_factory=dict)
    """"POST /prompt" -> how many of the next ones answer 500 without doing anything."""
    lose_answer: dict[str, int] = field(default_factory=dict)
    """"POST /prompt" -> how many of the next ones are done and answered 500 (§1: 500, yet the item IS enqueued)."""
    previews: str = ""
    """Preview method of the start command: "" none, latent2rgb."""
    deaf: bool = False
    """Sockets open and say nothing (§1 WebSocket: stays open but deaf)."""
    no_socket: bool = False
    """The socket is refused: a proxy that knows no WebSocket."""
    black: bool = False
    """NaN while sampling: success with a black picture (§1 History)."""
    memory: bool = False
    """The sampler runs out of memory (§1 History: OOM)."""
    lose_files: bool = False
    """Result files vanish: still success, /view 404 (§3 Overheads)."""
    cut_files: bool = False
    """Result files arrive cut off."""
    dead: bool = False
    """The next prompt kills the prompt thread (§1 Dead worker)."""
    hold: threading.Event | None = None
    """Every sampler step waits for it."""

    def takes(self, table: dict[str, int], name: str) -> bool:
        """Whether this request is one of those counted in `table`."""
        left = table.get(name, 0)
        if left > 0:
            table[name] = left - 1
        return left > 0
