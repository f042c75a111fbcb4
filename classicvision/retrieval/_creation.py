"""A new index, whose words are learned first, and the check that a build goes on with its own."""

from __future__ import annotations

import contextlib
import os

import numpy as np

from classicvision.images.reading import display_name
from classicvision.retrieval._catalogue import CATALOGUE, Catalogue, create_catalogue
from classicvision.retrieval._index_words import FILES, IndexWords
from classicvision.retrieval._indexing import sample_descriptors
from classicvision.retrieval._locking import LOCK, writer_lock
from classicvision.retrieval._steps import reached
from classicvision.retrieval.vocabulary import VisualVocabulary


def create_index(folder, files, extraction, n_words, vocabulary, random_state, options):
    """Learn the words from a sample of the files, and make an index without images.

    What was interrupted begins anew: nothing is an index before its catalogue is there.
    """
    vocabulary = _loaded(vocabulary, n_words)
    with _new_folder(folder), writer_lock(folder):
        if os.path.exists(os.path.join(folder, CATALOGUE)):
            return  # another process was faster
        sample = sample_descriptors(files, extraction, options)
        words = IndexWords.learn(
            sample, vocabulary=vocabulary, n_words=n_words, random_state=random_state
        )
        checksums = words.save(folder)
        reached("words written")
        parameters = {
            "extraction": extraction.to_dict(),
            "n_words": words.n_words,
            "files": checksums,
        }
        create_catalogue(folder, parameters)


@contextlib.contextmanager
def _new_folder(folder):
    """Make a folder, or take an empty one; after an error one that was made is gone again."""
    there = os.path.isdir(folder)
    try:
        os.makedirs(folder, exist_ok=True)
        found = sorted(os.listdir(folder))
    except OSError as error:
        name = display_name(folder)
        raise type(error)(f"{name}: cannot be made ({error.strerror}); check the name") from None
    foreign = [name for name in found if not _is_ours(name)]
    if foreign:
        raise ValueError(
            f"{display_name(folder)}: holds other files ({display_name(foreign[0])}) and no index; "
            "choose a new folder"
        )
    try:
        yield
    except Exception:
        if not there:
            with contextlib.suppress(OSError):
                os.unlink(os.path.join(folder, LOCK))
                os.rmdir(folder)  # only if it is empty
        raise


def check_parameters(folder, extraction, n_words, vocabulary):
    """Raise ``ValueError`` if the index in ``folder`` was built in another way."""
    with contextlib.closing(Catalogue(folder)) as catalogue:
        parameters = catalogue.get("parameters")
    wanted = extraction.to_dict()
    if n_words is not None:
        wanted["n_words"] = n_words
    found = {**parameters["extraction"], "n_words": parameters["n_words"]}
    for name, value in wanted.items():
        if found[name] != value:
            raise ValueError(
                f"{display_name(folder)}: an index with {name}={found[name]}, got {value}; "
                "leave it as it is, or choose another folder"
            )
    vocabulary = _loaded(vocabulary, n_words)
    if vocabulary is not None:
        own = IndexWords.load(folder, parameters["files"]).vocabulary
        if not np.array_equal(own.centers_, vocabulary.centers_):
            raise ValueError(
                f"{display_name(folder)}: an index with another vocabulary; leave it as it is, "
                "or choose another folder"
            )


def _loaded(vocabulary, n_words):
    """Return the vocabulary that is given, or read from a file, after checking that it fits."""
    if vocabulary is None:
        return None
    if n_words is not None:
        raise ValueError("n_words must be None where a vocabulary is given: it has its words")
    if isinstance(vocabulary, (str, os.PathLike)):
        vocabulary = VisualVocabulary.load(vocabulary)
    if not isinstance(vocabulary, VisualVocabulary):
        raise TypeError(
            f"vocabulary must be a VisualVocabulary or its file, got {type(vocabulary).__name__}"
        )
    if not hasattr(vocabulary, "centers_") or vocabulary.n_features_in_ != 128:
        raise ValueError(
            "vocabulary must be fitted to RootSIFT descriptors of length 128; see "
            "extract_descriptors"
        )
    return vocabulary


def _is_ours(name):
    """Say whether a file may be what the building of an index left when it was interrupted."""
    return name in FILES or name.endswith(".part") or name.startswith((LOCK, f"{CATALOGUE}.part"))
