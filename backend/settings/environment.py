"""The environment of this process: what settings are read from, and what other programs may see of it."""

from __future__ import annotations

import os
from pathlib import Path

from dotenv import dotenv_values

_FOREIGN_NAMES = {
    "PATH",
    "HOME",
    "USER",
    "LANG",
    "TMPDIR",
    "LD_LIBRARY_PATH",
    "SSL_CERT_FILE",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
}
_FOREIGN_PREFIXES = (
    "LC_",
    "HF_",
    "XDG_",
    "CUDA_",
    "NVIDIA_",
    "TORCH",
    "PYTORCH_",
    "OMP_",
    "MKL_",
    "HIP_",
    "HSA_",
    "ROCM_",
    "ROCR_",
)


def read_environment(env_file: Path | None) -> dict[str, str]:
    """Names in capitals, whatever their case is -> values. Those of the process win over those of `env_file`, which need not
    exist."""
    from_file = dotenv_values(env_file, encoding="utf-8") if env_file and env_file.is_file() else {}
    return {name.upper(): value for name, value in (from_file | os.environ).items() if value is not None}


def foreign_environment() -> dict[str, str]:
    """Our environment without our settings: what another program needs to find its libraries, its GPU and the network."""
    return {
        name: value
        for name, value in os.environ.items()
        if name.upper() in _FOREIGN_NAMES or name.startswith(_FOREIGN_PREFIXES)
    }
