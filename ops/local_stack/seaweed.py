"""Embedded SeaweedFS as the S3 server: only its S3 port serves files, to signed requests only (docs/contracts/s3.md, 1)."""

from __future__ import annotations

import io
import json
import secrets
import signal
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import urllib3
from minio import Minio
from minio.error import MinioException

from backend.errors import Unavailable
from ops.local_stack.server import Server, minimal_environment

PORTS = (
    "master.port",
    "master.port.grpc",
    "volume.port",
    "volume.port.grpc",
    "filer.port",
    "filer.port.grpc",
    "s3.port",
    "s3.port.grpc",
    "admin.port",
    "admin.port.grpc",
)
_LISTEN_OPTIONS = ("-ip=127.0.0.1", "-ip.bind=127.0.0.1")
# The filer and volume ports would serve every file without a signature; telemetry is on by default in `mini`.
DISABLED_OPTIONS = (
    "-s3.port.iceberg=0",
    "-s3.port.lance=0",
    "-webdav=false",
    "-admin.ui=false",
    "-master.telemetry=false",
    "-disableHttp",
    "-master.resumeState=false",  # a single master that resumes its state takes 2 % of a core at rest (s3.md, 2)
)
SIZE_OPTIONS = ("-volume.max=0", "-master.volumeSizeLimitMB=128")
# Without these Go keeps several hundred MB after large uploads.
MEMORY_ENV = {"GOMEMLIMIT": "400MiB", "GOGC": "100"}
# Not lower: at 200 MiB an idle server spends 10 % of a core collecting garbage (measured; 0.5 % with this)


@dataclass(frozen=True, slots=True)
class S3Access:
    key: str
    secret: str
    bucket: str
    region: str


def server(program: Path, *, folder: Path, ports: Mapping[str, int], access: S3Access, log: Path, durable: bool) -> Server:
    """It counts as ready when it refuses unsigned requests; after a restart writing may take longer (`writable`)."""
    folder.mkdir(parents=True, exist_ok=True)
    config = folder / "s3.json"
    config.touch(mode=0o600)
    config.write_text(json.dumps(identities(access)))
    numbers = [f"-{name}={ports[name]}" for name in PORTS]
    paths = [f"-dir={folder}", f"-s3.config={config}"]
    return Server(
        name="SeaweedFS",
        argv=[str(program), "-logtostderr=true", "mini", *paths, *_LISTEN_OPTIONS, *numbers, *DISABLED_OPTIONS, *SIZE_OPTIONS],
        log=log,
        answers=lambda: _refuses_anonymous(ports["s3.port"], access.bucket),
        env={**minimal_environment(), **MEMORY_ENV, **_internal_keys()},
        cwd=folder,
        stop_sig=signal.SIGTERM if durable else signal.SIGKILL,  # it takes 2 s to end in order
    )


def access(env: Mapping[str, str], secret: str) -> S3Access:
    return S3Access("studio", secret, env.get("S3_BUCKET") or "assets", env.get("S3_REGION") or "us-east-1")


def variables(port: int, access: S3Access) -> dict[str, str]:
    """As the studio's processes get them."""
    return {
        "S3_ENDPOINT": endpoint(port),
        "S3_KEY": access.key,
        "S3_SECRET": access.secret,
        "S3_REGION": access.region,
        "S3_BUCKET": access.bucket,
    }


def endpoint(port: int) -> str:
    return f"http://127.0.0.1:{port}"


def writable(port: int, access: S3Access) -> bool:
    """Whether a small object can be written and read; makes the bucket. May be False for up to 16 s after a restart (s3.md,
    2)."""
    http = urllib3.PoolManager(timeout=urllib3.Timeout(5), retries=False)
    client = Minio(
        f"127.0.0.1:{port}",
        access_key=access.key,
        secret_key=access.secret,
        secure=False,
        region=access.region,
        http_client=http,
    )
    try:
        if not client.bucket_exists(access.bucket):
            client.make_bucket(access.bucket)
        client.put_object(access.bucket, "_health", io.BytesIO(b"ok"), 2)
        with client.get_object(access.bucket, "_health") as answer:
            return bool(answer.read() == b"ok")
    except (MinioException, urllib3.exceptions.HTTPError):
        return False
    finally:
        http.clear()


def remove_sockets(ports: Mapping[str, int]) -> None:
    """A killed server leaves its Unix sockets in the system's folder for temporary files."""
    for port in ports.values():
        for path in Path(tempfile.gettempdir()).glob(f"seaweedfs-*{port}.sock"):
            path.unlink(missing_ok=True)


def identities(access: S3Access) -> dict[str, object]:
    credentials = [{"accessKey": access.key, "secretKey": access.secret}]
    return {
        "identities": [{"name": "studio", "credentials": credentials, "actions": ["Admin", "Read", "Write", "List", "Tagging"]}]
    }


def _internal_keys() -> dict[str, str]:
    """Keys of this run with which SeaweedFS's parts sign requests to each other: its master and volume ports serve nobody
    else."""
    names = ("SIGNING", "SIGNING_READ", "FILER_SIGNING", "FILER_SIGNING_READ")
    return {f"WEED_JWT_{name}_KEY": secrets.token_hex(32) for name in names}


def _refuses_anonymous(port: int, bucket: str) -> bool:
    with urllib3.PoolManager(timeout=urllib3.Timeout(5), retries=False) as http:
        try:
            status = http.request("GET", f"{endpoint(port)}/{bucket}/_health").status
        except urllib3.exceptions.HTTPError:
            return False
    if status < 400 or status == 404:
        raise Unavailable("The storage server would hand files to anybody. It was stopped; please report this.")
    return status == 403
