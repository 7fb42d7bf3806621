"""Runs pages without a browser: the real Home.py and frame on real servers, with a user's cookie."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from streamlit.components.v2 import manifest_scanner
from streamlit.testing.v1 import AppTest

from studio.shell import resources
from tests.factories.account import Person, Tenant

ROOT = Path(__file__).resolve().parent.parent.parent
Open = Callable[..., AppTest]


@pytest.fixture(scope="session", autouse=True)
def components_looked_for_once() -> Iterator[None]:
    """Every AppTest searches the metadata of all installed packages for components, half of a page's time: done once here."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(manifest_scanner, "scan_component_manifests", cache(manifest_scanner.scan_component_manifests))
        yield


@pytest.fixture
def open_page(app: Any, workspace: Tenant, monkeypatch: pytest.MonkeyPatch) -> Open:
    """`open_page("make/gallery", person=workspace.viewer, id="pic_…")` -> the page after its first run.

    The overview runs before it: Streamlit finds pages by their address only after one run.
    """
    monkeypatch.setattr(resources, "app", lambda: app)

    def opened(file: str, *, person: Person | None = None, **query: str) -> AppTest:
        token = (person or workspace.owner).token
        monkeypatch.setattr("streamlit.runtime.context.ContextProxy.cookies", {"studio_sid": token})
        at = AppTest.from_file(str(ROOT / "Home.py"), default_timeout=30)
        at.query_params["ws"] = workspace.id
        at.run()
        at.switch_page(f"pages/{file}.py")
        for name, value in query.items():
            at.query_params[name] = value
        return at.run()

    return opened


def words(at: AppTest) -> str:
    """All texts of the page, as one string."""
    parts = [*at.title, *at.header, *at.markdown, *at.caption, *at.info, *at.warning, *at.error, *at.success, *at.code]
    return "\n".join([str(part.value) for part in parts] + [button.label for button in at.button])
