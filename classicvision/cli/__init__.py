"""The command line: thin commands over the public names, one file for each."""

import _thread
import contextlib
import functools
import gc
import importlib
import os
import sys
import threading
import warnings

import click

from classicvision import __version__
from classicvision._jit import on_compile
from classicvision.cli._messages import error, message

# Each command is a function in a module, both of this name with _ for -, loaded when it is used.
COMMANDS = (
    "faces", "lines", "circles", "edges", "evaluate", "explain", "identify", "index", "search",
    "train-cascade", "warmup",
)  # fmt: skip


class _CommandLine(click.Group):
    """Commands that are loaded when they are used, and errors of one line."""

    def list_commands(self, context):
        return list(COMMANDS)

    def get_command(self, context, name):
        if name not in COMMANDS:
            return None
        name = name.replace("-", "_")
        return getattr(importlib.import_module(f"classicvision.cli.{name}"), name)

    def main(self, args=None, prog_name="classicvision", **extra):
        """Run a command and exit; what goes wrong is said in one line."""
        extra["standalone_mode"] = False
        _announce_compiling()
        sys.unraisablehook = _pass_on_interrupts
        gc.set_threshold(100_000)  # Numba's objects all stay: looking through them takes 0.1 s
        if hasattr(sys.stdout, "reconfigure"):
            sys.stdout.reconfigure(errors="backslashreplace")  # any file name can be printed
        with warnings.catch_warnings():
            warnings.showwarning = _show_warning
            sys.exit(self._status(args, prog_name, extra))

    def _status(self, args, prog_name, extra):
        try:
            return super().main(args, prog_name, **extra)
        except click.Abort:  # what click makes of Ctrl-C
            message("interrupted")
            return 130
        except click.ClickException as problem:
            error(_sentence(problem))
            return 2
        except ImportError as problem:  # cv2 lacks a system library: the text says what to do
            error(problem)
        except OSError as problem:  # the library's own have a text and no number
            error(f"standard output: {problem.strerror}" if problem.errno else problem)
            _abandon_output()
        except Exception as problem:
            if _lost_interrupts:  # what an interrupt in LLVM's callbacks leads to
                message("interrupted")
                return 130
            if os.environ.get("CLASSICVISION_TRACEBACK"):
                raise
            error(
                f"unexpected {type(problem).__name__}: {problem} "
                "(set CLASSICVISION_TRACEBACK=1 to see where, and please report it)"
            )
        return 1


def _sentence(problem):
    text = problem.format_message()
    if isinstance(problem, click.UsageError) and problem.ctx is not None:
        return f"{text.rstrip('.')}; see '{problem.ctx.command_path} --help'"
    return text


_lost_interrupts: list = []


def _pass_on_interrupts(unraisable):
    """Repeat an interrupt that came while compiled code was calling back into Python.

    LLVM calls back while it compiles; Python can only print, and forget, what is raised there.
    """
    if unraisable.exc_type is not None and issubclass(unraisable.exc_type, KeyboardInterrupt):
        _lost_interrupts.append(unraisable.exc_type)
        again = threading.Timer(0.05, _thread.interrupt_main)  # seconds: out of the callback
        again.daemon = True
        again.start()
    elif not _was_only_begun(unraisable):
        sys.__unraisablehook__(unraisable)


def _was_only_begun(unraisable):
    """Say whether it is an object of LLVM that an interrupt left without anything to free."""
    module = getattr(unraisable.object, "__module__", None) or ""
    return isinstance(unraisable.exc_value, AttributeError) and module.startswith("llvmlite.")


@functools.cache  # once a process
def _announce_compiling():
    """Have it said why it takes a while when a kernel is compiled, not read from the cache."""
    say = functools.cache(message)
    on_compile(lambda kernel: say("compiling, first run only ..."))


def _show_warning(text, category, filename, lineno, file=None, line=None):
    message(f"warning: {text}")


def _abandon_output():
    """Let the interpreter flush standard output into nothing when it exits."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


@click.group(
    "classicvision",
    cls=_CommandLine,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(__version__, message="%(prog)s %(version)s")
@click.pass_context
def main(context):
    """Find faces, lines, circles and edges in photographs, and photographs in a collection.

    Without an image a command runs on a photograph that is installed with it.

    \b
    Examples:
      classicvision faces
      classicvision lines wall.jpg --output found
      classicvision COMMAND --help
    """
    if context.invoked_subcommand is None:
        click.echo(context.get_help())
