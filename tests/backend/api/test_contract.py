"""What /api/openapi.json says is what is sent."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi.testclient import TestClient
from jsonschema import Draft202012Validator

from backend import api, errors
from backend.api import contract
from backend.app import App
from tests.factories.account import Tenant
from tests.support.browsing import browser


@pytest.fixture(scope="module")
def described() -> dict[str, Any]:
    return api.create_api(lambda: pytest.fail("describing asks for no app")).openapi()


def operations(described: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [(path, method, one) for path, methods in described["paths"].items() for method, one in methods.items()]


def test_every_operation_names_the_refusals_it_sends_and_no_other(described: dict[str, Any]) -> None:
    assert len(operations(described)) > 80
    for path, method, operation in operations(described):
        said = set(operation["responses"])
        assert "422" not in said, (method, path)
        assert {"400", "503"} <= said, (method, path)
        if method != "get":
            assert {"401", "403", "404", "409", "413", "429"} <= said, (method, path)
        elif operation.get("security"):
            assert {"401", "403", "404"} <= said, (method, path)
        assert any(status < "400" for status in said), (method, path)
    assert not {"HTTPValidationError", "ValidationError"} & set(described["components"]["schemas"])


def test_every_error_of_ours_has_a_status_that_is_described() -> None:
    ours = {error.status for error in vars(errors).values() if isinstance(error, type) and issubclass(error, errors.Refused)}
    assert ours <= set(contract._MEANINGS)


def test_the_schemas_are_valid(described: dict[str, Any]) -> None:
    for name, schema in described["components"]["schemas"].items():
        Draft202012Validator.check_schema(schema)
        assert schema, name
    assert "prefixItems" not in str(described["paths"]), "many programs that read descriptions know no tuples"
    for path, method, operation in operations(described):
        for response in operation["responses"].values():
            for content in response.get("content", {}).values():
                Draft202012Validator.check_schema(content.get("schema", {}))
        assert operation["responses"], (method, path)


def test_files_are_described_as_files(described: dict[str, Any]) -> None:
    exported = described["paths"]["/datasets/{dataset_id}/export"]["get"]["responses"]["200"]
    assert list(exported["content"]) == ["application/zip"]


def test_a_day_and_a_yes_are_not_read_out_of_numbers(app: App, workspace: Tenant) -> None:
    with browser(app, workspace.editor) as client:
        client.headers["x-workspace"] = workspace.id
        assert client.get("/pictures?until=2026-12-24").status_code == 200
        for query in ("until=0", "from=1700000000", "until=2026-12-24T00:00:00"):
            assert client.get(f"/pictures?{query}").status_code == 400, query
        assert refused(client, "/style/sessions", {"name": "x", "kept": 0})
        assert refused(client, "/drafts", {"influencerId": "x", "topic": "x", "caption": "x", "sponsored": "yes"})


def refused(client: TestClient, path: str, body: dict[str, Any]) -> bool:
    answer = client.post(path, json=body)
    return answer.status_code == 400 and "boolean" in answer.json()["message"]
