"""The trainer's process, but for many runs: one order a line, `{"ended": true}` after each. Torch is loaded once for all."""

from __future__ import annotations

import json
import sys
from functools import partial

from backend.engines.diffusion.child import Line, guarded, leave, prepare
from backend.engines.trainer import child_train


def main() -> None:
    settings = json.loads(sys.argv[1])
    line = Line()
    prepare(settings["threads"])
    for order in sys.stdin:
        guarded(line, partial(child_train.train, line, settings, json.loads(order)))
        line.say({"ended": True})
    leave()


if __name__ == "__main__":
    main()
