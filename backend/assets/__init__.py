"""Assets: files in the storage, what uses them, and uploads on their way in."""

from backend.assets import uploads
from backend.assets.job_outputs import StoredOutput, fetch_small, intend_outputs, send_outputs, store_outputs, write_output
from backend.assets.keys import key_for, safe_name, thumb_key
from backend.assets.queries import get, get_many, page, stored, uses
from backend.assets.schemas import THUMB_WIDTHS, AssetCard, AssetPage, NewFile, ThumbFile, UploadCard, Use
from backend.assets.service import (
    OpenTx,
    UploadedFile,
    confirm,
    delete,
    delete_unused,
    fetch,
    intend,
    rename_uses,
    restore,
    store,
    unuse,
    unuse_all,
    upload_file,
    use,
    use_all,
)
from backend.assets.signed_urls import TemporaryLink, open_token, signed_url, temporary_link
from backend.assets.sweep import SweepResult, find_strays, sweep

__all__ = [
    "THUMB_WIDTHS",
    "AssetCard",
    "AssetPage",
    "NewFile",
    "OpenTx",
    "StoredOutput",
    "SweepResult",
    "TemporaryLink",
    "ThumbFile",
    "UploadCard",
    "UploadedFile",
    "Use",
    "confirm",
    "delete",
    "delete_unused",
    "fetch",
    "fetch_small",
    "find_strays",
    "get",
    "get_many",
    "intend",
    "intend_outputs",
    "key_for",
    "open_token",
    "page",
    "rename_uses",
    "restore",
    "safe_name",
    "send_outputs",
    "signed_url",
    "store",
    "store_outputs",
    "stored",
    "sweep",
    "temporary_link",
    "thumb_key",
    "unuse",
    "unuse_all",
    "upload_file",
    "uploads",
    "use",
    "use_all",
    "uses",
    "write_output",
]
