"""`python -m ops.mail_catcher --folder DIR --port N`: an SMTP server for this machine that keeps what it gets as .eml files."""

from __future__ import annotations

import argparse
import asyncio
import signal
import time
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session

KEEP = 200
MAX_BYTES = 1024 * 1024


class Folder:
    """Keeps the newest KEEP messages. Only this account may read them."""

    def __init__(self, path: Path) -> None:
        self._path = path
        path.mkdir(parents=True, exist_ok=True, mode=0o700)

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:
        """Called by aiosmtpd for each message."""
        content = envelope.content or b""
        target = self._path / f"{time.time_ns():020}.eml"
        partial = target.with_suffix(".part")
        partial.touch(mode=0o600)
        partial.write_bytes(content if isinstance(content, bytes) else content.encode())
        partial.replace(target)
        for old in sorted(self._path.glob("*.eml"))[:-KEEP]:
            old.unlink(missing_ok=True)
        return "250 Kept, and sent to nobody"


async def serve(folder: Path, host: str, port: int) -> None:
    """Until SIGTERM or Ctrl-C."""
    handler, stop = Folder(folder), asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    server = await loop.create_server(lambda: SMTP(handler, data_size_limit=MAX_BYTES, hostname="localhost"), host, port)
    async with server:
        await stop.wait()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, required=True, help="where it keeps what it gets")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    options = parser.parse_args()
    asyncio.run(serve(options.folder, options.host, options.port))


if __name__ == "__main__":
    main()
