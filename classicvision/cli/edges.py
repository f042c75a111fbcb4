"""``classicvision edges``: Canny's edges."""

import functools
import json

import click

from classicvision.cli._messages import result
from classicvision.cli._run import Number, image_command, run
from classicvision.images import FACES_SAMPLE

_LOW, _HIGH = 100.0, 200.0


@image_command
@click.option(
    "--low",
    type=Number(min=0),
    metavar="GRADIENT",
    help="Weaker edges are dropped (100, or half of --high).",
)
@click.option(
    "--high",
    type=Number(min=0),
    metavar="GRADIENT",
    help="Edges start where it is steeper than this (200, or twice --low).",
)
@click.option(
    "--sigma",
    type=Number(min=0, max=1000),
    default=0,
    metavar="PIXELS",
    help="Smooth with a Gaussian first (0: do not).",
)
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object for each image.")
def edges(inputs, low, high, sigma, as_json):
    """Find edges in photographs (Canny's detector).

    Prints how many pixels are edges; the pictures in --output show them in white on black. At a
    step of h levels of gray, of 256, the gradient is 4 h.

    \b
    Examples:
      classicvision edges --output found
      classicvision edges --low 50 --high 150 --sigma 1.4 photo.jpg -o found
    """
    if low is None:
        low = _LOW if high is None else high / 2
    if high is None:
        high = max(_HIGH, 2 * low) if low == _LOW else 2 * low
    if low > high:
        raise click.UsageError(f"--low must be at most --high, got {low:g} and {high:g}")
    return run(
        inputs,
        sample=FACES_SAMPLE,
        find=functools.partial(_find, low, high, sigma),
        draw=_draw,
        report=_print_json if as_json else _print,
        suffix=".png",
    )


def _find(low, high, sigma, image):
    from classicvision.edges.canny import canny
    from classicvision.images import as_uint8

    return canny(as_uint8(image), low, high, sigma=sigma)


def _draw(image, found):
    return found


def _print(done):
    count = int(done.result.sum())
    share = 100 * count / done.result.size
    result(f"{done.name}: {count} edge pixel{'' if count == 1 else 's'} ({share:.1f} %)")


def _print_json(done):
    result(json.dumps({**done.about(), "edge_pixels": int(done.result.sum())}))
