"""A new index, its words, and the check that a build goes on with what it has begun."""

from __future__ import annotations

import contextlib
import os
import shutil
from typing import NamedTuple

import numpy as np

from classicvision._checks import check_number
from classicvision.images.reading import display_name
from classicvision.retrieval._catalogue import CATALOGUE, Catalogue, create_catalogue
from classicvision.retrieval._description import Extraction
from classicvision.retrieval._index_words import FILES, IndexWords
from classicvision.retrieval._indexing import sample_descriptors
from classicvision.retrieval._locking import LOCK, is_denied, writer_lock
from classicvision.retrieval._rows import PART, sync_folder
from classicvision.retrieval._steps import reached
from classicvision.retrieval.vocabulary import VisualVocabulary


def begin_index(folder, learning):
    """Make an index, or check that the one that is there was built in the same way."""
    if os.path.exists(os.path.join(folder, CATALOGUE)):
        check_parameters(folder, learning)
    else:
        create_index(folder, learning)


def create_index(folder, learning):
    """Make an index without images and without words, in a new or an empty folder."""
    try:
        _make_folder(folder)
        found = sorted(os.listdir(folder))
    except OSError as error:
        what = "rights of the folder it is in" if is_denied(error) else "name"
        raise type(error)(
            f"{display_name(folder)}: cannot be made ({error.strerror}); check the {what}"
        ) from None
    foreign = [name for name in found if not _is_ours(name)]
    if foreign:
        raise ValueError(
            f"{display_name(folder)}: holds other files ({display_name(foreign[0])}) and no index; "
            "choose a new folder"
        )
    with writer_lock(folder):
        if not os.path.exists(os.path.join(folder, CATALOGUE)):  # no other process was faster
            extraction = Extraction(**learning.extraction)
            create_catalogue(folder, {"extraction": extraction.to_dict(), "n_words": 0})


def _make_folder(folder):
    """Make a folder and those that it is in, and wait until their names are on the disk."""
    made, parent = [], folder
    while not os.path.isdir(parent) and parent != os.path.dirname(parent):
        parent = os.path.dirname(parent)
        made.append(parent)
    os.makedirs(folder, exist_ok=True)
    for parent in made:
        with contextlib.suppress(PermissionError):  # written to, but not read
            sync_folder(parent)


def learn_words(writer, folder, files, options, learning):
    """Learn the words of an index that has none from a sample of the files, and publish them.

    What was interrupted begins anew.

    Returns
    -------
    dict
        The files that were read, as `add_images` takes them.
    """
    parameters = writer.get("parameters")
    if parameters["n_words"] or not files:
        return {}
    extraction = {**parameters["extraction"], **learning.extraction}
    sample, described = sample_descriptors(files, extraction, options)
    words = IndexWords.learn(
        sample,
        vocabulary=learning.vocabulary,
        n_words=learning.n_words,
        random_state=learning.random_state,
    )
    checksums = words.save(folder)
    reached("words written")
    parameters = {
        "extraction": extraction,
        "n_words": words.n_words,
        "files": checksums,
    }
    writer.set("parameters", parameters)
    return described


@contextlib.contextmanager
def gone_after_errors(folder):
    """After an error a folder that was made is gone again, unless its words are learned."""
    there = os.path.isdir(folder)
    try:
        yield
    except BlockingIOError:  # it is another process's
        raise
    except Exception:
        if not there and os.path.isdir(folder) and not _may_have_words(folder):
            shutil.rmtree(folder, ignore_errors=True)
        raise


def _may_have_words(folder):
    if not os.path.exists(os.path.join(folder, CATALOGUE)):
        return False
    try:
        with contextlib.closing(Catalogue(folder)) as catalogue:
            return catalogue.get("parameters")["n_words"] > 0
    except Exception:
        return True  # a full disk cannot even be read: in doubt nothing is deleted


class Learning(NamedTuple):
    """How keypoints are found and words are learned.

    Attributes
    ----------
    extraction : dict
        The parameters of `Extraction` that are asked for; the others are those of the index.
    n_words : int or None
    vocabulary : VisualVocabulary or None
    random_state : int
    """

    extraction: dict
    n_words: int | None = None
    vocabulary: VisualVocabulary | None = None
    random_state: int = 0

    @classmethod
    def checked(cls, extraction, n_words, vocabulary, random_state):
        """Return it after checking what is given: None is as the index has it."""
        extraction = {name: value for name, value in extraction.items() if value is not None}
        checked = Extraction(**extraction)
        extraction = {name: getattr(checked, name) for name in extraction}
        if n_words is not None:
            n_words = check_number(n_words, "n_words", at_least=1, integer=True)
        random_state = check_number(random_state, "random_state", at_least=0, integer=True)
        return cls(extraction, n_words, _loaded(vocabulary, n_words), random_state)


def check_parameters(folder, learning):
    """Raise ``ValueError`` if the index in ``folder`` was built in another way."""
    with contextlib.closing(Catalogue(folder)) as catalogue:
        parameters = catalogue.get("parameters")
    if not parameters["n_words"]:
        return
    wanted, vocabulary = dict(learning.extraction), learning.vocabulary
    if learning.n_words is not None:
        wanted["n_words"] = learning.n_words
    found = {**parameters["extraction"], "n_words": parameters["n_words"]}
    for name, value in wanted.items():
        if found[name] != value:
            raise ValueError(
                f"{display_name(folder)}: an index with {name}={found[name]}, got {value}; "
                "leave it as it is, or choose another folder"
            )
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
    return name in FILES or name.startswith(LOCK) or PART.fullmatch(name) is not None
