"""``python -m benchmarks.face_quality [--model NAME|XML ...]``: faces found, and false alarms.

Face cascades, all in our detector, which gives OpenCV's own windows, on photographs of the folder
that CLASSICVISION_DATA names: ``cmu_mit_faces``, from the CMU+MIT frontal test sets, to report
the figures of a finished model, or ``dlib_faces``, on which models may be chosen.

Groups are scored by the number of windows merged, so that the curve shows every min_neighbors
from 1 on. A group is a face if their centres are at most 0.35 sides of the face and 1 pixel
apart, and its side is 0.6 to 2.2 times the face's; each face counts once. Printed are the
detection rates with at most 16, 32 and 64 false positives in all photographs, the mean detection
rate between 0.1 and 2 false positives per photograph, and its difference from that of OpenCV's
``default`` with the 95 % interval of a paired bootstrap over photographs.
"""

import argparse
import os
import sys
from pathlib import Path
from xml.etree import ElementTree

import numpy as np

REFERENCE = "default"
OPENCV = {
    REFERENCE: "haarcascades/haarcascade_frontalface_default.xml",
    "alt": "haarcascades/haarcascade_frontalface_alt.xml",
    "alt2": "haarcascades/haarcascade_frontalface_alt2.xml",
    "lbp": "lbpcascades/lbpcascade_frontalface.xml",
    "lbp improved": "lbpcascades/lbpcascade_frontalface_improved.xml",
}
FALSE_POSITIVES = (16, 32, 64)
MEAN_BETWEEN = (0.1, 2)  # false positives per photograph


def cmu_mit_faces(folder):
    """Return (path, boxes) of all photographs of the three sets, with faces or without."""
    samples = []
    for part in sorted(path.parent for path in folder.glob("*/facegroundtruth.txt")):
        boxes = {path: [] for path in sorted(part.glob("*.png"))}
        for line in (part / "facegroundtruth.txt").read_text(encoding="utf-8").splitlines():
            name, *numbers = line.split()
            left, top, width, height = map(float, numbers)
            if part / name in boxes:
                boxes[part / name].append([left, top, left + width, top + height])
        samples.extend(boxes.items())
    return samples


def dlib_faces(folder):
    """Return (path, boxes, ignored) of dlib's example photographs."""
    samples = []
    for name in ("training.xml", "testing.xml"):
        for image in ElementTree.parse(folder / name).iterfind("images/image"):
            boxes, ignored = [], []
            for box in image.iterfind("box"):
                left, top, width, height = (
                    float(box.get(side)) for side in ("left", "top", "width", "height")
                )
                boxes.append([left, top, left + width, top + height])
                ignored.append(box.get("ignore") == "1")
            samples.append((folder / image.get("file"), boxes, np.array(ignored, bool)))
    return samples


SCENES = {"cmu_mit_faces": cmu_mit_faces, "dlib_faces": dlib_faces}


def measure(samples, models, scale_factor, n_jobs):
    """Return the curve of each model: name -> DetectionCurve."""
    import classicvision as cv

    curves = {}
    for name, path in models.items():
        detector = cv.CascadeDetector.load(path)
        detector.detect(np.zeros((64, 64), np.uint8))  # compiles
        curves[name] = cv.evaluate_detector(
            detector,
            samples,
            match="center",
            scale_factor=scale_factor,
            n_jobs=n_jobs,
            progress=True,
        )
    return curves


def table(curves):
    """Yield the lines of the table."""
    from classicvision.evaluation import compare_detectors

    low, high = MEAN_BETWEEN
    width = max(map(len, curves))
    rates = "  ".join(f"@ {count:3d}" for count in FALSE_POSITIVES)
    yield f"{'':{width}}  {rates}   mean  minus {REFERENCE}, 95 %           AP     ms"
    for name, curve in curves.items():
        rates = "  ".join(f"{curve.detection_rate_at(count):.3f}" for count in FALSE_POSITIVES)
        found = compare_detectors(curve, curves[REFERENCE], low=low, high=high, random_state=0)
        yield (
            f"{name:{width}}  {rates}  {curve.mean_detection_rate(low, high):.3f}  "
            f"{found.difference:+.3f} ({found.low:+.3f} to {found.high:+.3f})  "
            f"{curve.average_precision:5.3f}  {1e3 * curve.seconds_per_image:5.1f}"
        )


def plot(curves, path):
    """Draw the detection rate against false positives per photograph."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.4, 4.4), layout="constrained")
    axes = figure.subplots()
    for name, curve in curves.items():
        ours = name not in OPENCV
        label = name if ours else f"OpenCV's {name}"
        x = np.maximum(curve.false_positives / curve.images, 1e-3)
        axes.step(x, curve.detection_rate, where="post", label=label, lw=2.2 if ours else 1.1)
    axes.set(xscale="log", xlim=(0.02, 4), ylim=(0.6, 1))
    axes.set(xlabel="false positives per photograph", ylabel="faces found")
    axes.axvspan(*MEAN_BETWEEN, color="0.93", zorder=0)
    axes.grid(alpha=0.3)
    axes.legend(loc="lower right", fontsize=8)
    figure.savefig(path, dpi=110)


def main():
    parser = argparse.ArgumentParser(prog="python -m benchmarks.face_quality", description=__doc__)
    parser.add_argument(
        "--model",
        action="append",
        metavar="NAME|XML",
        help="a cascade, or the name of an installed one; may be repeated (default: the installed)",
    )
    parser.add_argument("--scenes", choices=SCENES, default="cmu_mit_faces")
    parser.add_argument("--scale-factor", type=float, default=1.1, metavar="RATIO")
    parser.add_argument("--jobs", type=int, default=1, metavar="N", help="times are true for 1")
    parser.add_argument("--json", metavar="FILE", help="write the curves here as well")
    parser.add_argument("--plot", metavar="PNG", help="draw the curves, without improved LBP")
    options = parser.parse_args()
    data = os.environ.get("CLASSICVISION_DATA", "")
    folder = Path(data, options.scenes)
    if not data or not folder.is_dir():
        sys.exit(f"CLASSICVISION_DATA must name a folder with {options.scenes}")

    from classicvision.detection.cascade import MODEL_NAMES

    models = {name: name for name in options.model or MODEL_NAMES[:1]}
    models |= {name: str(Path(data, "opencv_cascades", file)) for name, file in OPENCV.items()}
    samples = SCENES[options.scenes](folder)
    curves = measure(samples, models, options.scale_factor, options.jobs)
    reference = curves[REFERENCE]
    print(f"{options.scenes}: {reference.objects} faces in {reference.images} photographs")
    for line in table(curves):
        print(line, flush=True)
    if options.plot:
        plot(
            {name: curve for name, curve in curves.items() if name != "lbp improved"}, options.plot
        )
    if options.json:
        lines = [curve.to_json(model=name, scenes=options.scenes) for name, curve in curves.items()]
        Path(options.json).write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
