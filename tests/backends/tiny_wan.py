"""A Wan so small that a test can make it and run it: the real classes of diffusers with random weights."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import torch

from ozora.backends.open_models import OpenModel

MODEL = OpenModel(
    title="Tiny Wan",
    summary="random weights",
    repo="nobody/tiny-wan",
    pipeline="WanPipeline",
    sizes=("32x32", "48x32"),
    multiple=16,
    fps=8,
    max_frames=9,
    frame_step=4,
    steps=2,
    guidance=2.0,
    license="Apache-2.0",
    memory_gb=1,
)
DURATION_S = Fraction(1, 2)


def make(folder: Path) -> Path:
    """Save a pipeline to ``folder``; the same every time."""
    from diffusers import AutoencoderKLWan, FlowMatchEulerDiscreteScheduler, WanPipeline, WanTransformer3DModel
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel
    from tokenizers.pre_tokenizers import Whitespace
    from transformers import PreTrainedTokenizerFast, UMT5Config, UMT5EncoderModel

    torch.manual_seed(0)
    words = Tokenizer(WordLevel({"<pad>": 0, "<unk>": 1, "a": 2, "red": 3, "ball": 4, "blue": 5}, unk_token="<unk>"))
    words.pre_tokenizer = Whitespace()
    pipe = WanPipeline(
        tokenizer=PreTrainedTokenizerFast(tokenizer_object=words, pad_token="<pad>", unk_token="<unk>"),
        text_encoder=UMT5EncoderModel(UMT5Config(vocab_size=8, d_model=32, d_kv=8, d_ff=32, num_layers=1, num_heads=4)),
        vae=AutoencoderKLWan(
            base_dim=3,
            z_dim=16,
            dim_mult=[1, 1, 1, 1],
            num_res_blocks=1,
            temperal_downsample=[False, True, True],
        ),
        scheduler=FlowMatchEulerDiscreteScheduler(shift=7.0),
        transformer=WanTransformer3DModel(
            patch_size=(1, 2, 2),
            num_attention_heads=2,
            attention_head_dim=12,
            in_channels=16,
            out_channels=16,
            text_dim=32,
            freq_dim=64,
            ffn_dim=32,
            num_layers=1,
            cross_attn_norm=True,
            qk_norm="rms_norm_across_heads",
            rope_max_seq_len=32,
        ),
    )
    pipe.save_pretrained(folder)
    return folder
