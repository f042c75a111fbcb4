"""``classicvision index``: a folder of pictures, to be searched in afterwards."""

import json
import os

import click

from classicvision.cli._messages import error, message, result
from classicvision.cli._run import jobs_option

_DONE, _SOME_SKIPPED, _REFUSED, _FAILED, _INTERRUPTED = 0, 1, 2, 1, 130


@click.command("index")
@click.argument("paths", metavar="[IMAGE|FOLDER|GLOB]...", nargs=-1)
@click.option("-o", "--output", metavar="DIR", required=True, help="The folder of the index.")
@click.option(
    "--update",
    is_flag=True,
    help="Also take out pictures that are gone. Without FOLDER: those that it was made of.",
)
@click.option(
    "--words",
    type=click.IntRange(1, 1_000_000),
    metavar="N",
    help="Visual words to learn for a new index (4096, fewer from few pictures).",
)
@click.option("--vocabulary", metavar="FILE", help="Visual words learned before, as saved.")
@click.option(
    "--max-side",
    type=click.IntRange(16, 100_000),
    metavar="PIXELS",
    help="Reduce larger pictures to this for a new index (640).",
)
@click.option(
    "--keypoints",
    type=click.IntRange(1, 100_000),
    metavar="N",
    help="Keep so many of a picture at most in a new index (1000).",
)
@click.option("--compact", is_flag=True, help="Give back the space of pictures taken out.")
@jobs_option("Pictures at a time; -1 for as many as there are cores. The index is the same.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object.")
def index(paths, output, update, compact, jobs, as_json, **options):
    """Index pictures, so that they, or parts of them, are found again in milliseconds.

    Without pictures those are indexed that are installed with the program. An index that is
    there gets what is new and what has changed. After Ctrl-C, or a crash, the same command goes
    on where it was.

    \b
    Examples:
      classicvision index photos/ -o photos.index
      classicvision index "scans/*.tif" more/ -o scans.index --jobs 4
      classicvision index -o photos.index --update --compact
    Then:
      classicvision search photos.index part.jpg
    """
    if "" in (output, *paths):
        raise click.UsageError("an input has no name: ''")
    skipped = []

    def skip(path, problem):
        skipped.append(path)
        text, name = str(problem), _display(path)
        error(text if text.startswith(name) else f"{name}: {text}")

    given = {"n_jobs": jobs, "verbose": 1, "on_error": skip}
    try:
        made = _indexed(paths, output, update, options, given)
        if compact:
            made.compact()
    except KeyboardInterrupt:
        message(f"interrupted; {_left(output)}; the same command goes on")
        return _INTERRUPTED
    except (ValueError, FileNotFoundError, BlockingIOError) as problem:
        error(problem)
        return _REFUSED
    except OSError as problem:
        error(problem)
        return _FAILED
    _report(made, output, as_json)
    return _SOME_SKIPPED if skipped else _DONE


def _indexed(paths, output, update, options, given):
    from classicvision.retrieval.image_index import ImageIndex

    if update:
        if any(value is not None for value in options.values()):
            raise ValueError("--update keeps the words and the parameters of the index")
        made = ImageIndex(output)
        made.update(paths or None, **given)
        return made
    names = ("words", "n_words"), ("max_side",) * 2, ("keypoints", "max_keypoints")
    chosen = {new: options[old] for old, new in names if options[old] is not None}
    return ImageIndex.build(
        paths or _samples(), output, vocabulary=options["vocabulary"], **chosen, **given
    )


def _samples():
    from classicvision.images.samples import SAMPLES, sample_path

    message(f"no pictures given: these are the {len(SAMPLES)} samples")
    return [sample_path(name) for name in SAMPLES]


def _left(output):
    """Return how much of an index is there."""
    from classicvision.retrieval.image_index import ImageIndex

    try:
        count = len(ImageIndex(output))
    except (OSError, ValueError):
        return "there is no index yet"
    return f"{_count(count)} in the index"


def _report(made, output, as_json):
    changes = made.changes._asdict()
    if as_json:
        result(json.dumps({"path": os.fspath(output), "images": len(made), **changes}))
        return
    done = ", ".join(f"{number} {what}" for what, number in changes.items() if number)
    result(f"{_display(output)}: {_count(len(made))} ({done or 'nothing to do'})")


def _count(number):
    return f"{number} picture{'' if number == 1 else 's'}"


def _display(path):
    from classicvision.images.reading import display_name

    return display_name(os.fspath(path))
