"""Every setting, by section, read once from the environment (or `.env`). `.env.example` lists them all, by their variables."""

from __future__ import annotations

from pathlib import Path

from pydantic import SecretStr

from backend.settings.backup import BackupSettings
from backend.settings.data_folders import refuse_exposed_data
from backend.settings.engines import BudgetSettings, CaptionSettings, EngineSettings, SpeechSettings, TextSettings
from backend.settings.environment import foreign_environment as foreign_environment
from backend.settings.environment import read_environment
from backend.settings.notices import NoticeMailSettings
from backend.settings.platforms import InstagramSettings, PublishingSettings, SandboxSettings, TikTokSettings, YouTubeSettings
from backend.settings.section import SettingsSection, env, secret
from backend.settings.servers import ApiSettings, PostgresSettings, RedisSettings, StorageSettings, WebSettings
from backend.settings.webhooks import WebhookSettings
from backend.settings.work import JobSettings, RetentionSettings, UploadSettings, WorkerSettings

ROOT = Path(__file__).resolve().parent.parent.parent


class Settings(SettingsSection):
    """The studio

    Times are seconds unless the name says otherwise; sizes are bytes; an empty `url` of a server means the embedded one.
    """

    secret_keys: SecretStr = secret("SECRET_KEYS", "comma-separated base64 keys of 32 bytes, newest first")
    data_dir: Path = env("STUDIO_DATA", ROOT / "var", "the studio's own files; other accounts must not read them")
    log_level: str = env("LOG_LEVEL", "INFO")
    traces_endpoint: str = env(
        "OTEL_EXPORTER_OTLP_ENDPOINT", "", "http://host:4318: traces of pages, requests, jobs and their steps go there"
    )
    postgres: PostgresSettings
    redis: RedisSettings
    storage: StorageSettings
    web: WebSettings
    api: ApiSettings
    uploads: UploadSettings
    jobs: JobSettings
    workers: WorkerSettings
    engines: EngineSettings
    captions: CaptionSettings
    text: TextSettings
    speech: SpeechSettings
    budgets: BudgetSettings
    instagram: InstagramSettings
    tiktok: TikTokSettings
    youtube: YouTubeSettings
    sandbox: SandboxSettings
    publishing: PublishingSettings
    webhooks: WebhookSettings
    notices: NoticeMailSettings
    retention: RetentionSettings
    backup: BackupSettings

    @classmethod
    def read(cls, env_file: Path | None = Path(".env"), **values: object) -> Settings:
        """From the environment of this process and `env_file`. `values`, by the names of their variables, win over both.

        Raises TypeError for a name that there is not, ValidationError for a value that does not fit, Invalid when
        DATA_SHARED_BASE is the studio's own folder.
        """
        environment = read_environment(env_file)
        refuse_exposed_data(environment | {name: str(value) for name, value in values.items()})
        return cls.model_validate(environment).replace(**values)

    def replace(self, **values: object) -> Settings:
        """A copy with other values, by the names of their environment variables: `settings.replace(JOB_LEASE_S=1)`.

        Raises TypeError for a name that there is not, ValidationError for a value that does not fit.
        """
        current = dict(self.by_variable())
        if unknown := values.keys() - current.keys():
            raise TypeError(f"There is no setting {', '.join(sorted(unknown))}.")
        return type(self).model_validate(current | values)
