"""Settings of backups (ops/backup)."""

from __future__ import annotations

from pydantic import SecretStr

from backend.settings.section import SettingsSection, env, secret


class BackupSettings(SettingsSection):
    """Backups

    See docs/operate.md. BACKUP_TARGET switches the schedule on; `make backup` makes one at any time.
    """

    target: str = env("BACKUP_TARGET", "", "a folder on another disk, or s3://bucket/prefix")
    recipient: str = env("BACKUP_RECIPIENT", "", "age1…, who can open the backups; default: a key that the first one makes")
    key_file: str = env("BACKUP_KEY_FILE", "", "the secret key (AGE-SECRET-KEY-1…), read to restore and verify only")
    keep_days: int = env("BACKUP_KEEP_DAYS", 30, "every minute of so many days can be restored")
    full_at: str = env("BACKUP_AT", "02:00", "when a full backup is made, by this machine's clock")
    every_hours: float = env("BACKUP_EVERY_HOURS", 6.0, "how often an incremental one (or a dump) is made")
    s3_endpoint: str = env("BACKUP_S3_ENDPOINT", "", "http://host:port of s3://…; default: S3_ENDPOINT")
    s3_key: SecretStr = secret("BACKUP_S3_KEY", "default: S3_KEY")
    s3_secret: SecretStr = secret("BACKUP_S3_SECRET", "default: S3_SECRET")
    s3_region: str = env("BACKUP_S3_REGION", "", "default: S3_REGION")
    wal_folder: str = env(
        "BACKUP_WAL_FOLDER", "", "where an external Postgres's archive_command puts its segments; without it dumps are made"
    )
    n8n_folder: str = env("BACKUP_N8N_FOLDER", "", "a folder of n8n exports to back up too")
