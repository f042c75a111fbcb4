"""``classicvision explain``: all stages of an algorithm in one picture."""

import os
import sys

import click

from classicvision.cli._messages import error, message, result
from classicvision.cli._models import MODEL_HELP
from classicvision.images import CIRCLES_SAMPLE, FACES_SAMPLE, LINES_SAMPLE


@click.command("explain")
@click.argument(
    "algorithm",
    type=click.Choice(["canny", "hough-lines", "hough-circles", "pyramid", "cascade"]),
)
@click.argument("image", required=False)
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    help="The picture to write (the algorithm's name and .png, in this folder).",
)
@click.option("--model", metavar="NAME|XML", help=f"Of cascade. {MODEL_HELP}")
def explain(algorithm, image, output, model):
    """Show the stages of an algorithm on a photograph, side by side in one picture.

    ALGORITHM is canny, hough-lines, hough-circles, pyramid or cascade. Without IMAGE a photograph
    is used that is installed with the package; - reads one from standard input.

    \b
    Examples:
      classicvision explain canny
      classicvision explain hough-lines building.jpg -o stages.png
      classicvision explain cascade photo.jpg --model face.xml
      cat photo.jpg | classicvision explain pyramid -
    """
    from classicvision.cli._stages import STAGES
    from classicvision.drawing import tile
    from classicvision.images import as_uint8, read_image, sample_path, write_image

    if image == "":
        raise click.UsageError("the image has no name: ''")
    if image is not None and os.path.isdir(image):
        raise click.UsageError(f"{image}: a folder; give one picture")
    if model is not None and algorithm != "cascade":
        raise click.UsageError(f"--model is for cascade: {algorithm} has no model")
    output = output or f"{algorithm}.png"
    _check_output(output, image)
    if image == "-" and sys.stdin is None:
        raise click.UsageError("there is no standard input to read '-' from")
    if image is None:
        sample = {"hough-lines": LINES_SAMPLE, "hough-circles": CIRCLES_SAMPLE}.get(
            algorithm, FACES_SAMPLE
        )
        image = str(sample_path(sample))
        message(f"no image given: this is the sample {os.path.basename(image)}")
    try:
        photograph = as_uint8(read_image(sys.stdin.buffer if image == "-" else image))
    except (OSError, ValueError) as problem:
        error(problem)
        raise click.exceptions.Exit(2) from None
    options = {} if model is None else {"model": model}
    try:
        write_image(output, tile(STAGES[algorithm](photograph, **options)))
    except (OSError, ValueError) as problem:
        error(problem)
        raise click.exceptions.Exit(1) from None
    result(output)


def _check_output(output, image):
    """Refuse names that cannot be written to, and the name of the photograph."""
    if os.path.isdir(output):
        raise click.UsageError(f"{output}: a folder; give the picture to write a name")
    folder = os.path.dirname(output) or "."
    if not os.path.isdir(folder):
        raise click.UsageError(f"{output}: there is no folder {folder}; make it first")
    exist = image is not None and os.path.exists(image) and os.path.exists(output)
    if exist and os.path.samefile(image, output):
        raise click.UsageError(f"{output}: the picture itself; give --output another name")
