"""The cards this worker may hold: found, written to `devices`, engines that do not answer tried again."""

from __future__ import annotations

import platform
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import structlog
from sqlalchemy import Text, cast, func, select, update
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, insert

from backend.engines.build import image_engine, trainer_engine
from backend.engines.comfyui import places
from backend.jobs.sweep import hasten, retell
from backend.kit.db import Nobody
from backend.settings import Settings
from backend.tables import Device

if TYPE_CHECKING:
    from backend.bootstrap import App

log = structlog.get_logger(__name__)
_QUERY = ["--query-gpu=index,memory.total", "--format=csv,noheader,nounits"]


@dataclass(frozen=True, slots=True)
class Card:
    """`engines`: capability -> the engine or server that works with it. `vram_mb` 0: a processor, or not known."""

    id: str
    host: str
    name: str
    vram_mb: int
    engines: dict[str, str]


def found(settings: Settings, host: str) -> list[Card]:
    """This machine's cards (`cuda:0`, `mps`, or `cpu` when there is nothing better) and the ComfyUI servers beyond them.

    A server elsewhere is the same device for every worker that knows its address. Raises Invalid for a wrong COMFYUI_URL.
    """
    local = _local(settings)
    names = [name for name, _ in local]
    comfyui = image_engine(settings) == "comfyui"
    shared, own = (places.shared(settings, names), places.own(settings, names)) if comfyui else ({}, {})
    cards = [
        Card(
            f"{host}/{name}",
            host,
            name,
            memory,
            _engines(settings, places.bare(shared[name]) if name in shared else "" if comfyui else image_engine(settings)),
        )
        for name, memory in local
    ]
    return cards + [
        Card(f"comfyui/{name}", urlsplit(url).hostname or "", name, 0, {"image": places.bare(url)}) for name, url in own.items()
    ]


def _engines(settings: Settings, image: str) -> dict[str, str]:
    trainer = {"trainer": trainer_engine(settings)}
    return {"image": image, **trainer} if image else trainer


def _local(settings: Settings) -> list[tuple[str, int]]:
    """(name, memory in MB)."""
    wish = settings.engine_device
    if wish in {"auto", "cuda"} and (cards := _cuda_cards()):
        return cards
    if wish == "auto":
        return [("mps" if (platform.system(), platform.machine()) == ("Darwin", "arm64") else "cpu", 0)]
    return [("cuda:0" if wish == "cuda" else wish, 0)]


def _cuda_cards() -> list[tuple[str, int]]:
    program = shutil.which("nvidia-smi")
    if program is None:
        return []
    try:
        asked = subprocess.run([program, *_QUERY], capture_output=True, text=True, timeout=20, check=True)
    except (OSError, subprocess.SubprocessError) as error:
        log.warning("the graphics driver does not answer", error=str(error))
        return []
    rows = [line.split(",") for line in asked.stdout.splitlines() if "," in line]
    return [(f"cuda:{index.strip()}", int(float(memory))) for index, memory in rows]


def register(app: App, cards: Sequence[Card]) -> None:
    """Writes the cards, or says that they are still there. What people or an error said of them stays."""
    with app.db.transaction(Nobody()) as tx:
        for card in cards:
            row = {"host": card.host, "name": card.name, "vram_mb": card.vram_mb, "engines": card.engines}
            here = insert(Device).values(id=card.id, **row)
            tx.execute(here.on_conflict_do_update(index_elements=["id"], set_={**row, "seen_at": func.clock_timestamp()}))


def probe(app: App, cards: Sequence[Card]) -> None:
    """Tries the engines that did not answer and are due; each is back as soon as it answers."""
    with app.db.transaction(Nobody()) as tx:
        due = Device.id.in_([card.id for card in cards]), Device.down != {}, Device.probe_at <= func.clock_timestamp()
        waiting = tx.execute(select(Device.id, Device.name, Device.down).where(*due)).all()
    for device_id, name, down in waiting:
        found = {capability: _missing(app, capability, name) for capability in down}
        still = {capability: words or down[capability] for capability, words in found.items() if words is not None}
        later = func.clock_timestamp() + func.make_interval(0, 0, 0, 0, 0, 0, app.settings.device_probe_s)
        # Only what was looked at: an engine that went down meanwhile stays so.
        left = Device.down.op("-")(cast(list(down), ARRAY(Text))).op("||")(cast(still, JSONB))
        with app.db.transaction(Nobody()) as tx:
            tx.execute(update(Device).where(Device.id == device_id).values(down=left, probe_at=later))
        changed = {down[capability]: words for capability, words in still.items() if words != down[capability]}
        if changed or len(still) < len(down):
            with app.db.dispatch() as tx:
                for before, words in changed.items():
                    retell(tx, before, words)
                if len(still) < len(down):
                    hasten(tx)


def _missing(app: App, capability: str, device: str) -> str | None:
    """Why it still cannot work, None: it can. A capability that this release no longer knows keeps nobody waiting."""
    match capability:
        case "image":
            said = app.engines.image.status(device)
        case "trainer":
            said = app.engines.trainer.status(device)
        case _:
            return None
    return None if said.ok else said.detail
