"""A page of search results: one HTML file with its pictures in it, which needs nothing else."""

import base64
import html
import io
from dataclasses import dataclass

from classicvision.cli._messages import update_hint
from classicvision.images.reading import display_name

_SIDE = 320  # pixels of the longer side of a picture on the page
_GAP = 8  # pixels between the query and a picture
_MOST_LINES = 40  # between points that match

_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>classicvision search</title>
<link rel="icon" href="data:,">
<style>
body {{ font: 15px/1.4 system-ui, sans-serif; margin: 2em auto; max-width: 1100px; padding: 0 1em;
  color: #222; background: #fafafa }}
h1 {{ font-size: 1.4em }}
h2 {{ font-size: 1.1em; border-top: 1px solid #ccc; padding-top: 1em; overflow-wrap: anywhere }}
.found {{ display: flex; flex-wrap: wrap; gap: 1em }}
figure {{ margin: 0; padding: .6em; background: #fff; border: 1px solid #ddd; border-radius: 4px }}
img {{ display: block; max-width: 100% }}
figcaption {{ font-size: .85em; overflow-wrap: anywhere; padding-top: .4em }}
</style>
</head>
<body>
<h1>classicvision search</h1>
{body}
</body>
</html>
"""


@dataclass(frozen=True)
class Figure:
    """A picture on the page, as the bytes of a JPEG, and what is written below it."""

    jpeg: bytes
    width: int
    height: int
    caption: str


def figures(index, image, findings):
    """Return the figures of a query and of what it found.

    Parameters
    ----------
    index : ImageIndex
    image : ndarray
        The query.
    findings : Findings
        What was found.
    """
    from classicvision.drawing import to_rgb

    image = to_rgb(image)
    shown = [_figure(_reduced(image)[0], "query")]
    for number, found in enumerate(findings.ranking.to_dict()["results"], 1):
        caption = f"{number}. {found['path']}: score {found['score']:.4g}"
        if found["box"] is not None:
            caption += f", {found['inliers']} points agree"
        change = findings.changes.get(found["path"])
        shown.append(_found_figure(index, image, found, caption, change))
    return shown


def _found_figure(index, image, found, caption, change):
    from classicvision.drawing import to_rgb
    from classicvision.images import read_image

    path = found["path"]
    if change is not None:  # other points than those of the picture that is there now
        what = "has changed" if change == "changed" else "is gone"
        return _figure(None, f"{caption} ({what} since it was indexed; {update_hint(index.path)})")
    try:
        picture = to_rgb(read_image(path))
    except (OSError, ValueError) as error:
        return _figure(None, f"{caption} ({str(error).removeprefix(f'{display_name(path)}: ')})")
    if found["box"] is None:
        return _figure(_reduced(picture)[0], caption)
    return _figure(_matched(image, picture, index.compare(image, path)), caption)


def _matched(image, picture, comparison):
    """Return the query and a picture beside each other, joined where their points match."""
    import numpy as np

    from classicvision.drawing import draw, draw_matches
    from classicvision.results import Segments

    (left, left_zoom), (right, right_zoom) = _reduced(image), _reduced(picture)
    points = comparison.query_points * left_zoom, comparison.points * right_zoom
    count = len(points[0])
    rows = np.linspace(0, count - 1, min(count, _MOST_LINES)).round().astype(int)
    pairs = np.stack([rows, rows], axis=1)
    options = {"color": (70, 190, 60), "thickness": 1, "gap": _GAP}
    canvas = draw_matches(left, right, *points, pairs, **options)
    shift = [left.shape[1] + _GAP, 0]
    x1, y1, x2, y2 = (comparison.box.reshape(2, 2) * right_zoom + shift).ravel()
    x2, y2 = min(x2, canvas.shape[1]) - 1, min(y2, len(right)) - 1  # the edges are exclusive
    sides = [[x1, y1, x2, y1], [x2, y1, x2, y2], [x2, y2, x1, y2], [x1, y2, x1, y1]]
    return draw(canvas, Segments(sides, [1] * 4), color=(240, 120, 20), thickness=2)


def _reduced(image):
    """Return an image at the size of the page, and by how much it was reduced."""
    import numpy as np
    from PIL import Image

    zoom = min(1, _SIDE / max(image.shape[:2]))
    size = max(1, round(image.shape[1] * zoom)), max(1, round(image.shape[0] * zoom))
    if zoom == 1:
        return image, zoom
    return np.asarray(Image.fromarray(image).resize(size, Image.Resampling.LANCZOS)), zoom


def _figure(picture, caption):
    from PIL import Image

    if picture is None:
        return Figure(b"", 0, 0, caption)
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "JPEG", quality=85)
    return Figure(buffer.getvalue(), picture.shape[1], picture.shape[0], caption)


def page(queries):
    """Return the page as HTML.

    Parameters
    ----------
    queries : list of (str, list of Figure)
        The name of each query, and its figures.
    """
    parts = []
    for name, shown in queries:
        cells = "\n".join(map(_cell, shown))
        parts.append(f'<h2>{html.escape(name)}</h2>\n<div class="found">\n{cells}\n</div>')
    return _PAGE.format(body="\n".join(parts))


def _cell(figure):
    caption = html.escape(figure.caption)
    image = ""
    if figure.jpeg:
        data = base64.b64encode(figure.jpeg).decode("ascii")
        size = f'width="{figure.width}" height="{figure.height}"'
        image = f'<img {size} alt="{caption}" src="data:image/jpeg;base64,{data}">'
    width = figure.width or _SIDE
    text = f"<figcaption>{caption}</figcaption>"
    return f'<figure><div style="max-width: {width}px">{image}{text}</div></figure>'
