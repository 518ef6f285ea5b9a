"""The open-weight models that stand behind the same interface, as data. Facts are from their cards and from diffusers.

Frames come in steps: 1, 1 + s, 1 + 2 s, ... where ``s`` is how many frames a latent frame holds.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenModel:
    """``repo`` is on huggingface.co, ``pipeline`` a class of diffusers; both again for a first frame ("" if it takes
    none). ``sizes`` are what it was trained on, sides are multiples of ``multiple``; ``memory_gb`` of an accelerator
    in half precision, with the text encoder offloaded."""

    title: str
    summary: str
    repo: str
    pipeline: str
    image_repo: str = ""
    image_pipeline: str = ""
    sizes: tuple[str, ...]
    multiple: int
    fps: int
    max_frames: int
    frame_step: int
    steps: int
    guidance: float
    license: str
    memory_gb: int

    @property
    def max_seconds(self) -> Fraction:
        return Fraction(self.max_frames - 1, self.fps)


OPEN_MODELS: dict[str, OpenModel] = {
    "wan-2.2-5b": OpenModel(
        title="Wan 2.2 TI2V 5B",
        summary="text or first frame to 720p at 24 frames a second; the one to begin with on a single large GPU",
        repo="Wan-AI/Wan2.2-TI2V-5B-Diffusers",
        pipeline="WanPipeline",
        image_repo="Wan-AI/Wan2.2-TI2V-5B-Diffusers",
        image_pipeline="WanImageToVideoPipeline",
        sizes=("1280x704", "704x1280"),
        multiple=32,
        fps=24,
        max_frames=121,
        frame_step=4,
        steps=50,
        guidance=5.0,
        license="Apache-2.0",
        memory_gb=24,
    ),
    "wan-2.2-14b": OpenModel(
        title="Wan 2.2 A14B",
        summary="the best picture of the family: two experts of 14 billion weights",
        repo="Wan-AI/Wan2.2-T2V-A14B-Diffusers",
        pipeline="WanPipeline",
        image_repo="Wan-AI/Wan2.2-I2V-A14B-Diffusers",
        image_pipeline="WanImageToVideoPipeline",
        sizes=("1280x720", "720x1280", "832x480", "480x832"),
        multiple=16,
        fps=16,
        max_frames=81,
        frame_step=4,
        steps=40,
        guidance=4.0,
        license="Apache-2.0",
        memory_gb=80,
    ),
    "wan-2.1-1.3b": OpenModel(
        title="Wan 2.1 T2V 1.3B",
        summary="the smallest: 480p on a consumer GPU",
        repo="Wan-AI/Wan2.1-T2V-1.3B-Diffusers",
        pipeline="WanPipeline",
        sizes=("832x480", "480x832"),
        multiple=16,
        fps=16,
        max_frames=81,
        frame_step=4,
        steps=50,
        guidance=5.0,
        license="Apache-2.0",
        memory_gb=10,
    ),
    "ltx-video": OpenModel(
        title="LTX-Video",
        summary="the fastest: near real time on a large GPU",
        repo="Lightricks/LTX-Video",
        pipeline="LTXPipeline",
        image_repo="Lightricks/LTX-Video",
        image_pipeline="LTXImageToVideoPipeline",
        sizes=("704x480", "480x704"),
        multiple=32,
        fps=24,
        max_frames=161,
        frame_step=8,
        steps=50,
        guidance=3.0,
        license="LTX-Video open weights (see its card)",
        memory_gb=12,
    ),
    "hunyuan-video": OpenModel(
        title="HunyuanVideo",
        summary="13 billion weights, 720p, strong in motion",
        repo="hunyuanvideo-community/HunyuanVideo",
        pipeline="HunyuanVideoPipeline",
        sizes=("1280x720", "720x1280", "960x544"),
        multiple=16,
        fps=24,
        max_frames=129,
        frame_step=4,
        steps=50,
        guidance=6.0,
        license="Tencent Hunyuan Community (not in the EU, UK, South Korea)",
        memory_gb=60,
    ),
    "cogvideox-5b": OpenModel(
        title="CogVideoX 5B",
        summary="six seconds at 8 frames a second; modest needs",
        repo="THUDM/CogVideoX-5b",
        pipeline="CogVideoXPipeline",
        image_repo="THUDM/CogVideoX-5b-I2V",
        image_pipeline="CogVideoXImageToVideoPipeline",
        sizes=("720x480",),
        multiple=16,
        fps=8,
        max_frames=49,
        frame_step=8,
        steps=50,
        guidance=6.0,
        license="CogVideoX (see its card)",
        memory_gb=16,
    ),
    "kandinsky-5-lite": OpenModel(
        title="Kandinsky 5.0 T2V Lite",
        summary="two billion weights, five seconds at 24 frames a second",
        repo="kandinskylab/Kandinsky-5.0-T2V-Lite-sft-5s-Diffusers",
        pipeline="Kandinsky5T2VPipeline",
        sizes=("768x512", "512x768"),
        multiple=16,
        fps=24,
        max_frames=121,
        frame_step=4,
        steps=50,
        guidance=5.0,
        license="MIT",
        memory_gb=24,
    ),
}
