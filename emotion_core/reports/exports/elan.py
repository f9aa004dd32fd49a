"""ELAN annotation documents (.eaf): a tier per person, and one for markers.

Own code and not pympi-ling: that one writes only to paths, moves what stands there aside, and
refuses files of newer versions. It reads what is written here in the tests.
"""

import io
from collections.abc import Sequence
from xml.etree import ElementTree

from emotion_core.reports.session_frames import SessionFrames
from emotion_core.video.events import find_events

# Source: http://www.mpi.nl/tools/elan/EAF_Annotation_Format_3.0_and_ELAN.pdf and the schema there.
_SCHEMA = "http://www.mpi.nl/tools/elan/EAFv3.0.xsd"
_SCHEMA_INSTANCE = "http://www.w3.org/2001/XMLSchema-instance"
_TYPE, _MARKER_TYPE, _WORDS = "expression", "marker", "expressions"
# A moment has no place in a tier of intervals: it is shown for so long.
_MOMENT_MS = 40

#: (begin in ms, end in ms, text).
_Annotation = tuple[int, int, str]


def to_elan(session: SessionFrames, *, media: str = "") -> bytes:
    """Expressions and markers as an ELAN document.

    Args:
        session: whose events are written.
        media: path or address of the video; empty: ELAN asks for it.
    """
    tiers: list[tuple[str, str, list[_Annotation]]] = []
    events = find_events(session.view)
    taken: set[str] = set()
    for person, name in session.view.names.items():
        own = [
            (_ms(event.onset_s), _ms(event.offset_s), event.expression)
            for event in events
            if event.person_id == person
        ]
        tiers.append((_tier_name(name, taken), _TYPE, own))
    marks = [
        (_ms(m.start_s), _ms(m.end_s) if m.end_s is not None else _ms(m.start_s) + _MOMENT_MS,
         m.text or m.kind)
        for m in session.markers
    ]  # fmt: skip
    if marks:
        tiers.append((_tier_name("markers", taken), _MARKER_TYPE, _apart(marks)))
    tree = ElementTree.ElementTree(_document(session, tiers, media))
    ElementTree.indent(tree)
    buffer = io.BytesIO()
    tree.write(buffer, encoding="UTF-8", xml_declaration=True)
    return buffer.getvalue()


def _document(
    session: SessionFrames, tiers: Sequence[tuple[str, str, list[_Annotation]]], media: str
) -> ElementTree.Element:
    root = ElementTree.Element(
        "ANNOTATION_DOCUMENT",
        {
            "AUTHOR": "Emotion Lens",
            "DATE": session.created or "2000-01-01T00:00:00+00:00",
            "FORMAT": "3.0",
            "VERSION": "3.0",
            f"{{{_SCHEMA_INSTANCE}}}noNamespaceSchemaLocation": _SCHEMA,
        },
    )
    head = ElementTree.SubElement(root, "HEADER", {"MEDIA_FILE": "", "TIME_UNITS": "milliseconds"})
    if media:
        kind = {"MEDIA_URL": media, "MIME_TYPE": "video/mp4"}
        ElementTree.SubElement(head, "MEDIA_DESCRIPTOR", kind)
    order = ElementTree.SubElement(root, "TIME_ORDER")
    times = sorted({ms for *_, own in tiers for begin, end, _ in own for ms in (begin, end)})
    slots = {ms: f"ts{number}" for number, ms in enumerate(times, start=1)}
    for ms, slot in slots.items():
        stands = {"TIME_SLOT_ID": slot, "TIME_VALUE": str(ms)}
        ElementTree.SubElement(order, "TIME_SLOT", stands)
    number = 0
    for name, kind_of_tier, own in tiers:
        tier = ElementTree.SubElement(
            root, "TIER", {"LINGUISTIC_TYPE_REF": kind_of_tier, "TIER_ID": name}
        )
        for begin, end, text in own:
            if end <= begin:
                continue  # ELAN refuses what has no length
            number += 1
            annotation = ElementTree.SubElement(
                ElementTree.SubElement(tier, "ANNOTATION"),
                "ALIGNABLE_ANNOTATION",
                {
                    "ANNOTATION_ID": f"a{number}",
                    "TIME_SLOT_REF1": slots[begin],
                    "TIME_SLOT_REF2": slots[end],
                },
            )
            ElementTree.SubElement(annotation, "ANNOTATION_VALUE").text = _xml(text)
    for name, words in ((_TYPE, _WORDS), (_MARKER_TYPE, "")):
        attributes = {
            "GRAPHIC_REFERENCES": "false", "LINGUISTIC_TYPE_ID": name, "TIME_ALIGNABLE": "true",
        }  # fmt: skip
        if words:
            attributes["CONTROLLED_VOCABULARY_REF"] = words
        ElementTree.SubElement(root, "LINGUISTIC_TYPE", attributes)
    language = {"LANG_DEF": "http://cdb.iso.org/lg/CDB-00138502-001", "LANG_ID": "eng",
                "LANG_LABEL": "English (eng)"}  # fmt: skip
    ElementTree.SubElement(root, "LANGUAGE", language)
    words_of = ElementTree.SubElement(root, "CONTROLLED_VOCABULARY", {"CV_ID": _WORDS})
    ElementTree.SubElement(words_of, "DESCRIPTION", {"LANG_REF": "eng"}).text = "Expressions"
    for name in session.view.label_set.names:
        entry = ElementTree.SubElement(words_of, "CV_ENTRY_ML", {"CVE_ID": f"cve_{name}"})
        value = {"DESCRIPTION": f"The face looks {name}", "LANG_REF": "eng"}
        ElementTree.SubElement(entry, "CVE_VALUE", value).text = name
    return root


def _tier_name(name: str, taken: set[str]) -> str:
    base = _xml(name).strip() or "person"
    found, number = base, 2
    while found in taken:
        found, number = f"{base} ({number})", number + 1
    taken.add(found)
    return found


def _apart(marks: Sequence[_Annotation]) -> list[_Annotation]:
    """Annotations of one tier must not meet: each ends where the next begins, or is joined."""
    found: list[_Annotation] = []
    for begin, end, text in sorted(marks):
        if found and begin <= found[-1][0]:
            first, last, said = found[-1]
            found[-1] = (first, max(last, end), f"{said}; {text}")
            continue
        if found and begin < found[-1][1]:
            found[-1] = (found[-1][0], begin, found[-1][2])
        found.append((begin, end, text))
    return found


def _ms(seconds: float) -> int:
    return round(seconds * 1000)


def _xml(text: str) -> str:
    """Text without what XML cannot hold."""
    return "".join(c if c in "\t\n" or _fits_xml(c) else " " for c in text)


def _fits_xml(c: str) -> bool:
    return c >= " " and not "\ud800" <= c <= "\udfff" and c not in "\ufffe\uffff"
