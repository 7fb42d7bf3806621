"""All kinds of jobs of this release: importing this registers those of every slice, and that of the workspace's maintenance."""

from __future__ import annotations

from pydantic import BaseModel

from backend.automations import job_types as _automations  # noqa: F401
from backend.bulk_planning import job_types as _bulk_planning  # noqa: F401
from backend.comparisons import job_types as _comparisons  # noqa: F401
from backend.consents import job_types as _consents  # noqa: F401
from backend.datasets import job_types as _datasets  # noqa: F401
from backend.gallery import job_types as _boards  # noqa: F401
from backend.generation import job_types as _generation  # noqa: F401
from backend.identity import job_types as _identity  # noqa: F401
from backend.jobs import JOB_TYPES, MAINTENANCE_PRIORITY, JobType, register
from backend.language import tr_lazy
from backend.music import job_types as _music  # noqa: F401
from backend.publishing import job_types as _publishing  # noqa: F401
from backend.reels import job_types as _reels  # noqa: F401
from backend.renditions import job_types as _renditions  # noqa: F401
from backend.training import job_types as _training  # noqa: F401
from backend.videos import job_types as _videos  # noqa: F401
from backend.voices import job_types as _voices  # noqa: F401
from backend.writing import job_types as _writing  # noqa: F401
from backend.writing_styles import job_types as _writing_styles  # noqa: F401


class MaintenancePayload(BaseModel):
    """Empty: the job is about the whole workspace."""


_MAINTENANCE = "workers.maintenance:run"
register(
    JobType(
        "upkeep",
        "cpu",
        MaintenancePayload,
        _MAINTENANCE,
        tr_lazy("Upkeep"),
        deadline_setting="jobs.deadline_ingest_s",
        stall_s=600.0,
        priority=MAINTENANCE_PRIORITY,
    )
)
KINDS: tuple[str, ...] = tuple(JOB_TYPES)
"""Of this release; tests register more."""
