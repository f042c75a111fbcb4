"""Do OpenCV's cascades, loaded and saved by us, find the same in OpenCV 4.14?

    CLASSICVISION_DATA=... python -m benchmarks.saved_cascades [--photographs 10]

Every Haar file of OpenCV 4.14's wheel and every LBP file of the data's `opencv_cascades`, saved
once and, read from that, saved again: raw windows and groups, in OpenCV's order.
"""

import argparse
import os
import random
import sys
import tempfile
from pathlib import Path

import classicvision as cv
from benchmarks.conformance import photographs
from benchmarks.peers import opencv4

_FACTOR = 1.1


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--photographs", type=int, default=10, help="how many (default: 10)")
    parser.add_argument("--seed", type=int, default=0, help="which ones")
    options = parser.parse_args()
    data = os.environ.get("CLASSICVISION_DATA")
    if not data:
        raise SystemExit("CLASSICVISION_DATA must name the folder with the photographs")
    peer = opencv4()
    images = photographs(Path(data), options.photographs, random.Random(options.seed))
    haar = sorted(Path(peer.about["haarcascades"]).glob("*.xml"))
    lbp = sorted(Path(data, "opencv_cascades", "lbpcascades").glob("*.xml"))
    windows, groups, different, again = 0, 0, 0, 0
    with tempfile.TemporaryDirectory() as folder:
        for path in [*haar, *lbp]:
            first, second = Path(folder, "first.xml"), Path(folder, "second.xml")
            cv.CascadeDetector.load(path).save(first)
            cv.CascadeDetector.load(first).save(second)
            again += first.read_bytes() != second.read_bytes()
            peer.ask("cascade", name="original", path=str(path))
            peer.ask("cascade", name="saved", path=str(first))
            for where, image in images:
                peer.put("photograph", image)
                for neighbors in (0, 3):
                    original, saved = (
                        _found(peer, name, neighbors) for name in ("original", "saved")
                    )
                    if neighbors:
                        groups += len(original)
                    else:
                        windows += len(original)
                    if original != saved:
                        different += 1
                        print(f"DIFFERENT {path.name} {where} min_neighbors {neighbors}")
    print(
        f"OpenCV {peer.about['version']}: {len(haar)} Haar and {len(lbp)} LBP files loaded, saved "
        f"and loaded again, {len(images)} photographs, {windows} raw windows and {groups} groups: "
        f"{different} results differ; {again} files change when they are saved once more"
    )
    sys.exit(different + again > 0)


def _found(peer, cascade, neighbors):
    """What OpenCV finds, in its own order."""
    options = {"scaleFactor": _FACTOR, "minNeighbors": neighbors}
    answer = peer.ask("detect", image="photograph", cascade=cascade, threads=1, options=options)
    return answer["result"]


if __name__ == "__main__":
    main()
