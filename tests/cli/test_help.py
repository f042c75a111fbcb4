"""Every command explains itself, and odd arguments get one line, never a traceback."""

import importlib
import shlex
import warnings

import click
import numpy as np
import pytest

import classicvision
from classicvision.cli import COMMANDS, main


def command_named(name):
    name = name.replace("-", "_")
    return getattr(importlib.import_module(f"classicvision.cli.{name}"), name)


@pytest.mark.lane
@pytest.mark.parametrize("name", COMMANDS)
def test_help_shows_examples_whose_options_exist(run, name):
    result = run(name, "--help")
    assert result.exit_code == 0
    command = command_named(name)
    options = {option for parameter in command.params for option in parameter.opts} | {"--help"}
    lines = [line.strip() for line in result.output.splitlines()]
    examples = [line for line in lines if f"classicvision {name}" in line and "Usage" not in line]
    assert "Examples:" in lines
    assert len(examples) >= 2
    for example in examples:
        words = shlex.split(example)
        assert {word for word in words if word.startswith("-") and word != "-"} <= options


@pytest.mark.lane
@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_has_help(name):
    command = command_named(name)
    for parameter in command.params:
        assert isinstance(parameter, click.Argument) or parameter.help.endswith(".")


@pytest.mark.lane
def test_without_a_command_it_says_what_there_is(run):
    result = run()
    assert result.exit_code == 0
    for name in COMMANDS:
        assert f"\n  {name} " in result.output


@pytest.mark.lane
def test_version(run):
    result = run("--version")
    assert (result.exit_code, result.output) == (0, f"classicvision {classicvision.__version__}\n")


@pytest.mark.lane
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["bogus"], "No such command 'bogus'; see 'classicvision --help'"),
        (["--bogus"], "No such option '--bogus'; see 'classicvision --help'"),
        (["faces", ""], "an input has no name: ''; see 'classicvision faces --help'"),
        (
            ["faces", "--format", "voc"],
            "--format voc writes files: give --output DIR; see 'classicvision faces --help'",
        ),
        (
            ["faces", "--json", "--format", "coco"],
            "--json and --format coco exclude each other; see 'classicvision faces --help'",
        ),
        (
            ["faces", "--min-size", "20xx"],
            "Invalid value for '--min-size': '20xx' is not a number of pixels, nor WIDTHxHEIGHT; "
            "see 'classicvision faces --help'",
        ),
        (
            ["edges", "--sigma", "nan"],
            "Invalid value for '--sigma': nan is not a finite number; "
            "see 'classicvision edges --help'",
        ),
        (
            ["edges", "--low", "10", "--high", "5"],
            "--low must be at most --high, got 10 and 5; see 'classicvision edges --help'",
        ),
        (
            ["lines", "--jobs", "0"],
            "Invalid value for --jobs: must not be 0; use -1 for all cores; "
            "see 'classicvision lines --help'",
        ),
    ],
)
def test_wrong_usage_is_one_line(run, arguments, message):
    result = run(*arguments)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr == f"classicvision: error: {message}\n"


@pytest.mark.lane
@pytest.mark.parametrize(
    "arguments",
    [
        ["faces", "--scale-factor", "1"],
        ["faces", "--scale-factor", "inf"],
        ["faces", "--min-neighbors", "-1"],
        ["faces", "--min-size", "-3"],
        ["faces", "--min-size", "\u0663"],
        ["faces", "--format", "xml"],
        ["faces", "--camera", "-1"],
        ["faces", "--model", ""],
        ["faces", "--model", "no\0thing"],
        ["edges", "--sigma", "1e9"],
        ["lines", "--min-length", "0"],
        ["lines", "--max-gap", "x"],
        ["lines", "no\0thing"],
        ["edges", "no\nthing.png"],
        ["warmup", "now"],
    ],
)
def test_odd_arguments_are_refused_in_one_line(run, arguments):
    result = run(*arguments)
    assert result.exit_code == 2
    assert result.stderr.startswith("classicvision: error: ")
    assert result.stderr.count("\n") == 1


@pytest.mark.lane
def test_main_is_the_console_script():
    assert isinstance(main, click.Group)
    assert main.list_commands(None) == list(COMMANDS)


@pytest.mark.lane
def test_a_warning_is_one_line(run, monkeypatch):
    def warn(*arguments):
        warnings.warn("the cache is\nnot writable", RuntimeWarning, stacklevel=1)
        return np.zeros((2, 2), bool)

    monkeypatch.setattr("classicvision.cli.edges._find", warn)
    result = run("edges")
    assert result.exit_code == 0
    assert "classicvision: warning: the cache is not writable\n" in result.stderr


@pytest.mark.lane
def test_an_unexpected_error_is_one_line(run, monkeypatch):
    def fail(*arguments):
        raise RuntimeError("this should\nnot be")

    monkeypatch.setattr("classicvision.cli.edges._find", fail)
    monkeypatch.delenv("CLASSICVISION_TRACEBACK")
    result = run("edges")
    assert result.exit_code == 1
    assert result.stderr.endswith(
        "classicvision: error: unexpected RuntimeError: this should not be "
        "(set CLASSICVISION_TRACEBACK=1 to see where, and please report it)\n"
    )
