"""What the platform has: every change is one line of a journal, on the disk before it is answered; files lie beside it."""

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
class Account:
    """`tokens`: SHA-256 of a token -> when it expires."""

    id: str
    name: str
    tokens: dict[str, float] = field(default_factory=dict)
    refresh: dict[str, float] = field(default_factory=dict)


@dataclass
class Draft:
    """`files`: as announced; `stored`: number -> kind of the file that is there. `post` set: it is published."""

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
class Post:
    """`media`: kinds, in order; the files are those of the draft it was made of."""

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


class Store:
    """Thread-safe. Reads what was kept before; a line cut by a crash at the end is dropped."""

    def __init__(self, folder: Path, *, now: Callable[[], float] = time.time) -> None:
        self.folder, self.now = folder, now
        self.accounts: dict[str, Account] = {}
        self.drafts: dict[str, Draft] = {}
        self.posts: list[Post] = []
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

    def connect(self, name: str) -> tuple[Account, str, str]:
        """The account of that name, made when it is new, with a token and a refresh token."""
        with self.lock:
            account = next((one for one in self.accounts.values() if one.name == name), None)
            if account is None:
                account = self.accounts[self._keep("account", id=_id("acc"), name=name)["id"]]
            return account, *self.tokens(account)

    def tokens(self, account: Account) -> tuple[str, str]:
        token, refresh = secrets.token_urlsafe(24), secrets.token_urlsafe(24)
        now = self.now()
        self._keep("token", account=account.id, token=_hash(token), until=now + TOKEN_S)
        self._keep("refresh", account=account.id, token=_hash(refresh), until=now + REFRESH_S)
        return token, refresh

    def refreshed(self, refresh: str) -> tuple[Account, str, str] | None:
        """The old refresh token ends with its use."""
        with self.lock:
            hashed = _hash(refresh)
            account = next((one for one in self.accounts.values() if one.refresh.get(hashed, 0) > self.now()), None)
            if account is None:
                return None
            self._keep("refresh", account=account.id, token=hashed, until=0)
            return account, *self.tokens(account)

    def opens(self, token: str) -> Account | None:
        hashed = _hash(token)
        return next((one for one in self.accounts.values() if one.tokens.get(hashed, 0.0) > self.now()), None)

    def expire_tokens(self) -> None:
        with self.lock:
            for account in self.accounts.values():
                for hashed in list(account.tokens):
                    self._keep("token", account=account.id, token=hashed, until=0)

    def begin(self, account: Account, said: dict[str, Any]) -> Draft:
        id = self._keep("draft", id=_id("drf"), account=account.id, said=said, at=self.now())["id"]
        return self.drafts[id]

    def filled(self, draft: Draft, n: int, mime: str) -> None:
        """File `n` is on the disk."""
        self._keep("file", draft=draft.id, n=n, mime=mime, ready_at=self.now() + self.faults.processing_s)

    def fail(self, draft: Draft, reason: str) -> None:
        self._keep("failed", draft=draft.id, reason=reason)

    def forget(self, draft: Draft) -> None:
        self._keep("forgotten", draft=draft.id)
        shutil.rmtree(self.media(draft.id, 0).parent, ignore_errors=True)

    def publish(self, draft: Draft) -> Post:
        id = self._keep("post", id=_id("pst"), draft=draft.id, at=self.now())["id"]
        return next(one for one in self.posts if one.id == id)

    def comment(self, post: Post, text: str) -> str:
        return str(self._keep("comment", post=post.id, id=_id("com"), text=text)["id"])

    def set_faults(self, faults: Faults) -> None:
        with self.lock:
            self._keep("faults", faults=faults.kept())
            self.faults = faults

    def clear(self) -> None:
        """Empties the feed; accounts stay connected."""
        with self.lock:
            self._keep("cleared")
            shutil.rmtree(self.folder / "media", ignore_errors=True)

    def used(self, account: Account) -> int:
        """Posts of the last 24 hours."""
        since = self.now() - DAY_S
        return sum(1 for one in self.posts if one.account == account.id and one.at > since)

    # The journal

    def _keep(self, what: str, **said: Any) -> dict[str, Any]:
        line = {"what": what, **said}
        with self.lock:
            self._journal.write(json.dumps(line).encode() + b"\n")
            self._journal.flush()
            os.fsync(self._journal.fileno())
            self._apply(line)
        return line

    def _replay(self) -> None:
        if not self._path.exists():
            return
        whole = self._path.read_bytes()
        good = whole[: whole.rfind(b"\n") + 1]
        if len(good) < len(whole):
            self._path.write_bytes(good)
        for line in good.splitlines():
            self._apply(json.loads(line))

    def _apply(self, line: dict[str, Any]) -> None:  # one kind of line, one branch
        match line["what"]:
            case "account":
                self.accounts[line["id"]] = Account(line["id"], line["name"])
            case "token" | "refresh":
                account = self.accounts[line["account"]]
                kept = account.tokens if line["what"] == "token" else account.refresh
                kept[line["token"]] = line["until"]
            case "faults":
                self.faults = Faults.read(line["faults"])
            case "cleared":
                self.drafts.clear()
                self.posts.clear()
            case "comment":
                post = next(one for one in self.posts if one.id == line["post"])
                post.comments.insert(0, (line["id"], line["text"]))
            case _:
                self._apply_draft(line)

    def _apply_draft(self, line: dict[str, Any]) -> None:
        if line["what"] == "draft":
            self.drafts[line["id"]] = Draft(line["id"], line["account"], line["said"], line["at"])
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
                self.posts.append(Post(line["id"], draft.account, draft.id, line["at"], draft.said, media))


def _id(head: str) -> str:
    return f"{head}_{secrets.token_hex(8)}"


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
