"""Whether all that was painted of a clip is one single color: then something went wrong, and it is no film."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ozora.edit.given import Given

TOLERANCE = 2
"""Gray levels between the darkest and the lightest painted pixel of a channel; noise of any film is larger."""

Frames = NDArray[np.uint8]


class Flatness:
    """Looks at the pieces [f, h, w, 3] that a backend paints, in order; ``given``, at the same extent, is not painted.

    Costs a look at one frame, unless that is flat too.
    """

    def __init__(self, given: Sequence[Given]) -> None:
        self._known = {
            item.frame + number: None if item.known is None else item.known[number]
            for item in given
            for number in range(len(item.pictures))
        }
        self._num_frames = 0
        self._darkest, self._lightest = np.full(3, 255), np.zeros(3, int)

    @property
    def is_flat(self) -> bool:
        """Something was painted, and none of it differs; ``False`` where all is given."""
        return 0 <= self._spread <= TOLERANCE

    def add(self, painted: Frames) -> None:
        """Look at the next frames."""
        for picture in painted:
            number = self._num_frames
            self._num_frames += 1
            if self._spread > TOLERANCE:
                continue
            pixels = self._painted(picture, number)
            if len(pixels):
                self._darkest = np.minimum(self._darkest, pixels.min(axis=0))
                self._lightest = np.maximum(self._lightest, pixels.max(axis=0))

    @property
    def _spread(self) -> int:
        """Gray levels between the extremes so far; negative where nothing was painted."""
        return int((self._lightest - self._darkest).max())

    def _painted(self, picture: Frames, number: int) -> Frames:
        """The pixels [n, 3] of a frame that are not given."""
        if number not in self._known:
            return picture.reshape(-1, 3)
        known = self._known[number]
        return picture[:0, 0] if known is None else picture[~known]
