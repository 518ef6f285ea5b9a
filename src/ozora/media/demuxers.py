"""Which kinds of files are opened at all, as FFmpeg names them.

Not among them are playlists and lists of pictures (hls, dash, concat, image2): they point at other files, which whoever
sends one need not be allowed to read.
"""

from __future__ import annotations

PICTURES = (
    "mov,mp4,m4v,matroska,webm,gif,avi,mpegts,mpeg,mpegvideo,ogg,flv,apng,mxf,asf,dv,nut,ivf,obu,h264,hevc,yuv4mpegpipe"
)
MAX_STREAMS = 64
SOUNDS = f"{PICTURES},wav,mp3,flac,aac,aiff"


def only(kinds: str) -> dict[str, str]:
    """Options for ``av.open`` that let it open nothing else, and nothing but the file itself.

    FFmpeg looks into each stream of a file before anything is read, so that thousands of empty ones would take minutes.
    """
    return {"format_whitelist": kinds, "protocol_whitelist": "file", "max_streams": str(MAX_STREAMS)}
