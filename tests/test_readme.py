"""The README says what works: its examples run, and it mentions every command."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import classicvision as cv

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
CODE = re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)
COMMANDS = re.findall(
    r"^classicvision .*$", "".join(re.findall(r"```console\n(.*?)```", README, re.S)), re.M
)


@pytest.fixture
def place(tmp_path):
    """A folder with photo.jpg, and photos/ with two pictures and a list of their faces."""
    photo = cv.sample_image("astronaut")
    (tmp_path / "photos").mkdir()
    cv.write_image(tmp_path / "photo.jpg", photo)
    cv.write_image(tmp_path / "photos" / "one.jpg", photo[:300, :400])
    cv.write_image(tmp_path / "photos" / "two.jpg", photo[::2, ::2])
    faces = "one.jpg 1 176 66 98 106\ntwo.jpg 1 88 33 49 53\n"  # of the astronaut, by hand
    (tmp_path / "photos" / "info.dat").write_text(faces, encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize("code", CODE, ids=range(len(CODE)))
def test_code_runs(code, place):
    result = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], cwd=place, capture_output=True, text=True
    )
    assert (result.returncode, result.stderr) == (0, "")
    written = re.findall(r'(?:write_?(?:image)?|save)\("(.*?)"', code)
    assert written
    assert all((place / name).exists() for name in written)


@pytest.mark.skipif(os.name == "nt", reason="the examples are for a POSIX shell")
@pytest.mark.parametrize("command", COMMANDS)
def test_commands_run(command, place):
    program = f"{shlex.quote(sys.executable)} -m classicvision"
    command = command.replace("classicvision", program, 1)
    result = subprocess.run(command, shell=True, cwd=place, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    assert result.stdout
    if "--output" in command:
        assert any((place / shlex.split(command)[-1]).iterdir())


def test_every_command_is_mentioned():
    help_text = subprocess.run(
        [sys.executable, "-m", "classicvision", "--help"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    commands = re.findall(r"^  (\w[\w-]*)  ", help_text.split("Commands:")[1], re.M)
    assert commands
    for command in commands:
        assert any(f"classicvision {command}" in line for line in COMMANDS), command


def test_links_lead_somewhere():
    for target in re.findall(r"\]\(([^)#:]+)\)", README):
        assert (ROOT / target).exists(), target


def test_the_gate_runs_the_two_commands():
    block = re.search(r"```sh\n(.*?)```", README, re.S)[1].splitlines()
    assert len(block) == 2
    assert "classicvision faces" in block[0]
    assert block[1].endswith("python -m pytest")
    assert shutil.which("bash") is None or "README.md" in (ROOT / ".ci" / "run").read_text()
