"""``classicvision index``: a folder of pictures, to be searched in afterwards."""

import json
import os
import re

import click

from classicvision.cli._messages import error, message, result
from classicvision.cli._run import jobs_option

_WRONG_NAMES = FileNotFoundError, FileExistsError, NotADirectoryError, IsADirectoryError
_OPTIONS = {"n_words": "--words", "max_side": "--max-side", "max_keypoints": "--keypoints"}
_DONE, _SOME_SKIPPED, _REFUSED, _FAILED, _INTERRUPTED = 0, 1, 2, 1, 130


@click.command("index")
@click.argument("paths", metavar="[IMAGE|FOLDER|GLOB]...", nargs=-1)
@click.option("-o", "--output", metavar="DIR", required=True, help="The folder of the index.")
@click.option(
    "--update",
    is_flag=True,
    help="Also take out pictures that are gone, unless their folder, and each indexed folder above "
    "it, is gone or empty: the disk may be missing. For that, index a disk that is mounted in a "
    "folder by its own name too. Without FOLDER: of all that the index was made of.",
)
@click.option(
    "--remove",
    multiple=True,
    metavar="PATH",
    help="Take a picture out of the index, or all of a folder. The files stay: --update brings "
    "back those of folders that the index was made of. Again for more.",
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
@click.option(
    "--verify", is_flag=True, help="Read all of the index, and say what is damaged; change nothing."
)
@jobs_option("Pictures at a time; -1 for as many as there are cores. The index is the same.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object.")
def index(paths, output, update, remove, compact, verify, jobs, as_json, **options):
    """Index pictures, so that they, or parts of them, are found again in a fraction of a second.

    A new index without pictures is of those that are installed with the program. An index that
    is there gets what is new and what has changed. After Ctrl-C, or a crash, the same command
    goes on where it was; while the visual words are being learned, from up to 400 pictures, it
    starts again.

    Of a folder all pictures in it and below are taken, by the extensions of their names (.jpg,
    .png, ...); links to folders are not followed. An index knows pictures by their folders from
    the root on: after moving them, --remove the old folder and index the new one.

    Exit codes: 0 all done; 1 some pictures were skipped, or the run failed (a full disk, another
    process that writes to the index), or --verify found damage; 2 wrong usage, no rights, or
    nothing could be read.

    \b
    Examples:
      classicvision index photos/ -o photos.index
      classicvision index "scans/*.tif" more/ -o scans.index --jobs 4
      classicvision index -o photos.index --update --compact
      classicvision index -o photos.index --remove photos/2019 --remove photos/a.jpg
      classicvision index -o photos.index --verify
    Then:
      classicvision search photos.index part.jpg
    """
    if "" in (output, *paths, *remove):
        raise click.UsageError("an input has no name: ''")
    parameters = any(value is not None for value in options.values())
    if verify and (paths or update or remove or compact or parameters or jobs != 1):
        raise click.UsageError("--verify goes alone; add or remove pictures afterwards")
    if remove and (paths or update or parameters):
        raise click.UsageError("--remove goes with --compact alone; add pictures afterwards")
    if options["words"] is not None and options["vocabulary"] is not None:
        raise click.UsageError("--words goes without --vocabulary, which has its words")
    skipped = []

    def skip(path, problem):
        skipped.append(path)
        text, name = str(problem), _display(path)
        error(text if text.startswith(name) else f"{name}: {text}")

    given = {"n_jobs": jobs, "verbose": 1, "on_error": skip}
    try:
        if verify:
            return _verified(output, as_json)
        if update:
            made = _updated(paths, output, options, given)
        elif remove:
            made = _without(remove, output)
        elif not paths and (compact or _has_words(output)):
            made = _unchanged(output, compact, options)
        else:
            made = _built(paths or _samples(), output, options, given)
        if compact:
            made.compact()
    except KeyboardInterrupt:
        message("interrupted" if verify else f"interrupted; {_left(output)}")
        return _INTERRUPTED
    except ValueError as problem:
        error(_in_options(str(problem)))
        return _REFUSED
    except (*_WRONG_NAMES, PermissionError) as problem:
        error(problem)
        return _REFUSED
    except OSError as problem:
        error(problem)
        return _FAILED
    _report(made, output, as_json)
    if not skipped:
        return _DONE
    return _SOME_SKIPPED if any(made.changes[:-1]) else _REFUSED


def _updated(paths, output, options, given):
    from classicvision.retrieval.image_index import ImageIndex

    if any(value is not None for value in options.values()):
        raise ValueError("--update keeps the words and the parameters of the index")
    made = ImageIndex(output)
    made.update(paths or None, **given)
    return made


def _without(paths, output):
    from classicvision.retrieval.image_index import ImageIndex

    made = ImageIndex(output)
    made.remove(paths)
    return made


def _unchanged(output, compact, options):
    """Open an index that is there, and that no picture is to be added to."""
    from classicvision.retrieval.image_index import ImageIndex

    made = ImageIndex(output)
    if not compact or any(value is not None for value in options.values()):
        raise click.UsageError(
            f"{_display(output)} is an index: give pictures to add, --update, --remove or --compact"
        )
    return made


def _verified(output, as_json):
    """Print what is damaged in an index; return the exit code."""
    from classicvision.retrieval._catalogue import NoIndexError
    from classicvision.retrieval.image_index import ImageIndex

    damages, images = [], None

    def tell(path, problem):
        damages.append(str(problem))
        error(problem)

    try:
        made = ImageIndex(output)
        images = len(made)
        made.verify(on_error=tell)
    except NoIndexError:
        raise
    except ValueError as problem:  # it cannot even be opened
        tell(output, problem)
    if as_json:
        result(json.dumps({"path": os.fspath(output), "images": images, "damages": damages}))
    elif not damages:
        result(f"{_display(output)}: OK, {_count(images)}")
    return _FAILED if damages else _DONE


def _built(paths, output, options, given):
    from classicvision.retrieval.image_index import ImageIndex

    names = ("words", "n_words"), ("max_side",) * 2, ("keypoints", "max_keypoints")
    chosen = {new: options[old] for old, new in names if options[old] is not None}
    return ImageIndex.build(paths, output, vocabulary=options["vocabulary"], **chosen, **given)


def _in_options(text):
    """Return a message of the library with the options of the command for its arguments."""
    names = "|".join(_OPTIONS)
    text = re.sub(f"^({names}) must", lambda found: f"{_OPTIONS[found[1]]} must", text)
    return re.sub(f"an index with ({names})=", lambda f: f"an index with {_OPTIONS[f[1]]} ", text)


def _samples():
    from classicvision.images.samples import SAMPLES, sample_path

    message(f"no pictures given: these are the {len(SAMPLES)} samples")
    return [sample_path(name) for name in SAMPLES]


def _has_words(output):
    """Say whether there is an index whose words are learned."""
    from classicvision.retrieval._catalogue import CATALOGUE
    from classicvision.retrieval.image_index import ImageIndex

    if not os.path.exists(os.path.join(output, CATALOGUE)):
        return False
    return ImageIndex(output).parameters["n_words"] > 0


def _left(output):
    """Return how much of an index is there, and what the same command does with it."""
    from classicvision.retrieval.image_index import ImageIndex

    try:
        index = ImageIndex(output)
    except (OSError, ValueError):
        return "there is no index yet; the same command starts again"
    if index.parameters["n_words"] == 0:
        return "the words are not learned yet; the same command starts again"
    return f"{_count(len(index))} in the index; the same command goes on"


def _report(made, output, as_json):
    from classicvision.retrieval._indexing import Changes

    changes = (made.changes or Changes())._asdict()
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
