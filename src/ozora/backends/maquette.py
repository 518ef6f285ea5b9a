"""Maquette, the embedded model: paints the stage in about real time on a laptop CPU.

PyTorch is imported when the model is loaded, not before, so that listing models stays instant.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ozora.backends.base import Capabilities, Frames, Stroke
from ozora.backends.finite import check_finite
from ozora.edit.given import Given, Reference, to_native
from ozora.errors import SizeError
from ozora.plan import Plan, ReferenceCondition, is_kept
from ozora.shapes import VideoShape

if TYPE_CHECKING:
    from torch import Tensor

    from ozora.flow.canvas import Canvas
    from ozora.flow.solvers import Velocity
    from ozora.flow.windows import Shot, Window
    from ozora.language.facts import Statement
    from ozora.language.vocabulary import Vocabulary
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
            sizes=tuple(f"{width}x{height}" for height, width in self._sizes),
            max_seconds=Fraction(MAX_SECONDS),
            default_seconds=Fraction(native["frames"] - 1, native["fps"]),
            fps=(str(native["fps"]),),
            steps=int(self.card.get("steps", 12)),
            guidance=float(self.card.get("guidance", 3.0)),
            solver=str(self.card.get("solver", "euler")),
            conditions=(
                *("image", "frames", "regions", "sketch", "prompts", "shots", "negative"),
                *(("references",) if self.card.get("references") else ()),
            ),
            device="cpu",
            installed=self.weights.is_file(),
            license="Apache-2.0",
        )

    @property
    def _sizes(self) -> tuple[tuple[int, int], ...]:
        """Heights and widths of pictures: the upscaler's, if there is one, and the autoencoder's."""
        native = self.card["model"]
        height, width = int(native["height"]), int(native["width"])
        return ((2 * height, 2 * width), (height, width)) if "upscaler" in native else ((height, width),)

    @property
    def weights_sha256(self) -> str:
        return str(self.card.get("sha256", "")) if self._bundle is None else self._bundle.sha256

    def native(self, shape: VideoShape) -> VideoShape:
        """A trained size and the rate, as many frames as the duration needs."""
        sizes = self.card["model"]
        fps = Fraction(sizes["fps"])
        time = int(sizes.get("autoencoder", {}).get("time", 6))
        wanted = max(1, round(shape.duration_s * fps)) if shape.frames > 1 else 1
        frames = 1 + -(-(wanted - 1) // time) * time
        if (frames - 1) / fps > MAX_SECONDS:
            wish = float(shape.duration_s)
            raise SizeError(f"maquette paints up to {MAX_SECONDS} seconds, not {wish:g}; ask for less")
        large, small = self._sizes[0], self._sizes[-1]
        height, width = small if shape.height <= small[0] and shape.width <= small[1] else large
        return VideoShape(frames=frames, height=height, width=width, fps=fps)

    def notes(self, plan: Plan) -> tuple[str, ...]:
        from ozora.language.prompt_parser import parse_prompt, unsupported_words

        if "vocabulary" not in self.card:
            return ()
        notes = [note for prompt in plan.prompts for note in unsupported_words(parse_prompt(prompt.text), self._world)]
        if notes:
            notes.append("an open-weight model does justice to what lies outside, such as --model wan-2.2-5b")
        starts = [item.start_s for item in plan.conditions if isinstance(item, ReferenceCondition)]
        if len(starts) > len(set(starts)):
            notes.append("maquette looks at one reference at a time: the first of those that hold")
        return tuple(notes)

    def load(self) -> None:
        from ozora.model.weights import load_bundle

        if self._bundle is None:
            self._bundle = load_bundle(self.weights)

    def paint(
        self,
        plan: Plan,
        shape: VideoShape,
        given: tuple[Given, ...],
        *,
        sketch: Frames | None = None,
        references: tuple[Reference, ...] = (),
        preview: bool,
        resume: bytes | None = None,
    ) -> Iterator[Stroke | Frames]:
        import torch

        from ozora.backends.canvases import cut_out, develop_strip, fill, look, strips
        from ozora.flow.canvas import hold, introduce, place, start
        from ozora.flow.path import mix
        from ozora.flow.rehearsal import Rehearsal, State
        from ozora.flow.schedule import shift
        from ozora.flow.snapshot import load, save
        from ozora.flow.solvers import SOLVERS
        from ozora.flow.windows import cut

        self.load()
        assert self._bundle is not None
        model = self._bundle.model
        wanted, shape = shape, replace(shape, height=model.config.height, width=model.config.width)
        shots = cut(shape, plan.cuts, time=model.config.autoencoder.time)
        canvas = fill(model, shape, shots, to_native(given, wanted, shape))
        ahead = model.config.transformer.blocking
        size, seeded = (ahead + len(canvas.value), *canvas.value.shape[1:]), torch.Generator().manual_seed(plan.seed)
        noise = torch.randn(size, generator=seeded)
        before = torch.randn((size[0], 1, *size[2:]), generator=seeded)  # for a reference
        steps, owner = plan.sampler.steps, self._owner(plan)
        tasks = self._tasks(plan, shape, shots, canvas)
        grid = self._times(steps, ahead, size[0])
        if sketch is not None:  # the picture begins on the way, not at the noise
            under = fill(model, shape, shots, to_native((Given(frame=0, pictures=sketch),), wanted, shape))
            furthest = shift(torch.tensor(float(plan.strength)), float(self.card.get("shift", 2.0)))
            grid[:, ahead:] = grid[:, ahead:].clamp_max(furthest.item())
            grid = torch.cat([grid[:1], grid[1:][grid.diff(dim=0).flatten(1).any(dim=1)]])  # without steps on the spot
            steps = len(grid) - 1
            noise[ahead:] = mix(under.value, noise[ahead:], grid[0, -1].float())
        first, begin = 0, State(x=noise)
        if resume is not None:
            first, begin, painted = load(resume, owner)
            for window, _ in tasks[: first // steps]:
                canvas = place(canvas, painted[:, window.first : window.stop], window.first)
        total, reached = steps * len(tasks), first
        looks = [(item, look(model, item.picture)) for item in references]
        waiting = strips(shots, size=self._window, step=max(1, self._window - CONTEXT))
        large = wanted.height > shape.height
        with torch.inference_mode():
            for number in range(first // steps, len(tasks)):
                window, time_s = tasks[number]
                text, alone = self._text(plan, time_s), cut_out(model, canvas, window)
                shown = [latent for item, latent in looks if item.holds(time_s)]
                anchor = canvas.value[:, self._anchor(plan, shape, shots, window, text)]
                part = introduce(alone, shown[0] if shown else anchor)
                ours = part.references
                renew = partial(_noise, part, (len(noise), *part.value.shape[1:]), plan.seed, number)
                work = Rehearsal(
                    velocity=hold(part, self._velocity(plan, part, shape, text)),
                    solver=SOLVERS[plan.sampler.solver],
                    times=grid,
                    begin=partial(renew, step=-1),
                    fresh=renew,
                    worth=self._judge(plan, text, alone, skip=ours) if sketch is None and window.opens else None,
                )
                if number * steps >= first:
                    here = noise[:, window.first : window.first + window.size]
                    begin = State(x=start(part, torch.cat([before[:, :ours], here], dim=1)))
                for state in work.states(begin, turns=self._rehearsals):
                    check_finite(state.x, "maquette")
                    done = number * steps + state.step
                    reached = max(reached, done)
                    lead, level = grid[state.step].flatten()[[0, -1]].tolist()
                    shows = preview and lead == 0 < level and state.step % PREVIEW_EVERY == 0
                    if state.step == steps:
                        fresh = 0 if window.opens else 1  # a later window's first picture was known
                        kept = state.x[ahead:, ours + fresh : ours + window.stop - window.first]
                        canvas = place(canvas, kept, window.first + fresh)
                    yield Stroke(
                        stage="paint",
                        done=reached,
                        total=total,
                        preview=self._peek(state.x[ahead:, ours:]) if shows else None,
                        save=partial(save, owner, done, state, canvas.value),
                    )
                while len(waiting) > 1 and waiting[0].sees <= window.stop:  # nothing before it changes any more
                    yield develop_strip(model, canvas.value, waiting.pop(0), large=large)
            yield Stroke(stage="decode", done=1, total=1)
            for strip in waiting:
                yield develop_strip(model, canvas.value, strip, large=large)

    def _times(self, steps: int, ahead: int, channels: int) -> Tensor:
        """The times of a window's states: the blocking first, then the picture."""
        from ozora.flow.schedule import staggered

        lead, factor = (float(self.card.get(name, 2.0)) for name in ("lead_shift", "shift"))
        return staggered(steps, ahead, channels, lead=lead, factor=factor)

    @property
    def _rehearsals(self) -> int:
        """How often a blocking is tried at most."""
        return int(self.card.get("rehearsals", 1))

    def _anchor(self, plan: Plan, shape: VideoShape, shots: tuple[Shot, ...], window: Window, text: str) -> slice:
        """The latent frame, if there is one, that shows a window how its things look: the first picture of the first
        shot that speaks of one of them, where it is painted before."""
        if not self.card.get("references"):
            return slice(0)
        names = {(thing.noun, thing.color) for thing in self._statement(plan, text).things}
        for shot in shots:
            said = self._statement(plan, self._text(plan, Fraction(shot.first) / shape.fps))
            if shot.group < window.first and any((thing.noun, thing.color) in names for thing in said.things):
                return slice(shot.group, shot.group + 1)
        return slice(0)

    def _judge(self, plan: Plan, text: str, canvas: Canvas, *, skip: int) -> Callable[[Tensor], float] | None:
        """How much of what a prompt states the blocking of a state shows: as a whole, or where a part of a picture is
        painted anew, in that part. ``None`` where later pictures are known: they have decided it. A state begins with
        ``skip`` latent frames that are not of the canvas."""
        from ozora.language.layout import CELLS, read_cells
        from ozora.language.layout_score import share_shown

        assert self._bundle is not None
        world, statement = self._world, self._statement(plan, text)
        ahead = self._bundle.model.config.transformer.blocking
        parts = canvas.known.any(dim=(1, 2)) & ~canvas.known.all(dim=(1, 2))
        if not parts.any() and canvas.known[1:].any():
            return None
        free = (~canvas.known & parts[:, None, None]).repeat_interleave(CELLS, 1).repeat_interleave(CELLS, 2).numpy()

        def worth(x: Tensor) -> float:
            cells = read_cells(x[:ahead, skip:].double().numpy(), world)
            whole = share_shown(cells, statement)
            return max(whole, share_shown(cells.within(free), statement)) if free.any() else whole

        return worth

    @property
    def _world(self) -> Vocabulary:
        """What the weights can draw."""
        from ozora.language.vocabulary import FULL, Vocabulary

        return Vocabulary.from_dict(self.card["vocabulary"]) if "vocabulary" in self.card else FULL

    def _statement(self, plan: Plan, text: str) -> Statement:
        """What is painted for a prompt; where no picture is kept, the stage decides what it leaves open."""
        from ozora.language.prompt_parser import adapt, add_default_relation, parse_prompt

        statement = adapt(parse_prompt(text), self._world)
        return statement if any(is_kept(item) for item in plan.conditions) else add_default_relation(statement)

    @property
    def _window(self) -> int:
        """Latent frames that the network was trained on."""
        assert self._bundle is not None
        config = self._bundle.model.config
        return 1 + (config.frames - 1) // config.autoencoder.time

    def _tasks(
        self, plan: Plan, shape: VideoShape, shots: tuple[Shot, ...], canvas: Canvas
    ) -> list[tuple[Window, Fraction]]:
        """What to paint in which order: windows, each with the seconds at which it begins to paint."""
        from ozora.flow.windows import split

        assert self._bundle is not None
        time = self._bundle.model.config.autoencoder.time
        whole = canvas.known.all(dim=(1, 2)).tolist()
        tasks = []
        for shot in shots:
            # a latent frame belongs to the prompt of its middle picture
            starts = [round(float(prompt.start_s * shape.fps - shot.first) / time + 0.5) for prompt in plan.prompts]
            known = whole[shot.group : shot.group + shot.groups]
            windows = split(known, size=self._window, context=CONTEXT, breaks=starts, offset=shot.group)
            done = list(known)
            for window in windows:
                begin = done.index(False) if not all(done) else 0
                stop = window.stop - shot.group
                done[:stop] = [True] * stop
                frame = shot.first + (time * (begin - 1) + 1 + time // 2 if begin else 0)
                tasks.append((window, Fraction(frame) / shape.fps))
        return tasks

    def _text(self, plan: Plan, time_s: Fraction) -> str:
        """The prompt that holds at a time."""
        for prompt in plan.prompts:
            if prompt.start_s <= time_s and (prompt.end_s is None or time_s < prompt.end_s):
                return prompt.text
        return plan.prompts[0].text

    def _owner(self, plan: Plan) -> str:
        """What a snapshot belongs to: this plan and these weights."""
        said = json.dumps(plan.to_dict(), sort_keys=True) + self.weights_sha256
        return hashlib.sha256(said.encode()).hexdigest()

    def _velocity(self, plan: Plan, canvas: Canvas, shape: VideoShape, text: str) -> Velocity:
        """dx/dt of the network with its prompt, guided away from what is not wanted (or from no prompt).

        The blocking is guided by the card's ``lead_guidance``, the picture by the plan's guidance.
        """
        from ozora.flow.canvas import levels
        from ozora.flow.guidance import guide
        from ozora.flow.path import velocity_from_data
        from ozora.model.precision import mixed
        from ozora.model.text import tokenize
        from ozora.model.transformer import positions

        assert self._bundle is not None
        model = self._bundle.model
        _, g, i, j = canvas.value.shape
        seconds = float(Fraction(model.config.autoencoder.time) / shape.fps)
        before = canvas.references
        where = positions(g - before, i, j, seconds_a_frame=seconds, references=before)
        seen = canvas.known.float().flatten()[None]

        words = tokenize([self._wording(plan, text), plan.negative], model.config.text)

        def pair(x: Tensor, t: Tensor, number: int) -> Tensor:
            lead, level = t.flatten()[:1], levels(canvas, float(t.flatten()[-1]))
            inputs = (x.flatten(1).T[None], level[None], lead, seen)
            given = (value.expand(number, *value.shape[1:]) for value in inputs)
            with mixed(x.device):
                data = model.painter(*given, (words[0][:number], words[1][:number]), where)
            both = x.expand(number, *x.shape)
            return velocity_from_data(data.float().mT.reshape(both.shape), both, t)

        lead_scale = float(self.card.get("lead_guidance", 1.0))

        def scale(t: Tensor) -> float:
            return lead_scale if float(t.flatten()[0]) > 0 else plan.sampler.guidance

        return guide(pair, scale)

    def _wording(self, plan: Plan, text: str) -> str:
        """The prompt in plain words, or what is drawn in its place where it leaves the stage; as it is where there are
        words in it that are not understood."""
        from ozora.language.prompt_parser import parse_prompt, sentence, unsupported_words

        if "vocabulary" not in self.card:
            return text
        reading = parse_prompt(text)
        understood = unsupported_words(reading, self._world) or not reading.unknown
        return (sentence(self._statement(plan, text)) if understood else "") or text

    def _peek(self, x: Tensor) -> Frames:
        """One picture from the middle of an unfinished canvas."""
        from ozora.backends.canvases import develop
        from ozora.flow.windows import Shot

        assert self._bundle is not None
        middle = x.shape[1] // 2
        alone = Shot(first=0, frames=1, group=0, groups=1)
        picture: Frames = develop(self._bundle.model, x[:, middle : middle + 1], (alone,), size=1, large=False)[0]
        return picture


def _noise(canvas: Canvas, size: tuple[int, ...], seed: int, window: int, turn: int, step: int) -> Tensor:
    """New noise for a window after a step of a rehearsal; what is known stays."""
    import torch

    from ozora.flow.canvas import start

    number = seed * 1_000_003 + window * 100_003 + turn * 1_009 + step + 1
    return start(canvas, torch.randn(size, generator=torch.Generator().manual_seed(number % 2**63)))
