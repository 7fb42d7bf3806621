"""Loaded by sd-scripts themselves (`--lr_scheduler_type`): the learning rate of a run that goes on in the middle.

A resumed run is given only the steps that are left, and their own schedules would stretch over those alone. Where the run
stands comes back with the scheduler's state, because this is a LambdaLR as theirs are.
"""

from __future__ import annotations

import math

from torch.optim import Optimizer
from torch.optim.lr_scheduler import LambdaLR


class WholeRun(LambdaLR):  # type: ignore[misc]
    """`shape`: cosine or linear, from full to nothing over `total` steps, after rising for `warmup` of them."""

    def __init__(self, optimizer: Optimizer, *, shape: str, total: int, warmup: int) -> None:
        def factor(step: int) -> float:
            if step < warmup:
                return step / warmup
            gone = min(1.0, (step - warmup) / max(1, total - warmup))
            return 1 - gone if shape == "linear" else (1 + math.cos(math.pi * gone)) / 2

        super().__init__(optimizer, factor)
