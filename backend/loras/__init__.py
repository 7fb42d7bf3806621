"""The LoRA library: everything `<lora:name:0.8>` can mean."""

from backend.loras.queries import by_name, get, get_many, names, page, uses
from backend.loras.rules import as_name
from backend.loras.schemas import LoraCard, LoraPage
from backend.loras.service import add_trained, check_base, delete, rename, take_upload

__all__ = [
    "LoraCard",
    "LoraPage",
    "add_trained",
    "as_name",
    "by_name",
    "check_base",
    "delete",
    "get",
    "get_many",
    "names",
    "page",
    "rename",
    "take_upload",
    "uses",
]
