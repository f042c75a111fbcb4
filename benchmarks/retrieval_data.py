"""The pictures on which searches are measured: all drawn by seeds from the shared photographs.

Library
    1,000 photographs: all of ``bsds500`` and ``caltech101_subset``, filled up with some of
    ``negatives`` drawn by chance. Another 1,000 of ``negatives`` are for learning vocabularies;
    the options of searches were chosen on these, too. What then remains, with ``voc_raccoon``,
    is for cut-outs: no photograph has two of these tasks.
Queries
    For each way of changing a picture in `picture_attacks`, 100 pictures of the library are
    drawn, and each query has a random generator of its own.
Junk
    For a query made from a picture, the near-duplicates of this picture in the library, pairs of
    `near_duplicates`, are neither right nor wrong.
Scenes
    `scenes` pastes cut-outs into pictures of the library: the cut-out is the query.

``python -m benchmarks.retrieval_data FOLDER`` writes some of all this there, to look at.
"""

import argparse
import dataclasses
import os
from pathlib import Path

import cv2
import numpy as np

from benchmarks.picture_attacks import ATTACKS, resized, similarity

SEED = 5
LIBRARY, QUERIES, SCENES = 1000, 100, 100
LONGEST_SIDE = 640
_LEARNING = slice(1000, 2000)  # of the sorted pictures of ``negatives``


def data_folder():
    """Return the folder that CLASSICVISION_DATA names."""
    folder = Path(os.environ.get("CLASSICVISION_DATA") or os.devnull)
    if not folder.is_dir():
        raise SystemExit("set CLASSICVISION_DATA to the folder with the photographs")
    return folder


@dataclasses.dataclass(frozen=True)
class Photographs:
    """Paths: the library, what vocabularies are learned from, and what cut-outs are taken from."""

    library: list
    learning: list
    cut_outs: list


def photographs(data, size=LIBRARY):
    """Draw the photographs; a smaller library is a part of the larger one, drawn by chance."""
    rng = np.random.default_rng(SEED)
    fixed = sorted((data / "bsds500" / "images").rglob("*.jpg"))
    fixed += sorted((data / "caltech101_subset").glob("*/*.jpg"))
    others = sorted((data / "negatives" / "images").iterdir())
    learning, others = others[_LEARNING], others[: _LEARNING.start] + others[_LEARNING.stop :]
    others = [others[i] for i in rng.permutation(len(others))]
    more = LIBRARY - len(fixed)
    library = fixed + others[:more]
    library = [library[i] for i in rng.permutation(len(library))[:size]]
    cut_outs = others[more:] + sorted((data / "voc_raccoon" / "JPEGImages").iterdir())
    return Photographs(library, learning, cut_outs)


def read(path):
    """Return a picture as RGB, uint8, its longest side at most `LONGEST_SIDE`."""
    image = cv2.imread(str(path), cv2.IMREAD_COLOR)
    image = cv2.cvtColor(image, cv2.COLOR_BGR2RGB)
    scale = LONGEST_SIDE / max(image.shape[:2])
    return image if scale >= 1 else resized(image, scale)


def queries(library, attack, count=QUERIES):
    """Yield (number of the picture in the library, changed picture)."""
    number = list(ATTACKS).index(attack)
    drawn = np.random.default_rng([SEED, number]).permutation(len(library))[:count]
    for place, index in enumerate(drawn.tolist()):
        rng = np.random.default_rng([SEED, number, place])
        yield index, np.ascontiguousarray(ATTACKS[attack](read(library[index]), rng))


@dataclasses.dataclass(frozen=True)
class Scene:
    """A cut-out, and a picture of the library into which it was pasted.

    ``box`` is around the pasted pixels, ``frame`` around the cut-out's whole rectangle: they
    differ where the cut-out is an ellipse. Both are x1, y1, x2, y2.
    """

    query: np.ndarray
    host: int
    picture: np.ndarray
    box: np.ndarray
    frame: np.ndarray


