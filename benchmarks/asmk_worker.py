"""Runs in the environment of the package ``asmk``: aggregated selective match kernels.

Binary signatures, five words for a descriptor of a query, similarities to the third power: the
parameters of its authors' examples.
"""

import importlib.metadata
import sys
import time
from pathlib import Path

import numpy as np
from asmk.asmk_method import ASMKMethod
from asmk.codebook import Codebook
from asmk.index import initialize_index

sys.path.append(str(Path(__file__).parent))
from peer_loop import serve

_PARAMETERS = {
    "index": {"gpu_id": None},
    "build_ivf": {
        "kernel": {"binary": True},
        "ivf": {"use_idf": False},
        "quantize": {"multiple_assignment": 1},
        "aggregate": {},
    },
    "query_ivf": {
        "quantize": {"multiple_assignment": 5},
        "aggregate": {},
        "search": {"topk": None},
        "similarity": {"similarity_threshold": 0.0, "alpha": 3.0},
    },
}

_arrays = {}
_index = None


def about():
    return {"version": importlib.metadata.version("asmk")}


def image(name, path):
    _arrays[name] = np.load(path)
    return {}


def build(words, descriptors, images):
    """Index descriptors, of which the array ``images`` names the pictures, in ascending order."""
    global _index
    centers = _arrays[words]
    codebook = Codebook(initialize_index(gpu_id=None), size=len(centers))
    codebook.index(centers)
    method = ASMKMethod(_PARAMETERS, {}, codebook=codebook)
    _index = method.build_ivf(_arrays[descriptors], _arrays[images])
    return {}


def search(descriptors):
    """Rank all pictures for the descriptors of one."""
    rows = _arrays[descriptors]
    numbers = np.zeros(len(rows), int)
    start = time.perf_counter()
    _, _, ranks, _ = _index.query_ivf(rows, numbers)
    seconds = time.perf_counter() - start
    return {"seconds": seconds, "result": ranks[0].tolist()}


COMMANDS = {"about": about, "image": image, "build": build, "search": search}

if __name__ == "__main__":
    serve(COMMANDS)
