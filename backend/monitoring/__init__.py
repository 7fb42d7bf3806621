"""What the installation has to do, did and holds: a sample a minute, for the page System and for Prometheus. Across all
workspaces, so only sums, and only for whoever runs the installation."""

from backend.monitoring.day import Day as Day
from backend.monitoring.day import summary as summary
from backend.monitoring.prometheus import SampleCollector as SampleCollector
from backend.monitoring.samples import last_hours as last_hours
from backend.monitoring.samples import latest as latest
from backend.monitoring.samples import purge_old as purge_old
from backend.monitoring.samples import take as take
from backend.monitoring.schemas import EndedJobs as EndedJobs
from backend.monitoring.schemas import Figures as Figures
from backend.monitoring.schemas import MinuteSample as MinuteSample
