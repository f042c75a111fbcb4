"""Pictures on disk that are found again by what they show: an index in a folder."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING, Any

from classicvision.images.reading import display_name
from classicvision.retrieval._creation import Learning, begin_index, gone_after_errors, learn_words
from classicvision.retrieval._index_search import Closed, Searcher
from classicvision.retrieval._indexing import (
    Options,
    add_images,
    check_on_error,
    files_and_gone,
    remove_images,
)
from classicvision.retrieval._paths import image_paths, index_folder, is_gone
from classicvision.retrieval._snapshot import Snapshot
from classicvision.retrieval._writer import Writer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from numpy.typing import ArrayLike
    from typing_extensions import Self

    from classicvision.results import Ranking
    from classicvision.retrieval._index_search import Comparison
    from classicvision.retrieval._indexing import Changes
    from classicvision.retrieval.vocabulary import VisualVocabulary

    Paths = str | os.PathLike[str] | Iterable[str | os.PathLike[str]]
    OnError = Callable[[Any, Exception], object]


class ImageIndex:
    """An index of pictures in a folder, for finding a picture, or a part of one, again.

    Parameters
    ----------
    path : path-like
        The folder that :meth:`build` has made.

    Attributes
    ----------
    paths : list of str
        The pictures, with the folders they are in from the root on.
    parameters : dict
        How keypoints are found, and the number of words.
    changes : Changes or None
        What the last call that wrote has done: ``added``, ``changed``, ``removed``,
        ``unchanged`` and ``skipped`` pictures.

    Raises
    ------
    FileNotFoundError
        For a folder that is not there.
    ValueError
        For a folder that is no index, a damaged one, or one of a newer version.

    Notes
    -----
    1. Each picture is reduced to ``max_side`` pixels, described by RootSIFT, and each descriptor
       becomes a visual word with a Hamming signature. Words and signatures are learned from a
       sample of the pictures when the index is built, and then stay as they are.
    2. A search adds up the matches of close signatures, with weak geometric consistency; the best
       50 are verified: descriptors are matched, and a similarity is fitted to the matches.
    3. Of a query with fewer than 20 keypoints the colours count too.

    An object shows the index as it was when it was opened, or as it left it itself; any number of
    processes may read while one writes. What is written is appended, waited for, and then
    published in one transaction, so that an index opens after a crash as it was or as it became.
    On disk a picture of 1,000 keypoints takes 173 kB; in memory a few hundred bytes.

    References
    ----------
    H. Jegou, M. Douze, C. Schmid, "Hamming embedding and weak geometric consistency", ECCV 2008.

    Examples
    --------
    >>> import os
    >>> import tempfile
    >>> import classicvision as cv
    >>> from classicvision.images import sample_path
    >>> photographs = [sample_path(name) for name in ("astronaut", "coffee", "rocket")]
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     index = cv.ImageIndex.build(photographs, folder, n_words=50)
    ...     found = index.search(cv.sample_image("coffee")[100:300, 200:450], top=2)
    >>> len(index), os.path.basename(found.paths[0]), found.boxes[0].round(-1).tolist()
    (3, 'coffee.png', [200.0, 100.0, 450.0, 300.0])
    """

    def __init__(self, path: str | os.PathLike[str]):
        self.path = index_folder(path, "path")
        self.changes = None
        self._load()

    def _load(self):
        self._searcher = Searcher(Snapshot(self.path))
        contents = self._searcher.snapshot.contents
        self.paths = contents.paths
        known = contents.parameters
        self.parameters = {**known["extraction"], "n_words": known["n_words"]}

    @classmethod
    def open(cls, path: str | os.PathLike[str]) -> Self:
        """Open an index for searching, as ``ImageIndex(path)`` does; nothing is written."""
        return cls(path)

    @classmethod
    def build(
        cls,
        paths: Paths,
        out: str | os.PathLike[str],
        *,
        vocabulary: VisualVocabulary | str | os.PathLike[str] | None = None,
        n_words: int | None = None,
        max_side: int | None = None,
        max_keypoints: int | None = None,
        contrast_threshold: float | None = None,
        random_state: int = 0,
        n_jobs: int | None = None,
        verbose: int = 0,
        on_error: OnError | None = None,
    ) -> Self:
        """Make an index, or go on with one whose building was interrupted.

        Parameters
        ----------
        paths : path-like, or an iterable of them
            Pictures, folders (all pictures in them and below) and patterns (``"scans/*.tif"``).
        out : path-like
            The folder: a new or an empty one, or that of an index with the same parameters, whose
            pictures are not read again.
        vocabulary : VisualVocabulary or path-like, optional
            Words for RootSIFT descriptors, or the file of such. By default they are learned from
            up to 400 of the pictures.
        n_words : int, optional
            How many words to learn; by default 4096, and fewer from few pictures.
        max_side : int, optional
            Larger pictures are reduced to this many pixels on their longer side, 16 at least. By
            default 640, or as the index has it; so with the two that follow.
        max_keypoints : int, optional
            The most keypoints of a picture (1000).
        contrast_threshold : float, optional
            Of SIFT (0.01).
        random_state : int
            For learning words and signatures.
        n_jobs : int, optional
            Pictures that are described at a time: see ``joblib.parallel_config`` for other
            backends. The index does not depend on it.
        verbose : int
            Above 0: a progress bar on standard error.
        on_error : callable, optional
            Is given ``(path, error)`` of each file that is skipped; by default a warning is given.

        Returns
        -------
        ImageIndex

        Raises
        ------
        TypeError, ValueError
            For options out of range, paths that name nothing, a folder that holds something
            else, or an index with other parameters.
        BlockingIOError
            If another process is writing to the index.

        Notes
        -----
        Pictures are published in batches of 32, in the order of their paths. An error, a kill or
        Ctrl-C loses the batch under way at most; the same call goes on from there. Before that,
        while the words are being learned from up to 400 of the pictures, it starts again. Memory
        does not grow with the number of pictures, but for their names.
        """
        extraction = {
            "max_side": max_side,
            "max_keypoints": max_keypoints,
            "contrast_threshold": contrast_threshold,
        }
        learning = Learning.checked(extraction, n_words, vocabulary, random_state)
        options = Options.checked(n_jobs, verbose, on_error)
        found = image_paths(paths)
        folder = index_folder(out, "out")
        with gone_after_errors(folder):
            begin_index(folder, learning)
            with Writer(folder) as writer:
                read = learn_words(writer, folder, found.files, options, learning)
                changes = add_images(writer, folder, found, options, read)
        index = cls(folder)
        index.changes = changes
        return index

    def add(
        self,
        paths: Paths,
        *,
        n_jobs: int | None = None,
        verbose: int = 0,
        on_error: OnError | None = None,
    ) -> Changes:
        """Add pictures; those that are in the index and have changed are read again.

        Parameters
        ----------
        paths, n_jobs, verbose, on_error
            As for :meth:`build`.

        Returns
        -------
        Changes
            ``added``, ``changed``, ``removed``, ``unchanged`` and ``skipped``.
        """
        options = Options.checked(n_jobs, verbose, on_error)
        found = image_paths(paths)
        with self._writer() as writer:
            read = learn_words(writer, self.path, found.files, options, Learning({}))
            self.changes = add_images(writer, self.path, found, options, read)
        return self.changes

    def update(
        self,
        paths: Paths | None = None,
        *,
        n_jobs: int | None = None,
        verbose: int = 0,
        on_error: OnError | None = None,
    ) -> Changes:
        """Bring the index up to date with the files: new, changed and vanished ones.

        A file has changed if its size or time has, and then its contents. It has vanished if it
        is in the index and not there, and ``paths`` name it, a folder it was in, or a pattern it
        matches; then it is taken out. But if its folder is gone or empty, and no folder above it
        that was given is there, or if the nearest folder that the index was made from is, its disk
        may be missing. The pictures of such folders, and of those that cannot be read, stay, and
        the folders are skipped. Disks mounted below a folder are to be given by themselves.

        Parameters
        ----------
        paths : path-like, or an iterable of them, optional
            As for :meth:`build`; by default the folders and patterns that were ever given, and
            all pictures in the index.
        n_jobs, verbose, on_error
            As for :meth:`build`.

        Returns
        -------
        Changes

        Raises
        ------
        ValueError
            Without ``paths``: if a folder that was given is gone or empty, and the index has
            pictures of it. Then nothing is removed. Bring it back, or :meth:`remove` it.
        """
        options = Options.checked(n_jobs, verbose, on_error)
        with self._writer() as writer:
            found, gone = files_and_gone(writer, paths)
            read = learn_words(writer, self.path, found.files, options, Learning({}))
            changes = add_images(writer, self.path, found, options, read)
            gone = list(filter(is_gone, gone))  # and did not come back meanwhile
            self.changes = changes._replace(removed=writer.remove(gone))
        return self.changes

    def remove(self, paths: Paths) -> Changes:
        """Take pictures out of the index; the files themselves stay.

        Parameters
        ----------
        paths : path-like, or an iterable of them
            As in :attr:`paths`, or relative to the current folder; a folder stands for all
            pictures of the index in it and below, whether it is there or not.

        Returns
        -------
        Changes

        Raises
        ------
        ValueError
            For a path that is not in the index; then none is removed.

        Notes
        -----
        Folders and patterns that :meth:`build` was given, and that have no pictures in the index
        any more, are forgotten: an update does not look into them.
        """
        with self._writer() as writer:
            self.changes = remove_images(writer, paths)
        return self.changes

    def compact(self) -> None:
        """Give the space of removed and changed pictures back: the arrays are written anew."""
        with self._writer() as writer:
            writer.compact()

    @contextlib.contextmanager
    def _writer(self):
        """Write to the index, and then show it as it has become, whatever happened."""
        _ = self._searcher.snapshot  # an error after close
        try:
            with Writer(self.path) as writer:
                yield writer
        finally:
            self._load()

    def verify(self, on_error: OnError | None = None) -> None:
        """Read all of the index; ``ValueError`` for what is not as it was written.

        Parameters
        ----------
        on_error : callable, optional
            Is given ``(path, error)`` of each damage instead, in a file or in a picture's data.
        """
        check_on_error(on_error)
        for path, error in self._searcher.snapshot.damages():
            if on_error is None:
                raise error
            on_error(path, error)

    def search(
        self,
        image: ArrayLike | str | os.PathLike[str],
        top: int = 10,
        verify: bool = True,
    ) -> Ranking:
        """Return the pictures that have most in common with an image, the best first.

        Parameters
        ----------
        image : ndarray, shape (rows, columns) or (rows, columns, 3), or path-like
        top : int
            How many pictures at most.
        verify : bool
            Look where the query lies in the 50 best, and put those first where it is found, by
            the number of matches that agree (inliers).

        Returns
        -------
        Ranking
            ``scores``: what the words have in common, 0 to about 1, plus the inliers where the
            query was found; with fewer than 20 keypoints plus the likeness of the colours, 0 to 1.

        Raises
        ------
        TypeError, ValueError
            For what is no image, or a ``top`` below 1.
        """
        return self._searcher.look_up(image, top, verify)[0]

    def compare(
        self, image: ArrayLike | str | os.PathLike[str], path: str | os.PathLike[str]
    ) -> Comparison:
        """Return which points of an image match which of a picture of the index.

        Parameters
        ----------
        image : ndarray or path-like
        path : path-like
            One of :attr:`paths`; another one is a ``ValueError``.

        Returns
        -------
        Comparison
            ``query_points`` and ``points`` (n, 2), the pairs of x, y that agree, the ``matches``
            there were before, and the ``box`` of the query in the picture.
        """
        path = os.path.abspath(path)
        if path not in self._searcher.places:
            raise ValueError(f"{display_name(path)}: not in the index; check its name and folder")
        return self._searcher.compare(self._searcher.describe(image), self._searcher.places[path])

    def close(self) -> None:
        """Let the files go; the object cannot be used any more."""
        self._searcher = Closed()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def __len__(self) -> int:
        return len(self.paths)

    def __reduce__(self):  # another process opens the index itself
        return type(self), (self.path,)

    def __contains__(self, path: str | os.PathLike[str]) -> bool:
        return os.path.abspath(path) in self._searcher.places

    def __repr__(self) -> str:
        return f"ImageIndex({len(self)} images, {self.parameters['n_words']} words)"
