"""Files: what is kept where, what uses it, and how it comes in."""

from backend.assets import uploads
from backend.assets.keys import key_for, safe_name, thumb_key
from backend.assets.made import Drawn, fetch_small, intend_drawn, send_drawn, store_drawn
from backend.assets.queries import get, get_many, uses
from backend.assets.schemas import THUMB_WIDTHS, AssetCard, NewFile, ThumbFile, UploadCard, Use
from backend.assets.service import (
    OpenTx,
    Sent,
    confirm,
    delete,
    fetch,
    intend,
    put,
    restore,
    store,
    unuse,
    unuse_all,
    use,
    use_all,
)
from backend.assets.strays import strays
from backend.assets.sweep import Swept, sweep

__all__ = [
    "THUMB_WIDTHS", "AssetCard", "Drawn", "NewFile", "OpenTx", "Sent", "Swept", "ThumbFile", "UploadCard", "Use", "confirm",
    "delete", "fetch", "fetch_small", "get", "get_many", "intend", "intend_drawn", "key_for", "put", "restore", "safe_name",
    "send_drawn", "store", "store_drawn", "strays", "sweep", "thumb_key", "unuse", "unuse_all", "uploads", "use", "use_all",
    "uses",
]  # fmt: skip
