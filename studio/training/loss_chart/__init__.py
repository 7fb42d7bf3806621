"""Loss over steps, of one run while it trains or of several beside each other: smoothed or raw, plain or on a log scale."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from studio.ui.browser_component import load

_component = load(__file__)


@dataclass(frozen=True, slots=True)
class LossLine:
    """One run. `points`: (step, loss) in order; `steps`: its length; `marks`: steps that have a version.

    `poll_url` answers `{"data": [{"step", "loss"}]}` for `&after=<step>` and is asked every two seconds.
    """

    name: str
    points: Sequence[tuple[int, float]]
    steps: int
    marks: Sequence[int] = ()
    poll_url: str = ""


def loss_chart(key: str, *, lines: Sequence[LossLine], height: int = 240) -> None:
    """The chart's settings (smoothing, raw, log scale) stay in the browser; `height` in px."""
    data: dict[str, Any] = {
        "height": height,
        "lines": [
            {
                "name": line.name,
                "points": [[step, loss] for step, loss in line.points],
                "steps": line.steps,
                "marks": list(line.marks),
                "poll": line.poll_url,
            }
            for line in lines
        ],
    }
    _component(key=key, data=data)
