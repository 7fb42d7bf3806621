"""Which pool of connections a question to a model goes through."""

from __future__ import annotations

from collections import Counter
from contextlib import ExitStack, closing

import httpx
import pytest

from backend.engines.openrouter.connection_pools import LANES, WIDTH, Lanes


def test_the_first_are_filled_first_and_then_all_alike() -> None:
    lanes = Lanes(headers={}, timeout=httpx.Timeout(1.0), at_once=10)
    with closing(lanes), ExitStack() as under_way:
        for _ in range(3):
            with lanes.one() as alone:
                first = alone
            with lanes.one() as next_one:
                assert next_one is first, "one after another they share a connection"
        taken = Counter(id(under_way.enter_context(lanes.one())) for _ in range(WIDTH + 1))
        assert sorted(taken.values()) == [1, WIDTH]
        taken += Counter(id(under_way.enter_context(lanes.one())) for _ in range(LANES * (WIDTH + 1) - WIDTH - 1))
        assert list(taken.values()) == [WIDTH + 1] * LANES
        under_way.close()
        for _ in range(WIDTH + 1):
            with pytest.raises(ZeroDivisionError), lanes.one():
                raise ZeroDivisionError
        with lanes.one() as after:
            assert after is first, "what failed has given its place back"
