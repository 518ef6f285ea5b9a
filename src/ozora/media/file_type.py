"""What kind of file it is, by its first bytes: a name or a claimed type proves nothing, and stored files have no name.

Sources of the signatures: ISO/IEC 14496-12 (ftyp brands), RFC 9649 (WebP), RFC 8794 (EBML), ISO/IEC 13818-1 (transport
streams), the PNG, GIF, TIFF, OpenEXR and RIFF specifications.
"""

from __future__ import annotations

from pathlib import Path

UNKNOWN = "application/octet-stream"
HEAD_BYTES = 4096

_PNG = b"\x89PNG\r\n\x1a\n"
_SIGNATURES = (
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (8, b"WEBP", "image/webp"),
    (8, b"AVI ", "video/x-msvideo"),
    (4, b"ftypavif", "image/avif"),
    (4, b"ftypavis", "image/avif"),
    (4, b"ftypheic", "image/heic"),
    (4, b"ftypmif1", "image/heif"),
    (4, b"ftypM4V", "video/x-m4v"),
    (4, b"ftypqt", "video/quicktime"),
    (4, b"ftyp", "video/mp4"),
    (4, b"moov", "video/quicktime"),
    (4, b"mdat", "video/quicktime"),
    (4, b"wide", "video/quicktime"),
    (0, b"GIF8", "image/gif"),
    (0, b"II*\0", "image/tiff"),
    (0, b"MM\0*", "image/tiff"),
    (0, b"\x76\x2f\x31\x01", "image/x-exr"),
    (0, b"OggS", "video/ogg"),
    (0, b"FLV\x01", "video/x-flv"),
    (0, b"\x06\x0e\x2b\x34", "application/mxf"),
    (0, b"BM", "image/bmp"),
)


def is_still(media_type: str) -> bool:
    """Whether files of this type are read as one picture; GIF and APNG are read as clips."""
    return media_type.startswith("image/") and media_type not in ("image/gif", "image/apng")


def sniff_file(path: Path) -> str:
    """Return the media type of a file as its first bytes show it, ``UNKNOWN`` where they show none."""
    with path.open("rb") as file:
        return sniff_bytes(file.read(HEAD_BYTES))


def sniff_bytes(head: bytes) -> str:
    """Return the media type that the first bytes of a file show, ``UNKNOWN`` where they show none."""
    if head.startswith(_PNG):
        return "image/apng" if b"acTL" in head.split(b"IDAT", 1)[0] else "image/png"
    if head.startswith(b"\x1a\x45\xdf\xa3"):
        return "video/webm" if b"webm" in head[:64] else "video/x-matroska"
    if head[:1] == b"\x47" and head[188:189] in (b"\x47", b""):
        return "video/mp2t"
    for start, signature, media_type in _SIGNATURES:
        if head[start : start + len(signature)] == signature:
            return media_type
    return UNKNOWN
