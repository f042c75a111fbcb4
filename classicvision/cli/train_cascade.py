"""``classicvision train-cascade``: a detector of one's own, from pictures of the object."""

import os

import click

from classicvision.cli._messages import error, message
from classicvision.cli._run import Number, Size, jobs_option

_FINISHED, _FAILED, _REFUSED, _INTERRUPTED = 0, 1, 2, 130


@click.command("train-cascade")
@click.argument("positives")
@click.argument("negatives", nargs=-1)
@click.option(
    "-o", "--output", required=True, metavar="XML", help="The model to write: a name.xml."
)
@click.option("--label", metavar="NAME", help="Learn the boxes of this class only.")
@click.option(
    "--window",
    type=Size(),
    default="24",
    metavar="WxH",
    help="Smallest object in pixels, and its shape (24x24).",
)
@click.option(
    "--margin",
    type=Number(min=-0.4, max=2),
    default=0.0,
    metavar="SHARE",
    help="Surroundings to learn on each side of a box, as a share of its size (0).",
)
@click.option(
    "--augment",
    type=click.IntRange(min=0, max=100_000),
    default=2000,
    metavar="N",
    help="Shift, scale, turn and relight fewer positives until there are N (2000); 0: take them "
    "as they are.",
)
@click.option("--mirror", is_flag=True, help="Mirror half of those made.")
@click.option(
    "--rotation",
    type=Number(min=0, max=180),
    default=12.0,
    metavar="DEGREES",
    help="Turn those made by up to so much (12).",
)
@click.option(
    "--validation",
    type=Number(min=0, max=0.9),
    default=0.0,
    metavar="SHARE",
    help="Positives held back, on which the hit rate is measured (0).",
)
@click.option("--features", type=click.Choice(["haar", "lbp"]), default="haar", help="(haar).")
@click.option(
    "--haar-mode",
    type=click.Choice(["basic", "core", "all"]),
    default="basic",
    help="basic (the default); core: more upright features; all: tilted ones too.",
)
@click.option(
    "--boosting",
    type=click.Choice(["gentle", "real", "discrete", "logit"]),
    default="gentle",
    help="Kind of AdaBoost (gentle).",
)
@click.option(
    "--stages", type=click.IntRange(1, 1000), default=20, metavar="N", help="At most (20)."
)
@click.option(
    "--min-hit-rate",
    type=Number(min=0, max=1, min_open=True),
    default=0.995,
    metavar="RATE",
    help="Share of the objects that each stage passes on (0.995).",
)
@click.option(
    "--max-false-alarm-rate",
    type=Number(min=0, max=1, min_open=True),
    default=0.5,
    metavar="RATE",
    help="Share of the other windows that it may pass on (0.5).",
)
@click.option(
    "--max-weak-learners",
    type=click.IntRange(1, 100_000),
    default=100,
    metavar="N",
    help="Of a stage (100).",
)
@click.option(
    "--depth",
    type=click.IntRange(1, 20),
    default=1,
    metavar="N",
    help="Of a weak learner; 1, the default, is a stump.",
)
@click.option(
    "--negatives-per-stage",
    type=click.IntRange(1, 10_000_000),
    metavar="N",
    help="Windows without the object (as many as positives).",
)
@click.option(
    "--max-windows",
    type=click.IntRange(min=1),
    default=2_000_000_000,
    metavar="N",
    help="Windows to search for those of a stage at most (2000000000).",
)
@click.option(
    "--seed",
    type=click.IntRange(0, 2**63 - 1),
    default=0,
    metavar="N",
    help="Of all random numbers (0): the same samples, options and seed give the same model.",
)
@jobs_option("Threads; -1 for as many as there are cores. The model does not depend on it.")
@click.option("-v", "--verbose", is_flag=True, help="A line for each weak learner.")
def train_cascade(output, **options):
    """Train a detector from pictures of an object.

    POSITIVES are annotated photographs: a folder of Pascal VOC or YOLO files, a COCO file or
    OpenCV's info.dat; or crops of the object: a folder of pictures, a .vec or an .npz file.

    NEGATIVES are pictures without the object: folders, patterns, or .txt lists of files. With
    annotated photographs they may be left out: what surrounds the objects is taken; - stands for
    that among others.

    Writes the model, and a .json beside it that says how it was made. After Ctrl-C, or a crash,
    the same command goes on where it was.

    \b
    Examples:
      classicvision train-cascade cards/ -o card.xml --mirror
      classicvision train-cascade signs/ photos/ - -o sign.xml --features lbp
      classicvision train-cascade info.dat - "more/*.jpg" -o mug.xml --label mug
    Then:
      classicvision faces --model card.xml photo.jpg
    """
    from classicvision.cli._training import advised, read_samples, train, trainer_of
    from classicvision.cli._training_files import check_checkpoint, check_output, checkpoint_path

    checkpoint = checkpoint_path(output)
    try:
        check_output(output, [options["positives"], *options["negatives"]])
        trainer = trainer_of(**options)
        check_checkpoint(checkpoint, trainer)
        samples = read_samples(**options)
    except (OSError, ValueError, TypeError) as problem:  # TypeError: an .npz of another dtype
        error(advised(str(problem)))
        return _REFUSED
    except KeyboardInterrupt:
        message("interrupted; nothing was trained yet")
        return _INTERRUPTED
    try:
        train(output, checkpoint, samples, trainer)
    except ValueError as problem:
        error(problem)
        return _REFUSED
    except OSError as problem:
        error(problem)
        return _FAILED
    except KeyboardInterrupt:
        kept = os.path.exists(checkpoint)
        message(f"interrupted; {'the same command goes on' if kept else 'nothing is kept yet'}")
        return _INTERRUPTED
    return _FINISHED
