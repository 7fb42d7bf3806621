"""Traces go from who orders to who works, and cost nothing where nobody wants them."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from backend import jobs
from backend.app import App
from backend.kit import traces
from tests.factories.account import Tenant
from tests.support.handlers import Steps


@pytest.fixture
def exporter() -> Iterator[InMemorySpanExporter]:
    exporter = InMemorySpanExporter()
    traces.configure(service="studio", version="1", endpoint="", processor=SimpleSpanProcessor(exporter))
    yield exporter
    traces.configure(service="studio", version="1", endpoint="")


def by_name(exporter: InMemorySpanExporter) -> dict[str, ReadableSpan]:
    return {span.name: span for span in exporter.get_finished_spans()}


def test_an_attempt_hours_later_is_linked_to_the_click(app: App, exporter: InMemorySpanExporter, workspace: Tenant) -> None:
    with traces.span("page /create"), app.db.transaction(workspace.caller, needs="editor") as tx:
        jobs.enqueue(tx, kind="test-steps", payload=Steps(), title="Secret title", request_key="k")
        traceparent = traces.traceparent()
    with traces.span("job test-steps", {"job.id": "job_1"}, caused_by=traceparent), traces.span("step draw"):
        traces.rename("step upload")
    spans = by_name(exporter)
    click, attempt, step = spans["page /create"], spans["job test-steps"], spans["step upload"]
    assert [link.context.span_id for link in attempt.links] == [click.context.span_id]
    assert attempt.context.trace_id != click.context.trace_id
    assert step.parent is not None
    assert step.parent.span_id == attempt.context.span_id
    assert "Secret" not in "".join(span.to_json() for span in spans.values())


@pytest.mark.parametrize("caused_by", ["", "no traceparent", "00-zz-zz-01"])
def test_without_a_cause_it_begins_a_trace(exporter: InMemorySpanExporter, caused_by: str) -> None:
    with pytest.raises(ValueError, match="broken"), traces.span("job", caused_by=caused_by):
        raise ValueError("broken")
    (span,) = exporter.get_finished_spans()
    assert not span.links
    assert not span.status.is_ok


def test_nobody_who_wants_none_imports_it() -> None:
    code = (
        "import sys; from backend.kit import traces; traces.configure(service='s', version='1', endpoint='')\n"
        "with traces.span('x'): assert traces.traceparent() is None\n"
        "assert not [name for name in sys.modules if name.startswith('opentelemetry')]"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
