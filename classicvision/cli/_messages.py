"""What the commands say: results on standard output, everything else on standard error."""

import shlex
import sys

import click

# What the library's messages suggest, and no command has an option for.
_NO_OPTIONS = ", or raise max_pixels if you trust it", ", or joint=False"


def result(text):
    """Print a result at once, so that a pipe gets it and an interrupted run has given it."""
    _print(text, sys.stdout)


def message(text):
    """Print one line on standard error."""
    _print(f"classicvision: {' '.join(str(text).split())}", sys.stderr)


def error(text):
    """Print one line on standard error that says what failed."""
    text = str(text)
    for remedy in _NO_OPTIONS:
        text = text.replace(remedy, "")
    message(f"error: {text}")


def update_hint(index):
    """Return what to do about pictures that have changed since they were indexed."""
    return f"run classicvision index -o {quoted(index)} --update"


def quoted(path):
    """Return a file's name as a command that is suggested has it."""
    from classicvision.images.reading import display_name

    return shlex.quote(display_name(path))


def _print(text, stream):
    if stream is None:  # it was closed before the program began
        return
    if "tqdm" in sys.modules and stream.isatty():
        from tqdm import tqdm

        tqdm.write(text, file=stream)  # takes the progress bar away and puts it back below
    else:
        click.echo(text, file=stream)
