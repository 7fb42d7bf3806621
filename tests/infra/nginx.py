"""infra/nginx/nginx.conf in a real nginx, before servers of this machine."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

from ops.local_stack.ports import choose
from tests.infra.programs import ROOT, program, run
from tests.support.wait import until


@contextmanager
def nginx_before(ports: Sequence[int], folder: Path) -> Iterator[str]:
    """The URL of nginx with our file, without TLS. Debian's nginx is too old for `resolve`, which needs 1.27.3, and for
    `http2 on`."""
    path = program("nginx")
    port, plain_port = choose(("tls", "plain"), last={}).values()
    lines = "\n".join(f"server 127.0.0.1:{upstream_port} max_fails=2 fail_timeout=10s;" for upstream_port in ports)
    text = (ROOT / "infra/nginx/nginx.conf").read_text()
    text = re.sub(r"server studio:8501 .*", lines, text)
    text = re.sub(r"^\s*(http2 on|resolver .*|ssl_.*);\n", "", text, flags=re.MULTILINE)
    text = text.replace("listen 8443 ssl", f"listen 127.0.0.1:{port}").replace("listen 8080", f"listen 127.0.0.1:{plain_port}")
    text = text.replace("/tmp/", f"{folder}/").replace("include /etc/nginx/mime.types;", "").replace("; Secure", "")
    (folder / "nginx.conf").write_text(text)
    command = [path, "-c", str(folder / "nginx.conf"), "-p", str(folder), "-e", "stderr"]
    run(*command, "-t")
    with (folder / "nginx.log").open("wb") as log:
        process = subprocess.Popen([*command, "-g", "daemon off; master_process off;"], stderr=log)
    url = f"http://127.0.0.1:{port}"
    try:
        until(lambda: _answers(url), 10, what="nginx")
        yield url
    finally:
        process.terminate()
        process.wait(10)


def _answers(url: str) -> bool:
    """Also when the server behind it is away."""
    try:
        urlopen(url, timeout=5).close()
    except HTTPError:
        return True
    except OSError:
        return False
    return True
