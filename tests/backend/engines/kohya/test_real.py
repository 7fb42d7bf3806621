"""The contract of the trainer port on real sd-scripts: `make test-kohya`, with KOHYA_DIR and a checkpoint. Takes minutes.

At half the side a checkpoint was made for: the port's contract does not depend on it, and a machine without a card ends too.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from tests.backend.engines.kohya.kohya_rig import SIDES, real
from tests.backend.engines.ports import trainer_contract


@pytest.mark.parametrize("base", ["sd15", "sdxl"])
def test_the_contract(base: str, tmp_path: Path) -> None:
    rig = real(tmp_path)
    if rig is None:
        pytest.fail("KOHYA_DIR is not set: there is nothing to test against.")
    assert rig.trainer.status().ok, rig.trainer.status().detail
    if base not in rig.names:
        pytest.skip(f"no {base} checkpoint among {sorted(rig.names.values())}")
    make = partial(rig.request, base, batch=1, resolution=SIDES[base] // 2, unet_lr=1e-5, text_encoder_lr=0.0)
    trainer_contract.a_run_and_its_resumed_half(rig.trainer, make, base, tmp_path / "again")
