"""Real Postgres, Valkey and S3 for every test: servers once per pytest process, a database per test."""

from __future__ import annotations

import gc
import os
import shutil
import tempfile
from collections.abc import Callable, Generator, Iterator
from pathlib import Path

import hypothesis
import pytest
import redis

from backend.app import App
from backend.bootstrap import bootstrap
from backend.db.transactions import Database
from backend.kit import child
from backend.settings import Settings
from ops.local_stack import Stack, start
from tests.factories.account import Tenant, make_workspace
from tests.support.compiled_statements import share_compiled_statements
from tests.support.databases import DatabasePool, DatabaseUrls, make_login, make_template
from tests.support.memory_folder import make_memory_folder
from tests.support.processes import JobUser, Workers
from tests.support.quick_passwords import hash_quickly
from tests.support.warm_children import WarmChildren
from tests.support.worker_forks import WorkerForks

_LAUNCHER = "STUDIO_TEST_LAUNCHER"
"""Name in the environment: what children of the studio are started by (tests.support.warm_children)."""
_PROCESSES = {"workers", "start_studio", "gpu_worker"}
"""Fixtures that start processes with a database connection."""
_LONG = ("tests/e2e/", "tests/workers/", "tests/backend/engines/", "tests/ops/local_stack/")
"""Folders of tests that take seconds each. They start first, interleaved, so that no two browsers or models run side by
side."""
_SLOWEST = (
    "e2e/test_main_way.py",
    "e2e/test_writing.py",
    "workers/test_disasters.py",
    "workers/test_training.py",
    "starter_model/test_starter_model.py",
    "diffusers/test_engine.py",
    "local_stack/test_supervisor.py",
)
_RERUN_LINES = 40
"""How much is shown of what made a test run again."""
IMPOSSIBLE = ("only root", "Linux only")
"""Skip reasons that no installation could remove."""


def pytest_configure(config: pytest.Config) -> None:
    """Limits torch to one thread: small models gain nothing from more, and spinning threads take five times as long on a busy
    machine."""
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    share_compiled_statements()
    hash_quickly()
    # A deadline per example is an assertion of time, which a busy machine does not keep
    hypothesis.settings.register_profile("suite", deadline=None, max_examples=50)
    hypothesis.settings.register_profile("soak", deadline=None, max_examples=100)
    hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "suite"))
    if not hasattr(config, "workerinput"):  # xdist's workers use what the process that started them has
        if folder := make_memory_folder():
            config.add_cleanup(lambda: shutil.rmtree(folder, ignore_errors=True))
        os.environ[_LAUNCHER] = child._LAUNCH
        if not child.SUPERVISED:  # elsewhere than on Linux children start cold
            warm = WarmChildren()
            warm.__enter__()
            config.add_cleanup(lambda: warm.__exit__(None, None, None))
            os.environ[_LAUNCHER] = str(warm.launcher)
    child._LAUNCH = os.environ[_LAUNCHER]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long tests first: an xdist worker that got one last would work alone for minutes (`--no-loadscope-reorder` keeps
    this)."""
    turns: dict[str, int] = {}
    for folder in _LONG:
        files = dict.fromkeys(item.path.as_posix() for item in items if folder in item.path.as_posix())
        slowest_first = sorted(files, key=lambda file: not file.endswith(_SLOWEST))
        turns.update((file, position) for position, file in enumerate(slowest_first))
    others = len(items)
    items.sort(key=lambda item: turns.get(item.path.as_posix(), others))


def pytest_collection_finish() -> None:
    """Streamlit collects garbage after every run of a page: all tests and libraries need not be looked at each time."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """In CI a test that is skipped because something is missing fails: nobody notices a skip there."""
    report = yield
    reason = str(report.longrepr[2]) if isinstance(report.longrepr, tuple) else str(report.longrepr)
    if report.skipped and os.environ.get("CI") == "true" and not any(words in reason for words in IMPOSSIBLE):
        report.outcome, report.longrepr = "failed", f"{item.nodeid} may not be skipped in CI: {reason}"
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What made tests run again: that they passed then does not say that nothing is wrong."""
    for report in terminalreporter.stats.get("rerun", []):
        terminalreporter.section(f"first try of {report.nodeid}")
        terminalreporter.write_line("\n".join(report.longreprtext.splitlines()[-_RERUN_LINES:]))


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """`stack.urls` as `ops.local_stack` gives them. S3 may take a second longer: `storage_urls` waits for it."""
    with tempfile.TemporaryDirectory(prefix="studio-tests-") as folder:
        Path(folder).chmod(0o755)
        running = start(Path(folder) / "stack", env=_environment(), durable=False)
        try:
            yield running
        finally:
            running.stop()


def _environment() -> dict[str, str]:
    """Our environment without the URLs of the developer's own servers: tests never touch them."""
    replaced = {"DATABASE_URL", "DATABASE_OWNER_URL", "WORKER_DATABASE_URL", "REDIS_URL"}
    return {name: value for name, value in os.environ.items() if name not in replaced and not name.startswith("S3_")}


