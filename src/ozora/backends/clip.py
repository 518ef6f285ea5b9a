"""A clip of maquette on its way from a plan to frames: its canvas, its windows, and how each is sampled.

Letters: ``k`` channels of the layout and the picture, ``c`` of the picture alone; ``g`` latent frames, ``i j`` rows and
columns of tokens.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property, partial

import torch
from torch import Tensor

from ozora.backends.base import Frames
from ozora.backends.canvases import cut_out, encode_image, fill, to_frames
from ozora.backends.framing import apply_frame, choose_frame
from ozora.backends.layout_preview import draw_layout
from ozora.backends.wording import Wording
from ozora.edit.given import Given, Reference, to_native
from ozora.flow.best_of_n import Sampling, State
from ozora.flow.canvas import Canvas, hold, introduce, levels, place, start
from ozora.flow.guidance import Predict, guide
from ozora.flow.path import mix
from ozora.flow.schedule import LAYOUT_SHIFT, PICTURE_SHIFT, Times, layout_first, shift
from ozora.flow.solvers import SOLVERS
from ozora.flow.windows import Shot, Window, cut, split
from ozora.language.layout import CELLS, read_cells
from ozora.language.layout_score import share_shown
from ozora.media import resize_frames
from ozora.model.autoencoder import TIME
from ozora.model.engine import Engine
from ozora.model.maquette import Maquette
from ozora.model.text import tokenize
from ozora.model.transformer import positions
from ozora.plan import Plan
from ozora.shapes import VideoShape

CONTEXT = 4
"""Latent frames that a window sees of what is painted before it: a picture and a second of movement."""
STRENGTH_SHIFT = 8.0
"""The same for the time at which painting over a clip begins: what is nearer to the data keeps place and light."""
NARROW = 0.95
"""A picture that is narrower than this share of its canvas has its layout framed."""
CANDIDATES = 3
"""How many layouts are tried at most before the picture is painted."""


def canvas_shape(native: VideoShape, height: int, width: int) -> VideoShape:
    """The shape that is painted for a clip of a model of ``height`` x ``width``: that, or upright for a clip that is
    not wider than high; the network knows both."""
    tall = native.height >= native.width
    return replace(native, height=max(height, width) if tall else height, width=min(height, width) if tall else width)


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One window to be painted in steps through ``times``, after ``before`` steps of earlier ones. ``time_s`` decides
    its prompt. ``frames`` are those from the first one that it paints to the end of its shot; ``joins``: the frame
    before them was painted by another window."""

    window: Window
    frames: range
    time_s: Fraction
    joins: bool
    times: tuple[Times, ...]
    before: int

    @property
    def after(self) -> int:
        """Steps done when it is painted."""
        return self.before + len(self.times) - 1


