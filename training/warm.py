"""Compile what the denoiser's training needs into the cache."""
from common import *
import torch._dynamo
from ozora.model import transformer
from ozora.model.maquette import Denoiser
from ozora.model.transformer import positions
from ozora.train.caption_probe import attach_probe
torch.set_float32_matmul_precision("high")
torch._dynamo.config.recompile_limit = 64
torch._dynamo.config.accumulated_recompile_limit = 512
transformer.Block.forward = torch.compile(transformer.Block.forward, dynamic=False)
B_IMG, B_FULL = int(E("B_IMG", 768)), int(E("B_FULL", 88))
bundle = load_start()
model = attach_probe(Denoiser(TEXT, bundle.model.config.transformer), None).to(DEV)
for kind, b, g, refs in (("full", B_FULL, G, 0), ("image", B_IMG, 1, 0), ("ref", B_FULL, G + 1, 1)):
    began = time.time()
    n = g * ROWS * COLS
    args = (torch.randn(b, n, 112 + K, device=DEV), torch.rand(b, 1, device=DEV).expand(b, g) if refs == 0 else torch.rand(b, g, device=DEV), torch.rand(b, device=DEV), torch.zeros(b, n, device=DEV),
            (torch.zeros(b, TEXT.length, dtype=torch.long, device=DEV), torch.zeros(b, TEXT.length, 12, dtype=torch.long, device=DEV)), positions(g - refs, ROWS, COLS, seconds_a_frame=SECONDS, references=refs).to(DEV))
    with amp():
        out = model(*args).float()
    out.square().mean().backward()
    model.zero_grad()
    model.requires_grad_(False)
    with torch.no_grad(), amp():
        model(*args)
    model.requires_grad_(True)
    if DEV.type == "cuda":
        torch.cuda.synchronize()
    log(f"warm {kind}: {time.time() - began:.1f} s")
    del args, out
    if DEV.type == "cuda":
        torch.cuda.empty_cache()
