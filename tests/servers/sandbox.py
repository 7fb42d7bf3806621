"""The product's own practice platform in a thread of the test, with the same interface as the other servers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from starlette.routing import BaseRoute

from ops.sandbox_platform.app import routes
from ops.sandbox_platform.store import SandboxStore
from tests.servers.platforms.web import PlatformServer


class SandboxPostView:
    """A post with the attributes of the other servers' posts."""

    def __init__(self, store: SandboxStore, post: Any) -> None:
        self.id, self.account, self.made_of, self.caption = post.id, post.account, post.made_of, post.caption
        self.ai, self.format, self.comments = post.ai, post.format, post.comments
        self.media = [(mime, store.media(post.made_of, n).read_bytes()) for n, mime in enumerate(post.media)]


class SandboxServer(PlatformServer):
    name = "sandbox"

    def __init__(self, folder: Path, *, port: int = 0) -> None:
        self.store = SandboxStore(folder)
        super().__init__(port=port)
        self.store.now = self.clock.now

    @property
    def faults(self) -> Any:
        return self.store.faults

    @faults.setter
    def faults(self, value: Any) -> None:
        self.store.faults = value

    @property
    def posts(self) -> Any:
        return _Feed(self.store)

    @posts.setter
    def posts(self, value: object) -> None:
        """The base begins with an empty list; ours is the store's."""

    def settings(self) -> dict[str, str]:
        return {"SANDBOX_URL": self.url}

    def routes(self) -> Sequence[BaseRoute]:
        return routes(self.store)

    def account(self, name: str = "bella") -> tuple[str, str]:
        account, token, _ = self.store.connect(name)
        return token, account.id

    def expire_tokens(self) -> None:
        self.store.expire_tokens()

    def __exit__(self, *error: Any) -> None:
        super().__exit__(*error)
        self.store.close()


class _Feed(list[SandboxPostView]):
    def __init__(self, store: SandboxStore) -> None:
        super().__init__(SandboxPostView(store, post) for post in store.posts)
        self._store = store

    def clear(self) -> None:
        self._store.clear()
