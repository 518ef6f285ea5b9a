import json, os, time
from pathlib import Path
import numpy as np
import torch
from torch.nn import functional as F
from ozora.language.layout import CELLS, CHANNELS, GAIN, codes, palette
from ozora.language.vocabulary import NOUNS
from ozora.model.text import TextConfig, tokenize
from ozora.train.caption_probe import ASKED

HERE = Path(__file__).parent
WEIGHTS = Path(os.environ.get("WEIGHTS_FILE", HERE / "maquette.safetensors"))
DEV = torch.device("cuda" if torch.cuda.is_available() else "cpu")
TOY = bool(os.environ.get("TOY"))
G = 1 + int(os.environ.get("NGROUPS", "12"))
ROWS, COLS = (8, 14)
K = 128
card = json.load(open(WEIGHTS.with_suffix(".json")))
_words = tuple("hopping" if w == "hoping" else w for w in card["model"]["text"]["words"])
TEXT = TextConfig.from_dict({**card["model"]["text"], "words": _words})
SECONDS = 4 / 12
T0 = float(os.environ.get("T0", time.time()))
E = lambda name, default: float(os.environ.get(name, default))


def log(*words):
    print(f"[{time.time() - T0:7.1f}]", *words, flush=True)


def amp():
    return torch.autocast(DEV.type, torch.bfloat16, enabled=True)


_who = torch.from_numpy(codes(len(NOUNS) + 1)).float().to(DEV)
_hue = torch.from_numpy(palette()).float().to(DEV)
_gain = torch.from_numpy(GAIN).float().to(DEV)


def layout_tokens(names, share, drift, facing):
    """names [b, 2, g, y, x] u8, share [b, g, y, x] u8, drift, facing [b, 2, g, y, x] -> tokens [b, g i j, 112]"""
    b, _, g = names.shape[:3]
    who = _who[names[:, 0].long()]
    hue = _hue[names[:, 1].long()]
    s = share.float() / 255
    cell = torch.cat([
        torch.ones_like(s)[..., None], who, hue,
        drift.float().clamp(-1, 1).permute(0, 2, 3, 4, 1), facing.float().permute(0, 2, 3, 4, 1),
    ], dim=-1)
    cell = cell * s[..., None] * _gain
    folded = F.pixel_unshuffle(cell.flatten(0, 1).permute(0, 3, 1, 2), CELLS)
    return folded.view(b, g, CHANNELS, -1).transpose(2, 3).flatten(1, 2)


def load_start():
    from ozora.model.weights import load_bundle
    return load_bundle(WEIGHTS)


def save(path, state):
    part = path.with_suffix(".part")
    torch.save({n: v.detach().half().cpu() for n, v in state.items()}, part)
    part.rename(path)
