"""The HTTP edge: JSON under /api, and what probes and Prometheus ask beside it."""

from backend.api.app import create_api
from backend.api.credentials import session_cookie
from backend.api.event_stream import STREAM_STATE, WRITE_CHUNK
from backend.api.exposure import METRICS_PATHS, METRICS_REFUSED, may_read_details, not_found_response, unknown_host_response
from backend.api.mcp import McpDoor
from backend.api.probes import draining, probe_routes
from backend.api.routes.orchestrate import orchestrator_routes
from backend.api.styleforge import styleforge_routes

__all__ = [
    "METRICS_PATHS",
    "METRICS_REFUSED",
    "STREAM_STATE",
    "WRITE_CHUNK",
    "McpDoor",
    "create_api",
    "draining",
    "may_read_details",
    "not_found_response",
    "orchestrator_routes",
    "probe_routes",
    "session_cookie",
    "styleforge_routes",
    "unknown_host_response",
]
