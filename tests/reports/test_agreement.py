"""Agreement with people: codings of any origin, coefficients as published, windows of time."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score

from emotion_core.emotions import Emotion
from emotion_core.errors import ReportError
from emotion_core.reports.agreement.coding_files import read_coding
from emotion_core.reports.agreement.coefficients import (
    cohen_kappa,
    intraclass_correlation,
    krippendorff_alpha,
)
from emotion_core.reports.agreement.judging import agree
from emotion_core.reports.agreement.windows import label_windows
from tests.reports.sessions import session, two_people
from tests.video.tables import happy, sad

ELAN = """<?xml version="1.0" encoding="UTF-8"?>
<ANNOTATION_DOCUMENT AUTHOR="" DATE="2026-01-01T00:00:00+00:00" FORMAT="3.0" VERSION="3.1">
<HEADER MEDIA_FILE="" TIME_UNITS="milliseconds"/>
<TIME_ORDER><TIME_SLOT TIME_SLOT_ID="ts1" TIME_VALUE="0"/>
<TIME_SLOT TIME_SLOT_ID="ts2" TIME_VALUE="5000"/>
<TIME_SLOT TIME_SLOT_ID="ts3"/></TIME_ORDER>
<TIER LINGUISTIC_TYPE_REF="d" TIER_ID="t1" PARTICIPANT="Ann" ANNOTATOR="Kim">
<ANNOTATION><ALIGNABLE_ANNOTATION ANNOTATION_ID="a1" TIME_SLOT_REF1="ts1" TIME_SLOT_REF2="ts2">
<ANNOTATION_VALUE>Joy</ANNOTATION_VALUE></ALIGNABLE_ANNOTATION></ANNOTATION>
<ANNOTATION><ALIGNABLE_ANNOTATION ANNOTATION_ID="a2" TIME_SLOT_REF1="ts2" TIME_SLOT_REF2="ts3">
<ANNOTATION_VALUE>Sad</ANNOTATION_VALUE></ALIGNABLE_ANNOTATION></ANNOTATION></TIER>
<TIER LINGUISTIC_TYPE_REF="d" TIER_ID="t2" PARENT_REF="t1"><ANNOTATION>
<REF_ANNOTATION ANNOTATION_ID="a3" ANNOTATION_REF="a1">
<ANNOTATION_VALUE>surprised</ANNOTATION_VALUE></REF_ANNOTATION></ANNOTATION></TIER>
</ANNOTATION_DOCUMENT>"""
BORIS = {
    "observations": {
        "empty": {"events": []},
        "one": {
            "events": [
                [5.0, "Ann", "happy", "", "", ""],
                [0.5, "Ann", "happy", "", "", ""],
                [6.0, "Ann", "walks", "", "", ""],
                [7.0, "Ann", "walks", "", "", ""],
            ]
        },
    }
}


def coded(path: Path, text: str):
    path.write_text(text, encoding="utf-8")
    return [
        (c.start_s, c.end_s, c.expression.value, c.person, c.coder) for c in read_coding(path).codes
    ]


@pytest.mark.parametrize(
    ("name", "text", "wanted"),
    [
        ("a.csv", "start,end,emotion\n0,1.5,Freude\n", [(0, 1.5, "happy", "", "")]),
        ("a.csv", "\ufeffonset;duration;label;rater\n1,5;2;sad;K\n", [(1.5, 3.5, "sad", "", "K")]),
        ("a.tsv", "onset\tduration\ttrial_type\tperson\n0:01\t1\tfear\tAnn\n",
         [(1, 2, "fear", "Ann", "")]),
        ("a.csv", "time,label\n0,happy\n2,sad\n5,sad\n",
         [(0, 2, "happy", "", ""), (2, 5, "sad", "", "")]),
        ("a.csv", "Subject,Behavior,Behavior type,Time\n"
         "A,happy,START,1\nA,x,POINT,1\nA,happy,STOP,2\n",
         [(1, 2, "happy", "A", "")]),
        ("a.csv", "Subject,Behavior,Behavior type,Start (s),Stop (s)\nA,angry,STATE,1,2\n",
         [(1, 2, "angry", "A", "")]),
        ("a.eaf", ELAN, [(0, 5, "happy", "Ann", "Kim"), (0, 5, "surprise", "t2", "")]),
        ("a.boris", json.dumps(BORIS), [(0.5, 5, "happy", "Ann", "")]),
    ],
)  # fmt: skip
def test_codings_are_read(tmp_path: Path, name: str, text: str, wanted: list) -> None:
    assert coded(tmp_path / name, text) == wanted


def test_words_that_name_no_expression_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("start,end,emotion\n0,1,happy\n1,2,bored\n2,3,bored\n", encoding="utf-8")
    assert read_coding(path).unknown == {"bored": 2}


_BOMB = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">' + "".join(
    f'<!ENTITY {chr(98 + i)} "{f"&{chr(97 + i)};" * 10}">' for i in range(9)
)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.csv", b"", "wanted a table|wanted columns"),
        ("a.csv", b"\xff\xfe\x00", "wanted text in UTF-8"),
        ("a.csv", b"a,b\n1,2\n", "wanted columns for the begin"),
        ("a.csv", b"start,end,emotion\nx,2,happy\n", "wanted a time in seconds. Received: 'x'"),
        ("a.csv", b"start,end,emotion\n3,2,happy\n", "end after they begin"),
        ("a.csv", b"start,end,emotion\nnan,2,happy\n", "end after they begin"),
        ("a.csv", b"start,end,emotion\n1,2,bored\n", "only bored"),
        ("a.csv", b"start,end,emotion\n", "Received: none"),
        ("a.csv", b'start,end,emotion\n1,2,"happy\n3', "wanted a table|wanted coded"),
        ("a.csv", b"Subject,Behavior,Behavior type,Time\nA,happy,STOP,2\n", "never started"),
        ("a.eaf", b"<a>", "wanted an ELAN document"),
        ("a.eaf", b"<a/>", "Received: <a>"),
        ("a.eaf", ELAN.replace('VALUE="5000"', 'VALUE="x"').encode(), "damaged"),
        ("a.eaf", ELAN.replace('ANNOTATION_ID="a1"', "").encode(), "damaged"),
        ("a.eaf", (_BOMB + "]><a>&j;</a>").encode(), "wanted an ELAN document"),
        ("a.boris", b"[]", "wanted a BORIS project"),
        ("a.boris", b'{"observations": {}}', "wanted one observation"),
        ("a.boris", b'{"observations": {"a": {"events": [["x"]]}}}', "wanted events of time"),
    ],
)
def test_a_coding_that_cannot_be_used_is_one_sentence(
    tmp_path: Path, name: str, content: bytes, words: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(ReportError, match=words) as raised:
        read_coding(path)
    assert "\n" not in str(raised.value)
    assert len(str(raised.value)) < 400
    with pytest.raises(ReportError, match="No such file"):
        read_coding(tmp_path / "none.csv")


def test_kappa_as_published_and_as_others_compute_it() -> None:
    """Interval: statsmodels 0.15, ``cohens_kappa`` of the same tables."""
    found = cohen_kappa(np.array([[25, 10], [15, 20]]))
    assert found == pytest.approx((0.2857142857, 0.0635215446876555, 0.5079070267409161))
    table = np.array([[25, 19, 15, 8], [9, 1, 2, 0], [5, 24, 19, 27], [15, 18, 29, 21]])
    found = cohen_kappa(table)
    assert found == pytest.approx((0.0415523602, -0.0306159694, 0.1137206898))
    rows, columns = np.indices((4, 4))
    human, model = np.repeat(rows.ravel(), table.ravel()), np.repeat(columns.ravel(), table.ravel())
    assert found[0] == pytest.approx(cohen_kappa_score(human, model))
    assert all(map(math.isnan, cohen_kappa(np.diag([5, 0]))))
    assert all(map(math.isnan, cohen_kappa(np.zeros((2, 2)))))


def test_icc_as_published() -> None:
    """Shrout & Fleiss, Psychological Bulletin 86 (1979) 420-428; intervals: pingouin 0.7."""
    ratings = np.array(
        [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]], float
    )
    absolute = intraclass_correlation(ratings, absolute=True)
    assert absolute == pytest.approx((0.29, 0.02, 0.76), abs=0.005)
    assert intraclass_correlation(ratings, absolute=False) == pytest.approx(
        (0.71, 0.34, 0.95), abs=0.005
    )
    same = np.array([[1.0, 1], [2, 2], [4, 4]])
    assert intraclass_correlation(same, absolute=True)[0] == pytest.approx(1)
    shifted = same + np.array([0, 1])
    assert intraclass_correlation(shifted, absolute=False)[0] == pytest.approx(1)
    assert intraclass_correlation(shifted, absolute=True)[0] < 0.9
    assert math.isnan(intraclass_correlation(np.ones((4, 2)), absolute=True)[0])


def test_alpha_as_published() -> None:
    """Krippendorff, "Computing Krippendorff's Alpha-Reliability" (2011), example C: 0.743."""
    none = -1
    coders = [
        [1, 2, 3, 3, 2, 1, 4, 1, 2, none, none, none],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, none, 3],
        [none, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, none],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, none],
    ]
    assert krippendorff_alpha([np.array(c) for c in coders]) == pytest.approx(0.743, abs=5e-4)
    assert math.isnan(krippendorff_alpha([np.array([1, none]), np.array([none, 1])]))


def test_windows_have_the_label_that_fills_most_of_them() -> None:
    spans = np.array([(0, 0.6), (0.5, 0.7), (0.7, 1.5), (2.6, 3.0)])
    share, labels = label_windows(spans, np.array([0, 0, 1, 0]), 2, np.arange(4.0))
    assert share == pytest.approx(np.array([[0.7, 0.3], [0, 0.5], [0.4, 0]]))
    assert labels.tolist() == [0, 1, -1]  # of the last one too little is known


def coding(tmp_path: Path, text: str):
    path = tmp_path / "coding.csv"
    path.write_text("start,end,emotion,person,coder\n" + text, encoding="utf-8")
    return read_coding(path)


def test_agreement_of_a_person(tmp_path: Path) -> None:
    found = session(tmp_path, two_people(), names=["Ann", "Ben"])  # Ann: happy to 5 s, then sad
    result = agree(found, coding(tmp_path, "0,6,happy,ann,\n6,10,sad,ann,\n"))
    assert result.confusion.loc["happy", ["happy", "sad"]].tolist() == [5, 1]
    assert result.confusion.loc["sad", "sad"] == 4
    row = result.kappas.iloc[-1]
    assert (row["coder"], row["windows"], row["agreement"]) == ("all", 10, pytest.approx(0.9))
    assert row["kappa"] == pytest.approx(cohen_kappa_score([0] * 6 + [1] * 4, [0] * 5 + [1] * 5))
    assert row["effective_windows"] <= 4  # three stretches are not ten windows
    by = result.expressions.set_index("expression")
    assert by.loc["happy", "recall"] == pytest.approx(5 / 6)
    assert by.loc["sad", "precision"] == pytest.approx(4 / 5)
    assert 0.5 < by.loc["happy", "icc_agreement"] < 1
    assert result.coverage == 1.0
    assert math.isnan(result.alpha_coders)
    assert 0 < result.alpha_all < 1


def test_a_tolerance_forgives_what_comes_late(tmp_path: Path) -> None:
    found = session(tmp_path, two_people(), names=["Ann", "Ben"])
    late = coding(tmp_path, "0,6,happy,Ann,\n6,10,sad,Ann,\n")
    strict = agree(found, late, window_s=0.5)
    kind = agree(found, late, window_s=0.5, tolerance_s=1.0)
    assert strict.kappas.iloc[-1]["kappa"] < 0.9
    assert kind.kappas.iloc[-1]["kappa"] == pytest.approx(1)
    wrong = agree(found, coding(tmp_path, "0,5,fear,Ann,\n5,10,angry,Ann,\n"), tolerance_s=2)
    assert wrong.kappas.iloc[-1]["agreement"] == 0.0


def test_several_coders_and_time_without_a_code(tmp_path: Path) -> None:
    found = session(tmp_path, [[sad()] if i < 25 else [happy()] for i in range(50)])
    codes = coding(tmp_path, "5,10,happy,,K\n5,10,happy,,L\n0,5,sad,,L\n")
    apart = agree(found, codes)
    assert apart.kappas["coder"].tolist() == ["K", "L", "all"]
    assert apart.kappas["windows"].tolist() == [5, 10, 15]
    assert apart.kappas.set_index("coder").loc["L", "kappa"] == pytest.approx(1)
    filled = agree(found, codes, uncoded=Emotion.NEUTRAL)
    assert filled.confusion.loc["neutral", "sad"] == 5
    assert filled.alpha_coders < 1


def test_time_in_which_the_model_is_unsure_is_left_out_and_said(tmp_path: Path) -> None:
    found = session(tmp_path, [[happy(score=0.3)] if i < 20 else [happy()] for i in range(50)])
    result = agree(found, coding(tmp_path, "0,10,happy,,\n"))
    assert result.coverage == pytest.approx(0.6)
    assert any("4 of 10 coded windows" in note for note in result.notes)


def test_what_cannot_be_judged_is_one_sentence(tmp_path: Path) -> None:
    found = session(tmp_path, two_people(), names=["Ann", "Ben"])
    codes = coding(tmp_path, "0,5,happy,Ann,\n0,5,sad,Zoe,\n")
    assert any("Zoe" in note for note in agree(found, codes).notes)
    late = coding(tmp_path, "100,105,happy,Ann,\n")
    for given, options, words in (
        (codes, {"window_s": 0}, "window_s: wanted a number above 0"),
        (codes, {"window_s": 1e-9}, "window_s: wanted 1 to"),
        (codes, {"tolerance_s": -1}, "tolerance_s: wanted 0 or more"),
        (coding(tmp_path, "0,5,happy,Zoe,\n"), {}, "wanted codes of Ann, Ben. Received codes of Z"),
        (late, {}, "no window of 1 s was both coded and read"),
    ):
        with pytest.raises(ReportError, match=words):
            agree(found, given, **options)
