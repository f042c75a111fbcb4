"""What the commands share: their inputs, and a run over many images that bad ones do not end."""

import contextlib
import dataclasses
import functools
import math
import os
import sys
from dataclasses import dataclass

import click

from classicvision._jit import start_without_blas
from classicvision._parallel import parallel_map
from classicvision.cli._messages import error, message
from classicvision.cli._output import Output


@dataclass(frozen=True)
class Inputs:
    """The options that all commands on images have."""

    paths: tuple
    camera: int | None
    output: str | None
    jobs: int


def jobs_option(help):
    """Return the option ``--jobs`` of a command: -1, or 1 and above."""

    def check(context, parameter, value):
        if value == 0:
            raise click.BadParameter("must not be 0; use -1 for all cores", param_hint="--jobs")
        return value

    return click.option(
        "-j",
        "--jobs",
        type=click.IntRange(min=-1, max=1000),
        default=1,
        metavar="N",
        callback=check,
        help=help,
    )


def image_command(function):
    """Give a command the inputs, ``--camera``, ``--output`` and ``--jobs``, as one ``Inputs``."""

    @click.command(function.__name__)
    @click.argument("paths", metavar="[IMAGE|FOLDER|GLOB|VIDEO|-]...", nargs=-1)
    @click.option("--camera", type=click.IntRange(min=0), metavar="N", help="Watch camera N.")
    @click.option(
        "-o",
        "--output",
        type=click.Path(file_okay=False),
        metavar="DIR",
        help="Write annotated pictures into this folder, under the names of the inputs.",
    )
    @jobs_option("Work on N images at a time; -1 for as many as there are cores.")
    @functools.wraps(function)
    def command(paths, camera, output, jobs, **options):
        return function(Inputs(paths, camera, output, jobs), **options)

    return command


class Number(click.FloatRange):
    """A finite number in a range."""

    def convert(self, value, param, ctx):
        number = super().convert(value, param, ctx)
        if not math.isfinite(number):
            self.fail(f"{value} is not a finite number.", param, ctx)
        return number


class Size(click.ParamType):
    """A size in pixels: ``40``, or ``40x60`` for a width of 40 and a height of 60."""

    name = "size"

    def convert(self, value, param, ctx):
        if isinstance(value, tuple):
            return value
        sides = value.lower().split("x")
        if len(sides) > 2 or not all(side.isascii() and side.isdigit() for side in sides):
            self.fail(f"{value!r} is not a number of pixels, nor WIDTHxHEIGHT.", param, ctx)
        return int(sides[0][:9]), int(sides[-1][:9])


@dataclass(frozen=True)
class Done:
    """One image that a run is done with: its result, or what went wrong."""

    path: str
    width: int
    height: int
    result: object = None
    error: str | None = None

    @property
    def name(self):
        """What the input is called on a line for people."""
        return _display(self.path)

    def about(self):
        """What the JSON of every command begins with."""
        return {"path": self.path, "width": self.width, "height": self.height}


def run(inputs, *, sample, find, draw, report, export=None, suffix=None, reserved=()):
    """Go over the inputs; return the exit code.

    Parameters
    ----------
    inputs : Inputs
    sample : str
        The sample photograph to use where there is no input.
    find : callable
        ``find(image)`` returns a result. It, ``draw`` and ``export`` may run in other processes.
    draw : callable
        ``draw(image, result)`` returns the annotated picture.
    report : callable
        ``report(done)`` prints the result of each image, in order.
    export : callable, optional
        ``export(done)`` returns the suffix and the text of a file to write beside the picture.
    suffix, reserved
        As for `Output`.

    Returns
    -------
    int
        0: all done. 1: some input failed. 2: nothing could be read. 130: interrupted.
    """
    from classicvision.images import expand_paths

    failures = []

    def fail(path, text):
        failures.append(path)
        name = _display(path)
        text = str(text) or type(text).__name__
        error(text if text.startswith(name) else f"{name}: {text}")

    paths = expand_paths(_chosen(inputs, sample), on_error=fail)
    output = None
    if inputs.output is not None:
        command = click.get_current_context().info_name
        output = Output(inputs.output, paths, command, suffix=suffix, reserved=reserved)
    results = parallel_map(
        functools.partial(_work, find, draw, export),
        _items(paths, output, fail),
        n_jobs=inputs.jobs,
        total=len(paths),
        progress=len(paths) > 1,
    )
    count = 0
    try:
        with contextlib.closing(results):
            for done in results:
                if done.error is None:
                    report(done)
                else:
                    fail(done.path, done.error)
                count += 1
    except KeyboardInterrupt:
        message(f"interrupted; done: {count} image{'s' if count != 1 else ''}")
        return 130
    return 0 if not failures else 1 if count else 2


def _chosen(inputs, sample):
    """Return the paths and cameras to read: the sample where none was asked for."""
    from classicvision.images import sample_path

    if "" in inputs.paths:
        raise click.UsageError("an input has no name: ''")
    if inputs.paths.count("-") > 1:
        raise click.UsageError("'-' goes once: standard input is one image")
    if "-" in inputs.paths and sys.stdin is None:
        raise click.UsageError("there is no standard input to read '-' from")
    cameras = [] if inputs.camera is None else [inputs.camera]
    if inputs.paths or cameras:
        return [*inputs.paths, *cameras]
    path = sample_path(sample)
    message(f"no image given: this is the sample {path.name}")
    return [str(path)]


def _display(path):
    from classicvision.images.reading import display_name

    if path == "-":
        return "<stdin>"
    return display_name(f"camera{path}" if isinstance(path, int) else path)


def _items(paths, output, fail):
    """Yield (name, image, where its picture goes)."""
    from classicvision.images import iter_images

    for name, image in iter_images(paths, on_error=fail):
        yield name, image, None if output is None else output.picture_path(name)


def _work(find, draw, export, item):
    """Find, draw and write what is asked of one image."""
    start_without_blas()
    name, image, picture = item
    done = Done(name, image.shape[1], image.shape[0])
    try:
        done = dataclasses.replace(done, result=find(image))
        if picture is not None:
            _write(image, done, picture, draw, export)
    except (OSError, ValueError, MemoryError) as problem:
        return dataclasses.replace(done, error=str(problem) or type(problem).__name__)
    return done


def _write(image, done, picture, draw, export):
    from classicvision.images import write_bytes, write_image

    write_image(picture, draw(image, done.result))
    if export is not None:
        suffix, text = export(done)
        write_bytes(os.path.splitext(picture)[0] + suffix, text.encode("utf-8", "replace"))
