"""The exports in workflows/n8n keep to what every n8n from 2.8.4 on takes, hold no secret, and call only what the API has."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.n8n.exports import Export, read_exports, strings
from tests.support.api_description import api_description

EXPORTS = read_exports()
ALL = pytest.mark.parametrize("export", EXPORTS.values(), ids=EXPORTS)
VERSIONS = {
    "crypto": 2,
    "emailSend": 2.1,
    "errorTrigger": 1,
    "executeWorkflow": 1.2,
    "executeWorkflowTrigger": 1.1,
    "extractFromFile": 1,
    "filter": 2.2,
    "httpRequest": 4.2,
    "if": 2.2,
    "merge": 3.1,
    "noOp": 1,
    "respondToWebhook": 1.1,
    "scheduleTrigger": 1.2,
    "set": 3.4,
    "splitInBatches": 3,
    "splitOut": 1,
    "stopAndError": 1,
    "wait": 1.1,
    "webhook": 2,
}
"""Node -> the newest version of it that these may use (docs/contracts/n8n.md, 2). No Code node, no command, no file."""
TRIGGERS = {"errorTrigger", "executeWorkflowTrigger", "scheduleTrigger", "webhook"}
SECRET = re.compile(r"ias_|whsec_|Bearer|eyJ|password|secret\b", re.IGNORECASE)


def nodes(export: Export, kind: str = "") -> Iterator[dict[str, Any]]:
    for node in export["nodes"]:
        if kind in ("", node_kind(node)):
            yield node


def node_kind(node: dict[str, Any]) -> str:
    return str(node["type"]).removeprefix("n8n-nodes-base.")


def test_the_seeds_workflows_are_there() -> None:
    assert {"daily-content-automation", "lora-pipeline", "content-pipeline", "studio-error-notice"} <= set(EXPORTS)
    assert len({export["id"] for export in EXPORTS.values()}) == len(EXPORTS)


@ALL
def test_its_nodes_are_known_to_the_oldest_n8n_that_is_promised(export: Export) -> None:
    assert [
        (node_kind(node), node["typeVersion"]) for node in nodes(export) if VERSIONS[node_kind(node)] < node["typeVersion"]
    ] == []


@ALL
def test_it_holds_no_secret_and_reads_no_environment(export: Export) -> None:
    texts = list(strings(export))
    assert [text for text in texts if "$env" in text or "process." in text or "$vars" in text] == []
    names_only = [credential for node in nodes(export) for credential in node.get("credentials", {}).values()]
    assert all(set(credential) == {"id", "name"} for credential in names_only)
    known = {text for credential in names_only for text in credential.values()}
    assert [text for text in texts if SECRET.search(text) and text not in known and "credential" not in text] == []
    assert export["pinData"] == {}
    assert export["active"] is False


@ALL
def test_its_connections_lead_from_triggers_to_every_node(export: Export) -> None:
    names = {node["name"] for node in nodes(export)}
    assert len(names) == len(export["nodes"])
    reached, waiting = set[str](), [node["name"] for node in nodes(export) if node_kind(node) in TRIGGERS]
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached.add(name)
            outputs = export["connections"].get(name, {}).get("main", [])
            waiting += [link["node"] for output in outputs for link in output]
    assert reached == names
    assert set(re.findall(r"\$\('([^']+)'\)", "\n".join(strings(export)).replace("\\'", "’"))) <= {
        name.replace("'", "’") for name in names
    }


@ALL
def test_every_call_of_it_is_one_that_the_api_has(export: Export) -> None:
    paths = {re.sub(r"\{\w+\}", "{}", path): set(calls) for path, calls in api_description()["paths"].items()}
    for node in nodes(export, "httpRequest"):
        values = node["parameters"]
        if values["url"].endswith("{{ $json.putUrl }}"):  # an address that the API has answered
            continue
        path = re.sub(r"\{\{.*?\}\}", "{}", values["url"].removeprefix("=")).partition("{}")[2].removeprefix("/api")
        assert values.get("method", "GET").lower() in paths.get(path, set()), f"{node['name']}: {path}"
        assert node["credentials"]["httpHeaderAuth"]["name"] == "Studio API key"


@ALL
def test_what_it_orders_are_types_of_jobs_and_each_order_has_a_key(export: Export) -> None:
    types = {example["properties"]["type"]["const"] for example in _job_schemas()}
    orders = [node for node in nodes(export, "set") if {"type", "payload", "key"} <= set(_values(node))]
    assert {_values(node)["type"] for node in orders} <= types
    for node in nodes(export, "httpRequest"):
        if node["parameters"]["url"].endswith("/api/jobs"):
            assert node["parameters"]["headerParameters"]["parameters"][0]["name"] == "Idempotency-Key"


def _values(node: dict[str, Any]) -> dict[str, Any]:
    return {entry["name"]: entry["value"] for entry in node["parameters"]["assignments"]["assignments"]}


def _job_schemas() -> list[dict[str, Any]]:
    return list(api_description()["components"]["schemas"]["JobRequest"]["oneOf"])


def test_no_workflow_publishes_past_the_studio() -> None:
    """Plans are scheduled or ordered as `autopost`; none is said to be published."""
    texts = "\n".join(text for export in EXPORTS.values() for text in strings(export))
    assert "status: 'published'" not in texts
    assert not re.search(r"graph\.(instagram|facebook)|media_publish", texts)
    autopost = [name for name, export in EXPORTS.items() if "autopost" in "\n".join(strings(export["nodes"]))]
    assert "hand-over-plan" in autopost
    handed_over = {
        link["parameters"]["workflowId"]["value"]
        for name in ("daily-content-automation", "content-pipeline")
        for link in nodes(EXPORTS[name], "executeWorkflow")
    }
    assert EXPORTS["hand-over-plan"]["id"] in handed_over


def test_workflows_that_they_name_are_among_them() -> None:
    ids = {export["id"] for export in EXPORTS.values()}
    for export in EXPORTS.values():
        assert {node["parameters"]["workflowId"]["value"] for node in nodes(export, "executeWorkflow")} <= ids
        assert export["settings"].get("errorWorkflow", export["id"]) in ids
