"""A session of photos: what was read in each, with a small picture where one was kept."""

from html import escape

import pandas as pd
import streamlit as st

from emotion_core.errors import StoreError
from emotion_core.html import pieces
from emotion_core.images import data_uri
from emotion_core.store.session import StoredSession
from emotion_core.store.session_undo import UndoableEdits
from emotion_core.store.session_view import version_of
from emotion_core.wording import percent
from pages.parts.common.review.edits import attempt
from pages.parts.common.settings import Settings

_PER_PAGE = 24


def photo_session(session: StoredSession, edits: UndoableEdits, settings: Settings) -> None:
    """Figures, pictures and a table of faces."""
    frames = session.frames(hidden=True)
    hidden = set(session.who().hidden)
    faces = frames[frames["track"].notna() & ~frames["person_id"].isin(hidden)]
    _figures(session, faces)
    if session.pictures() and not settings.blur:
        _grid(session, faces)
    elif session.pictures():
        st.caption("The kept pictures are not shown while faces are to be blurred.")
    st.header("Faces", anchor=False)
    _table(session, frames[frames["track"].notna()], edits)


def _figures(session: StoredSession, faces: pd.DataFrame) -> None:
    info, share = session.info(), session.overall()
    shown = {name: value for name, value in share.items() if name != "uncertain"}
    most = max(shown, key=shown.__getitem__) if shown else ""
    with_face = int(faces["source"].nunique())
    st.html(
        pieces.figures(
            [
                ("Photos", f"{len(info.sources):,}", f"{with_face:,} with a face"),
                ("Faces", f"{len(faces):,}", "in all photos"),
                ("Mostly", most or "nobody", f"{percent(shown[most])} of faces" if most else ""),
                ("Uncertain", percent(share.get("uncertain", 0.0)), "not clear"),
                ("People", f"{len(info.people):,}", "that you named"),
            ]
        )
    )
    st.html(pieces.share_bar(share))


def _grid(session: StoredSession, faces: pd.DataFrame) -> None:
    info = session.info()
    pages = -(-len(info.sources) // _PER_PAGE)
    place, page = st.container(key="photo_grid"), 1
    if pages > 1:
        page = min(pages, st.pagination(pages, key="session_photos_page"))
    words = faces.groupby("source")["expression"].agg(lambda found: ", ".join(map(str, found)))
    with place:
        for source in info.sources[(page - 1) * _PER_PAGE : page * _PER_PAGE]:
            picture = session.picture(source=source.position)
            said = str(words.get(source.position, "no face"))
            with st.container(border=True, key=f"session_photo_{source.position}"):
                if picture is None:
                    st.html(pieces.paragraph("No picture was kept.", quiet=True))
                else:
                    st.html(
                        f'<img src="{escape(data_uri(picture))}" '
                        f'alt="{escape(source.name)}: {escape(said)}">'
                    )
                st.html(pieces.card_title(source.name, said))


def _table(session: StoredSession, faces: pd.DataFrame, edits: UndoableEdits) -> None:
    if faces.empty:
        st.caption("No face was found.")
        return
    info, who = session.info(), session.who()
    names = {source.position: source.name for source in info.sources}
    hidden = set(who.hidden)
    places = [(int(s), int(t)) for s, t in zip(faces["source"], faces["track"], strict=True)]
    rows = [
        {
            "photo": names.get(source, ""),
            "face": track,
            "expression": row["expression"],
            "confidence": 100 * float(row["confidence"]),
            "uncertain": bool(row["uncertain"]),
            "person": row["person"] if isinstance(row["person"], str) else "",
            "hidden": int(row["person_id"]) in hidden,
        }
        for (source, track), row in zip(places, faces.to_dict("records"), strict=True)
    ]
    key = f"session_faces_{info.id}_{hash(version_of(session)) & 0xFFFFFFFF:x}"
    st.data_editor(
        rows,
        key=key,
        hide_index=True,
        width="stretch",
        disabled=["photo", "face", "expression", "confidence", "uncertain", "hidden"],
        on_change=_changed,
        args=(session, edits, key, places),
        column_config={
            "photo": "Photo",
            "face": st.column_config.NumberColumn("Face", width="small"),
            "expression": "Expression",
            "confidence": st.column_config.ProgressColumn(
                "Confidence", format="%.0f %%", min_value=0.0, max_value=100.0
            ),
            "uncertain": st.column_config.CheckboxColumn("Uncertain"),
            "person": st.column_config.TextColumn(
                "Person", max_chars=100,
                help="Write who it is. Whoever has the same name in this session is one person.",
            ),
            "hidden": None,
        },
    )  # fmt: skip
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            "Undo", key="people_undo", icon=":material/undo:",
            disabled=not len(edits.people.log), on_click=attempt, args=(edits.people.undo,),
        )  # fmt: skip
        st.caption("Nobody is recognised from one photo to the next: you say who is who.")
    _across(info.id, {p.number: (p.name, p.subject) for p in info.people}, edits, key)


def _across(
    session: str, people: dict[int, tuple[str, str]], edits: UndoableEdits, version: str
) -> None:
    """Who the people are in other sessions."""
    if not people:
        return
    st.header("People", anchor=False)
    key = f"session_across_{session}_{version}"
    st.data_editor(
        [{"name": name, "across": subject} for name, subject in people.values()],
        key=key,
        hide_index=True,
        width=520,
        disabled=["name"],
        on_change=_linked,
        args=(edits, key, list(people)),
        column_config={
            "name": "Name",
            "across": st.column_config.TextColumn(
                "Across sessions", max_chars=100,
                help="Whoever has the same name there counts as one person in all sessions.",
            ),
        },
    )  # fmt: skip


def _linked(edits: UndoableEdits, key: str, people: list[int]) -> None:
    for row, values in (st.session_state.get(key) or {}).get("edited_rows", {}).items():
        if "across" in values:
            attempt(edits.people.link, people[int(row)], str(values["across"] or ""))


def _changed(
    session: StoredSession, edits: UndoableEdits, key: str, places: list[tuple[int, int]]
) -> None:
    for row, values in (st.session_state.get(key) or {}).get("edited_rows", {}).items():
        if "person" in values:
            attempt(_say, session, edits, places[int(row)], str(values["person"] or "").strip())


def _say(session: StoredSession, edits: UndoableEdits, place: tuple[int, int], name: str) -> None:
    """Somebody of this name is somebody who is known here, or somebody new."""
    if not name:
        raise StoreError("Write a name. Whoever was named wrongly is named anew, not left out.")
    known = {person.name.casefold(): person.number for person in session.people.list()}
    person = edits.people.assign(*place, known.get(name.casefold()))
    if name.casefold() not in known:
        edits.people.name(person, name)
