"""Every operation of the OpenAPI description, called with values that fit it, by every role and by an API key: no server error,
and only answers that the description names, in the form it says."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import cycle, islice
from typing import Any

import hypothesis
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, strategies
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from starlette.applications import Starlette
from starlette.routing import Mount

from backend.api.credentials import COOKIE
from backend.app import App
from tests.backend.api.test_access import make_key
from tests.backend.api.test_borders import theirs
from tests.factories.account import Tenant
from tests.support.api_description import api_description
from tests.support.inline_worker import use_fake_engines
from tests.support.rest_api import rest_api

__all__ = ["theirs"]
CHECKS = [not_a_server_error, response_schema_conformance, status_code_conformance, content_type_conformance]
ENDLESS = r"/(events|ws)\b"
"""Streams that do not end."""
OWN_HEADERS = {"x-workspace", "x-api-key", "authorization", "cookie"}
OWN_SESSION = {("DELETE", "/session"), ("POST", "/auth/logout"), ("POST", "/session/exchange")}
"""After these the caller is signed out; test_session and test_access have them."""
SOAK = hypothesis.settings.get_current_profile_name() == "soak"
EXAMPLES = int(os.environ.get("CONFORMANCE_EXAMPLES", "100" if SOAK else "2"))
"""Of each operation. Each is sent by another caller; the first one of the next operation is sent by the next caller."""
QUIET = {HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large, HealthCheck.large_base_example}
SETTINGS = hypothesis.settings(
    max_examples=EXAMPLES,
    deadline=None,
    database=None,
    derandomize=not SOAK,
    phases=[Phase.generate],
    suppress_health_check=list(QUIET),
)


@pytest.fixture
def callers(app: App, other_workspace: Tenant) -> dict[str, dict[str, str]]:
    """Name -> headers."""
    _, key = make_key(app, other_workspace, "*:admin")
    people = {"owner": other_workspace.owner, "editor": other_workspace.editor, "viewer": other_workspace.viewer}
    shared = {"origin": "http://testserver", "x-workspace": other_workspace.id}
    browsers = {name: {**shared, "cookie": f"{COOKIE}={person.token}"} for name, person in people.items()}
    return {**browsers, "key": {"authorization": f"Bearer {key}"}}


def described(app: App) -> Any:
    """The schema with the application behind it, where the studio mounts it."""
    schema = schemathesis.openapi.from_dict(api_description())
    schema.app = Starlette(routes=[Mount("/api", app=rest_api(app))])
    schema.config.generation.update(modes=[schemathesis.GenerationMode.POSITIVE])
    schema.config.phases.coverage.enabled = False
    return schema.exclude(path_regex=ENDLESS)


@pytest.mark.hypothesis
def test_every_answer_is_as_described(
    app: App, other_workspace: Tenant, theirs: dict[str, str], callers: dict[str, dict[str, str]]
) -> None:
    use_fake_engines(app)
    ids = {**theirs, "workspace": other_workspace.id}
    failures: list[str] = []
    answered: Counter[str] = Counter()
    for n, result in enumerate(described(app).get_all_operations()):
        operation = result.ok()
        if (operation.method.upper(), operation.path) in OWN_SESSION:
            continue
        answered["operations"] += 1
        try:
            _examples(operation, ids, islice(cycle(callers.items()), n % len(callers), None), answered)()
        except (Exception, FailureGroup) as error:  # all that is wrong is said at once
            found = error.exceptions if isinstance(error, FailureGroup) else [error]
            failures += [f"{operation.method.upper()} {operation.path}: {failure!r}\n{failure}"[:1500] for failure in found]
    assert not failures, f"{len(failures)}\n" + "\n\n".join(failures)
    assert answered["operations"] > 150
    assert all(answered[name] > answered[f"{name} called"] / 5 for name in ("owner", "editor", "viewer", "key")), answered


def _examples(
    operation: Any, ids: dict[str, str], turns: Iterator[tuple[str, dict[str, str]]], answered: Counter[str]
) -> Callable[[], None]:
    """Calls the operation as each caller in `turns`. `answered`: by caller, how many were called and how many answers were no
    refusals."""

    @SETTINGS
    @given(case=operation.as_strategy(), again=strategies.integers())  # so that there are more examples than one
    def call(case: Any, again: int) -> None:
        name, own = next(turns)
        for parameter in (case.path_parameters or {}).keys() & ids.keys():
            case.path_parameters[parameter] = ids[parameter]
        drawn = {header: value for header, value in (case.headers or {}).items() if header.lower() not in OWN_HEADERS}
        case.headers, case.cookies = {**drawn, **own}, {}
        (case.query or {}).pop("workspace", None)
        response = case.call_and_validate(checks=CHECKS)
        answered[f"{name} called"] += 1
        answered[name] += response.status_code < 400
        answered[f"{name} {response.status_code}"] += 1

    return call
