"""The decoder alone: a patch discriminator beside the old loss; latents stay. sharpen.py ROOT OUT"""
import copy, sys
from common import *
from torch import nn
ROOT, OUT = Path(sys.argv[1]), Path(sys.argv[2])
SECONDS_ = E("SHARP_S", 200)
B = int(E("SHARP_B", 16))
torch.backends.cudnn.benchmark = True
torch.set_float32_matmul_precision("high")
torch.manual_seed(0)


def pieces():
    got = []
    for path in sorted((ROOT / "ae").glob("*")):
        if path.suffix != ".part":
            got.append(torch.from_numpy(np.load(path / "rgb.npy")))
    return torch.cat(got)


class Critic(nn.Module):
    """Five neighbouring frames as 15 channels to a score a patch."""

    def __init__(self, frames, c=64):
        super().__init__()
        n = nn.utils.parametrizations.spectral_norm
        self.net = nn.ModuleList([n(nn.Conv2d(3 * frames, c, 4, 2, 1)), n(nn.Conv2d(c, 2 * c, 4, 2, 1)), n(nn.Conv2d(2 * c, 4 * c, 3, 1, 1)), n(nn.Conv2d(4 * c, 1, 3, 1, 1))])

    def forward(self, x):
        feats = []
        for i, layer in enumerate(self.net):
            x = layer(x)
            if i < 3:
                x = F.leaky_relu(x, 0.2); feats.append(x)
        return x, feats


def luma(v):
    return (v.float() * torch.tensor([0.299, 0.587, 0.114], device=v.device).view(3, 1, 1, 1)).sum(1) * 127.5


def gradient(v):  # [b, 3, f, h, w] -> root mean square
    y = luma(v)
    return float((y.diff(dim=-1).square().mean() + y.diff(dim=-2).square().mean()).sqrt())


def video(a):
    return a.to(DEV).permute(0, 4, 1, 2, 3).float() / 127.5 - 1


@torch.no_grad()
def evaluate(ae, rgb, lat, tag, noise=0.0):
    error, g, gt, fl = [], [], [], []
    gen = torch.Generator(device=DEV).manual_seed(0)
    for i in range(0, len(rgb), 8):
        v, z = video(rgb[i : i + 8]), lat[i : i + 8].float()
        z = z + noise * STD * torch.randn(z.shape, generator=gen, device=DEV)
        with amp():
            o = ae.decode(z).float().clamp(-1, 1)
        error.append(float((o - v).square().mean())); g.append(gradient(o)); gt.append(gradient(v))
        bend = (o[:, :, 2:] - 2 * o[:, :, 1:-1] + o[:, :, :-2]).abs().mean(1)
        still = (v[:, :, 2:] - v[:, :, :-2]).abs().mean(1) < 0.02
        fl.append(float(bend[still].mean() * 127.5))
    log(f"sharpen {tag}: {10 * np.log10(4 / np.mean(error)):.2f} dB, gradient {np.mean(g) / np.mean(gt):.3f}, flicker {np.mean(fl):.2f} (noise {noise})")


bundle = load_start()
ae = bundle.model.autoencoder.to(DEV)
STD = float(bundle.model.latent_std.mean())
rgb = pieces()
log("pieces", tuple(rgb.shape))
lat = []
with torch.no_grad(), amp():
    for part in rgb.split(32):
        lat.append(ae.encode(video(part)).half())
