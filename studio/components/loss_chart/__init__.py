"""The loss of a training run, drawn while it trains: raw steps faint, smoothed line strong."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from studio.components.load import load

_component = load("loss_chart")


def loss_chart(
    key: str,
    *,
    points: Sequence[tuple[int, float]],
    steps: int,
    poll_url: str = "",
    marks: Sequence[int] = (),
    height: int = 220,
) -> None:
    """`points`: (step, loss) in order; `steps`: length of the run. `poll_url` answers `{"data": [{"step", "loss"}]}` for
    `&after=<step>` and is asked every two seconds; `marks`: steps that have a checkpoint."""
    data: dict[str, Any] = {
        "points": [[step, loss] for step, loss in points], "steps": steps, "poll": poll_url,
        "marks": list(marks), "height": height,
    }  # fmt: skip
    _component(key=key, data=data)
