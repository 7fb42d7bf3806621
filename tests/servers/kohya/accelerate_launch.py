"""`accelerate launch` as far as it matters: SIGTERM ends the launcher with 143 and leaves an orphan (kohya.md, 8)."""

from __future__ import annotations

import signal
import subprocess
import sys


def main() -> None:
    """`python -m tests.servers.kohya.accelerate_launch train_network.py …`"""
    code = subprocess.Popen([sys.executable, *sys.argv[1:]]).wait()
    if code:
        # The real one raises this after the script's own traceback, whatever its code was (kohya.md, 7).
        print(f"subprocess.CalledProcessError: Command returned non-zero exit status {code}.", file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    main()
