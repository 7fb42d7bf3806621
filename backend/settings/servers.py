"""Settings of the servers that the studio needs, and of the one that it is."""

from __future__ import annotations

from functools import cached_property
from typing import Annotated

from pydantic import BeforeValidator, SecretStr, StringConstraints

from backend.kit.hosts import Hosts, hosts
from backend.kit.quantities import seconds
from backend.settings.section import SettingsSection, env, secret, split

Seconds = Annotated[float, BeforeValidator(seconds)]
"""As 7d, 12h, 30m or 900."""
Names = Annotated[tuple[str, ...], BeforeValidator(split)]
Emails = Annotated[tuple[Annotated[str, StringConstraints(to_lower=True)], ...], BeforeValidator(split)]


class PostgresSettings(SettingsSection):
    """Postgres"""

    url: SecretStr = secret("DATABASE_URL", "postgresql://… login of the app; for `make run` the owner's will do")
    owner_url: SecretStr = secret("DATABASE_OWNER_URL", "migrations and backup; default: DATABASE_URL")
    worker_url: SecretStr = secret("WORKER_DATABASE_URL", "login of the workers; `make run` makes it from the owner's")
    replica_url: SecretStr = secret(
        "DATABASE_REPLICA_URL", "a streaming standby, with the app's login: lists and exports of the studio are read there"
    )
    replica_wait_ms: int = env(
        "DATABASE_REPLICA_WAIT_MS", 50, "a list waits so long for the standby to catch up, then it asks the primary"
    )
    connections: int = env(
        "DATABASE_CONNECTIONS", 30, "a process opens at most so many; all together must fit into Postgres's max_connections"
    )
    app_password: SecretStr = secret("STUDIO_APP_PASSWORD", "given to the app login when the owner migrates")
    worker_password: SecretStr = secret("STUDIO_WORKER_PASSWORD", "given to the worker login when the owner migrates")

    @property
    def migration_url(self) -> str:
        """With which the database is migrated: the owner's, else the app's."""
        return self.owner_url.get_secret_value() or self.url.get_secret_value()


class RedisSettings(SettingsSection):
    """Redis or Valkey"""

    url: SecretStr = secret("REDIS_URL")


class StorageSettings(SettingsSection):
    """S3"""

    endpoint: str = env("S3_ENDPOINT", "", "http://host:port")
    public_endpoint: str = env("S3_PUBLIC_ENDPOINT", "", "what browsers can reach; set: media is redirected to presigned URLs")
    access_key: SecretStr = secret("S3_KEY")
    secret_key: SecretStr = secret("S3_SECRET")
    bucket: str = env("S3_BUCKET", "assets")
    region: str = env("S3_REGION", "us-east-1")
    force_path_style: bool = env("S3_FORCE_PATH_STYLE", True)


class WebSettings(SettingsSection):
    """The pages and the API"""

    host: str = env("HOST", "127.0.0.1")
    port: int = env("PORT", 8501)
    public_url: str = env("PUBLIC_URL", "", "where people reach it, https://… behind a proxy that ends TLS")
    allowed_hosts: str = env(
        "ALLOWED_HOSTS", "", "more names the studio answers to, comma-separated (*.example.org: all below it; *: any)"
    )
    forwarded_allow_ips: str = env(
        "FORWARDED_ALLOW_IPS",
        "127.0.0.1",
        "proxies whose X-Forwarded-For is believed: addresses or networks, comma-separated",
    )
    metrics_token: SecretStr = secret(
        "METRICS_TOKEN",
        "Authorization: Bearer … for /metrics and the details of /health; without it only this machine reads them",
    )
    operator_emails: Emails = env(
        "OPERATOR_EMAILS",
        (),
        "who runs the installation and sees all of it, comma-separated; default: who made the first workspace",
    )
    drain_s: float = env(
        "STUDIO_DRAIN_S",
        0.0,
        "told to stop, /ready says no for so long before the studio takes no more connections: for load balancers that ask it",
    )
    session_days: int = env("SESSION_DAYS", 7, "a browser stays signed in so long after it was last used")
    styleforge_paths: bool = env(
        "STYLEFORGE_PATHS", False, "/sessions /train /generate /jobs/{id} /results/{id} too, without /api/style"
    )

    installable: bool = env(
        "PWA", True, "phones and computers can install the studio (https or localhost); off: browsers drop what they kept of it"
    )

    @cached_property
    def hosts(self) -> Hosts:
        """The names the studio answers to."""
        return hosts(public_url=self.public_url, listens_on=self.host, allowed=self.allowed_hosts, own_url=self.base_url)

    @property
    def base_url(self) -> str:
        """Where people reach the studio, without a trailing slash."""
        return (self.public_url or f"http://{self.host}:{self.port}").rstrip("/")


class ApiSettings(SettingsSection):
    """The REST API, for programs"""

    jwt_secret: SecretStr = secret("JWT_SECRET", "signs the access tokens of programs; default: a key made from SECRET_KEYS")
    refresh_expires_s: Seconds = env(
        "JWT_EXPIRES_IN", 7 * 86_400.0, "how long a refresh token is good for: 7d, 12h, 30m or seconds"
    )
    cors_origins: Names = env("CORS_ORIGIN", (), "other sites whose pages may call the API with a key, comma-separated; *: any")
    rate_limiting: bool = env("ENABLE_RATE_LIMITING", True, "limits how often programs and strangers may call the API")
    requests_per_minute: int = env("RATE_LIMIT_PER_MINUTE", 600, "of one API key or signed-in program")
    stranger_requests_per_minute: int = env("RATE_LIMIT_STRANGERS_PER_MINUTE", 60, "of one address without a key")
    max_streams: int = env("MAX_LIVE_STREAMS", 1000, "open streams of events (/api/events) of one studio process")
    max_streams_per_person: int = env("MAX_LIVE_STREAMS_PER_PERSON", 20, "of these, of one person")
    swagger: bool = env("SWAGGER_ENABLED", True, "the API's pages at /api/docs")
    mcp: bool = env("MCP_ENABLED", True, "tools for agents at /mcp, with an API key")
