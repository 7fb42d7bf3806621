"""`python -m tests.support.askers TENANT USER N NAME`: N calls of one workspace at once, until done or killed."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from backend import budgets
from backend.bootstrap import bootstrap
from backend.db.transactions import SystemCaller
from backend.engines.ports.text import TextRequest
from backend.errors import StudioError
from backend.settings import Settings


def main(tenant_id: str, user_id: str, n: int, name: str) -> None:
    app = bootstrap(Settings.read(env_file=None), role="worker")
    transact = partial(app.db.transaction, SystemCaller(tenant_id, user_id))

    def one(at: int) -> str:
        request = TextRequest("writing", "You are brief.", f"Question {at} of {name}?", max_tokens=300)
        try:
            return budgets.complete(app, transact, request, purpose=budgets.CallPurpose("test")).model
        except StudioError as error:
            return error.code

    with ThreadPoolExecutor(n) as pool:
        for answer in pool.map(one, range(n)):
            print(answer, flush=True)
    app.close()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4])