lat = torch.cat(lat)
rgb = rgb.to(DEV)
TEST = min(48, len(rgb) // 4)
for n, p in ae.named_parameters():
    p.requires_grad_(n.startswith(("decoder.", "components_out.")))
ae.train()
params = [p for p in ae.parameters() if p.requires_grad]
critics = [Critic(3).to(DEV, memory_format=torch.channels_last), Critic(7).to(DEV, memory_format=torch.channels_last)]
og = torch.optim.AdamW(params, lr=1e-4, betas=(0.5, 0.95), weight_decay=0, fused=DEV.type == "cuda")
od = torch.optim.AdamW([p for c in critics for p in c.parameters()], lr=2e-4, betas=(0.5, 0.95), weight_decay=0, fused=DEV.type == "cuda")
ema = {n: v.detach().clone() for n, v in ae.state_dict().items()}
for noise in (0.0, 0.3):
    evaluate(ae, rgb[:TEST], lat[:TEST], "before", noise)
GOAL, ROOM = E("GOAL", 0.80), E("ROOM", 0.65)
push, ratio, quality, base, bend_now = 0.02, 0.5, None, None, 0.0
began, step, limit = time.time(), 0, int(E("SHARP_STEPS", 1e9))
index_gen = torch.Generator().manual_seed(1)
while True:
    p = (time.time() - began) / SECONDS_
    if p >= 1 or step >= limit:
        break
    rate = E("SHARP_RATE", 2e-4) * min(1, (step + 1) / 50) * min(1, max(0.02, (1 - p) / 0.4))
    og.param_groups[0]["lr"] = rate
    od.param_groups[0]["lr"] = 2 * rate
    index = TEST + torch.randint(len(rgb) - TEST, (B,), generator=index_gen).to(DEV)
    v, z = video(rgb[index]), lat[index].float()
    noisy = torch.rand(B, device=DEV) < 0.5
    z = z + (noisy * 0.35 * torch.rand(B, device=DEV))[:, None, None, None, None] * STD * torch.randn_like(z)
    with amp():
        o = ae.decode(z)
    o = o.float()
    views = []
    for length in (3, 7):
        at = int(torch.randint(0, v.shape[2] - length + 1, (), generator=index_gen))
        views.append((at, length))
    cut = lambda x, at, length: x[:, :, at : at + length].transpose(1, 2).flatten(1, 2).contiguous(memory_format=torch.channels_last)
    ld = 0
    with amp():
        for critic, view in zip(critics, views):
            real, _ = critic(cut(v, *view)); fake, _ = critic(cut(o.detach(), *view))
            ld = ld + F.relu(1 - real.float()).mean() + F.relu(1 + fake.float()).mean()
    od.zero_grad(set_to_none=True); ld.backward(); od.step()
    adv = fm = 0
    with amp():
        for critic, view in zip(critics, views):
            fake, ff = critic(cut(o, *view))
            with torch.no_grad():
                _, fr = critic(cut(v, *view))
            adv = adv - fake.float().mean() / 2
            fm = fm + sum((a.float() - b.float()).abs().mean() for a, b in zip(ff, fr)) / 6
    error = o - v
    warm = min(1.0, max(0.0, (step - 100) / 200))
    change = error.diff(dim=2).abs().mean()
    loss = error.abs().mean() + 1.0 * change + warm * (push * adv + 0.05 * fm)
    og.zero_grad(set_to_none=True); loss.backward()
    torch.nn.utils.clip_grad_norm_(params, 1.0); og.step()
    with torch.no_grad():
        keep = min(0.998, (1 + step) / (10 + step))
        torch._foreach_lerp_(list(ema.values()), list(ae.state_dict().values()), 1 - keep)
        if step % 5 == 0 and bool((~noisy).any()):
            clean = ~noisy
            r, q = gradient(o[clean]) / gradient(v[clean]), -10 * float(torch.log10(error[clean].square().mean() / 4))
            ratio += 0.05 * (r - ratio); quality = q if quality is None else quality + 0.05 * (q - quality)
            if step == 100:
                base = quality
            if base is not None:
                push *= 1.03 if ratio < GOAL and quality > base - ROOM else 1 / 1.03
                push = min(0.06, max(0.002, push))
    step += 1
    if step % 100 == 0:
        log(f"sharpen {step} l1 {float(error.detach().abs().mean()):.4f} change {float(change.detach()):.4f} critic {float(ld.detach()):.3f} adv {float(adv.detach()):.3f} fm {float(fm.detach()):.3f} | gradient {ratio:.3f} dB {quality:.2f} push {push:.4f}")
ae.load_state_dict(ema)
ae.eval()
for noise in (0.0, 0.3):
    evaluate(ae, rgb[:TEST], lat[:TEST], "after", noise)
save(OUT / "decoder.pt", {n: v for n, v in ae.state_dict().items() if n.startswith(("decoder.", "components_out."))})
log(f"sharpen done: {step} steps of {B}, {1000 * (time.time() - began) / max(step, 1):.0f} ms each")
