"""What an open page costs a studio's memory: PSS of its process with 0, 1, 10 and 50 open pages, each run to its end.

Pages are websockets that speak as browsers do; they go round the gallery, the calendar, Create and Home.
"""

from __future__ import annotations

import os
import time
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import ClientConnection, connect

from backend.language import worded
from studio.shell import nav
from tests.bench.hundred_operators import full, site
from tests.factories.account import make_person

STEPS, ROWS = (0, 1, 10, 50), 2000
PAGES = ("gallery", "calendar", "create", "")


def run() -> dict[str, Any]:
    with full(ROWS) as running_studio, site(running_studio) as (url, pid), ExitStack() as stack:
        tenant, figures, opened = running_studio.tenant, {}, 0
        people = [make_person(running_studio.app.db, tenant.id, "editor").token for _ in range(max(STEPS))]
        for page in PAGES * 2:  # what the process loads once
            open_page(url, people[0], page, tenant.id).close()
        for n in STEPS:
            while opened < n:
                stack.callback(open_page(url, people[opened], PAGES[opened % len(PAGES)], tenant.id).close)
                opened += 1
            time.sleep(2.0)
            figures[f"pss_mb_{n}"] = round(pss_mb(pid), 1)
    last, first = STEPS[-1], STEPS[0]
    page_mb = (figures[f"pss_mb_{last}"] - figures[f"pss_mb_{first}"]) / (last - first)
    return {**figures, "mb_a_page": round(page_mb, 2), "load": round(os.getloadavg()[0], 1), "n": last}


def open_page(url: str, token: str, page: str, workspace: str) -> ClientConnection:
    """Returns when the page's script has ended and the page is drawn: with its title, and without an error."""
    headers = {"cookie": f"studio_sid={token}"}
    socket = connect(
        f"ws{url[4:]}/_stcore/stream", additional_headers=headers, origin=url, subprotocols=["streamlit"], max_size=None
    )
    message = BackMsg()
    message.rerun_script.query_string = urlencode({"ws": workspace})
    message.rerun_script.page_name = page
    socket.send(message.SerializeToString())
    kinds, headings = Counter[str](), list[str]()
    while True:
        answer = ForwardMsg.FromString(socket.recv(timeout=120))
        if answer.WhichOneof("type") == "delta" and answer.delta.WhichOneof("type") == "new_element":
            element = answer.delta.new_element
            kinds[element.WhichOneof("type")] += 1
            headings += [element.heading.body] if element.HasField("heading") else []
        if answer.WhichOneof("type") == "script_finished" and answer.script_finished == ForwardMsg.FINISHED_SUCCESSFULLY:
            break
    title = next(item.title for item in nav.ITEMS if item.path == page)
    if worded(title) not in headings or kinds["exception"]:
        raise AssertionError(f"/{page} was not drawn: {headings}, {dict(kinds)}")
    return socket


def pss_mb(pid: int) -> float:
    """Of a process, memory that it shares counted in parts."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1024
    raise AssertionError("Linux only")
