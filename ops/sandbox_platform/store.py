"""The platform's data: each change is one line of a journal, synced to disk before the answer; files lie beside it."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import shutil
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ops.sandbox_platform.faults import Faults

DAY_S = 86_400.0
TOKEN_S, REFRESH_S = DAY_S, 365 * DAY_S


@dataclass
class SandboxAccount:
    """`tokens`: SHA-256 of a token -> when it expires."""

    id: str
    name: str
    tokens: dict[str, float] = field(default_factory=dict)
    refresh: dict[str, float] = field(default_factory=dict)


@dataclass
class SandboxDraft:
    """`said`: as sent by the client; `stored`: file number -> MIME type of the file. `post`: id once it is published."""

    id: str
    account: str
    said: dict[str, Any]
    made_at: float
    stored: dict[int, str] = field(default_factory=dict)
    ready_at: float = 0.0
    failed: str = ""
    post: str = ""

    @property
    def count(self) -> int:
        return len(self.said.get("files", []))


@dataclass
class SandboxPost:
    """`media`: MIME types in order; the files are those of its draft (`made_of`)."""

    id: str
    account: str
    made_of: str
    at: float
    said: dict[str, Any]
    media: list[str]
    comments: list[tuple[str, str]] = field(default_factory=list)

    @property
    def caption(self) -> str:
        return str(self.said.get("caption", "")) if self.format != "story" else ""

    @property
    def format(self) -> str:
        return str(self.said.get("format", ""))

    @property
    def ai(self) -> bool:
        return bool(self.said.get("ai_made"))


class SandboxStore:
    """Thread-safe. Replays the journal at start; an incomplete last line (a crash) is dropped."""

    def __init__(self, folder: Path, *, now: Callable[[], float] = time.time) -> None:
        self.folder, self.now = folder, now
        self.accounts: dict[str, SandboxAccount] = {}
        self.drafts: dict[str, SandboxDraft] = {}
        self.posts: list[SandboxPost] = []
        self.faults = Faults()
        self.lock = threading.RLock()
        folder.mkdir(parents=True, exist_ok=True)
        self._path = folder / "journal.jsonl"
        self._replay()
        self._journal = self._path.open("ab")

    def close(self) -> None:
        self._journal.close()

    def media(self, draft: str, n: int) -> Path:
        return self.folder / "media" / draft / str(n)

    # What is done

    def connect(self, name: str) -> tuple[SandboxAccount, str, str]:
        """(account of that name, token, refresh token). Creates the account when it is new."""
        with self.lock:
            account = next((candidate for candidate in self.accounts.values() if candidate.name == name), None)
            if account is None:
                account = self.accounts[self._record("account", id=_id("acc"), name=name)["id"]]
            return account, *self.tokens(account)

    def tokens(self, account: SandboxAccount) -> tuple[str, str]:
        token, refresh = secrets.token_urlsafe(24), secrets.token_urlsafe(24)
        now = self.now()
        self._record("token", account=account.id, token=_hash(token), until=now + TOKEN_S)
        self._record("refresh", account=account.id, token=_hash(refresh), until=now + REFRESH_S)
        return token, refresh

    def refresh_tokens(self, refresh: str) -> tuple[SandboxAccount, str, str] | None:
        """New tokens for a refresh token, which can be used only once; None when it is not valid."""
        with self.lock:
            hashed = _hash(refresh)
            account = next(
                (candidate for candidate in self.accounts.values() if candidate.refresh.get(hashed, 0) > self.now()), None
            )
            if account is None:
                return None
            self._record("refresh", account=account.id, token=hashed, until=0)
            return account, *self.tokens(account)

    def account_of_token(self, token: str) -> SandboxAccount | None:
        hashed = _hash(token)
        return next((candidate for candidate in self.accounts.values() if candidate.tokens.get(hashed, 0.0) > self.now()), None)

    def expire_tokens(self) -> None:
        with self.lock:
            for account in self.accounts.values():
                for hashed in list(account.tokens):
                    self._record("token", account=account.id, token=hashed, until=0)

    def begin(self, account: SandboxAccount, fields: dict[str, Any]) -> SandboxDraft:
        id = self._record("draft", id=_id("drf"), account=account.id, said=fields, at=self.now())["id"]
        return self.drafts[id]

    def filled(self, draft: SandboxDraft, n: int, mime: str) -> None:
        """File `n` is on the disk."""
        self._record("file", draft=draft.id, n=n, mime=mime, ready_at=self.now() + self.faults.processing_s)

    def fail(self, draft: SandboxDraft, reason: str) -> None:
        self._record("failed", draft=draft.id, reason=reason)

    def forget(self, draft: SandboxDraft) -> None:
        self._record("forgotten", draft=draft.id)
        shutil.rmtree(self.media(draft.id, 0).parent, ignore_errors=True)

    def publish(self, draft: SandboxDraft) -> SandboxPost:
        id = self._record("post", id=_id("pst"), draft=draft.id, at=self.now())["id"]
        return next(post for post in self.posts if post.id == id)

    def comment(self, post: SandboxPost, text: str) -> str:
        return str(self._record("comment", post=post.id, id=_id("com"), text=text)["id"])

    def set_faults(self, faults: Faults) -> None:
        with self.lock:
            self._record("faults", faults=faults.persistent())
            self.faults = faults

    def clear(self) -> None:
        """Empties the feed; accounts stay connected."""
        with self.lock:
            self._record("cleared")
            shutil.rmtree(self.folder / "media", ignore_errors=True)

    def used(self, account: SandboxAccount) -> int:
        """Posts of the last 24 hours."""
        since = self.now() - DAY_S
        return sum(1 for post in self.posts if post.account == account.id and post.at > since)

    # The journal

    def _record(self, kind: str, **values: Any) -> dict[str, Any]:
        line = {"what": kind, **values}
        with self.lock:
            self._journal.write(json.dumps(line).encode() + b"\n")
            self._journal.flush()
            os.fsync(self._journal.fileno())
            self._apply(line)
        return line

    def _replay(self) -> None:
        if not self._path.exists():
            return
        data = self._path.read_bytes()
        complete = data[: data.rfind(b"\n") + 1]
        if len(complete) < len(data):
            self._path.write_bytes(complete)
        for line in complete.splitlines():
            self._apply(json.loads(line))

    def _apply(self, line: dict[str, Any]) -> None:  # one kind of line, one branch
        match line["what"]:
            case "account":
                self.accounts[line["id"]] = SandboxAccount(line["id"], line["name"])
            case "token" | "refresh":
                account = self.accounts[line["account"]]
                tokens = account.tokens if line["what"] == "token" else account.refresh
                tokens[line["token"]] = line["until"]
            case "faults":
                self.faults = Faults.read(line["faults"])
            case "cleared":
                self.drafts.clear()
                self.posts.clear()
            case "comment":
                post = next(candidate for candidate in self.posts if candidate.id == line["post"])
                post.comments.insert(0, (line["id"], line["text"]))
            case _:
                self._apply_draft(line)

    def _apply_draft(self, line: dict[str, Any]) -> None:
        if line["what"] == "draft":
            self.drafts[line["id"]] = SandboxDraft(line["id"], line["account"], line["said"], line["at"])
            return
        draft = self.drafts[line["draft"]]
        match line["what"]:
            case "file":
                draft.stored[line["n"]], draft.ready_at = line["mime"], line["ready_at"]
            case "failed":
                draft.failed = line["reason"]
            case "forgotten":
                del self.drafts[draft.id]
            case "post":
                draft.post = line["id"]
                media = [draft.stored[n] for n in sorted(draft.stored)]
                self.posts.append(SandboxPost(line["id"], draft.account, draft.id, line["at"], draft.said, media))


def _id(prefix: str) -> str:
    return f"{prefix}_{secrets.token_hex(8)}"


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
