"""light_pack.py PACK OUT: the cast pack with pictures of half the side, so that it travels; at 448x256 nobody sees it.

Color and alpha are made smaller apart: alpha says where a garment is dyed, and a picture library that weighs color by
alpha makes every dyed garment black.
"""

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image

from ozora.stage.troupe.pack import read_pack, write_pack


def halve(picture: np.ndarray) -> np.ndarray:
    """A picture [h, w, 4] at half its size."""
    size = (picture.shape[1] // 2, picture.shape[0] // 2)
    color = Image.fromarray(np.ascontiguousarray(picture[..., :3])).resize(size, Image.Resampling.BOX)
    alpha = Image.fromarray(np.ascontiguousarray(picture[..., 3])).resize(size, Image.Resampling.BOX)
    return np.concatenate([np.asarray(color), np.asarray(alpha)[..., None]], axis=2)


pack = read_pack(Path(sys.argv[1]))
members = [pack.member(name) for name in pack.entries]
small = [replace(member, pictures=np.stack([halve(picture) for picture in member.pictures])) for member in members]
write_pack(small, Path(sys.argv[2]), pack.credits)
