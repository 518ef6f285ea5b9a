"""Raw clips to latents. encode.py ROOT NUMBER OF"""
import shutil, sys
from common import *
ROOT, ME, OF = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
(ROOT / "lat").mkdir(exist_ok=True); (ROOT / "raw").mkdir(exist_ok=True)
from ozora.model.autoencoder import _groups
bundle = load_start()
model = bundle.model.autoencoder.to(DEV).eval()
mean, std = (getattr(bundle.model, f"latent_{n}").float().to(DEV)[:, None, None] for n in ("mean", "std"))
log(f"encoder {ME} ready")
KEEP = ("things", "names", "share", "drift", "facing", "stills", "words", "letters", "asked", "tall", "which", "keys", "passing", "seed")


@torch.no_grad()
def encode(folder):
    rgb = torch.from_numpy(np.load(folder / "rgb.npy")).to(DEV)
    other = {k: np.load(folder / f"{k}.npy") for k in KEEP}
    b, f = rgb.shape[:2]
    video = rgb.permute(0, 4, 1, 2, 3)
    groups = _groups(video)
    stills = torch.from_numpy(other["stills"].astype(np.int64)).to(DEV)
    frame = 1 + 4 * (stills - 1) + 1
    still = video.transpose(1, 2)[torch.arange(b, device=DEV)[:, None], frame]
    still = still[:, :, :, None].expand(-1, -1, -1, 4, -1, -1)
    both = torch.cat([groups, still], 1)
    out = []
    with amp():
        for part in both.flatten(0, 1).split(128):
            out.append((model.encode_groups(part.float() / 127.5 - 1).float() - mean) / std)
    z = torch.cat(out).half().flatten(2).unflatten(0, (b, -1))  # [b, g + s, k, i j]
    n = groups.shape[1]
    return dict(lat=z[:, :n].cpu(), still=z[:, n:].cpu(), **{k: torch.from_numpy(v) for k, v in other.items()})


count, t = 0, time.time()
while not (ROOT / "stop").exists():
    files = [p for p in sorted((ROOT / "raw").glob("*-*")) if p.suffix != ".part" and int(p.name[:2]) % OF == ME][:4]
    if not files:
        time.sleep(0.1)
        continue
    parts = []
    for path in files:
        parts.append(encode(path)); shutil.rmtree(path)
    whole = {k: torch.cat([p[k] for p in parts]) for k in parts[0]}
    name = ROOT / "lat" / f"{ME}-{count:06d}"
    torch.save(whole, name.with_suffix(".part")); name.with_suffix(".part").rename(name.with_suffix(".pt"))
    count += 1
    if count % 50 == 0:
        log(f"encoder {ME}: {count} files, {len(whole['lat']) * 50 / (time.time() - t):.0f} clips/s, raw waiting {len(list((ROOT / 'raw').glob('*')))}")
        t = time.time()
log(f"encoder {ME} ends")
