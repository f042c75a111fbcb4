"""``classicvision search``: where else a picture, or a part of it, appears."""

import contextlib
import functools
import json
import tempfile
from dataclasses import dataclass

import click

from classicvision.cli._messages import error, message, quoted, result, update_hint
from classicvision.cli._report_target import check_target
from classicvision.cli._run import Inputs, jobs_option, run

_FAILED, _REFUSED = 1, 2
_MOST_NAMES = 3  # of pictures that have changed
_SAMPLE = "coffee"


@dataclass(frozen=True)
class Found:
    """What a query found, and what the page shows of it."""

    findings: object
    figures: list

    @property
    def ranking(self):
        """The pictures, the best first."""
        return self.findings.ranking


@click.command("search")
@click.argument("index", metavar="[DIR]", required=False)
@click.argument("paths", metavar="[IMAGE|FOLDER|GLOB|VIDEO|-]...", nargs=-1)
@click.option(
    "--top", type=click.IntRange(1, 10_000), default=10, metavar="N", help="Pictures to show (10)."
)
@click.option(
    "--no-verify",
    is_flag=True,
    help="Do not look where in the 50 best it is, which takes most of the time.",
)
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object for each query.")
@click.option(
    "--report",
    metavar="HTML",
    help="Write a page of the queries, the pictures found and the points that match: a new file, "
    "or in the place of another page.",
)
@jobs_option("Search for N queries at a time; -1 for as many as there are cores.")
def search(index, paths, top, no_verify, as_json, report, jobs):
    """Find a picture, or what it shows a part of, in an index of pictures.

    DIR is what classicvision index has made. Prints for each query the pictures that have most
    in common with it: the score, and where the query was located, the number of points that
    agree (inliers) and x1, y1, x2, y2 of its place. The score is what the words have in common,
    from 0 to about 1, plus the inliers. Of a query with fewer than 20 keypoints, such as one
    without structure, the colours count too: up to about 2, and 1 for the same colours alone.
    Without DIR a part of a photograph is looked for among those that are installed with the
    program.

    \b
    Examples:
      classicvision search photos.index part.jpg
      classicvision search photos.index queries/ --top 3 --json > found.jsonl
      classicvision search photos.index logo.png --report found.html
    """
    if "" in (index, report, *paths):
        raise click.UsageError("an input has no name: ''")
    if index is not None and not paths:
        raise click.UsageError("there is no picture to search for: give DIR IMAGE")
    with contextlib.ExitStack() as stack:
        if index is None:
            folder = stack.enter_context(tempfile.TemporaryDirectory())
            index, paths = _demonstration(folder)
        try:
            opened = stack.enter_context(_open(index))
        except (ValueError, OSError) as problem:
            error(problem)
            return _REFUSED
        if len(opened) == 0:
            error(
                f"{_display(index)}: the index has no pictures yet; run classicvision index "
                f"IMAGE|FOLDER -o {quoted(index)} (again)"
            )
            return _REFUSED
        if report is not None:
            check_target(report, paths, opened)
        queries = []

        def tell(done):
            (_print_json if as_json else _print)(done)
            _tell_of(done, index)
            if report is not None:
                queries.append((done.name, done.result.figures))

        status = run(
            Inputs(tuple(paths), None, None, jobs),
            sample=_SAMPLE,
            find=functools.partial(_find, opened, top, not no_verify, report is not None),
            draw=None,
            report=tell,
        )
    if report is not None and queries and not _write(report, queries):
        return _FAILED
    return status


def _open(path):
    from classicvision.retrieval.image_index import ImageIndex

    return ImageIndex(path)


def _demonstration(folder):
    """Index the samples in ``folder``, and return where, and a part of one of them."""
    import numpy as np

    from classicvision.images import sample_image, write_image
    from classicvision.images.samples import SAMPLES, sample_path
    from classicvision.retrieval.image_index import ImageIndex

    message(f"no index given: a part of {_SAMPLE}, turned, is looked for in the samples")
    image = sample_image(_SAMPLE)
    rows, columns = image.shape[:2]
    part = image[rows // 4 : rows * 3 // 4, columns // 4 : columns * 3 // 4]
    write_image(f"{folder}/part-of-{_SAMPLE}.png", np.rot90(part))
    ImageIndex.build([sample_path(name) for name in SAMPLES], f"{folder}/index", verbose=1)
    return f"{folder}/index", (f"{folder}/part-of-{_SAMPLE}.png",)


def _find(index, top, verify, with_figures, image):
    from classicvision.retrieval._index_search import look_up

    findings = look_up(index, image, top, verify)
    if not with_figures:
        return Found(findings, [])
    from classicvision.cli._report import figures

    return Found(findings, figures(index, image, findings))


def _print(done):
    ranking = done.result.ranking
    count = len(ranking)
    lines = [f"{done.name}: {count} picture{'' if count == 1 else 's'}"]
    for found in ranking.to_dict()["results"]:
        line = f"  {_display(found['path'])}  score {found['score']:.4g}"
        if found["box"] is not None:
            corners = "{:.0f} {:.0f} {:.0f} {:.0f}".format(*found["box"])
            line += f"  inliers {found['inliers']}  box {corners}"
        lines.append(line)
    result("\n".join(lines))


def _tell_of(done, index):
    """Say what the ranking alone does not."""
    findings = done.result.findings
    if findings.by_colors:
        message(f"{done.name}: few keypoints, ranked by colours too")
    changes = findings.changes
    if changes:
        names = [f"{_display(path)} ({what})" for path, what in changes.items()][:_MOST_NAMES]
        more = len(changes) - len(names)
        message(
            f"{done.name}: found pictures that are not as they were indexed: {', '.join(names)}"
            f"{f' and {more} more' if more else ''}; {update_hint(index)}"
        )


def _print_json(done):
    result(json.dumps({**done.about(), **done.result.ranking.to_dict()}))


def _write(path, queries):
    from classicvision.cli._report import page
    from classicvision.images import write_bytes

    try:
        write_bytes(path, page(queries).encode("utf-8", "replace"))
    except OSError as problem:
        error(problem)
        return False
    return True


def _display(path):
    from classicvision.images.reading import display_name

    return display_name(path)
