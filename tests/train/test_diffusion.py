from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch

from ozora.flow.path import mix, move
from ozora.flow.schedule import layout_first
from ozora.language.layout import CHANNELS
from ozora.model.maquette import Denoiser
from ozora.model.text import PAD, UNKNOWN, tokenize
from ozora.model.transformer import positions
from ozora.train.caption_probe import denoiser_weights
from ozora.train.loop import finished_weights, run_phase
from tests.model.tiny import CONFIG
from tests.train.synthetic import diffusion, write_shelf


def test_the_prompt_decides_what_is_painted(tmp_path: Path) -> None:
    """Trained a few seconds on two kinds of clip, the denoiser gives the kind that is asked for, in both parts."""
    phase = diffusion(write_shelf(tmp_path / "latents"), 160)
    list(run_phase(phase, tmp_path))
    denoiser = Denoiser(CONFIG.text, CONFIG.transformer)
    denoiser.load_state_dict(denoiser_weights(finished_weights(tmp_path, "s1")[0]))
    where = positions(1, 2, 3, seconds_a_frame=0.5)
    red, blue = (phase._batch(phase._shelf(1), torch.tensor([row])).layout for row in (0, 1))

    def paint(text: str) -> tuple[float, float]:
        """Likeness of the layout to that of red things, and the mean of the picture."""
        words = tokenize([text], CONFIG.text)

        x = torch.randn(1, 6, CHANNELS + 8, generator=torch.Generator().manual_seed(5))
        grid = layout_first(12, layout_shift=1.0, shift=1.0)
        for now, then in pairwise(grid):
            t, layout_t = torch.tensor([[now.picture]]), torch.tensor([now.layout])
            with torch.no_grad():
                data = denoiser(x, t, layout_t, torch.zeros(1, 6), words, where)
            first, rest = torch.split(x, [CHANNELS, 8], -1), torch.split(data, [CHANNELS, 8], -1)
            parts = [
                move(old, new, a, b) if a > 0 else old
                for old, new, a, b in zip(
                    first, rest, (now.layout, now.picture), (then.layout, then.picture), strict=True
                )
            ]
            x = torch.cat(parts, -1)
        told = x[..., :CHANNELS]
        return float(((told - blue).norm() - (told - red).norm()) / (red - blue).norm()), float(
            x[..., CHANNELS:].mean()
        )

    for text, sign in (("a red ball", 1), ("a blue ball", -1)):
        laid_out, mean = paint(text)
        assert sign * laid_out > 0.5
        assert sign * mean > 0.3


def test_a_batch_is_a_function_of_the_step(tmp_path: Path) -> None:
    phase = diffusion(write_shelf(tmp_path))
    model = phase.model()
    with torch.no_grad():
        for value in model.parameters():
            value.add_(0.01)
    first, again, other = (phase.loss(model, step)[0].item() for step in (4, 4, 5))
    assert first == again != other


def test_all_channels_are_divided_by_one_deviation(tmp_path: Path) -> None:
    phase = diffusion(write_shelf(tmp_path))
    mean, std = phase.scale
    assert len(set(std.tolist())) == 1 and mean.shape == std.shape == (8,)
    scaled = (phase._shelf(13).latent.float() - mean[:, None, None, None]) / std[:, None, None, None]
    assert scaled.var((0, 2, 3, 4)).mean().sqrt().item() == pytest.approx(1.0, abs=0.01)


def test_an_empty_cache_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="latents phase"):
        diffusion(tmp_path)


def test_guidance_is_baked_in(tmp_path: Path) -> None:
    """The pupil without guidance comes close to the teacher with it."""
    folder = write_shelf(tmp_path / "latents")
    list(run_phase(replace(diffusion(folder, 25), reference_share=0.0), tmp_path))
    start = finished_weights(tmp_path, "s1")[0]
    phase = replace(diffusion(folder, 200), name="s4", start=start, guidance=(4.0, 4.0), unheard_share=0.0)
    phase.reference_share = 0.0
    list(run_phase(phase, tmp_path))
    pupil = Denoiser(CONFIG.text, CONFIG.transformer)
    pupil.load_state_dict(denoiser_weights(finished_weights(tmp_path, "s4")[0]))
    teacher = Denoiser(CONFIG.text, CONFIG.transformer)
    teacher.load_state_dict(denoiser_weights(start))
    texts = [phase._shelf(1).caption(number, 0) for number in range(8)]
    batch = phase._batch(phase._shelf(1), torch.arange(8))
    clean = torch.cat([batch.layout, batch.picture], dim=-1)
    times = torch.tensor([0.1] * CHANNELS + [0.9] * 8)
    given = (
        mix(clean, torch.randn(clean.shape, generator=torch.Generator().manual_seed(3)), times),
        torch.full((8, 1), 0.9),
        torch.full((8,), 0.1),
        torch.zeros(8, 6),
        tokenize(texts, CONFIG.text),
        positions(1, 2, 3, seconds_a_frame=0.5),
    )
    with torch.no_grad():
        wanted, plain, baked = (paint(*given)[..., CHANNELS:] for paint in (phase._guided, teacher, pupil))
    assert (baked - wanted).square().mean() < 0.5 * (plain - wanted).square().mean(), "of a settled layout, the picture"


