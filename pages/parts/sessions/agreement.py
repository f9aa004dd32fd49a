"""How far the model agrees with people who coded the session: a file of codes in, kappa out."""

import hashlib
from collections.abc import Mapping

import streamlit as st

from emotion_core.emotions import Emotion
from emotion_core.errors import EmotionLensError
from emotion_core.markdown import plain
from emotion_core.reports.agreement.coding_files import parse_words
from emotion_core.reports.agreement.codings import CodedWords, meaning
from emotion_core.reports.agreement.example import example_coding
from emotion_core.reports.agreement.judging import Agreement, agree
from emotion_core.reports.session_frames import SessionFrames, SessionKind
from emotion_core.store.session import StoredSession
from emotion_core.wording import count_of
from pages.parts.sessions.reading import read_session, version_of

_ENDINGS = ["csv", "tsv", "txt", "eaf", "boris"]
_MAX_MB = 32
#: Words and people that can be mapped by hand; more stand as they are read.
_MOST_FIELDS = 24
_LEAVE_OUT = ""
_RESULT = "_agreement_{}"
_KEPT, _KEPT_S = 24, 1800.0


def agreement(session: StoredSession) -> None:
    """Draws the section: the file, what its words mean, the options, and what comes out."""
    try:
        info = session.info()
        if info.kind.value == SessionKind.PHOTOS.value:
            st.caption("Photos have no time, so there are no intervals that people could code.")
            return
        frames = read_session(session)
        if not frames.view.names:
            st.caption("No face was found in this session, so there is nothing to agree about.")
            return
        file = _file(frames)
        if file is None:
            st.session_state.pop(_RESULT.format(session.id), None)
            return
        name, content = file
        coded = parse_words(content, name)
        if not coded.codes:
            st.error(f"{plain(name)}: no coded interval was found.", icon=":material/error:")
            return
        words, people = _mapping(coded, frames)
        found = _judged(
            version_of(session, info), hashlib.sha256(content).hexdigest(),
            tuple(sorted(words.items())), tuple(sorted(people.items())), *_options(),
            frames, coded,
        )  # fmt: skip
    except EmotionLensError as error:
        st.error(plain(error), icon=":material/error:")
        return
    st.session_state[_RESULT.format(session.id)] = version_of(session, info), found
    # Only now: charts take a while to import.
    from pages.parts.sessions.agreement_figures import agreement_figures

    agreement_figures(found, info.name or info.id[:6])


def last_agreement(session: StoredSession) -> Agreement | None:
    """What this section showed last, for a report; None if the session has changed since."""
    kept = st.session_state.get(_RESULT.format(session.id))
    if kept is None or kept[0] != version_of(session, session.info()):
        return None
    found: Agreement = kept[1]
    return found


def _file(frames: SessionFrames) -> tuple[str, bytes] | None:
    """Name and content of the file that was given."""
    file = st.file_uploader(
        "What people coded", type=_ENDINGS, max_upload_size=_MAX_MB, key=f"coding_{frames.id}",
        help="CSV or TSV with columns such as *start*, *end*, *expression*, and perhaps *person* "
        "and *coder*; an ELAN document (.eaf) with a tier per person; a BORIS project with one "
        "observation, or its exported events; BIDS events. Times count seconds from the start of "
        "the session.",
    )  # fmt: skip
    if file is None:
        st.caption(
            "Kappa, intraclass correlations and a table of what was taken for what will appear "
            "here. Times count seconds from the start of the session."
        )
        st.download_button(
            "Example file", data=lambda: example_coding(frames), file_name="example_coding.csv",
            mime="text/csv", icon=":material/download:", on_click="ignore",
            help="A table for this session, with its people; what it says is made up.",
            key=f"coding_example_{frames.id}",
        )  # fmt: skip
        return None
    return file.name, file.getvalue()


