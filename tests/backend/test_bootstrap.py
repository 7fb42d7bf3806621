"""The composition root refuses what would be unsafe and says what is away."""

from __future__ import annotations

import pytest

from backend.bootstrap import bootstrap
from backend.errors import Invalid, Unavailable
from backend.settings import Settings
from tests.support.databases import DatabaseUrls


def with_database(settings: Settings, url: str) -> Settings:
    return settings.model_copy(update={"database_url": type(settings.database_url)(url)})


def test_a_login_above_row_level_security_is_refused(settings: Settings, database_urls: DatabaseUrls) -> None:
    with pytest.raises(Invalid, match="past workspace borders"):
        bootstrap(with_database(settings, database_urls.owner))


def test_a_database_that_is_away_is_a_sentence(settings: Settings) -> None:
    with pytest.raises(Unavailable, match="DATABASE_URL"):
        bootstrap(with_database(settings, "postgresql://studio_app:x@127.0.0.1:9/studio"))


def test_overrides_and_laziness(settings: Settings) -> None:
    engines, storage = object(), object()
    app = bootstrap(settings, engines=engines, storage=storage)
    try:
        assert app.engines is engines
        assert app.storage is storage
    finally:
        app.close()
