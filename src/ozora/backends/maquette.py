"""Maquette, the embedded model: paints the stage in about real time on a laptop CPU.

PyTorch is imported when the model is loaded, not before, so that listing models stays instant.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from fractions import Fraction
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ozora.backends.base import Capabilities, Frames, Stroke
from ozora.errors import SizeError
from ozora.plan import Plan
from ozora.shapes import VideoShape

if TYPE_CHECKING:
    from torch import Tensor

    from ozora.flow.canvas import Canvas
    from ozora.flow.solvers import Velocity
    from ozora.flow.windows import Window
    from ozora.model.weights import Bundle

WEIGHTS = Path(__file__).parent.parent / "weights" / "maquette.safetensors"
FIRST_CARD = {"height": 128, "width": 224, "fps": 12, "frames": 49}
PREVIEW_EVERY = 2
CONTEXT = 3
"""Latent frames that a window sees of what is painted before it: a picture and a second of movement."""
MAX_SECONDS = 120


class MaquetteBackend:
    """The canvas of ``ozora.flow`` painted by the network of ``ozora.model``."""

    def __init__(self, weights: Path = WEIGHTS) -> None:
        self.weights = weights
        self._bundle: Bundle | None = None

    @cached_property
    def card(self) -> dict[str, Any]:
        """The model card, or an empty one where there are no weights yet."""
        path = self.weights.with_suffix(".json")
        try:
            data: dict[str, Any] = json.loads(path.read_text())
        except (OSError, ValueError):
            return {"model": FIRST_CARD}
        return data

    @property
    def capabilities(self) -> Capabilities:
        native = self.card["model"]
        return Capabilities(
            name="maquette",
            title="Maquette",
            summary="the embedded model: a stage of toys, simple and obedient, on a CPU and offline",
            sizes=(f"{native['width']}x{native['height']}",),
            max_seconds=Fraction(MAX_SECONDS),
            default_seconds=Fraction(native["frames"] - 1, native["fps"]),
            fps=(str(native["fps"]),),
            steps=int(self.card.get("steps", 12)),
            guidance=float(self.card.get("guidance", 3.0)),
            conditions=("image", "frames", "sketch"),
            device="cpu",
            installed=self.weights.is_file(),
            license="Apache-2.0",
        )

    @property
    def weights_sha256(self) -> str:
        return str(self.card.get("sha256", ""))

    def native(self, shape: VideoShape) -> VideoShape:
        """The trained size and rate, as many frames as the duration needs."""
        sizes = self.card["model"]
        fps = Fraction(sizes["fps"])
        time = int(sizes.get("autoencoder", {}).get("time", 6))
        wanted = max(1, round(shape.duration_s * fps)) if shape.frames > 1 else 1
        frames = 1 + -(-(wanted - 1) // time) * time
        if (frames - 1) / fps > MAX_SECONDS:
            wish = float(shape.duration_s)
            raise SizeError(f"maquette paints up to {MAX_SECONDS} seconds, not {wish:g}; ask for less")
        return VideoShape(frames=frames, height=sizes["height"], width=sizes["width"], fps=fps)

    def notes(self, plan: Plan) -> tuple[str, ...]:
        from ozora.world.reading import outside, read
        from ozora.world.vocabulary import Vocabulary

        vocabulary = self.card.get("vocabulary")
        if vocabulary is None:
            return ()
        known = Vocabulary.from_dict(vocabulary)
        notes = [note for prompt in plan.prompts for note in outside(read(prompt.text), known)]
        if notes:
            notes.append("an open-weight model does justice to what lies outside, such as --model wan-2.2-5b")
        return tuple(notes)

    def load(self) -> None:
        from ozora.model.weights import load_bundle

        if self._bundle is None:
            self._bundle = load_bundle(self.weights)

    def paint(
        self,
        plan: Plan,
        shape: VideoShape,
        given: dict[int, Frames],
        *,
        sketch: Frames | None = None,
        preview: bool,
        resume: bytes | None = None,
    ) -> Iterator[Stroke | Frames]:
        import torch

        from ozora.flow.canvas import hold, place, start
        from ozora.flow.path import mix
        from ozora.flow.schedule import times
        from ozora.flow.snapshot import load, save
        from ozora.flow.solvers import SOLVERS
        from ozora.flow.windows import split

        self.load()
        canvas = self._canvas(shape, given)
        noise = torch.randn(canvas.value.shape, generator=torch.Generator().manual_seed(plan.seed))
        steps, owner = plan.sampler.steps, self._owner(plan)
        windows = split(canvas.known.all(dim=(1, 2)).tolist(), size=self._window, context=CONTEXT)
        grid = times(steps, factor=float(self.card.get("shift", 2.0)))
        if sketch is not None:  # begin on the way, not at the noise
            steps = max(1, round(plan.strength * steps))
            grid = grid[-steps - 1 :]
            noise = mix(self._canvas(shape, {0: sketch}).value, noise, grid[0].float())
        first, x = 0, noise
        if resume is not None:
            first, x, painted = load(resume, owner)
            for window in windows[: first // steps]:
                canvas = place(canvas, painted[:, window.first : window.first + window.size], window.first)
        with torch.inference_mode():
            for number in range(first // steps, len(windows)):
                window, begin = windows[number], first % steps
                first = 0
                part = self._cut(canvas, window)
                if not begin:
                    x = start(part, noise[:, window.first : window.first + window.size])
                velocity = hold(part, self._velocity(plan, part, shape, self._text(plan, canvas, window, shape)))
                states = SOLVERS[plan.sampler.solver](velocity, x, grid[begin:])
                for done, x in enumerate(states, start=begin + 1):
                    if done == steps:
                        fresh = 1 if window.first else 0  # a later window's first picture was known
                        canvas = place(canvas, x[:, fresh:], window.first + fresh)
                    total = number * steps + done
                    wanted = preview and done % PREVIEW_EVERY == 0 and total < steps * len(windows)
                    yield Stroke(
                        stage="paint",
                        done=total,
                        total=steps * len(windows),
                        preview=self._peek(x) if wanted else None,
                        save=partial(save, owner, total, x, canvas.value),
                    )
            frames = self._decode(canvas.value)
            yield Stroke(stage="decode", done=1, total=1)
        yield frames

    @property
    def _window(self) -> int:
        """Latent frames that the network was trained on."""
        assert self._bundle is not None
        config = self._bundle.model.config
        return 1 + (config.frames - 1) // config.autoencoder.time

    def _cut(self, canvas: Canvas, window: Window) -> Canvas:
        """The canvas of one window; a later window begins with the last picture of its first group."""
        from ozora.flow.canvas import Canvas, place

        assert self._bundle is not None
        model = self._bundle.model
        last = window.first + window.size
        part = Canvas(value=canvas.value[:, window.first : last], known=canvas.known[window.first : last])
        if window.first == 0:
            return part
        group = canvas.value[None, :, window.first : window.first + 1]
        picture = model.autoencoder.decode(model.denormalize(group)).clamp(-1, 1)
        return place(part, model.normalize(model.autoencoder.encode(picture))[0], 0)

    def _text(self, plan: Plan, canvas: Canvas, window: Window, shape: VideoShape) -> str:
        """The prompt that holds in the middle of what a window paints."""
        assert self._bundle is not None
        time = self._bundle.model.config.autoencoder.time
        unknown = (~canvas.known[window.first : window.first + window.size]).any(dim=(1, 2)).nonzero().flatten()
        middle = window.first + (float(unknown.float().mean()) if len(unknown) else 0.0)
        middle_s = middle * time / float(shape.fps)
        for prompt in plan.prompts:
            if prompt.start_s <= middle_s and (prompt.end_s is None or middle_s < prompt.end_s):
                return prompt.text
        return plan.prompts[0].text

    def _owner(self, plan: Plan) -> str:
        """What a snapshot belongs to: this plan and these weights."""
        said = json.dumps(plan.to_dict(), sort_keys=True) + self.weights_sha256
        return hashlib.sha256(said.encode()).hexdigest()

    def _canvas(self, shape: VideoShape, given: dict[int, Frames]) -> Canvas:
        """What is known, in latent space: the groups of frames of which every picture is given."""
        import torch

        from ozora.flow.canvas import blank, place

        assert self._bundle is not None
        model = self._bundle.model
        time = model.config.autoencoder.time
        canvas = blank(model.config.autoencoder.compression.latent(shape))
        pictures = {first + n: picture for first, run in given.items() for n, picture in enumerate(run)}
        for group in range(canvas.known.shape[0]):
            frames = range(time * (group - 1) + 1, time * group + 1) if group else range(1)
            if not all(frame in pictures for frame in frames):
                continue
            pixels = torch.from_numpy(np.stack([pictures[frame] for frame in (frames[0], *frames)[-1 - time :]]))
            video = pixels.permute(3, 0, 1, 2).float()[None] / 127.5 - 1
            latent = model.normalize(model.autoencoder.encode(video[:, :, :1] if group == 0 else video))[0]
            canvas = place(canvas, latent[:, -1:], group)
        return canvas

    def _velocity(self, plan: Plan, canvas: Canvas, shape: VideoShape, text: str) -> Velocity:
        """dx/dt of the network with its prompt, guided away from no prompt.

        Where things are is decided near the noise end. Guidance there paints them at every likely place at once, so it
        begins below the card's ``guided_until``.
        """
        from ozora.flow.canvas import levels
        from ozora.flow.guidance import guide
        from ozora.flow.path import velocity_from_data
        from ozora.model.text import tokenize
        from ozora.model.transformer import positions

        assert self._bundle is not None
        model = self._bundle.model
        k, g, i, j = canvas.value.shape
        seconds = float(Fraction(model.config.autoencoder.time) / shape.fps)
        where = positions(g, i, j, seconds_a_frame=seconds)
        seen = canvas.known.float().flatten()[None]

        def follow(text: str) -> Velocity:
            words = tokenize([text], model.config.text)

            def velocity(x: Tensor, t: float) -> Tensor:
                level = levels(canvas, t)
                data = model.painter(x.flatten(1).T[None], level[None], seen, words, where)[0]
                return velocity_from_data(data.T.reshape(k, g, i, j), x, level[:, None, None])

            return velocity

        until = float(self.card.get("guided_until", 1.0))
        return guide(follow(self._wording(text)), follow(""), plan.sampler.guidance, until=until)

    def _wording(self, text: str) -> str:
        """The prompt, or what is drawn in its place where it leaves the stage."""
        from ozora.world.reading import outside, read, restate
        from ozora.world.vocabulary import Vocabulary

        vocabulary = self.card.get("vocabulary")
        if vocabulary is None:
            return text
        known, reading = Vocabulary.from_dict(vocabulary), read(text)
        return restate(reading, known) or text if outside(reading, known) else text

    def _decode(self, x: Tensor) -> Frames:
        import torch

        assert self._bundle is not None
        model = self._bundle.model
        pieces = []
        for first in range(0, x.shape[1], self._window):
            group = x[:, max(0, first - 1) : first + self._window]  # the first of them gives a picture that is there
            pixels = model.autoencoder.decode(model.denormalize(group[None]))[0, :, 1 if first else 0 :]
            pieces.append((pixels.clamp(-1, 1) * 127.5 + 127.5).round().to(torch.uint8).permute(1, 2, 3, 0).numpy())
        result: Frames = np.concatenate(pieces)
        return result

    def _peek(self, x: Tensor) -> Frames:
        """One picture from the middle of an unfinished canvas."""
        middle = x.shape[1] // 2
        picture: Frames = self._decode(x[:, middle : middle + 1])[0]
        return picture
