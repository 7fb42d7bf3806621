"""Several single-threaded processes that train copies of one model and agree on its weights every few steps.

On a CPU that others use too this is faster than one process with many threads: those wait for each other at every operation,
these once in `EVERY` steps (local SGD; Stich 2019).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
import torch.multiprocessing as processes

STEPS_PER_AVERAGE = 8


class TrainingGroup:
    """One process's view of the group: its `rank`, and the shared memory that all processes write to."""

    def __init__(self, rank: int, size: int, board: torch.Tensor, gate: Any) -> None:
        self.rank, self.size = rank, size
        self._board, self._gate = board, gate

    @torch.no_grad()  # type: ignore[untyped-decorator]
    def average_weights(self, weights: list[Any]) -> None:
        """Replaces `weights` by their mean over all processes; waits for the slowest."""
        if self.size == 1:
            return
        own_row = self._board[self.rank]
        offset = 0
        for weight in weights:
            own_row[offset : offset + weight.numel()].view_as(weight).copy_(weight)
            offset += weight.numel()
        self._gate.wait()
        offset = 0
        for weight in weights:
            weight.copy_(self._board[:, offset : offset + weight.numel()].mean(0).view_as(weight))
            offset += weight.numel()
        self._gate.wait()

    def broadcast(self, value: float) -> float:
        """Returns the first process's `value` in all of them, so that all stop at the same step."""
        if self.size == 1:
            return value
        if self.rank == 0:
            self._board[0, -1] = value
        self._gate.wait()
        value = float(self._board[0, -1])
        self._gate.wait()
        return value


def single() -> TrainingGroup:
    return TrainingGroup(0, 1, torch.empty(0), None)


def run(size: int, numbers: int, work: Callable[..., None], *args: Any) -> None:
    """`work(team, *args)` in `size` processes that share a board of `numbers` numbers each."""
    if size == 1:
        return work(single(), *args)
    board = torch.empty(size, numbers + 1).share_memory_()
    gate = processes.get_context("spawn").Barrier(size)
    processes.start_processes(_member, (size, board, gate, work, args), nprocs=size, start_method="spawn")
    return None


def _member(rank: int, size: int, board: torch.Tensor, gate: Any, work: Callable[..., None], args: Any) -> None:
    torch.set_num_threads(1)
    work(TrainingGroup(rank, size, board, gate), *args)
