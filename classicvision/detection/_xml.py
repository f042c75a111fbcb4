"""XML of unknown origin to an element tree, without document types and of bounded depth."""

from __future__ import annotations

import contextlib
import xml.etree.ElementTree as ElementTree
from xml.parsers import expat

_DEEPEST = 64


def root_of(start: bytes) -> str | None:
    """Return the tag of the root element of XML, of which the start is enough; None without it."""
    tags = []
    parser = expat.ParserCreate()

    def refuse(*_):
        raise ValueError("document type")

    parser.StartElementHandler = lambda tag, _: tags.append(tag)
    parser.StartDoctypeDeclHandler = refuse
    with contextlib.suppress(expat.ExpatError, LookupError, ValueError):
        parser.Parse(start, False)  # what is behind the root does not matter
    return tags[0] if tags else None


def parse_xml(data: bytes, kind: str) -> ElementTree.Element:
    """Parse XML without document types, so that no entity can be defined or fetched.

    Parameters
    ----------
    data : bytes
    kind : str
        What the file should be, for the messages: ``"a Pascal VOC file"``.

    Raises
    ------
    ValueError
        For XML that is not well-formed, has a document type, or is nested deeper than 64.
    """
    builder = ElementTree.TreeBuilder()
    parser = expat.ParserCreate()
    depth = 0

    def start(tag, attributes):
        nonlocal depth
        depth += 1
        if depth > _DEEPEST:
            raise ValueError(f"not {kind}: elements nested deeper than {_DEEPEST}")
        builder.start(tag, attributes)

    def end(tag):
        nonlocal depth
        depth -= 1
        builder.end(tag)

    def refuse(*_):
        raise ValueError(f"an XML document type (DTD) is not allowed in {kind}")

    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = builder.data
    parser.StartDoctypeDeclHandler = refuse
    parser.buffer_text = True
    try:
        parser.Parse(data, True)
    except expat.ExpatError as error:
        raise ValueError(f"not well-formed XML: {error}") from None
    except LookupError as error:  # the encoding that the file says it has
        raise ValueError(f"not readable XML: {error}") from None
    return builder.close()
