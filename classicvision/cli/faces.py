"""``classicvision faces``: find faces, or whatever a cascade was trained for."""

import dataclasses
import functools
import json
import os

import click

from classicvision.cli._messages import result
from classicvision.cli._models import DEFAULT_MODEL, MODEL_HELP, load_model, usual_neighbors
from classicvision.cli._run import Number, Size, image_command, run
from classicvision.images import FACES_SAMPLE

_FACE = "face"  # the label of the installed model; that of a file is its name


@image_command
@click.option(
    "--model",
    default=DEFAULT_MODEL,
    metavar="NAME|XML",
    help=MODEL_HELP,
)
@click.option(
    "--scale-factor",
    type=Number(min=1, min_open=True),
    default=1.1,
    metavar="RATIO",
    help="Ratio of one searched size to the next smaller one (1.1).",
)
@click.option(
    "--min-neighbors",
    type=click.IntRange(min=0),
    metavar="N",
    help="Report groups of more than N windows (4 with our models, 3 with others); 0: every "
    "window.",
)
@click.option("--min-size", type=Size(), metavar="PIXELS", help="Smallest face: 40 or 40x60.")
@click.option("--max-size", type=Size(), metavar="PIXELS", help="Largest face.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object for each image.")
@click.option(
    "--format",
    type=click.Choice(["json", "coco", "voc", "yolo"]),
    help="json: as --json; coco: print one COCO document; voc, yolo: write label files into "
    "--output, beside the annotated pictures.",
)
def faces(inputs, model, as_json, format, **options):
    """Find faces in photographs.

    Prints a line for each image, and below it one for each face: left, top, right, bottom in
    pixels (right and bottom exclusive) and the score, the number of windows that agree.

    \b
    Examples:
      classicvision faces
      classicvision faces photo.jpg holiday/ "scans/*.png" --output found
      classicvision faces --min-size 80 --json clip.mp4 > faces.jsonl
      cat photo.jpg | classicvision faces - --format coco
    """
    if as_json and format not in (None, "json"):
        raise click.UsageError(f"--json and --format {format} exclude each other")
    if format in ("voc", "yolo") and inputs.output is None:
        raise click.UsageError(f"--format {format} writes files: give --output DIR")
    sizes = options["min_size"], options["max_size"]
    if None not in sizes and any(low > high for low, high in zip(*sizes, strict=True)):
        raise click.UsageError("--min-size must be at most --max-size")
    if options["min_neighbors"] is None:
        options["min_neighbors"] = usual_neighbors(model)
    detector = load_model(model)
    label = os.path.splitext(os.path.basename(model))[0] if os.path.exists(model) else _FACE
    find = functools.partial(_find, detector, label, options)
    coco = {"images": [], "annotations": [], "categories": [{"id": 0, "name": label}]}
    report = {None: _print, "voc": _print, "yolo": _print, "json": _print_json}.get(
        "json" if as_json else format, functools.partial(_collect, coco)
    )
    export = {"voc": _voc, "yolo": _yolo}.get(format)
    code = run(
        inputs,
        sample=FACES_SAMPLE,
        find=find,
        draw=_draw,
        report=report,
        export=export,
        reserved=("classes",) if format == "yolo" else (),
    )
    if format == "coco" and code != 2:
        result(json.dumps(coco))
    if format == "yolo" and code != 2:
        from classicvision.images import write_bytes

        write_bytes(os.path.join(inputs.output, "classes.txt"), f"{label}\n".encode())
    return code


def _find(detector, label, options, image):
    return dataclasses.replace(detector.detect(image, **options), names=(label,))


def _draw(image, found):
    from classicvision.drawing import draw

    return draw(image, found)


def _print(done):
    found = done.result
    count = len(found)
    noun = "face" if found.names == (_FACE,) else "object"
    lines = [f"{done.name}: {count} {noun}{'' if count == 1 else 's'}"]
    for box, score in zip(found.boxes.tolist(), found.scores.tolist(), strict=True):
        lines.append("  {:g} {:g} {:g} {:g}".format(*box) + f"  score {score:g}")
    result("\n".join(lines))


def _print_json(done):
    result(done.result.to_json(**done.about()))


def _collect(coco, done):
    """Add an image and its boxes to a COCO document; ids count from 1."""
    image = {
        "id": len(coco["images"]) + 1,
        "file_name": done.path,
        "width": done.width,
        "height": done.height,
    }
    coco["images"].append(image)
    for annotation in done.result.to_coco(image["id"]):
        coco["annotations"].append({"id": len(coco["annotations"]) + 1, **annotation})


def _voc(done):
    name = os.path.basename(done.path)
    return ".xml", done.result.to_voc(done.width, done.height, filename=name)


def _yolo(done):
    return ".txt", done.result.to_yolo(done.width, done.height)
