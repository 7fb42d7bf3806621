"""Several single-threaded processes that train copies of one model and agree on its weights every few steps.

On a CPU that others use too this is faster than one process with many threads: those wait for each other at every operation,
these once in `EVERY` steps (local SGD; Stich 2019).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
import torch.multiprocessing as processes

EVERY = 8


class Team:
    """One member's view: its `rank`, and the board all members write to."""

    def __init__(self, rank: int, size: int, board: torch.Tensor, gate: Any) -> None:
        self.rank, self.size = rank, size
        self._board, self._gate = board, gate

    @torch.no_grad()  # type: ignore[untyped-decorator]
    def agree(self, weights: list[Any]) -> None:
        """Replaces `weights` by their mean over all members; waits for the slowest."""
        if self.size == 1:
            return
        mine = self._board[self.rank]
        at = 0
        for weight in weights:
            mine[at : at + weight.numel()].view_as(weight).copy_(weight)
            at += weight.numel()
        self._gate.wait()
        at = 0
        for weight in weights:
            weight.copy_(self._board[:, at : at + weight.numel()].mean(0).view_as(weight))
            at += weight.numel()
        self._gate.wait()

    def told(self, value: float) -> float:
        """The first member's `value`, for all: so that everybody stops at the same step."""
        if self.size == 1:
            return value
        if self.rank == 0:
            self._board[0, -1] = value
        self._gate.wait()
        value = float(self._board[0, -1])
        self._gate.wait()
        return value


def alone() -> Team:
    return Team(0, 1, torch.empty(0), None)


def run(size: int, numbers: int, work: Callable[..., None], *args: Any) -> None:
    """`work(team, *args)` in `size` processes that share a board of `numbers` numbers each."""
    if size == 1:
        return work(alone(), *args)
    board = torch.empty(size, numbers + 1).share_memory_()
    gate = processes.get_context("spawn").Barrier(size)
    processes.start_processes(_member, (size, board, gate, work, args), nprocs=size, start_method="spawn")
    return None


def _member(rank: int, size: int, board: torch.Tensor, gate: Any, work: Callable[..., None], args: Any) -> None:
    torch.set_num_threads(1)
    work(Team(rank, size, board, gate), *args)
