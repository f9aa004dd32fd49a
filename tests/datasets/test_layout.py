"""What file names tell: emotion, split, order."""

from emotion_core.datasets import TEST, TRAINING, VALIDATION
from emotion_core.datasets.importing.layout import plan_layout
from emotion_core.datasets.importing.splits import FER2013_COUNTS, HELD_OUT, UNKNOWN
from emotion_core.emotions import FER2013


def plan(*names: str) -> list[tuple[str, str, str]]:
    layout = plan_layout(names)
    return [(p.name, FER2013[p.label].value, p.usage) for p in layout.pictures]


def test_emotion_and_split_come_from_the_nearest_folders() -> None:
    assert plan(
        "data/Train/Happiness/a.jpg",
        "data/valid/fearful/b.JPEG",
        "data/anger/test/c.png",
    ) == [
        ("data/Train/Happiness/a.jpg", "happy", TRAINING),
        ("data/valid/fearful/b.JPEG", "fear", VALIDATION),
        ("data/anger/test/c.png", "angry", TEST),
    ]
    assert plan("surprised/x.webp") == [("surprised/x.webp", "surprise", UNKNOWN)]


def test_kaggle_names_overrule_the_folder_and_give_the_order() -> None:
    layout = plan_layout(
        [
            "test/sad/PrivateTest_31.jpg",
            "test/sad/PublicTest_4.jpg",
            "train/sad/Training_10.jpg",
            "train/happy/Training_9.jpg",
        ]
    )
    assert [(p.number, p.usage) for p in layout.pictures] == [
        (9, TRAINING),
        (10, TRAINING),
        (4, VALIDATION),
        (31, TEST),
    ]
    assert layout.has_row_numbers
    assert not plan_layout(["a/sad/Training_1.jpg", "b/sad/Training_1.jpg"]).has_row_numbers
    assert not plan_layout(["train/sad/im1.png"]).has_row_numbers


def test_numbers_are_ordered_as_numbers() -> None:
    names = [f"train/sad/im{i}.png" for i in (10, 2, 1)]
    assert [name for name, _, _ in plan(*names)] == [
        "train/sad/im1.png",
        "train/sad/im2.png",
        "train/sad/im10.png",
    ]


def test_files_that_are_no_rows() -> None:
    layout = plan_layout(
        ["train/sad/a.png", "train/sad/list.txt", "train/contempt/b.png", "c.png", "README.md"]
    )
    assert len(layout.pictures) == 1
    assert layout.left_out == {"contempt": 1}
    assert {row.name for row in layout.rejected} == {"train/sad/list.txt", "c.png"}


def test_public_and_private_are_told_apart_by_fer2013s_counts() -> None:
    public, private = FER2013_COUNTS[VALIDATION], FER2013_COUNTS[TEST]
    names = [
        f"test/{emotion}/im{i}.png"
        for k, emotion in enumerate(FER2013.names)
        for i in range(public[k] + private[k])
    ]
    layout = plan_layout(names)
    usage = {p.name: p.usage for p in layout.pictures}
    assert usage["test/angry/im466.png"] == VALIDATION
    assert usage["test/angry/im467.png"] == TEST
    for split, wanted in ((VALIDATION, public), (TEST, private)):
        found = [p.label for p in layout.pictures if p.usage == split]
        assert tuple(found.count(label) for label in range(7)) == wanted
    # One picture less, and nothing is known of the order any more.
    assert {p.usage for p in plan_layout(names[1:]).pictures} == {HELD_OUT}


def test_test_folders_are_left_whole_where_there_is_a_validation_folder() -> None:
    found = plan("test/sad/a.png", "val/sad/b.png", "train/sad/c.png")
    assert [usage for _, _, usage in found] == [TRAINING, VALIDATION, TEST]
