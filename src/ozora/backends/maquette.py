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

from ozora.backends.base import Capabilities, Frames, Stroke
from ozora.errors import SizeError
from ozora.plan import Plan
from ozora.shapes import VideoShape

if TYPE_CHECKING:
    from torch import Tensor

    from ozora.flow.canvas import Canvas
    from ozora.model.weights import Bundle

WEIGHTS = Path(__file__).parent.parent / "weights" / "maquette.safetensors"
FIRST_CARD = {"height": 128, "width": 224, "fps": 12, "frames": 49}
PREVIEW_EVERY = 2


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
            max_seconds=Fraction(native["frames"] - 1, native["fps"]),
            default_seconds=Fraction(native["frames"] - 1, native["fps"]),
            fps=(str(native["fps"]),),
            steps=int(self.card.get("steps", 12)),
            guidance=float(self.card.get("guidance", 3.0)),
            conditions=("image",),
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
        if frames > sizes["frames"]:
            limit = float(self.capabilities.max_seconds)
            raise SizeError(f"maquette paints up to {limit:g} seconds, not {float(shape.duration_s):g}; ask for less")
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
        images: dict[int, Frames],
        *,
        preview: bool,
        resume: bytes | None = None,
    ) -> Iterator[Stroke | Frames]:
        import torch

        from ozora.flow.canvas import hold, start
        from ozora.flow.schedule import times
        from ozora.flow.snapshot import load, save
        from ozora.flow.solvers import SOLVERS

        self.load()
        canvas = self._canvas(shape, images)
        noise = torch.randn(canvas.value.shape, generator=torch.Generator().manual_seed(plan.seed))
        steps = plan.sampler.steps
        velocity = hold(canvas, self._velocity(plan, canvas, shape))
        grid = times(steps, factor=float(self.card.get("shift", 2.0)))
        owner = self._owner(plan)
        first, x = (0, start(canvas, noise)) if resume is None else load(resume, owner)
        with torch.inference_mode():
            states = SOLVERS[plan.sampler.solver](velocity, x, grid[first:])
            for done, x in enumerate(states, start=first + 1):
                wanted = preview and done % PREVIEW_EVERY == 0 and done < steps
                yield Stroke(
                    stage="paint",
                    done=done,
                    total=steps,
                    preview=self._peek(x) if wanted else None,
                    save=partial(save, owner, done, x),
                )
            frames = self._decode(x)
            yield Stroke(stage="decode", done=1, total=1)
        yield frames

    def _owner(self, plan: Plan) -> str:
        """What a snapshot belongs to: this plan and these weights."""
        said = json.dumps(plan.to_dict(), sort_keys=True) + self.weights_sha256
        return hashlib.sha256(said.encode()).hexdigest()

    def _canvas(self, shape: VideoShape, images: dict[int, Frames]) -> Canvas:
        """What is known, in latent space."""
        import torch

        from ozora.flow.canvas import blank, place

        assert self._bundle is not None
        model = self._bundle.model
        canvas = blank(model.config.autoencoder.compression.latent(shape))
        for frame, image in images.items():
            if frame != 0:
                raise SizeError("maquette takes an image for the first frame only")
            pixels = torch.from_numpy(image).permute(3, 0, 1, 2).float()[None] / 127.5 - 1
            canvas = place(canvas, model.normalize(model.autoencoder.encode(pixels))[0], 0)
        return canvas

    def _velocity(self, plan: Plan, canvas: Canvas, shape: VideoShape) -> Any:  # noqa: ANN401 - a Velocity of torch
        """dx/dt of the network with its prompt, and guided away from no prompt; both in one batch."""

        from ozora.flow.canvas import levels
        from ozora.flow.path import velocity_from_data
        from ozora.model.text import tokenize
        from ozora.model.transformer import positions

        assert self._bundle is not None
        model = self._bundle.model
        k, g, i, j = canvas.value.shape
        seconds = float(Fraction(model.config.autoencoder.time) / shape.fps)
        where = positions(g, i, j, seconds_a_frame=seconds)
        scale = plan.sampler.guidance
        texts = [self._wording(plan.prompts[0].text)] + ([""] if scale != 1 else [])
        words = tokenize(texts, model.config.text)
        seen = canvas.known.float().flatten().expand(len(texts), -1)

        def velocity(x: Tensor, t: float) -> Tensor:
            level = levels(canvas, t).flatten()
            tokens = x.flatten(1).T.expand(len(texts), -1, -1)
            guess = model.painter(tokens, level.expand(len(texts), -1), seen, words, where)
            data = guess[0] if scale == 1 else guess[1] + scale * (guess[0] - guess[1])
            return velocity_from_data(data.T.reshape(k, g, i, j), x, level.view(g, i, j))

        return velocity

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
        pixels = model.autoencoder.decode(model.denormalize(x[None]))[0]
        result: Frames = (pixels.clamp(-1, 1) * 127.5 + 127.5).round().to(torch.uint8).permute(1, 2, 3, 0).numpy()
        return result

    def _peek(self, x: Tensor) -> Frames:
        """One picture from the middle of an unfinished canvas."""
        middle = x.shape[1] // 2
        picture: Frames = self._decode(x[:, middle : middle + 1])[0]
        return picture
