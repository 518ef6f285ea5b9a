"""Maquette, the embedded model: paints people, animals, buildings and toys on a laptop CPU.

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
from ozora.backends.finite import check_finite
from ozora.edit.given import Given, Reference
from ozora.errors import SizeError
from ozora.language.vocabulary import FULL, Vocabulary
from ozora.plan import Plan, ReferenceCondition, is_kept
from ozora.shapes import VideoShape

if TYPE_CHECKING:
    from ozora.backends.wording import Wording
    from ozora.flow.best_of_n import State
    from ozora.model.engine import Engine
    from ozora.model.weights import Bundle

WEIGHTS = Path(__file__).parent.parent / "weights" / "maquette.safetensors"
FIRST_CARD = {"height": 256, "width": 448, "fps": 12, "frames": 49}
TIME = 4
"""Frames of a latent frame (``model.autoencoder.TIME``, which would load PyTorch)."""
MAX_SECONDS = 120
LICENSE = "CC-BY-SA-3.0"
CREDIT = "weights trained on renders of 0 A.D. art, Wildfire Games, CC-BY-SA 3.0"


class MaquetteBackend:
    """The canvas of ``ozora.flow`` painted by the networks of ``ozora.model``."""

    def __init__(self, weights: Path = WEIGHTS) -> None:
        self.weights = weights
        self._bundle: Bundle | None = None
        self._engine: Engine | None = None

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
            summary="the embedded model: people, animals, buildings and toys, small and obedient, on a CPU and offline",
            sizes=(f"{native['width']}x{native['height']}",),
            max_seconds=Fraction(MAX_SECONDS),
            default_seconds=Fraction(native["frames"] - 1, native["fps"]),
            fps=(str(native["fps"]),),
            steps=10,
            draft_steps=6,
            best_steps=14,
            guidance=1.0,
            solver="dpm-2m",
            conditions=("image", "frames", "regions", "init_video", "prompts", "shots", "negative", "references"),
            device="cpu",
            installed=self.weights.is_file(),
            license=LICENSE,
            credit=CREDIT,
            is_checkable=True,
        )

    @property
    def weights_sha256(self) -> str:
        return str(self.card.get("sha256", "")) if self._bundle is None else self._bundle.sha256

    @property
    def machine(self) -> dict[str, str]:
        if self._engine is None:
            return {}
        import torch

        return {"engine": self._engine.name, "threads": str(torch.get_num_threads())}

    def native(self, shape: VideoShape) -> VideoShape:
        """The largest picture of the wanted shape inside of the trained size, lying or upright; its rate, as many
        frames as needed."""
        sizes = self.card["model"]
        fps = Fraction(sizes["fps"])
        wanted = max(1, round(shape.duration_s * fps)) if shape.frames > 1 else 1
        frames = 1 + -(-(wanted - 1) // TIME) * TIME
        if (frames - 1) / fps > MAX_SECONDS:
            wish = float(shape.duration_s)
            raise SizeError(f"maquette paints up to {MAX_SECONDS} seconds, not {wish:g}; ask for less")
        low, long = sorted((int(sizes["height"]), int(sizes["width"])))
        rows, columns = (low, long) if shape.width > shape.height else (long, low)
        scale = min(Fraction(rows, shape.height), Fraction(columns, shape.width))
        height, width = (max(2, 2 * round(side * scale / 2)) for side in (shape.height, shape.width))
        return VideoShape(frames=frames, height=height, width=width, fps=fps)

    def notes(self, plan: Plan) -> tuple[str, ...]:
        wording = self._wording(plan)
        notes = [note for prompt in plan.prompts for note in wording.notes(prompt.text)]
        if notes:
            notes.append("an open-weight model does justice to what lies outside, such as --model wan-2.2-5b")
        notes += [note for prompt in plan.prompts for note in wording.decisions(prompt.text)]
        starts = [item.start_s for item in plan.conditions if isinstance(item, ReferenceCondition)]
        if len(starts) > len(set(starts)):
            notes.append("maquette looks at one reference at a time: the first of those that hold")
        return tuple(notes)

    def load(self) -> None:
        from ozora.model.fast_engine import make_engine
        from ozora.model.weights import load_bundle

        if self._bundle is None:
            self._bundle = load_bundle(self.weights)
            self._engine = make_engine(self._bundle)

    def paint(
        self,
        plan: Plan,
        shape: VideoShape,
        given: tuple[Given, ...],
        *,
        init_video: Frames | None = None,
        references: tuple[Reference, ...] = (),
        preview: bool,
        resume: bytes | None = None,
    ) -> Iterator[Stroke | Frames]:
        import torch

        from ozora.backends.canvases import decode_chunk, decode_chunks
        from ozora.backends.clip import CANDIDATES, CONTEXT, Clip
        from ozora.edit.seam import Joints
        from ozora.flow.canvas import place
        from ozora.flow.snapshot import load, save

        self.load()
        assert self._bundle is not None and self._engine is not None
        wording, owner = self._wording(plan), self._owner(plan)
        clip = Clip(
            self._bundle.model, self._engine, wording, plan, shape, given, init=init_video, references=references
        )
        begin: State | None = None
        done = first = 0
        if resume is not None:
            done, state, painted = load(resume, owner)
            finished = [task for task in clip.tasks if task.after <= done]
            for task in finished:
                part = painted[:, task.window.first : task.window.stop]
                clip.canvas = place(clip.canvas, part, task.window.first)
            first = len(finished)
            begin = state if done > (finished[-1].after if finished else 0) else None
        reached = done
        waiting = decode_chunks(clip.shots, size=clip.window, step=max(1, clip.window - CONTEXT))
        candidates = CANDIDATES if plan.sampler.steps > 6 else 1
        joints = Joints([task.frames for task in clip.tasks if task.joins])
        with torch.inference_mode():
            for number, task in list(enumerate(clip.tasks))[first:]:
                window = task.window
                sampling, fresh, canvas = clip.sampling(number, candidates)
                for state in sampling.states(begin or fresh, candidates=candidates):
                    check_finite(state.x, "maquette")
                    done = task.before + state.step
                    reached = max(reached, done)
                    if done == task.after:
                        new = window.stop - window.first - (0 if window.opens else 1)  # its first picture was known
                        stop = canvas.references + window.stop - window.first
                        clip.put(state.x[clip.layout :, stop - new : stop], window)
                    yield Stroke(
                        stage="paint",
                        done=reached,
                        total=clip.steps,
                        preview=clip.preview(state, canvas.references, task) if preview and done < task.after else None,
                        save=partial(save, owner, done, state, clip.canvas.value),
                    )
                begin = None
                while len(waiting) > 1 and waiting[0].sees <= window.stop:  # nothing before it changes any more
                    ready = joints.add(clip.crop(decode_chunk(self._engine, clip.canvas.value, waiting.pop(0))))
                    if len(ready):
                        yield ready
            yield Stroke(stage="decode", done=1, total=1)
            for chunk in waiting:
                ready = joints.add(clip.crop(decode_chunk(self._engine, clip.canvas.value, chunk)))
                if len(ready):
                    yield ready
            rest = joints.end()
            if rest is not None:
                yield rest

    @cached_property
    def _vocabulary(self) -> Vocabulary:
        """What the weights can draw."""
        return Vocabulary.from_dict(self.card["vocabulary"]) if self.card.get("vocabulary") else FULL

    def _wording(self, plan: Plan) -> Wording:
        from ozora.backends.wording import Wording

        return Wording(vocabulary=self._vocabulary, free=not any(is_kept(item) for item in plan.conditions))

    def _owner(self, plan: Plan) -> str:
        """What a snapshot belongs to: this plan and these weights."""
        said = json.dumps(plan.to_dict(), sort_keys=True) + self.weights_sha256
        return hashlib.sha256(said.encode()).hexdigest()
