"""``classicvision circles``: circles, filled or drawn."""

import functools
import json

import click

from classicvision.cli._messages import result
from classicvision.cli._run import Number, image_command, run
from classicvision.images import CIRCLES_SAMPLE


@image_command
@click.option(
    "--min-radius",
    type=Number(min=1),
    metavar="PIXELS",
    help="Of the smallest circle (a sixtieth of the image's shorter side, at least 5).",
)
@click.option(
    "--max-radius",
    type=Number(min=1),
    metavar="PIXELS",
    help="Of the largest circle (half the image's shorter side).",
)
@click.option(
    "--threshold",
    type=Number(min=0, max=1, min_open=True),
    default=0.6,
    metavar="PART",
    help="Leave out circles of which less than this part is seen (0.6: among circles of all sizes "
    "more are seen by chance than among those of a known size, for which 0.5 does).",
)
@click.option(
    "--max-circles",
    type=click.IntRange(min=1),
    metavar="N",
    help="Find the N best only.",
)
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object for each image.")
def circles(inputs, as_json, **options):
    """Find circles in photographs.

    Prints a line for each image, and below it one for each circle, the best first: x and y of
    its centre, its radius, in pixels, and its votes, the edge pixels on it.

    \b
    Examples:
      classicvision circles --output found
      classicvision circles coins.jpg --min-radius 20 --max-radius 60
      classicvision circles "plates/*.png" --threshold 0.7 --json
    """
    low, high = options["min_radius"], options["max_radius"]
    if low is not None and high is not None and low > high:
        raise click.UsageError(
            f"--min-radius must be at most --max-radius, got {low:g} and {high:g}"
        )
    return run(
        inputs,
        sample=CIRCLES_SAMPLE,
        find=functools.partial(_find, options),
        draw=_draw,
        report=_print_json if as_json else _print,
    )


def _find(options, image):
    from classicvision.hough.circles import hough_circles
    from classicvision.images import as_uint8

    shorter = min(image.shape[:2])
    low, high = options["min_radius"], options["max_radius"]
    low = max(5, shorter / 60) if low is None else low
    high = max(low, shorter / 2) if high is None else high
    radii = {"min_radius": min(low, high), "max_radius": high}
    return hough_circles(as_uint8(image), **{**options, **radii})


def _draw(image, found):
    from classicvision.drawing import draw

    return draw(image, found)


def _print(done):
    found = done.result
    text = [f"{done.name}: {len(found)} circle{'' if len(found) == 1 else 's'}"]
    for (x, y), radius, votes in zip(found.centers, found.radii, found.votes, strict=True):
        text.append(f"  {x:.1f} {y:.1f}  radius {radius:.1f}  votes {votes}")
    result("\n".join(text))


def _print_json(done):
    result(json.dumps({**done.about(), **done.result.to_dict()}))
