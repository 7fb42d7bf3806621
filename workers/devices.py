"""The cards of this host: found by the gpu worker, written to `devices`, tried again while they are down."""

from __future__ import annotations

import platform
import shutil
import subprocess
from typing import TYPE_CHECKING

import structlog
from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert

from backend.engines.build import image_engine, trainer_engine
from backend.kit.db import Nobody
from backend.settings import Settings
from backend.tables import Device

if TYPE_CHECKING:
    from backend.bootstrap import App

log = structlog.get_logger(__name__)
_QUERY = ["--query-gpu=index,memory.total", "--format=csv,noheader,nounits"]


def found(settings: Settings) -> list[tuple[str, int]]:
    """(name, memory in MB) of what local engines may use: `cuda:0`, `mps`, or `cpu` when there is nothing better."""
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


def register(app: App, host: str, cards: list[tuple[str, int]]) -> None:
    """Writes the cards, or says that they are still there. A state set by people or by an error stays."""
    engines = {"image": image_engine(app.settings), "trainer": trainer_engine(app.settings)}
    with app.db.transaction(Nobody()) as tx:
        for name, memory in cards:
            row = {"host": host, "name": name, "vram_mb": memory, "engines": engines}
            here = insert(Device).values(id=f"{host}/{name}", **row)
            tx.execute(here.on_conflict_do_update(index_elements=["id"], set_={**row, "seen_at": func.clock_timestamp()}))


def probe(app: App, host: str) -> None:
    """Tries the engines of cards that are down and due; up again when all of them answer."""
    with app.db.transaction(Nobody()) as tx:
        due = select(Device.id).where(Device.host == host, Device.state == "down", Device.probe_at <= func.clock_timestamp())
        waiting = tx.scalars(due).all()
    if not waiting:
        return
    ok = all(engine.status().ok for engine in (app.engines.image, app.engines.trainer))
    later = func.clock_timestamp() + func.make_interval(0, 0, 0, 0, 0, 0, app.settings.device_probe_s)
    values = {"state": "up", "down_reason": "", "probe_at": None} if ok else {"probe_at": later}
    with app.db.transaction(Nobody()) as tx:
        tx.execute(update(Device).where(Device.id.in_(waiting), Device.state == "down").values(**values))
