"""What /api/openapi.json says is what is sent."""

from __future__ import annotations

import re
from typing import Any

import pytest
from fastapi.testclient import TestClient
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from backend import access, errors
from backend.api import contract, error_catalogue
from backend.app import App
from tests.factories.account import Tenant
from tests.support.api_description import api_description
from tests.support.browsing import browser


@pytest.fixture(scope="module")
def described() -> dict[str, Any]:
    return api_description()


def operations(described: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [(path, method, operation) for path, methods in described["paths"].items() for method, operation in methods.items()]


def test_every_operation_names_the_refusals_it_sends_and_no_other(described: dict[str, Any]) -> None:
    assert len(operations(described)) > 80
    for path, method, operation in operations(described):
        statuses = set(operation["responses"])
        assert ("422" in statuses) is (method == "post" and not path.startswith(("/auth/", "/session"))), (method, path)
        assert {"400", "429", "503"} <= statuses, (method, path)
        if method != "get":
            assert {"401", "403", "404", "409", "413"} <= statuses, (method, path)
        elif operation.get("security"):
            assert {"401", "403", "404"} <= statuses, (method, path)
        assert any(status < "400" for status in statuses), (method, path)
    assert not {"HTTPValidationError", "ValidationError"} & set(described["components"]["schemas"])


def test_every_error_of_ours_has_a_status_that_is_described() -> None:
    ours = {error.status for error in vars(errors).values() if isinstance(error, type) and issubclass(error, errors.Refused)}
    assert ours <= set(contract._MEANINGS)


def test_the_document_is_valid_openapi_3_1(described: dict[str, Any]) -> None:
    assert described["openapi"].startswith("3.1")
    assert [f"{list(error.path)}: {error.message}" for error in OpenAPIV31SpecValidator(described).iter_errors()] == []


def test_every_body_has_an_example_that_fits(described: dict[str, Any]) -> None:
    count = 0
    for path, method, operation in operations(described):
        content = operation.get("requestBody", {}).get("content", {}).get("application/json")
        if content is not None:
            count += 1
            assert content.get("example") is not None or content.get("examples"), (method, path)
            schema = {**content["schema"], "components": described["components"]}
            values = (
                [content["example"]] if "example" in content else [example["value"] for example in content["examples"].values()]
            )
            for value in values:
                errors = [error.message for error in Draft202012Validator(schema).iter_errors(value)]
                assert not errors, (method, path, value)
    assert count > 20


def test_every_answer_has_an_example_that_fits(described: dict[str, Any]) -> None:
    count = 0
    for path, method, operation in operations(described):
        for status, answer in operation["responses"].items():
            content = answer.get("content", {}).get("application/json")
            if content is not None and status < "400":
                count += 1
                schema = {**content["schema"], "components": described["components"]}
                checked = Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)
                assert content["example"] is not None or content["schema"] == {}, (method, path)
                assert [error.message for error in checked.iter_errors(content["example"])] == [], (method, path)
        for parameter in operation.get("parameters", ()):
            assert parameter["in"] != "path" or not parameter["name"].endswith("_id") or parameter["example"], (method, path)
    assert count > 150


def test_every_operation_says_who_may_call_it_and_what_it_does(described: dict[str, Any]) -> None:
    for path, method, operation in operations(described):
        schemes = {name for scheme in operation.get("security", []) for name in scheme}
        assert operation["summary"], (method, path)
        assert re.fullmatch(r"[a-z]+(_[a-z]+)*", operation["operationId"]), "two routes have functions of one name"
        if "bearer" in schemes:
            assert schemes == {"session", "bearer", "apiKey"}, (method, path)
            scopes = operation["x-scope"] if isinstance(operation["x-scope"], dict) else {"": operation["x-scope"]}
            assert set(scopes.values()) <= set(access.scopes.all_scopes()), (method, path)
            assert all(f"`{scope}`" in operation["description"] for scope in scopes.values()), (method, path)
        else:
            assert "x-scope" not in operation, (method, path)
            assert schemes <= {"session"}, (method, path)
    assert described["paths"]["/boards"]["post"]["x-scope"] == "images:write"
    assert described["paths"]["/content-plans"]["get"]["x-scope"] == "posts:read"
    assert described["paths"]["/jobs"]["post"]["x-scope"]["autopost"] == "posts:publish"


def test_the_catalogue_has_every_code_that_there_is(described: dict[str, Any]) -> None:
    import backend.platforms.errors  # noqa: F401

    ours = {error.code for error in error_catalogue.error_classes() if error.__module__.startswith("backend.")}
    assert ours - set(error_catalogue.MEANINGS) == set()
    assert {entry["code"] for entry in described["x-error-codes"]} == {entry.code for entry in error_catalogue.catalogue()}
    for entry in error_catalogue.catalogue():
        assert f"`{entry.code}` ({entry.status})" in described["info"]["description"]


def test_anybody_may_read_the_document(app: App) -> None:
    with browser(app, None) as client:
        client.headers.pop("origin")
        answer = client.get("/openapi.json")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    assert answer.json()["info"]["title"] == "InfluencerAI Studio"


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
