"""`python -m tests.servers.comfyui --root DIR --port 8188`: prints its address and serves until it is ended."""

from __future__ import annotations

import argparse
import threading
from pathlib import Path

from tests.servers.comfyui.server import NEW, ComfyServer


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", type=Path, required=True, help="its folders: models, input, output, temp")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--version", default=NEW)
    parser.add_argument("--checkpoint", action="append", default=[], help="NAME or NAME=sdxl: put a checkpoint there")
    parser.add_argument("--step-s", type=float, default=0.0)
    parser.add_argument("--prompt-s", type=float, default=0.0)
    parser.add_argument("--load-s", type=float, default=0.0)
    parser.add_argument("--previews", default="", help="latent2rgb")
    options = parser.parse_args()
    server = ComfyServer(options.root, version=options.version, port=options.port)
    for checkpoint in options.checkpoint:
        name, _, base = checkpoint.partition("=")
        server.folders.put_checkpoint(name, base or "sd15")
    server.faults.step_s, server.faults.prompt_s = options.step_s, options.prompt_s
    server.faults.load_s, server.faults.previews = options.load_s, options.previews
    server.start()
    print(server.url, flush=True)
    threading.Event().wait()


if __name__ == "__main__":
    main()
