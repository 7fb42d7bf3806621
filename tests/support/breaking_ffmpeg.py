"""The real ffmpeg behind a script that makes one of its runs fail: killed with half of a file written, or on a full disk."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Literal

_SCRIPT = """#!/bin/sh
read left how < "{plan}"
for argument; do case "$argument" in *.part.*) target="$argument";; esac; done
if [ "$left" = 1 ]; then
  echo "0 none" > "{plan}"
  if [ "$how" = kill ]; then head -c 5000 /dev/urandom > "$target"; kill -9 $$; fi
  ln -sf /dev/full "$target"
elif [ "$left" != 0 ]; then
  echo "$((left - 1)) $how" > "{plan}"
fi
exec "{ffmpeg}" "$@"
"""


class BreakingFfmpeg:
    """`binary`: for FFMPEG_BINARY. `fail_at(n, how)`: the n-th run from now on (1 is the next one) is killed with half of its
    file written ("kill"), or finds the disk full ("full")."""

    def __init__(self, folder: Path, ffmpeg: str) -> None:
        self._plan, self.binary = folder / "plan", folder / "ffmpeg"
        self._plan.write_text("0 none\n")
        self.binary.write_text(_SCRIPT.format(plan=self._plan, ffmpeg=ffmpeg))
        self.binary.chmod(self.binary.stat().st_mode | stat.S_IXUSR)

    def fail_at(self, n: int, how: Literal["kill", "full"]) -> None:
        self._plan.write_text(f"{n} {how}\n")

    def calm_down(self) -> bool:
        """No run fails any more. Returns whether one was still to fail."""
        waiting = not self._plan.read_text().startswith("0")
        self._plan.write_text("0 none\n")
        return waiting
