"""Settings of what people are told outside of the studio."""

from __future__ import annotations

from pydantic import SecretStr

from backend.settings.section import SettingsSection, env, secret
from backend.settings.servers import Names


class NoticeMailSettings(SettingsSection):
    """Notices

    Without SMTP_URL nothing is mailed; `make run` then starts a mail catcher and shows its messages to the operator.
    """

    smtp_url: SecretStr = secret("SMTP_URL", "smtp://user:password@host:587 (STARTTLS) or smtps://user:password@host:465")
    sender: str = env("NOTICE_FROM", "InfluencerAI Studio <studio@localhost>", "sender of e-mails, as Name <address>")
    settle_s: float = env("NOTICE_SETTLE_S", 60.0, "a message waits so long for what else happens, so that a storm is one")
    push_hosts: Names = env("NOTICE_PUSH_HOSTS", ("ntfy.sh",), "ntfy servers that people may be told through, comma-separated")
    mail_folder: str = env("MAIL_CATCHER_FOLDER", "", "where the mail catcher keeps messages; `make run` sets it")

    @property
    def sends_email(self) -> bool:
        return bool(self.smtp_url.get_secret_value())
