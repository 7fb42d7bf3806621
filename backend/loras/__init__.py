"""The LoRA library: the LoRAs that `<lora:name:0.8>` in a prompt can name."""

from backend.loras import undo_parts
from backend.loras.queries import by_name, get, get_many, names, page, usages
from backend.loras.rules import lora_name
from backend.loras.schemas import LoraCard, LoraPage
from backend.loras.service import add_trained, check_base, rename, take_upload
from backend.loras.trash import delete, erase, undelete

undo_parts.register_parts()

__all__ = [
    "LoraCard",
    "LoraPage",
    "add_trained",
    "by_name",
    "check_base",
    "delete",
    "erase",
    "get",
    "get_many",
    "lora_name",
    "names",
    "page",
    "rename",
    "take_upload",
    "undelete",
    "usages",
]
