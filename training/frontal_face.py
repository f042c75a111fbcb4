"""``python -m training.frontal_face FOLDER [--features haar|lbp] [--jobs N]``: the face models.

Reads the folder that CLASSICVISION_DATA names and writes a cascade, and a JSON document of what it
was trained on and what it does on validation scenes, into FOLDER. A training that is interrupted
goes on where it was. In turn:

1. An eighth of the people of ``faces_lfw_gray48`` and 200 of the ``negatives`` are kept back for
   validation.
2. A short cascade is trained on the other people. It finds the faces in ``faces_fer2013_48``,
   which has drawings, profiles and watermarks too, and puts them into the same frame.
3. Both sets are varied: mirrored, turned, shifted, scaled, relit, blurred, with noise.
4. The cascade is trained.
5. As many of its stages are kept as find most faces between 0.1 and 2 false alarms per image, in
   ``dlib_faces`` and in scenes composed of the people and images that were kept back.
"""

import argparse
import json
import os
from pathlib import Path

import numpy as np

import classicvision as cv
from benchmarks.face_quality import MEAN_BETWEEN, dlib_faces
from classicvision.detection.samples import compose_scenes, remove_duplicates, resize_crops

SEED = 0
KEPT_BACK = 8  # one of so many people
BACKGROUNDS = 200
SCENES = {"n": 200, "objects": (1, 4), "heights": (22, 140), "rotation": 0.15, "contrast": 0.3}
CLEANER = {"positives": 5000, "stages": 11}
VARIANTS = 2  # of each crop
VARIED = {"shift": 0.04, "scale": (0.92, 1.12), "rotation": 0.2, "contrast": 0.35}
BLUR = 0.6  # pixels of the window; the largest standard deviation, of half of the crops
NOISE = 5.0  # gray levels; the same of the other half
COMMON = {"min_hit_rate": 0.998, "negatives_per_stage": 12_000, "max_windows": 1_000_000_000}
RECIPES = {
    "haar": {"window": 20, "haar_mode": "core", "max_depth": 2, "stages": 19, **COMMON},
    "lbp": {"window": 24, "features": "lbp", "n_drawn": 2048, "stages": 20, **COMMON},
}
FEWEST_STAGES = 12


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="where the model goes")
    parser.add_argument("--features", choices=sorted(RECIPES), default="haar")
    parser.add_argument("--jobs", type=int, default=-1, help="threads (default: all cores)")
    options = parser.parse_args()
    if "CLASSICVISION_DATA" not in os.environ:
        raise SystemExit("CLASSICVISION_DATA must name the folder with faces_lfw_gray48 ...")
    data = Path(os.environ["CLASSICVISION_DATA"])
    options.folder.mkdir(parents=True, exist_ok=True)
    name = {"haar": "frontal_face", "lbp": "frontal_face_lbp"}[options.features]
    checkpoint = options.folder / f"{name}.training.npz"

    people, held = split_people(data)
    negatives, backgrounds = split_negatives(data)
    web = clean_web_faces(data, people, negatives, options)
    positives = vary(np.concatenate([people, web]), RECIPES[options.features]["window"])
    trainer = cv.CascadeTrainer(
        **RECIPES[options.features], random_state=SEED, n_jobs=options.jobs, verbose=1
    )
    trainer.fit(positives, negatives, checkpoint=checkpoint)
    scenes = compose_scenes(held, backgrounds, random_state=SEED, **SCENES)
    chosen, figures = choose_stages(trainer.detector_, scenes, dlib_faces(data / "dlib_faces"))
    trainer.detector_ = chosen
    trainer.save(options.folder / f"{name}.xml")
    about = {
        "positives": {"faces_lfw_gray48": len(people), "faces_fer2013_48": len(web)},
        "negatives": len(negatives),
        "kept back": {"faces": len(held), "images": len(backgrounds)},
        "seed": SEED,
        "varied": {"variants": VARIANTS, **VARIED, "blur": BLUR, "noise": NOISE},
        "parameters": {**RECIPES[options.features], "stages kept": len(chosen.stages)},
        "weak learners": chosen.stages,
        "history": trainer.history_,
        "validation": figures,
        "classicvision": cv.__version__,
    }
    (options.folder / f"{name}.json").write_text(json.dumps(about, indent=1) + "\n", "utf-8")


