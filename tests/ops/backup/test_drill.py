"""The drill itself, as `make drill` runs it: a studio is backed up, destroyed, restored to a minute and compared."""

from __future__ import annotations

import pytest

from ops.backup.drill import drill


@pytest.mark.kill
def test_a_studio_comes_back_to_the_minute_and_sends_nothing_twice() -> None:
    lines: list[str] = []
    figures = drill(report=lines.append)
    assert figures.keys() == {"rpo_s", "rto_s", "rows", "objects"}
    assert figures["rows"] > 20
    assert figures["objects"] > 12
    assert "The studio is destroyed" in lines
