"""The browser and the studio of tests/e2e, for campaigns that look at pages."""

from tests.e2e.conftest import (  # noqa: F401
    bare_studio_url,
    browser,
    new_visitor,
    session_browser,
    shared_studio,
    shoot,
    visitors,
)