def test_some_captions_are_heard_in_part(tmp_path: Path) -> None:
    phase = diffusion(write_shelf(tmp_path))
    texts = ["a red ball rolls left past a blue cube"] * 400
    words, letters = phase._heard(texts, torch.Generator().manual_seed(1))
    plain, _ = tokenize(texts, CONFIG.text)
    lost = words != plain
    assert (words[lost] == UNKNOWN).all() and letters[lost].eq(0).all()
    assert 0.15 < lost.any(1).float().mean() < 0.35
    heard = phase._heard([""] * 400, torch.Generator().manual_seed(1))[0]
    assert heard.eq(PAD).all()


def test_some_times_are_the_beginning(tmp_path: Path) -> None:
    t = diffusion(write_shelf(tmp_path))._times((4000,), 1.2, torch.Generator().manual_seed(1))
    assert 0.05 < (t == 1).float().mean() < 0.11
    assert t.min() > 0


def test_a_reference_shows_a_thing_of_the_clip(tmp_path: Path) -> None:
    """It is known, lies before the clip, and tells the color where the prompt does not."""
    phase = diffusion(write_shelf(tmp_path / "latents"), 200)
    phase.reference_share = 1.0
    index = torch.tensor([0, 1, 2, 3])
    statements = [phase._shelf(13).statements[int(i)] for i in index]
    batch, said = phase._introduced(phase._batch(phase._shelf(13), index), statements, np.random.default_rng(0))
    assert {what.things[0].color for what in said} == {"red", "blue", ""}
    assert batch.grid == (4, 2, 3) and batch.picture.shape[1] == 24
    assert (batch.picture[:, :6].mean((1, 2)).sign() == torch.tensor([1.0, -1.0, 1.0, -1.0])).all()

    list(run_phase(phase, tmp_path))
    denoiser = Denoiser(CONFIG.text, CONFIG.transformer)
    denoiser.load_state_dict(denoiser_weights(finished_weights(tmp_path, "s1")[0]))
    where = positions(1, 2, 3, seconds_a_frame=0.5, references=1)
    assert where[:6, 0].tolist() == [-4.0] * 6 and where[6:, 0].tolist() == [0.0] * 6
    words = tokenize(["a ball"], CONFIG.text)
    red, blue = (phase._batch(phase._shelf(1), torch.tensor([row])) for row in (0, 1))
    noise = torch.randn(1, 12, CHANNELS + 8, generator=torch.Generator().manual_seed(5))
    known, level = (torch.arange(12) < 6).float()[None], torch.tensor([[0.02, 1.0]])
    for shown, other in ((red, blue), (blue, red)):
        noise[:, :6, CHANNELS:] = shown.picture
        with torch.no_grad():
            told = denoiser(noise, level, torch.ones(1), known, words, where)[:, 6:, :CHANNELS]
        assert (told - shown.layout).norm() < 0.7 * (told - other.layout).norm()


def test_passing_clips_are_known_at_one_end(tmp_path: Path) -> None:
    phase = diffusion(write_shelf(tmp_path))
    phase.servings = (replace(phase.servings[1], passing=True),)
    model = phase.model()
    with pytest.raises(ValueError, match="no cached passing clips of 13 frames"):
        phase.loss(model, 0)
    (tmp_path / "f13-0.safetensors").rename(tmp_path / "passing13-0.safetensors")
    phase.reference_share, told = 0.0, []
    model.register_forward_pre_hook(lambda _, inputs: told.append(inputs[3]))
    for step in range(20):
        phase.loss(model, step)
    known = torch.cat(told).reshape(80, 3, -1).amin(dim=2)  # [clips, latent frames]; regions apart
    assert (known[:, 0] + known[:, -1] == 1).all()