def split_people(data):
    """Return the crops of the people to learn from, and of those kept back."""
    with np.load(data / "faces_lfw_gray48" / "lfw_gray48.npz", allow_pickle=False) as file:
        images, person = file["images"], file["person_id"]
    rng = np.random.default_rng(SEED)
    people = rng.permutation(np.unique(person))
    held = np.isin(person, people[: len(people) // KEPT_BACK])
    return images[~held], images[held]


def split_negatives(data):
    """Return the images to learn from, and those kept back."""
    negatives = cv.Negatives(data / "negatives" / "images")
    order = np.random.default_rng(SEED).permutation(len(negatives))
    return negatives[np.sort(order[BACKGROUNDS:])], negatives[np.sort(order[:BACKGROUNDS])]


def clean_web_faces(data, people, negatives, options):
    """Return the web faces that a short cascade finds, in the frame that it gives them."""
    rng = np.random.default_rng(SEED)
    chosen = people[rng.permutation(len(people))[: CLEANER["positives"]]]
    trainer = cv.CascadeTrainer(
        stages=CLEANER["stages"], random_state=SEED, n_jobs=options.jobs, verbose=1
    )
    checkpoint = options.folder / "web_faces.training.npz"
    detector = trainer.fit(chosen, negatives, checkpoint=checkpoint)
    with np.load(data / "faces_fer2013_48" / "fer48.npz", allow_pickle=False) as file:
        images = file["images"]
    images = images[remove_duplicates(images)]
    found = []
    for image in images:
        margin = image.shape[0] // 3
        framed = np.pad(image, margin, mode="edge")
        faces = detector.detect(framed, scale_factor=1.05, min_neighbors=1, min_size=30)
        if not len(faces):
            continue
        left, top, right, bottom = faces.boxes[0].astype(int)
        centre = np.array([left + right, top + bottom]) / 2 - framed.shape[0] / 2
        if np.abs(centre).max() < image.shape[0] / 5:
            found.append(resize_crops(framed[None, top:bottom, left:right], image.shape[0])[0])
    return np.array(found)


def vary(crops, window):
    """Return varied crops of each, at the window's size."""
    crops = crops[np.random.default_rng(SEED).permutation(len(crops))]
    varied = cv.augment_samples(crops, VARIANTS * len(crops), random_state=SEED, **VARIED)
    varied = resize_crops(varied, window)
    rng = np.random.default_rng(SEED)
    for k, crop in enumerate(varied):
        blur, noise = rng.uniform(0, BLUR), rng.uniform(0, NOISE)
        image = crop.astype(np.float32)
        if rng.random() < 0.5:
            image = cv.gaussian(image, blur) if blur > 0.2 else image
        else:
            image += noise * rng.standard_normal(image.shape, np.float32)
        varied[k] = np.clip(np.rint(image), 0, 255)
    return varied


def choose_stages(detector, scenes, photographs):
    """Return the first stages that do best on both sets, and what they do."""
    rated = []
    for stages in range(FEWEST_STAGES, len(detector.stages) + 1):
        fewer = detector.first_stages(stages)
        figures = {"stages": stages}
        for name, samples in (("scenes", scenes), ("dlib_faces", photographs)):
            curve = cv.evaluate_detector(fewer, samples, match="center", min_neighbors=1)
            figures[name] = round(curve.mean_detection_rate(*MEAN_BETWEEN), 4)
        rated.append((figures["scenes"] + figures["dlib_faces"], fewer, figures))
        print(figures, flush=True)
    _, chosen, figures = max(rated, key=lambda rating: rating[0])
    return chosen, {"chosen": figures, "all": [rating[2] for rating in rated]}


if __name__ == "__main__":
    main()
