"""``classicvision evaluate``: how many objects a model finds, and how many false alarms."""

import io
import os

import click

from classicvision.cli._messages import error, message, result
from classicvision.cli._models import DEFAULT_MODEL, MODEL_HELP, load_model, usual_neighbors
from classicvision.cli._run import Number, jobs_option
from classicvision.images import FACES_SAMPLE

_SAMPLE_BOXES = [[176, 66, 274, 172]]  # the face of the sample, marked by hand
_FALSE_POSITIVES = (0.1, 0.5, 1, 2)  # per image
_MEAN_BETWEEN = (0.1, 2)


@click.command("evaluate")
@click.argument("annotations", required=False)
@click.option(
    "--model",
    default=DEFAULT_MODEL,
    metavar="NAME|XML",
    help=MODEL_HELP,
)
@click.option("--label", metavar="NAME", help="Look for the boxes of this class only.")
@click.option(
    "--match",
    type=click.Choice(["iou", "center"]),
    default="iou",
    help="iou: a box is right if it overlaps a true one by --iou-threshold; center: if its centre "
    "and its size are near a true one's, for boxes drawn tighter or wider than the model's.",
)
@click.option(
    "--iou-threshold",
    type=Number(min=0, max=1, min_open=True),
    default=0.5,
    metavar="SHARE",
    help="Least intersection over union (0.5).",
)
@click.option(
    "--scale-factor",
    type=Number(min=1, min_open=True),
    default=1.1,
    metavar="RATIO",
    help="Ratio of one searched size to the next smaller one (1.1).",
)
@click.option("--plot", type=click.Path(dir_okay=False), metavar="FILE", help="Draw the curve.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object with the curve.")
@jobs_option("Work on N images at a time; -1 for as many as there are cores.")
def evaluate(annotations, model, label, match, iou_threshold, scale_factor, plot, as_json, jobs):
    """Measure a cascade on annotated photographs.

    ANNOTATIONS is an OpenCV list (info.dat), a Pascal VOC file or folder of them, a COCO file, or
    a folder of YOLO labels; without it a photograph with one marked face is used that is
    installed with the package. A box counts if it matches a true one that no surer box matches;
    the score is the number of windows that agree.

    Prints how many of the objects are found with so many false positives per photograph, and
    recall and precision at the min-neighbors that classicvision faces takes for the model.

    \b
    Examples:
      classicvision evaluate
      classicvision evaluate faces/info.dat --match center --plot curve.png
      classicvision evaluate signs/ --model stop.xml --label stop --json
    """
    if annotations == "":
        raise click.UsageError("the annotations have no name: ''")
    figure = None if plot is None else _figure()
    detector = _load(model)
    name, images = _annotated(annotations, label)
    samples = _Samples(images)
    options = {"match": match, "scale_factor": scale_factor}
    if match == "iou":
        options["iou_threshold"] = iou_threshold
    curve = _evaluate(detector, samples, n_jobs=jobs, progress=True, **options)
    about = {"annotations": name, "model": model, **options}
    neighbors = usual_neighbors(model)
    result(_json(curve, about, neighbors) if as_json else _text(curve, name, neighbors))
    if figure is not None and not _save(figure, curve, plot):
        return 1
    return 1 if samples.failures else 0


def _figure():
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise click.ClickException("--plot needs matplotlib: pip install matplotlib") from None
    return Figure(figsize=(6, 4.5), layout="constrained")


def _load(model):
    import numpy as np

    detector = load_model(model)
    detector.detect(np.zeros(detector.window[::-1], np.uint8))  # compiles, so that none is timed
    return detector


def _annotated(annotations, label):
    """Return what the annotations are called, and (path, function of the shape) of each image."""
    from classicvision.images import sample_path

    if annotations is None:
        if label is not None:
            raise click.UsageError("--label needs ANNOTATIONS")
        path = str(sample_path(FACES_SAMPLE))
        message(f"no annotations given: this is the sample {os.path.basename(path)} with its face")
        return path, [(path, lambda shape: _SAMPLE_BOXES)]
    from classicvision.detection.samples import read_annotations

    try:
        images = read_annotations(annotations, label)
    except (OSError, ValueError) as problem:
        raise click.ClickException(str(problem)) from None
    return annotations, [(image.path, image.pixel_boxes) for image in images]


class _Samples:
    """Photographs with their boxes; those that cannot be used are reported and left out."""

    def __init__(self, images):
        self._images = images  # path, and a function of the shape that returns the boxes
        self.failures = 0

    def __len__(self):
        return len(self._images)

    def __iter__(self):
        from classicvision._checks import check_boxes
        from classicvision.images import read_image
        from classicvision.images.reading import display_name

        for path, boxes_for in self._images:
            try:
                image = read_image(path)
                sample = image, check_boxes(boxes_for(image.shape[:2]))
            except (OSError, ValueError) as problem:
                name, text = display_name(path), str(problem)
                error(text if text.startswith(name) else f"{name}: {text}")
                self.failures += 1
            else:
                yield sample


def _evaluate(detector, samples, **options):
    from classicvision.evaluation import evaluate_detector

    try:
        return evaluate_detector(detector, samples, **options)
    except ValueError as problem:  # nothing could be read, or there is nothing to find
        raise click.ClickException(str(problem)) from None


def _text(curve, name, neighbors):
    from classicvision.images.reading import display_name

    point = curve.operating_point(neighbors + 1)  # groups of more windows than that
    low, high = _MEAN_BETWEEN
    lines = [
        f"{display_name(name)}: {_count(curve.objects, 'object')} in "
        f"{_count(curve.images, 'image')}"
    ]
    for allowed in _FALSE_POSITIVES:
        rate = curve.detection_rate_at(allowed, per_image=True)
        lines.append(f"  {rate:.3f} found with at most {allowed:g} false positives an image")
    rate = curve.mean_detection_rate(low, high)
    lines += [
        f"  {rate:.3f} found on average between {low:g} and {high:g}",
        f"  {curve.average_precision:.3f} average precision",
        f"  {point.recall:.3f} recall at min-neighbors {neighbors}",
        f"  {point.precision:.3f} precision at min-neighbors {neighbors}",
        f"  {1e3 * curve.seconds_per_image:.1f} ms an image",
    ]
    return "\n".join(lines)


def _count(number, what):
    return f"{number} {what}{'' if number == 1 else 's'}"


def _json(curve, about, neighbors):
    point = curve.operating_point(neighbors + 1)
    rates = {
        f"{allowed:g}": curve.detection_rate_at(allowed, per_image=True)
        for allowed in _FALSE_POSITIVES
    }
    return curve.to_json(
        **about,
        detection_rate_at=rates,
        mean_detection_rate=curve.mean_detection_rate(*_MEAN_BETWEEN),
        operating_point={"min_neighbors": neighbors, **point._asdict()},
    )


def _save(figure, curve, path):
    """Draw detection rate against false positives per image; return whether it was written."""
    import numpy as np

    from classicvision.images import write_bytes

    axes = figure.add_subplot(
        xlabel="false positives per image", ylabel="detection rate", xscale="log", ylim=(0, 1.02)
    )
    least = 0.5 / curve.images  # where a logarithmic axis has those without false positives
    axes.step(
        np.maximum(curve.false_positives / curve.images, least), curve.detection_rate, where="post"
    )
    axes.grid(alpha=0.3)
    buffer = io.BytesIO()
    try:
        figure.savefig(buffer, format=os.path.splitext(path)[1][1:].lower() or "png")
        write_bytes(path, buffer.getbuffer())
    except (OSError, ValueError) as problem:
        error(problem)
        return False
    return True
