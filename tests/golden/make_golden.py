"""Record what OpenCV 4.14 finds with the golden cascades.

Run it in an environment of its own, from the project's folder::

    python -m venv peer
    peer/bin/pip install "opencv-contrib-python-headless==4.14.*" scikit-image
    peer/bin/python -m tests.golden.make_golden

It writes ``cascades.json``, over the tiny cascades beside this file and generated or installed
pictures, ``models.json``, over the models that ship and installed photographs, and, where
``CLASSICVISION_DATA`` names the data folder, ``opencv_cascades.json``, over OpenCV's own cascades
and a few photographs there. Long lists are kept as a count and a fingerprint. OpenCV runs on one
thread, so that its order is always the same.
"""

import json
import os
from pathlib import Path

import cv2
import numpy as np

from tests.golden.fingerprints import checksum, groups, summary
from tests.golden.pictures import names, photograph, picture

HERE = Path(__file__).parent
MODELS = HERE.parents[1] / "classicvision" / "models"

# (scale factor, smallest, largest): 0 means no limit. The last ones fit no scale exactly:
# OpenCV then takes the scale nearest to the smallest size.
OPTIONS = [
    (1.05, (0, 0), (0, 0)),
    (1.1, (0, 0), (0, 0)),
    (1.3, (0, 0), (0, 0)),
    (1.1, (15, 15), (40, 30)),
    (1.3, (20, 20), (20, 20)),
    (1.1, (30, 20), (0, 45)),
    (1.3, (500, 500), (0, 0)),
    (1.1, (40, 40), (25, 25)),
]
FEW_OPTIONS = [OPTIONS[0], OPTIONS[2], OPTIONS[4]]
MANY = {"camera_odd", "noise_41x38"}
PHOTOGRAPHS = [
    "opencv_samples/lena.jpg",
    "opencv_samples/basketball1.png",
    "cmu_mit_faces/test/henry.png",
    "voc_raccoon/JPEGImages/raccoon-10.jpg",
]
INSTALLED = ("astronaut", "camera", "chelsea", "coffee")
DATA_OPTIONS = [(1.1, (0, 0), (0, 0)), (1.3, (0, 0), (0, 0)), (1.05, (60, 60), (150, 150))]


def main():
    if not cv2.__version__.startswith("4.14."):
        raise SystemExit(f"these are results of OpenCV 4.14, not of {cv2.__version__}")
    cv2.setNumThreads(1)
    pictures = {name: picture(name) for name in names()}
    paths = sorted((HERE / "cascades").glob("*.xml"))
    write(HERE / "cascades.json", pictures, paths, HERE / "cascades", options_of)
    photographs = {name: photograph(name) for name in INSTALLED}
    paths = sorted(MODELS.glob("*.xml"))
    write(HERE / "models.json", photographs, paths, MODELS, lambda name: DATA_OPTIONS)
    folder = os.environ.get("CLASSICVISION_DATA")
    if folder:
        photographs = {name: cv2.imread(str(Path(folder, name)), 0) for name in PHOTOGRAPHS}
        cascades = Path(folder, "opencv_cascades")
        paths = [p for p in sorted(cascades.glob("*/*.xml")) if p.parent.name != "hogcascades"]
        write(
            HERE / "opencv_cascades.json", photographs, paths, cascades, lambda name: DATA_OPTIONS
        )


def options_of(name):
    return OPTIONS if name in MANY else FEW_OPTIONS


def write(path, pictures, cascades, folder, options):
    results = []
    for cascade in cascades:
        classifier = cv2.CascadeClassifier(str(cascade))
        for name, image in pictures.items():
            bgr = np.ascontiguousarray(image[..., ::-1]) if image.ndim == 3 else image
            for scale_factor, smallest, largest in options(name):
                results.append(
                    {
                        "cascade": cascade.relative_to(folder).as_posix(),
                        "picture": name,
                        "scale_factor": scale_factor,
                        "min_size": smallest,
                        "max_size": largest,
                        **record(classifier, bgr, scale_factor, smallest, largest),
                    }
                )
    header = {
        "opencv": cv2.__version__,
        "pictures": {name: checksum(image) for name, image in pictures.items()},
    }
    lines = ",\n".join(json.dumps(result, separators=(",", ":")) for result in results)
    path.write_text(json.dumps(header)[:-1] + f', "results": [\n{lines}\n]}}\n', encoding="ascii")
    print(f"{path.name}: {len(results)} results, {path.stat().st_size >> 10} KiB")


def record(classifier, image, scale_factor, smallest, largest):
    """Return raw windows, groups of more than one and three, and the levels and weights.

    Boxes are x, y, width, height. A cascade of one stage gives no levels: OpenCV then also
    reports the windows without contrast.
    """
    common = {"scaleFactor": scale_factor, "minSize": smallest, "maxSize": largest}
    raw = classifier.detectMultiScale(image, minNeighbors=0, **common)
    result = {"raw": summary(raw)}
    for k in (1, 3):
        boxes, counts = classifier.detectMultiScale2(image, minNeighbors=k, **common)
        result[f"grouped_{k}"] = groups(boxes, counts)
    if not is_one_stage(classifier):
        boxes, levels, weights = classifier.detectMultiScale3(
            image, minNeighbors=0, outputRejectLevels=True, **common
        )
        result["raw_weights"] = checksum(np.array(weights, np.float64))
        boxes, levels, weights = classifier.detectMultiScale3(
            image, minNeighbors=3, outputRejectLevels=True, **common
        )
        result["levels_3"] = groups(boxes, levels, weights)
    return result


def is_one_stage(classifier):
    """OpenCV does not tell; on a flat picture only cascades of one stage report windows."""
    width, height = classifier.getOriginalWindowSize()
    flat = np.zeros((height + 3, width + 3), np.uint8)
    return len(classifier.detectMultiScale3(flat, minNeighbors=0, outputRejectLevels=True)[0]) > 0


if __name__ == "__main__":
    main()