class Clip:
    """One clip. ``native`` is its extent: the middle of its canvas, which has a shape that the network knows. ``given``
    and ``init`` (a clip to be painted over) are of that extent, ``references`` of any."""

    def __init__(
        self,
        model: Maquette,
        engine: Engine,
        wording: Wording,
        plan: Plan,
        native: VideoShape,
        given: tuple[Given, ...],
        *,
        init: Frames | None = None,
        references: tuple[Reference, ...] = (),
    ) -> None:
        self.model, self.engine, self.wording, self.plan, self.native = model, engine, wording, plan, native
        self.shape = shape = canvas_shape(native, model.config.height, model.config.width)
        self.shots = cut(shape, plan.cuts, time=TIME)
        self.canvas = fill(model, shape, self.shots, to_native(given, native, shape))
        self._holds_pictures = bool(given)
        self.layout = model.config.transformer.layout
        self._references = [(item, encode_image(model, self._sized(item.picture))) for item in references]
        generator = torch.Generator().manual_seed(plan.seed)
        channels, (groups, rows, columns) = self.layout + len(self.canvas.value), self.canvas.known.shape
        self._noise = torch.randn(channels, groups, rows, columns, generator=generator)
        self._before = torch.randn(channels, 1, rows, columns, generator=generator)  # for a reference
        furthest = 1.0 if init is None else shift(float(plan.strength), STRENGTH_SHIFT)
        self._furthest = furthest
        self._scored = init is None
        if init is not None:  # the picture begins on the way, not at the noise
            under = fill(model, shape, self.shots, to_native((Given(frame=0, pictures=init),), native, shape))
            self._noise[self.layout :] = mix(under.value, self._noise[self.layout :], furthest)

    @property
    def window(self) -> int:
        """Latent frames that the network was trained on."""
        return 1 + (self.model.config.frames - 1) // TIME

    @property
    def steps(self) -> int:
        """Steps of all windows."""
        return self.tasks[-1].after

    @cached_property
    def tasks(self) -> tuple[Task, ...]:
        """What is painted, in order."""
        whole = self.canvas.known.all(dim=(1, 2)).tolist()
        tasks: list[Task] = []
        for shot in self.shots:
            for window, begin in self._windows_of(shot, whole):
                frame = shot.first + (TIME * (begin - 1) + 1 if begin else 0)
                middle = frame + (TIME // 2 if begin else 0)
                times = layout_first(
                    self.plan.sampler.steps,
                    layout_shift=LAYOUT_SHIFT,
                    shift=PICTURE_SHIFT,
                    start=self._furthest,
                    goes_on=not window.opens,
                )
                tasks.append(
                    Task(
                        window=window,
                        frames=range(frame, shot.first + shot.frames),
                        time_s=Fraction(middle) / self.shape.fps,
                        joins=begin > 0 and not whole[shot.group + begin - 1],
                        times=times,
                        before=tasks[-1].after if tasks else 0,
                    )
                )
        return tuple(tasks)

    def _windows_of(self, shot: Shot, whole: list[bool]) -> list[tuple[Window, int]]:
        """The windows of a shot, each with the number of the first latent frame of the shot that it paints."""
        prompts, fps = self.plan.prompts, self.shape.fps
        # a latent frame belongs to the prompt of its middle picture
        starts = [round(float(prompt.start_s * fps - shot.first) / TIME + 0.5) for prompt in prompts]
        known = whole[shot.group : shot.group + shot.groups]
        windows = split(known, size=self.window, context=CONTEXT, breaks=starts, offset=shot.group)
        found, done = [], list(known)
        for window in windows:
            found.append((window, done.index(False) if not all(done) else 0))
            done[: window.stop - shot.group] = [True] * (window.stop - shot.group)
        return found

    def put(self, painted: Tensor, window: Window) -> None:
        """Keep what is painted [c, n, i, j] for the last ``n`` latent frames of a window's part of the clip."""
        self.canvas = place(self.canvas, painted, window.stop - painted.shape[1])

    def sampling(self, number: int, candidates: int) -> tuple[Sampling, State, Canvas]:
        """How the window of task ``number`` is sampled, from which state, on which canvas."""
        task = self.tasks[number]
        window, text = task.window, self._text(task.time_s)
        alone = cut_out(self.model, self.engine, self.canvas, window)
        shown = [latent for item, latent in self._references if item.holds(task.time_s)]
        part = introduce(alone, shown[0] if shown else self._anchor(window, text))
        renew = partial(self._renew, part, number)
        here = self._noise[:, window.first : window.first + window.size]
        begin = State(x=start(part, torch.cat([self._before[:, : part.references], here], dim=1)))
        scored = self._scored and window.opens and candidates > 1
        sampling = Sampling(
            predict=hold(part, self._predict(part, text)),
            times=task.times,
            layout=self.layout,
            begin=partial(renew, step=-1),
            fresh=renew,
            score=self._score(text, alone, part.references) if scored else None,
            finish=self._finish(text, alone, part.references) if window.opens else None,
            solver=SOLVERS[self.plan.sampler.solver],
        )
        return sampling, begin, part

    def _renew(self, canvas: Canvas, window: int, candidate: int, step: int) -> Tensor:
        """New noise for a window after a step of a candidate; what is known stays."""
        number = self.plan.seed * 1_000_003 + window * 100_003 + candidate * 1_009 + step + 1
        size = (len(self._noise), *canvas.value.shape[1:])
        return start(canvas, torch.randn(size, generator=torch.Generator().manual_seed(number % 2**63)))

    def _predict(self, canvas: Canvas, text: str) -> Predict:
        """What the network takes a state for, guided away from what is not wanted (or from no prompt)."""
        _, g, i, j = canvas.value.shape
        before = canvas.references
        seconds = float(Fraction(TIME) / self.shape.fps)
        where = positions(g - before, i, j, seconds_a_frame=seconds, references=before)
        known = canvas.known.float().flatten()

        def ask(prompt: str) -> Predict:
            asked = self.engine.prepare(tokenize([prompt], self.model.config.text), where)

            def predict(x: Tensor, times: Times) -> Tensor:
                t, layout_t = levels(canvas, times.picture), torch.tensor(times.layout)
                return asked(x.flatten(1).T, t, layout_t, known).T.reshape(x.shape)

            return predict

        predict, guidance = ask(self.wording.sentence(text)), self.plan.sampler.guidance
        if guidance == 1:  # guidance toward the prompt is in the weights
            return predict
        return guide(predict, ask(self.plan.negative), lambda _: guidance)

    def _score(self, text: str, canvas: Canvas, references: int) -> Callable[[Tensor], float] | None:
        """How much of what a prompt states the layout of a state shows: as a whole, or where a part of a picture is
        painted anew, in that part. ``None`` where later pictures are known: they have decided it. A state begins with
        ``references`` latent frames that are not of the clip."""
        statement = self.wording.statement(text)
        parts = canvas.known.any(dim=(1, 2)) & ~canvas.known.all(dim=(1, 2))
        if not parts.any() and canvas.known[1:].any():
            return None
        free = (~canvas.known & parts[:, None, None]).repeat_interleave(CELLS, 1).repeat_interleave(CELLS, 2).numpy()

        def score(x: Tensor) -> float:
            cells = read_cells(x[: self.layout, references:].double().numpy(), self.wording.vocabulary)
            whole = share_shown(cells, statement)
            return max(whole, share_shown(cells.within(free), statement)) if free.any() else whole

        return score

    def _finish(self, text: str, canvas: Canvas, references: int) -> Callable[[Tensor], Tensor] | None:
        """How a finished layout is framed for a picture that is narrower than its canvas; ``None`` where it is not, or
        where something is given, which stays where it is."""
        width = self.native.width * CELLS * canvas.known.shape[2] / self.shape.width
        if self.native.width > NARROW * self.shape.width or self._holds_pictures or canvas.known.any():
            return None
        statement, world = self.wording.statement(text), self.wording.vocabulary

        def finish(x: Tensor) -> Tensor:
            layout = x[: self.layout, references:].double().numpy()
            framed = apply_frame(layout, choose_frame(layout, statement, world, width))
            new = x.clone()
            new[: self.layout, references:] = torch.from_numpy(framed).to(x.dtype)
            return new

        return finish

    def _anchor(self, window: Window, text: str) -> Tensor:
        """The latent frame [c, 1, i, j], if there is one, that shows a window how its things look: the first picture of
        the first shot that speaks of one of them, where it is painted before."""
        names = {(thing.noun, thing.color) for thing in self.wording.statement(text).things}
        for shot in self.shots:
            said = self.wording.statement(self._text(Fraction(shot.first) / self.shape.fps))
            if shot.group < window.first and any((thing.noun, thing.color) in names for thing in said.things):
                return self.canvas.value[:, shot.group : shot.group + 1]
        return self.canvas.value[:, :0]

    def _text(self, time_s: Fraction) -> str:
        """The prompt that holds at a time."""
        for prompt in self.plan.prompts:
            if prompt.start_s <= time_s and (prompt.end_s is None or time_s < prompt.end_s):
                return prompt.text
        return self.plan.prompts[0].text

    def _sized(self, picture: Frames) -> Frames:
        """A picture [h, w, 3] at the size of the canvas."""
        resized: Frames = resize_frames(picture[None], self.shape.height, self.shape.width)[0]
        return resized

    def crop(self, frames: Frames) -> Frames:
        """The middle of pictures [..., h, w, 3] of the canvas: the clip's own."""
        top, left = (self.shape.height - self.native.height) // 2, (self.shape.width - self.native.width) // 2
        return frames[..., top : top + self.native.height, left : left + self.native.width, :]

    def preview(self, state: State, references: int, task: Task) -> Frames:
        """What the middle [h, w, 3] of a window will about be: a drawing of its layout until that is done, then the
        picture as the network predicts it."""
        guess = state.x if state.data is None else state.data
        guess = guess[:, references:]
        middle = guess.shape[1] // 2
        if task.times[state.step - 1].layout > 0:
            layout = guess[: self.layout, middle].double().numpy()
            return self.crop(draw_layout(layout, self.shape.height, self.shape.width))
        picture: Frames = to_frames(self.engine.decode(guess[self.layout :], middle, middle + 1))[-1]
        return self.crop(picture)
