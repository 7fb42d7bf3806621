"""The trainer's process, but for many runs: one order a line, `{"ended": true}` after each. Torch is loaded once for all."""

from __future__ import annotations

import json
import sys
from functools import partial

from backend.engines.local.peft import child_train
from backend.engines.local.torch_host.child import ParentPipe, exit_now, prepare_environment, report_errors


def main() -> None:
    settings = json.loads(sys.argv[1])
    line = ParentPipe()
    prepare_environment(settings["threads"])
    for order in sys.stdin:
        report_errors(line, partial(child_train.train, line, settings, json.loads(order)))
        line.send({"ended": True})
    exit_now()


if __name__ == "__main__":
    main()
