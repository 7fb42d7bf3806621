"""Traces by OpenTelemetry, from a click or a request over its job to the steps of a worker. Off, and not even imported, while
OTEL_EXPORTER_OTLP_ENDPOINT is not set. Spans carry ids, never texts, prompts or tokens."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import SpanProcessor
    from opentelemetry.trace import Tracer

_tracer: Tracer | None = None


def configure(*, service: str, version: str, endpoint: str, processor: SpanProcessor | None = None) -> None:
    """Sends spans of this process to `endpoint` (OTLP over HTTP) in the background. Empty: no traces. The SDK's own variables
    apply (OTEL_EXPORTER_OTLP_HEADERS, OTEL_TRACES_SAMPLER, OTEL_SDK_DISABLED). `processor`: instead of the exporter (tests)."""
    global _tracer
    if not endpoint and processor is None:
        _tracer = None
        return
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider

    provider = TracerProvider(resource=Resource.create({"service.name": f"influencerai-{service}", "service.version": version}))
    provider.add_span_processor(processor or _exporter(endpoint))
    _tracer = provider.get_tracer("influencerai")


def _exporter(endpoint: str) -> SpanProcessor:
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    return BatchSpanProcessor(OTLPSpanExporter(endpoint=f"{endpoint.rstrip('/')}/v1/traces"))


@contextmanager
def span(name: str, attributes: Mapping[str, str] | None = None, *, caused_by: str | None = None) -> Iterator[None]:
    """A span around the `with` block, in that of the caller. An error is written into it and raised on.

    `caused_by`: what `traceparent` gave to whoever ordered this, perhaps hours ago: the span begins a trace of its own that is
    linked to theirs.
    """
    if _tracer is None:
        yield
        return
    from opentelemetry import trace
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    links, context = [], None
    if caused_by is not None:
        cause = trace.get_current_span(TraceContextTextMapPropagator().extract({"traceparent": caused_by})).get_span_context()
        links, context = ([trace.Link(cause)] if cause.is_valid else []), trace.set_span_in_context(trace.INVALID_SPAN)
    with _tracer.start_as_current_span(name, context=context, links=links, attributes=dict(attributes or {})):
        yield


def rename(name: str) -> None:
    """Names the current span by what is known at its end."""
    if _tracer is not None:
        from opentelemetry import trace

        trace.get_current_span().update_name(name)


def traceparent() -> str | None:
    """The current span in W3C's form, to be stored with what is ordered; None without one."""
    if _tracer is None:
        return None
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    carrier: dict[str, str] = {}
    TraceContextTextMapPropagator().inject(carrier)
    return carrier.get("traceparent")
