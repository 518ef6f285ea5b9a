"""The only place that touches video, sound and image files. Pictures outside are ``uint8 RGB f h w c``."""

from ozora.media.contact_sheet import SheetRow, write_contact_sheet
from ozora.media.footage import Footage, FootageReader, measure_footage, read_footage
from ozora.media.image_file import check_picture, fit_image, read_image, resize_frames, write_image
from ozora.media.output_file import check_output, sidecar, write_text
from ozora.media.sound_file import Piece, cut_sound, holds_sound, lay_sound, read_sound
from ozora.media.video_file import VideoWriter, read_video, write_video

__all__ = [
    "Footage",
    "FootageReader",
    "Piece",
    "SheetRow",
    "VideoWriter",
    "check_output",
    "check_picture",
    "cut_sound",
    "fit_image",
    "holds_sound",
    "lay_sound",
    "measure_footage",
    "read_footage",
    "read_image",
    "read_sound",
    "read_video",
    "resize_frames",
    "sidecar",
    "write_contact_sheet",
    "write_image",
    "write_text",
    "write_video",
]
