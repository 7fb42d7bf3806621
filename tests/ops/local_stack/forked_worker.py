"""A worker of supervised.py that is forked: its log gets its environment, and with WITH_ORPHAN=1 the process id of a child that
outlives it."""

from __future__ import annotations

import json
import os
import subprocess
import time


def main() -> int:
    orphan = subprocess.Popen(["sleep", "99"], start_new_session=True).pid if os.environ.get("WITH_ORPHAN") else 0
    print(json.dumps({"environment": dict(os.environ), "orphan": orphan}), flush=True)
    time.sleep(99)
    return 0
