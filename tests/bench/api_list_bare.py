"""A list of jobs over HTTP, bare: Starlette, psycopg, orjson. Arguments: PORT TENANT. DATABASE_URL in the environment."""

from __future__ import annotations

import os
import sys
from typing import Any

import orjson
import uvicorn
from sqlalchemy import create_engine, text
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from backend.db.row_counts import COUNT_TO
from backend.db.transactions import CONNECTIONS, with_driver

_ENTER = text("SELECT set_config('app.tenant', :tenant, true)")
_PAGE = text(
    "SELECT id, kind, title ->> 'text' AS title, state, result, priority, created_at, started_at, finished_at, cost_usd "
    "FROM jobs ORDER BY id DESC LIMIT 51"
)
_COUNT = text(f"SELECT count(*) FROM (SELECT FROM jobs LIMIT {COUNT_TO}) counted")


def main(port: str, tenant_id: str) -> None:
    engine = create_engine(with_driver(os.environ["DATABASE_URL"]), pool_size=CONNECTIONS, max_overflow=0)

    def list_jobs(_: Request) -> Response:
        with engine.begin() as connection:
            connection.execute(_ENTER, {"tenant": tenant_id})
            rows = connection.execute(_PAGE).mappings().all()
            total = connection.scalar(_COUNT)
        data: list[dict[str, Any]] = [dict(row) for row in rows[:50]]
        return Response(orjson.dumps({"data": data, "total": total}, default=str), media_type="application/json")

    app = Starlette(routes=[Route("/api/jobs", list_jobs)])
    uvicorn.run(app, host="127.0.0.1", port=int(port), log_level="warning", access_log=False)


if __name__ == "__main__":
    main(*sys.argv[1:])
