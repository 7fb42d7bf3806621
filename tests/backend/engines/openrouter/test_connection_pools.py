"""Which pool of connections a question to a model goes through."""

from __future__ import annotations

from collections import Counter
from contextlib import ExitStack, closing

import httpx
import pytest

from backend.engines.openrouter.client import FILL_FIRST, POOLS, ConnectionPools


def test_the_first_are_filled_first_and_then_all_alike() -> None:
    lanes = ConnectionPools(headers={}, timeout=httpx.Timeout(1.0), at_once=10)
    with closing(lanes), ExitStack() as under_way:
        for _ in range(3):
            with lanes.borrow() as alone:
                first = alone
            with lanes.borrow() as next_one:
                assert next_one is first, "one after another they share a connection"
        taken = Counter(id(under_way.enter_context(lanes.borrow())) for _ in range(FILL_FIRST + 1))
        assert sorted(taken.values()) == [1, FILL_FIRST]
        taken += Counter(id(under_way.enter_context(lanes.borrow())) for _ in range(POOLS * (FILL_FIRST + 1) - FILL_FIRST - 1))
        assert list(taken.values()) == [FILL_FIRST + 1] * POOLS
        under_way.close()
        for _ in range(FILL_FIRST + 1):
            with pytest.raises(ZeroDivisionError), lanes.borrow():
                raise ZeroDivisionError
        with lanes.borrow() as next_client:
            assert next_client is first, "what failed has given its place back"
