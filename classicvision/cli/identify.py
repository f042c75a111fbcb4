"""``classicvision identify``: which of the known objects a picture shows, by its colours."""

import functools
import json
import os

import click

from classicvision._parallel import parallel_map
from classicvision.cli._messages import error, message, result
from classicvision.cli._run import Inputs, Number, jobs_option, run
from classicvision.images.reading import display_name

_SAMPLE = "coffee"
_SAMPLES = ("astronaut", "chelsea", "china", "coffee", "flower", "rocket")
_METRICS = (
    "intersection", "euclidean", "chi2", "bhattacharyya", "kl", "js", "emd", "correlation", "ks",
)  # fmt: skip
_BINS = {
    "rgb": (8,),
    "rg": (16,),
    "hsv": (16, 4, 4),
    "lab": (16,),
    "opponent": (16, 16, 8),
    "gray": (64,),
}


class Bins(click.ParamType):
    """Numbers of bins: ``8`` for all channels, or ``16,4,4``."""

    name = "bins"

    def convert(self, value, param, ctx):
        if isinstance(value, tuple):
            return value
        parts = value.split(",")
        if not all(part.isascii() and part.isdigit() for part in parts):
            self.fail(f"{value!r} is not a number of bins, nor one for each channel, as 16,4,4.",
                      param, ctx)  # fmt: skip
        return tuple(int(part[:9]) for part in parts)


@click.command("identify")
@click.argument("folder", required=False)
@click.argument("images", metavar="[IMAGE|FOLDER|GLOB|VIDEO|-]...", nargs=-1)
@click.option(
    "--space",
    type=click.Choice(list(_BINS)),
    default="hsv",
    help="The colours' space (hsv).",
)
@click.option(
    "--metric",
    type=click.Choice(_METRICS),
    default="bhattacharyya",
    help="How histograms are compared (bhattacharyya); ks: in gray only.",
)
@click.option(
    "--bins",
    type=Bins(),
    metavar="N[,N,N]",
    help="Bins of all channels, or of each (hsv 16,4,4; rgb 8; rg 16; lab 16; opponent 16,16,8; "
    "gray 64).",
)
@click.option(
    "--crop",
    type=Number(min=0, max=1, min_open=True),
    default=1,
    metavar="SHARE",
    help="Look at this share of width and height, in the middle (1).",
)
@click.option(
    "--top",
    type=click.IntRange(min=1),
    default=3,
    metavar="N",
    help="Print the N nearest objects (3).",
)
@click.option(
    "--reject",
    type=Number(min=-1),
    metavar="VALUE",
    help="Call it unknown where the nearest object is less similar than VALUE (intersection, "
    "correlation), or further away (the others).",
)
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object for each image.")
@jobs_option("Work on N images at a time; -1 for as many as there are cores.")
def identify(folder, images, top, reject, as_json, jobs, **options):
    """Tell which known object each image shows, by its colours.

    FOLDER has a folder of pictures for each object, named after it, or one picture of each, whose
    file name is the object's. Without FOLDER and IMAGE photographs are used that are installed
    with the package.

    Prints a line for each image, with the object whose nearest view is most like it, or
    "unknown", and below it one for each of the nearest objects, with the value of the metric.

    hsv, its bins and bhattacharyya told photographs of 45 fruits and vegetables apart best by
    leave-one-out, with --crop 0.7: 0.72 there, 0.42 on other photographs. The library's
    ColorIdentifier() has 8 bins of rgb instead, as color_histogram.

    \b
    Examples:
      classicvision identify
      classicvision identify groceries/ basket.jpg --top 5
      classicvision identify groceries/ "photos/*.jpg" --space rg --metric js --json
      classicvision identify groceries/ new/ --crop 0.7 --reject 0.6
    """
    if folder is not None and not images:
        raise click.UsageError("give an IMAGE, too, besides the FOLDER of known objects")
    if folder == "":
        raise click.UsageError("the folder has no name: ''")
    options["bins"] = options["bins"] or _BINS[options["space"]]
    failed = []
    try:
        known = _known_objects(folder, options, jobs, failed)
    except (OSError, ValueError) as problem:
        raise click.ClickException(str(problem)) from None
    code = run(
        Inputs(images, None, None, jobs),
        sample=_SAMPLE,
        find=functools.partial(_find, known, top, reject),
        draw=None,
        report=_print_json if as_json else functools.partial(_print, options["metric"]),
    )
    return 1 if failed and code == 0 else code


def _known_objects(folder, options, jobs, failed):
    """Return an identifier that has seen all that can be read of the folder."""
    from classicvision.color.identification import ColorIdentifier

    bins = options.pop("bins")
    identifier = ColorIdentifier(bins[0] if len(bins) == 1 else bins, n_jobs=jobs, **options)
    identifier.histograms([])  # so that options which do not go together are told first
    labels = []
    views = _sample_views() if folder is None else _views(folder, failed)
    identifier.fit(_noting(labels, views), labels)
    return identifier.set_params(n_jobs=None)  # images are looked at side by side, each by one


def _noting(labels, views):
    """Yield the images of views, and append their labels."""
    for label, image in views:
        labels.append(label)
        yield image
    if not labels:
        raise ValueError("no view of an object can be read")


def _sample_views():
    """Yield the left half of each sample photograph."""
    from classicvision.images import sample_image

    message("no folder given: the objects are the left halves of the sample photographs")
    for name in _SAMPLES:
        image = sample_image(name)
        yield name, image[:, : image.shape[1] // 2]


def _views(folder, failed):
    """Yield (label, image) of the pictures of a folder; errors are printed and collected."""
    from classicvision.images import expand_paths

    if not os.path.isdir(folder):
        what = "not a folder" if os.path.lexists(folder) else "no such folder; check its name"
        raise ValueError(f"{display_name(folder)}: {what}")
    paths = expand_paths(folder)
    shown = {"description": "known objects", "progress": len(paths) > 1}
    for path, image, problem in parallel_map(_read, paths, n_jobs=1, **shown):
        parts = os.path.relpath(path, folder).split(os.sep)
        label = parts[0] if len(parts) > 1 else os.path.splitext(parts[0])[0]
        if problem is None:
            yield label, image
        else:
            failed.append(path)
            error(problem)


def _read(path):
    """Return a path, its picture, and why it cannot be read."""
    from classicvision.images import read_image

    try:
        return path, read_image(path), None
    except (OSError, ValueError) as problem:
        return path, None, problem


def _find(known, top, reject, image):
    """Return the label, None if it is rejected, and the nearest objects with their values."""
    import numpy as np

    from classicvision.color.comparison import metric_is_similarity

    scores = known.similarities([image])[0]
    order = np.argsort(-scores, kind="stable")[:top]
    sign = 1 if metric_is_similarity(known.metric) else -1
    labels, values = known.classes_[order].tolist(), (sign * scores[order] + 0.0).tolist()
    rejected = reject is not None and scores[order[0]] < sign * reject
    return None if rejected else labels[0], labels, values


def _print(metric, done):
    label, labels, values = done.result
    lines = [f"{done.name}: {'unknown' if label is None else display_name(label)}"]
    for name, value in zip(labels, values, strict=True):
        lines.append(f"  {display_name(name)}  {metric} {value:.4g}")
    result("\n".join(lines))


def _print_json(done):
    label, labels, values = done.result
    found = {"label": label, "labels": labels, "scores": values}
    result(json.dumps({**done.about(), **found}))
