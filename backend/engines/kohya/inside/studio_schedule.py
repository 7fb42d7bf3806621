"""Loaded by sd-scripts (`--lr_scheduler_type`): the learning rate schedule of a resumed run.

A resumed run is given only the remaining steps, and the scripts' own schedules would span those alone. The position comes back
with the scheduler's saved state, because this is a LambdaLR like theirs.
"""

from __future__ import annotations

import math

from torch.optim import Optimizer
from torch.optim.lr_scheduler import LambdaLR


class WholeRun(LambdaLR):  # type: ignore[misc]
    """`shape`: cosine or linear, from the full rate to 0 over `total` steps, after a linear warm-up of `warmup` steps."""

    def __init__(self, optimizer: Optimizer, *, shape: str, total: int, warmup: int) -> None:
        def factor(step: int) -> float:
            if step < warmup:
                return step / warmup
            progress = min(1.0, (step - warmup) / max(1, total - warmup))
            return 1 - progress if shape == "linear" else (1 + math.cos(math.pi * progress)) / 2

        super().__init__(optimizer, factor)
