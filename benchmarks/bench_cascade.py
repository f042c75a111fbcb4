"""Cascade detection, raw windows, against OpenCV 4.14's ``detectMultiScale``."""

import atexit
import os
import shutil
import tempfile
from collections import Counter
from pathlib import Path

from benchmarks.harness import Case, timed
from benchmarks.peers import opencv4
from benchmarks.pictures import photographs, scene, size_of

# What is measured, and the files of OpenCV 4.14's wheel that show it.
_HAAR = {
    "Haar stumps": "haarcascade_frontalface_default.xml",
    "Haar trees": "haarcascade_frontalface_alt2.xml",
    "Haar tilted": "haarcascade_fullbody.xml",
    "Haar tilted trees": "haarcascade_eye_tree_eyeglasses.xml",
}


def cases(quick):
    from classicvision import CascadeDetector

    peer = opencv4()
    pictures = {"640x480": scene(640, 480)}
    if not quick:
        pictures["1920x1080"] = scene(1920, 1080)
    models = _models(peer.about["haarcascades"])
    for model, path in models.items():
        peer.ask("cascade", name=model, path=path)
    detectors = {model: CascadeDetector.load(path) for model, path in models.items()}

    def case(model, name, image, factor, threads):
        ours = timed(
            detectors[model].detect,
            image,
            scale_factor=factor,
            min_neighbors=0,
            n_jobs=None if threads == 1 else threads,
        )
        options = {"scaleFactor": factor, "minNeighbors": 0}
        return Case(
            operator=f"{model}, factor {factor}, {threads} thread{'s' * (threads > 1)}",
            size=name,
            peer_name=f"OpenCV {peer.about['version']}",
            ours=ours,
            peer=peer.timed("detect", image=name, cascade=model, threads=threads, options=options),
            difference=_windows_apart,
            unit="windows",
        )

    for name, image in pictures.items():
        peer.put(name, image)
        for model in models:
            for factor in (1.1,) if quick else (1.1, 1.05):
                yield case(model, name, image, factor, 1)
            if (os.cpu_count() or 1) >= 2:
                yield case(model, name, image, 1.1, 2)
    if quick:
        return
    for name, image in photographs().items():
        label = f"{name} {size_of(image)}"
        peer.put(label, image)
        for model in ("Haar stumps", "LBP"):
            yield case(model, label, image, 1.1, 1)


def _models(haarcascades):
    """Return the path of each model, all of them files that OpenCV loads."""
    models = {model: str(Path(haarcascades, file)) for model, file in _HAAR.items()}
    return {**models, "LBP": _lbp_cascade()}


def _lbp_cascade():
    """scikit-image's frontal-face cascade with its misspelt tag put right."""
    from skimage.data import lbp_frontal_face_cascade_filename

    text = Path(lbp_frontal_face_cascade_filename()).read_text(encoding="utf-8")
    folder = tempfile.mkdtemp(prefix="benchmarks-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    path = Path(folder, "lbp.xml")
    path.write_text(text.replace("featuhreParams", "featureParams"), encoding="utf-8")
    return str(path)


def _windows_apart(detections, rectangles):
    """How many windows only one of the two found, counted as multisets."""
    ours = Counter(tuple(box) for box in detections.boxes.astype(int).tolist())
    theirs = Counter((x, y, x + w, y + h) for x, y, w, h in rectangles)
    return sum(((ours - theirs) + (theirs - ours)).values())
