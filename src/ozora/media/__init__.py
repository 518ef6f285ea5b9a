"""The only place that touches video and image files. Pictures outside are ``uint8 RGB f h w c``."""

from ozora.media.contact_sheet import SheetRow, write_contact_sheet
from ozora.media.image_file import fit_image, read_image, resize_frames, write_image
from ozora.media.output_file import check_output, sidecar, write_text
from ozora.media.video_file import VideoWriter, read_video, write_video

__all__ = [
    "SheetRow",
    "VideoWriter",
    "check_output",
    "fit_image",
    "read_image",
    "read_video",
    "resize_frames",
    "sidecar",
    "write_contact_sheet",
    "write_image",
    "write_text",
    "write_video",
]
