"""Run as a program by test_supervisor.py: the real supervisor and servers, with a tiny page and tiny workers.

Settings come from the environment, as always. FAKE_WORKER is the code of the worker, FAKE_PAGE of the page. FORKED=1: the
worker is forked_worker.py, from the fork server.
"""

from __future__ import annotations

import os
import sys

from backend.errors import Conflict, StudioError
from backend.settings import Settings
from ops.local_stack import supervisor
from ops.local_stack.services import Service

PAGE = """
import os, psycopg
from http.server import BaseHTTPRequestHandler, HTTPServer
class Page(BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == '/asked':
            psycopg.connect(os.environ['DATABASE_URL'].replace('+psycopg', '')).execute('SELECT 1')
        self.send_response(200)
        self.end_headers()
        self.wfile.write(os.environ[self.path.strip('/')].encode() if self.path.isupper() else b'ok')
HTTPServer(('127.0.0.1', int(os.environ['PORT'])), Page).serve_forever()
"""

WORKER_CODE = os.environ.get("FAKE_WORKER", "import time; time.sleep(99)")
FORKED = ("-m", "tests.ops.local_stack.forked_worker")

if __name__ == "__main__":
    is_forked = os.environ.get("FORKED") == "1"
    try:
        again = supervisor.run(
            Settings.read(),
            env=dict(os.environ),
            studio=Service(
                "studio", ("-c", os.environ.get("FAKE_PAGE", PAGE)), must_answer=True, withheld=("WORKER_DATABASE_URL",)
            ),
            workers=[
                Service("worker", FORKED if is_forked else ("-c", WORKER_CODE), withheld=("JWT_SECRET",), forked=is_forked)
            ],
            sandbox=os.environ.get("WITH_SANDBOX") == "1",
        )
        if again:
            os.execv(sys.executable, [sys.executable, "-m", "tests.ops.local_stack.supervised"])
    except Conflict as error:
        print(error.message)
    except StudioError as error:
        sys.exit(error.message)
