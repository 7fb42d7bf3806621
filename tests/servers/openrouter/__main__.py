"""The model server as a process of its own: `python -m tests.servers.openrouter [port]` says its address and goes on until its
stdin ends. Each line of stdin sets faults, as JSON ({"answer_s": 1.0}); after each, and at the end, it says how many calls it
was asked.
"""

from __future__ import annotations

import json
import sys

from tests.servers.openrouter import ModelServer


def main() -> None:
    with ModelServer(port=int(sys.argv[1]) if len(sys.argv) > 1 else 0) as server:
        print(server.url, flush=True)
        for line in sys.stdin:
            for name, value in json.loads(line).items():
                setattr(server.faults, name, value)
            print(len(server.asked), flush=True)
        print(len(server.asked), flush=True)


if __name__ == "__main__":
    main()
