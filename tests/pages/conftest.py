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
HOME = str(ROOT / "Home.py")
Open = Callable[..., AppTest]


@pytest.fixture(scope="session", autouse=True)
def components_looked_for_once() -> Iterator[None]:
    """Every AppTest searches the metadata of all installed packages for components, half of a page's time: done once here."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(manifest_scanner, "scan_component_manifests", cache(manifest_scanner.scan_component_manifests))
        yield


@pytest.fixture(scope="session")
def registered_pages() -> dict[str, Any]:
    """What Streamlit knows of the pages after a first run, by the hash of their address; `open_page` fills it once."""
    return {}


@pytest.fixture
def open_page(app: Any, workspace: Tenant, monkeypatch: pytest.MonkeyPatch, registered_pages: dict[str, Any]) -> Open:
    """`open_page("library/gallery", person=workspace.viewer, id="pic_…")` -> the page after its first run.

    Streamlit finds pages by their address only after one run: of the overview, once in this process.
    """
    monkeypatch.setattr(resources, "app", lambda: app)

    def opened(file: str, *, person: Person | None = None, **query: str) -> AppTest:
        token = (person or workspace.owner).token
        monkeypatch.setattr("streamlit.runtime.context.ContextProxy.cookies", {"studio_sid": token})
        at = AppTest.from_file(HOME, default_timeout=30)
        at.query_params["ws"] = workspace.id
        if not registered_pages:
            registered_pages.update(AppTest.from_file(HOME, default_timeout=30).run()._registered_pages)
        at._registered_pages = registered_pages
        at.switch_page(f"pages/{file}.py")
        for name, value in query.items():
            at.query_params[name] = value
        return at.run()

    return opened


def words(at: AppTest) -> str:
    """All texts of the page, as one string."""
    parts = [*at.title, *at.header, *at.markdown, *at.caption, *at.info, *at.warning, *at.error, *at.success, *at.code]
    return "\n".join([str(part.value) for part in parts] + [button.label for button in at.button])
