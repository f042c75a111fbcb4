"""No damaged image crashes, hangs, fills the memory or ends without a clear line."""

import re
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.skipif(sys.platform == "win32", reason="limits the address space as POSIX does")
@pytest.mark.parametrize("seed", [0, 1])
def test_damaged_images(seed):
    script = Path(__file__).with_name("damaged.py")
    done = subprocess.run(
        [sys.executable, str(script), str(seed)], capture_output=True, text=True, timeout=300
    )
    assert done.stderr == ""
    assert done.returncode == 0
    read, refused = map(int, re.fullmatch(r"read (\d+) refused (\d+)\n", done.stdout).groups())
    assert read > 60
    assert refused > 200
