"""What the backup keeps beside the data, in STUDIO_DATA/backup: it can be lost, and is then made anew with a full backup."""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from backend.errors import Conflict
from ops.backup.encryption import AgeRecipient, key_text, new_key

KEY_FILE = "backup-key.txt"


@dataclass(frozen=True, slots=True)
class LocalState:
    """`folder`: STUDIO_DATA/backup. Nothing in it is secret."""

    folder: Path

    @classmethod
    def of(cls, data_dir: Path) -> LocalState:
        folder = data_dir.resolve() / "backup"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return cls(folder)

    @property
    def objects(self) -> Path:
        """One JSON line [key, size, SHA-256] for each object that is at the target."""
        return self.folder / "objects.jsonl"

    def manifest(self, backup_id: str) -> Path:
        """Postgres's manifest of a base backup, which the next incremental one is compared with."""
        return self.folder / "manifests" / backup_id

    @property
    def key_file(self) -> Path:
        """Where the first backup puts the secret key; people are told to take it away."""
        return self.folder.parent / KEY_FILE

    def read(self, name: str) -> Any:
        """A fact that was noted; None: not noted."""
        return self._facts().get(name)

    def read_time(self, name: str) -> datetime | None:
        value = self.read(name)
        return datetime.fromisoformat(value) if value else None

    def note(self, **facts: Any) -> None:
        part = self.folder / "state.json.part"
        part.write_text(json.dumps(self._facts() | facts, default=str, indent=1), "utf-8")
        part.replace(self.folder / "state.json")

    def forget_target(self) -> None:
        """Another target, or an emptied one: everything is copied again."""
        self.objects.unlink(missing_ok=True)
        self.note(secrets="")
        for manifest in (self.folder / "manifests").glob("*"):
            manifest.unlink()

    def _facts(self) -> dict[str, Any]:
        try:
            facts: dict[str, Any] = json.loads((self.folder / "state.json").read_text("utf-8"))
        except (FileNotFoundError, ValueError):
            return {}
        return facts

    @contextmanager
    def locked(self, *, wait_s: float = 0.0) -> Iterator[None]:
        """One backup at a time. Raises Conflict after `wait_s` seconds."""
        until = time.monotonic() + wait_s
        with (self.folder / ".lock").open("w") as file:
            while True:
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if time.monotonic() >= until:
                        raise Conflict("Another backup is being made. Wait until it has ended, then try again.") from None
                    time.sleep(0.2)
            yield


def recipient_of(state: LocalState, public_key: str) -> tuple[AgeRecipient, str]:
    """(for whom is encrypted, the key that was just made for that or ""). `public_key`: BACKUP_RECIPIENT, wins."""
    noted_key = public_key.strip() or str(state.read("recipient") or "")
    if noted_key:
        return AgeRecipient(noted_key), ""
    secret, public = new_key()
    descriptor = os.open(state.key_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(key_text(secret, public))
    state.note(recipient=public)
    return AgeRecipient(public), secret
