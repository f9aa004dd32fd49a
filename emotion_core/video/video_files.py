"""Tells a video from a picture, for those who were given the wrong one. Nothing is decoded."""

from pathlib import PurePath

#: How video files usually end; what a file is, is told by its content.
VIDEO_SUFFIXES: frozenset[str] = frozenset(
    (
        *(".mp4", ".m4v", ".mov", ".3gp", ".3g2", ".mkv", ".webm", ".avi", ".ts", ".mts"),
        *(".m2ts", ".mpg", ".mpeg", ".vob", ".wmv", ".asf", ".flv", ".ogv", ".mxf"),
    )
)
#: So many bytes tell.
HEAD_BYTES = 512

# Source: the magic numbers of FFmpeg's demuxers (libavformat: matroskadec, flvdec, asfdec, mpeg,
# oggdec, mxfdec); MPEG transport streams repeat a byte every 188.
_STARTS = (
    b"\x1a\x45\xdf\xa3", b"FLV\x01", b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", b"\x00\x00\x01\xba",
    b"\x00\x00\x01\xb3", b"OggS", b"\x06\x0e\x2b\x34\x02\x05\x01\x01",
)  # fmt: skip
_TS_SYNC, _TS_PACKET = 0x47, 188


def is_video(head: bytes, name: str = "") -> bool:
    """Whether a file is a video.

    Args:
        head: its first ``HEAD_BYTES``.
        name: its name; where the bytes say nothing and are no text, its ending does.
    """
    from emotion_core.images.decoding import picture_form  # brings OpenCV, which --help need not

    if picture_form(head):
        return False
    if head[4:8] == b"ftyp" or head.startswith(_STARTS):
        return True
    if head[:4] == b"RIFF" and head[8:12] == b"AVI ":
        return True
    if len(head) > _TS_PACKET and head[0] == head[_TS_PACKET] == _TS_SYNC:
        return True
    return PurePath(name).suffix.lower() in VIDEO_SUFFIXES and b"\0" in head