@pytest.fixture(scope="session")
def template(stack: Stack) -> DatabaseUrls:
    return make_template(stack.urls["DATABASE_OWNER_URL"])


@pytest.fixture(scope="session")
def plain_template(template: DatabaseUrls) -> DatabaseUrls:
    """Migrated by a login as managed servers give them: neither BYPASSRLS nor CREATEROLE; the confined logins exist."""
    return make_template(make_login(template.owner, "plain_owner", "CREATEDB"), "plain_template")


@pytest.fixture(scope="session")
def database_pool(template: DatabaseUrls) -> Iterator[DatabasePool]:
    databases = DatabasePool(template)
    yield databases
    databases.close()


@pytest.fixture
def database_urls(database_pool: DatabasePool, request: pytest.FixtureRequest) -> Iterator[DatabaseUrls]:
    with database_pool.lend(processes=bool(_PROCESSES & set(request.fixturenames))) as urls:
        yield urls


@pytest.fixture(scope="session")
def storage_urls(stack: Stack) -> dict[str, str]:
    stack.wait_storage(60)
    return {name: value for name, value in stack.urls.items() if name.startswith("S3_")}


@pytest.fixture
def redis_url(stack: Stack) -> str:
    """Emptied before each test."""
    url = str(stack.urls["REDIS_URL"])
    with redis.Redis.from_url(url) as client:
        client.flushall()
    return url


@pytest.fixture
def db(database_urls: DatabaseUrls) -> Iterator[Database]:
    """The app's login."""
    database = Database(database_urls.app, pool_size=5)
    yield database
    database.close()


@pytest.fixture
def worker_db(database_urls: DatabaseUrls) -> Iterator[Database]:
    """The workers' login: also `dispatch()`."""
    database = Database(database_urls.worker, pool_size=5)
    yield database
    database.close()


@pytest.fixture
def environment(database_urls: DatabaseUrls, redis_url: str, storage_urls: dict[str, str], tmp_path: Path) -> dict[str, str]:
    """Settings as environment variables, for tests that start real processes."""
    return {
        "DATABASE_URL": database_urls.app,
        "DATABASE_OWNER_URL": database_urls.owner,
        "WORKER_DATABASE_URL": database_urls.worker,
        "REDIS_URL": redis_url,
        **storage_urls,
        "STUDIO_DATA": str(tmp_path / "var"),
        "JOB_BEAT_S": "0.2",
        "JOB_LEASE_S": "2",
        "JOB_TICK_S": "0.2",
        "JOB_RETRY_DELAYS_S": "0.1,0.2,0.4",
        "WORKER_STOP_GRACE_S": "3",
        "ALLOWED_HOSTS": "studio.test,testserver",
        "ENGINE_DEVICE": "cpu",
        "ENGINE_THREADS": "1",
        "FACE_FOCUS": "false",  # a child process for each job that draws; what fakes draw has no face
        "ENABLE_RATE_LIMITING": "false",  # tests send hundreds of requests from one address; test_rate_limits turns it on
        "SECRET_KEYS": "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=",
    }


@pytest.fixture
def settings(environment: dict[str, str]) -> Settings:
    """The same values as `environment`, whatever the machine's own environment says."""
    return Settings.model_validate(environment)


@pytest.fixture
def app(settings: Settings) -> Iterator[App]:
    """The studio's composition root on the test servers."""
    built = bootstrap(settings, role="studio")
    yield built
    built.close()


@pytest.fixture
def worker_app(settings: Settings) -> Iterator[App]:
    """The same with the workers' login."""
    built = bootstrap(settings, role="worker")
    yield built
    built.close()


@pytest.fixture
def workspace(db: Database) -> Tenant:
    """A workspace with owner, editor and viewer signed in."""
    return make_workspace(db)


@pytest.fixture
def other_workspace(db: Database) -> Tenant:
    return make_workspace(db, "Somebody else's")


@pytest.fixture
def new_workspace(db: Database) -> Callable[[str], Tenant]:
    return lambda name: make_workspace(db, name)


@pytest.fixture(scope="session")
def worker_forks() -> Iterator[WorkerForks]:
    """Forks workers from a process that has imported their code: importing is most of a worker's start time."""
    with WorkerForks("tests.support.handlers", launcher=Path(os.environ[_LAUNCHER])) as forks:
        yield forks


@pytest.fixture
def workers(worker_forks: WorkerForks, environment: dict[str, str], db: Database, tmp_path: Path) -> Iterator[Workers]:
    """`workers.start("cpu,net")`: real processes."""
    started = Workers(worker_forks, environment, db, tmp_path)
    yield started
    started.stop()


@pytest.fixture
def job_user(app: App, workspace: Tenant) -> JobUser:
    """A user who starts, watches, cancels and retries jobs; queues are really notified."""
    return JobUser(app.db, workspace)


@pytest.fixture
def new_job_user(app: App, new_workspace: Callable[[str], Tenant]) -> Callable[[str], JobUser]:
    return lambda name: JobUser(app.db, new_workspace(name))
