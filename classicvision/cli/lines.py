"""``classicvision lines``: straight lines and segments."""

import functools
import json

import click

from classicvision.cli._messages import result
from classicvision.cli._run import Number, image_command, run
from classicvision.images import LINES_SAMPLE


@image_command
@click.option(
    "--threshold",
    type=Number(min=0),
    default=0,
    metavar="VOTES",
    help="Leave out lines, not segments, with no more edge pixels than this (0).",
)
@click.option(
    "--min-length",
    type=Number(min=0, min_open=True),
    metavar="PIXELS",
    help="Of lines (a fifth of the image's shorter side) and segments (a tenth).",
)
@click.option(
    "--max-gap",
    type=Number(min=0),
    metavar="PIXELS",
    help="In lines (2 % of the image's shorter side) and segments (1 %).",
)
@click.option("--segments", is_flag=True, help="Print and draw segments instead of whole lines.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object for each image.")
def lines(inputs, threshold, segments, as_json, **options):
    """Find straight lines and segments in photographs.

    Prints a line for each image, and below it one for each straight line: rho in pixels, theta
    in radians (rho = x cos theta + y sin theta) and its votes, the edge pixels on it; with
    --segments x1, y1, x2, y2 in pixels and votes. The JSON has both.

    \b
    Examples:
      classicvision lines --output found
      classicvision lines building.jpg --segments --min-length 60 -o found
      classicvision lines "boards/*.jpg" --json > lines.jsonl
    """
    return run(
        inputs,
        sample=LINES_SAMPLE,
        find=functools.partial(_find, threshold, options),
        draw=_draw_segments if segments else _draw_lines,
        report=_print_json if as_json else _print_segments if segments else _print_lines,
    )


def _find(threshold, options, image):
    from classicvision.hough.finding import find_lines

    straight, pieces = find_lines(image, **options)
    return straight[straight.votes > threshold], pieces


def _draw_lines(image, found):
    from classicvision.drawing import draw

    return draw(image, found[0])


def _draw_segments(image, found):
    from classicvision.drawing import draw

    return draw(image, found[1])


def _print_lines(done):
    straight = done.result[0]
    text = [f"{done.name}: {_count(straight, 'line')}"]
    for rho, theta, votes in zip(straight.rho, straight.theta, straight.votes, strict=True):
        text.append(f"  rho {rho:.1f}  theta {theta:.4f}  votes {votes}")
    result("\n".join(text))


def _print_segments(done):
    pieces = done.result[1]
    text = [f"{done.name}: {_count(pieces, 'segment')}"]
    for points, votes in zip(pieces.points.tolist(), pieces.votes.tolist(), strict=True):
        text.append("  {:g} {:g} {:g} {:g}".format(*points) + f"  votes {votes}")
    result("\n".join(text))


def _count(found, what):
    return f"{len(found)} {what}{'' if len(found) == 1 else 's'}"


def _print_json(done):
    straight, pieces = done.result
    segments = pieces.to_dict()["segments"]
    result(json.dumps({**done.about(), **straight.to_dict(), "segments": segments}))