def _mapping(
    coded: CodedWords, frames: SessionFrames
) -> tuple[dict[str, Emotion | None], dict[str, str]]:
    """What the words mean, and who the people of the file are, as the user says."""
    here = list(frames.view.names.values())
    strangers = [p for p in coded.people if p.casefold() not in {n.casefold() for n in here}]
    unknown = [word for word in coded.words if meaning(word) is None]
    ask_people = bool(strangers) and not (len(coded.people) == 1 and len(here) == 1)
    st.caption(
        f"{count_of(len(coded.codes), 'interval')} with {count_of(len(coded.words), 'word')} of "
        f"{count_of(len(coded.people), 'person', 'people')} by "
        f"{count_of(len({code.coder for code in coded.codes}), 'coder')}."
    )
    with st.expander("What its words and people are", expanded=bool(unknown) or ask_people):
        words = _words(coded)
        people = _people(coded, here) if ask_people or len(here) > 1 else {}
    return words, people


def _words(coded: CodedWords) -> dict[str, Emotion | None]:
    options = [*(emotion.value for emotion in Emotion), _LEAVE_OUT]
    found: dict[str, Emotion | None] = {}
    shown = list(coded.words.items())[:_MOST_FIELDS]
    with st.container(horizontal=True, gap="medium"):
        for place, (word, n) in enumerate(shown):
            known = meaning(word)
            chosen = st.selectbox(
                plain(f"{word[:40] or '(empty)'} · {n}"), options, width=190,
                index=options.index(known.value if known else _LEAVE_OUT),
                format_func=lambda one: one or "leave out", key=f"coding_word_{place}_{word}",
            )  # fmt: skip
            found[word] = Emotion(chosen) if chosen else None
    if len(coded.words) > len(shown):
        st.caption(f"The first {len(shown)} of {len(coded.words)} words; others as they are read.")
    return found


def _people(coded: CodedWords, here: list[str]) -> dict[str, str]:
    options = [*here, _LEAVE_OUT]
    by_folded = {name.casefold(): name for name in here}
    found = {}
    with st.container(horizontal=True, gap="medium"):
        for place, person in enumerate(coded.people[:_MOST_FIELDS]):
            known = by_folded.get(person.casefold(), _LEAVE_OUT)
            found[person] = st.selectbox(
                plain(f"Whose codes: {person or 'no name'}"), options, width=250,
                index=options.index(known), format_func=lambda one: plain(one) or "leave out",
                key=f"coding_person_{place}_{person}",
            )  # fmt: skip
    return found


def _options() -> tuple[float, float, str]:
    """(length of a window, tolerance, what time without a code shows)."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        window_s = st.number_input(
            "Window, seconds", 0.04, 600.0, 1.0, 0.5, key="coding_window", width=150,
            help="Time is cut into windows; each has the label that fills most of it.",
        )  # fmt: skip
        tolerance_s = st.number_input(
            "Tolerance, seconds", 0.0, 600.0, 0.0, 0.5, key="coding_tolerance", width=150,
            help="A window agrees, too, if the other side has its label so much earlier or later: "
            "people take a moment to press a key.",
        )  # fmt: skip
        uncoded = st.selectbox(
            "Time without a code", [_LEAVE_OUT, *(e.value for e in Emotion)], width=190,
            format_func=lambda one: f"shows {one}" if one else "does not count",
            key="coding_uncoded",
            help="Where only some expressions were coded, everything else may be neutral.",
        )  # fmt: skip
    return float(window_s), float(tolerance_s), str(uncoded)


@st.cache_resource(max_entries=_KEPT, ttl=_KEPT_S, show_spinner="Comparing with the codes")
def _judged(
    version: str,  # noqa: ARG001 - the cache's key
    file: str,  # noqa: ARG001 - the cache's key
    words: tuple[tuple[str, Emotion | None], ...],
    people: tuple[tuple[str, str], ...],
    window_s: float,
    tolerance_s: float,
    uncoded: str,
    _frames: SessionFrames,
    _coded: CodedWords,
) -> Agreement:
    meant: Mapping[str, Emotion | None] = dict(words)
    coding = _coded.coding(meant, dict(people))
    return agree(
        _frames, coding, window_s=window_s, tolerance_s=tolerance_s,
        uncoded=Emotion(uncoded) if uncoded else None,
    )  # fmt: skip
