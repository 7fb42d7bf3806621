"""`make platforms`: Instagram, TikTok and YouTube on this machine, for clicking by hand. Prints what to put into .env."""

from __future__ import annotations

import argparse
import threading
from contextlib import ExitStack

from tests.servers.instagram import InstagramServer
from tests.servers.tiktok import TikTokServer
from tests.servers.youtube import YouTubeServer


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8611, help="of the first; the others follow")
    parser.add_argument("--processing-s", type=float, default=3.0, help="how long files are worked on")
    wishes = parser.parse_args()
    first, second, third = (wishes.port + n if wishes.port else 0 for n in range(3))
    servers = [InstagramServer(port=first), TikTokServer(port=second), YouTubeServer(port=third)]
    with ExitStack() as stack:
        for server in servers:
            server.faults.processing_s = wishes.processing_s
            stack.enter_context(server)
        print("These lines belong into .env; then start the studio (make run) and connect a channel:\n")
        for server in servers:
            for name, value in server.settings().items():
                print(f"{name}={value}")
        print("\nWhat was published, and the switches that make them fail:")
        for server in servers:
            print(f"  {server.name:10} {server.url}/   {server.url}/switches")
        print("\nCtrl-C ends them; they keep nothing.", flush=True)
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            print()


if __name__ == "__main__":
    main()