def scenes(cut_outs, library, count=SCENES):
    """Yield scenes: each from another photograph and pasted into another picture.

    A cut-out is a rectangle or an ellipse with sides of 120 to 220 pixels, anywhere in its
    photograph; what lies around the ellipse has its mean colour in the query. It is scaled by
    0.5 to 1.5 (evenly in the logarithm), turned by up to 45 degrees either way, and lies anywhere
    in the picture; pictures in which it has no room are passed over.
    """
    rng = np.random.default_rng([SEED, len(ATTACKS)])
    sources = rng.permutation(len(cut_outs)).tolist()
    hosts = rng.permutation(len(library)).tolist()
    while count:
        source = read(cut_outs[sources.pop(0)])
        columns, rows = (int(side) for side in rng.integers(120, 221, 2))
        if source.shape[0] < rows or source.shape[1] < columns:
            continue
        y = rng.integers(source.shape[0] - rows + 1)
        x = rng.integers(source.shape[1] - columns + 1)
        query, mask = _cut(source[y : y + rows, x : x + columns], round_=rng.random() < 0.5)
        scale, angle = np.exp(rng.uniform(np.log(0.5), np.log(1.5))), rng.uniform(-45, 45)
        turn, size = similarity((columns, rows), angle, scale)
        host, picture = _with_room(library, hosts, size)
        hosts.remove(host)
        turn[:, 2] += rng.integers(np.array(picture.shape[1::-1]) - size + 1)
        yield _paste(query, mask, turn, host, picture)
        count -= 1


def _with_room(library, hosts, size):
    """Return the first of the hosts, by number, that is large enough, and its picture."""
    for host in hosts:
        picture = read(library[host])
        if picture.shape[1] >= size[0] and picture.shape[0] >= size[1]:
            return host, picture
    raise ValueError(f"no picture of the library has room for {size[0]} x {size[1]} pixels more")


def _cut(query, round_):
    """Return the query and the mask of its pixels, float32 from 0 to 1."""
    mask = np.ones(query.shape[:2], np.float32)
    if not round_:
        return query.copy(), mask
    rows, columns = mask.shape
    y, x = np.mgrid[:rows, :columns]
    away = np.hypot((x + 0.5) / columns * 2 - 1, (y + 0.5) / rows * 2 - 1)
    inside = away <= 1
    query = np.where(inside[..., None], query, query[inside].mean(axis=0).round())
    return query.astype(np.uint8), inside.astype(np.float32)


def _paste(query, mask, turn, host, picture):
    rows, columns = mask.shape
    size = picture.shape[1::-1]
    scale = np.sqrt(np.linalg.det(turn[:, :2]))
    blurred = cv2.GaussianBlur(query, (0, 0), 0.5 / scale) if scale < 1 else query
    turned = cv2.warpAffine(
        blurred, turn, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT
    )
    share = cv2.warpAffine(mask, turn, size, flags=cv2.INTER_LINEAR)[..., None]
    result = np.clip(picture * (1 - share) + turned * share + 0.5, 0, 255).astype(np.uint8)
    ys, xs = np.nonzero(share[..., 0] >= 0.5)
    box = np.array([xs.min(), ys.min(), xs.max() + 1, ys.max() + 1], np.float32)
    corners = np.array([(x, y) for x in (-0.5, columns - 0.5) for y in (-0.5, rows - 0.5)])
    ends = corners @ turn[:, :2].T + turn[:, 2] + 0.5
    frame = np.concatenate([ends.min(axis=0), ends.max(axis=0)]).astype(np.float32)
    return Scene(query, host, result, box, frame)


def main():
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.retrieval_data",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--images", type=int, default=6, help="of each kind (default 6)")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    drawn = photographs(data_folder())
    for attack in ATTACKS:
        for index, image in queries(drawn.library, attack, options.images):
            name = f"{attack.replace(' %', '').replace(' ', '_')}_{index:04d}.png"
            cv2.imwrite(str(options.folder / name), image[..., ::-1])
    for number, scene in enumerate(scenes(drawn.cut_outs, drawn.library, options.images)):
        picture = scene.picture.copy()
        for box, color in ((scene.frame, (255, 255, 0)), (scene.box, (255, 0, 0))):
            x1, y1, x2, y2 = box.round().astype(int).tolist()
            cv2.rectangle(picture, (x1, y1), (x2 - 1, y2 - 1), color)
        cv2.imwrite(str(options.folder / f"scene_{number}.png"), picture[..., ::-1])
        cv2.imwrite(str(options.folder / f"scene_{number}_query.png"), scene.query[..., ::-1])


if __name__ == "__main__":
    main()
