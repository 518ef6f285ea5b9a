"""The denoiser goes on from the shipped weights, by the clock. train.py ROOT OUT"""
import sys
from common import *
import torch._dynamo
from ozora.model import transformer
from ozora.model.maquette import Denoiser
from ozora.model.transformer import positions
from ozora.train.caption_probe import attach_probe
from ozora.train.givens import draw_givens, draw_passing, draw_regions
from ozora.train.muon import Muon

ROOT, OUT = Path(sys.argv[1]), Path(sys.argv[2])
OUT.mkdir(exist_ok=True, parents=True)
POOL, START = int(E("POOL", 36000)), int(E("START_CLIPS", 36000))
FILL_S = E("FILL_S", 240)
COOL_S, BAKE_S = E("COOL_S", 380), E("BAKE_S", 150)
B_IMG, B_FULL = int(E("B_IMG", 768)), int(E("B_FULL", 88))
RATE = E("RATE", 2.5e-3)
COMPILE = bool(int(E("COMPILE", 1)))
torch.set_float32_matmul_precision("high")
torch.backends.cudnn.benchmark = True
if COMPILE:
    torch._dynamo.config.recompile_limit = 64
    torch._dynamo.config.accumulated_recompile_limit = 512
    transformer.Block.forward = torch.compile(transformer.Block.forward, dynamic=False)
S = ROWS * COLS


class Pool:
    def __init__(self):
        n = POOL
        z = lambda *s, t=torch.uint8: torch.zeros(n, *s, dtype=t, device=DEV)
        self.t = dict(
            lat=z(G, K, S, t=torch.float16), still=z(3, K, S, t=torch.float16), things=z(G, S),
            names=z(2, G, 4 * S), share=z(G, 4 * S), drift=z(2, G, 4 * S, t=torch.float16), facing=z(2, G, 4 * S, t=torch.float16),
            stills=z(3, t=torch.int16), words=z(5, TEXT.length, t=torch.int16), letters=z(5, TEXT.length, 12, t=torch.int16),
            asked=z(5, TEXT.length, len(ASKED), t=torch.int8),
        )
        self.count, self.keys, self.album, self.seen = 0, [], {}, set()
        self.tall, self.passed = [], []

    def ingest(self, limit_s=1.5):
        began, got = time.time(), 0
        for path in sorted((ROOT / "lat").glob("*.pt"), key=lambda p: p.stat().st_mtime):
            if self.count >= POOL or time.time() - began > limit_s:
                break
            if path.name in self.seen:
                continue
            self.seen.add(path.name)
            part = torch.load(path)
            m = min(len(part["lat"]), POOL - self.count)
            for name, value in self.t.items():
                value[self.count : self.count + m] = part[name][:m].to(DEV)
            which, keys, passing, tall = (part[name][:m].tolist() for name in ("which", "keys", "passing", "tall"))
            for i in range(m):
                number = self.count + i
                self.keys.append((tall[i], keys[i][which[i]] if which[i] < 2 else keys[i][0]))
                for key in keys[i]:
                    if key >= 0:
                        self.album.setdefault((tall[i], key), []).append(number)
                self.tall.append(tall[i]); self.passed.append(passing[i])
            self.count += m; got += m
        return got

    def sort(self):
        """Numbers of the clips of each shape, and of those that pass; call it when the pool has grown."""
        tall, passed = np.array(self.tall, bool), np.array(self.passed, bool)
        self.of = {(t, p): torch.from_numpy(np.flatnonzero((tall == t) & (passed if p else True))).to(DEV) for t in (False, True) for p in (False, True)}


def times(n, mean, spread=1.2, fresh=0.08):
    t = torch.sigmoid(mean + spread * torch.randn(n, device=DEV))
    return torch.where(torch.rand(n, device=DEV) < fresh, 1.0, t)


class Diffusion:
    def __init__(self, pool):
        self.pool = pool
        self.cpu = torch.Generator().manual_seed(1)
        self.rng = np.random.default_rng(1)
        self.place = {}
        self.lead_share, self.teacher, self.guides = 0.5, None, (2.0, 1.4)

    def where(self, own, refs, tall):
        if (own, refs, tall) not in self.place:
            rows, cols = (COLS, ROWS) if tall else (ROWS, COLS)
            self.place[own, refs, tall] = positions(own, rows, cols, seconds_a_frame=SECONDS, references=refs).to(DEV)
        return self.place[own, refs, tall]

    def cells(self, value, tall):
        rows, cols = (COLS, ROWS) if tall else (ROWS, COLS)
        return value.unflatten(-1, (2 * rows, 2 * cols))

    def pick(self, tall, count, passing=False):
        options = self.pool.of[tall, passing]
        return options[torch.randint(len(options), (count,), device=DEV)]

    def stills(self, index, tall):
        t, b = self.pool.t, len(index)
        which = torch.randint(3, (b,), device=DEV)
        g = t["stills"][index, which].long()
        names, share = t["names"][index, :, g][:, :, None], t["share"][index, g][:, None]
        facing = t["facing"][index, :, g][:, :, None]
        layout = layout_tokens(*(self.cells(v, tall) for v in (names, share, torch.zeros_like(facing), facing)))
        return t["still"][index, which][:, None], layout, t["things"][index, g][:, None]

    def batch(self, kind, tall):
        t, pool = self.pool.t, self.pool
        refs, untold = 0, None
        if kind == "image":
            index = self.pick(tall, B_IMG)
            lat, layout, things = self.stills(index, tall)
        else:
            index = self.pick(tall, B_FULL, kind == "pass")
            lat, things = t["lat"][index], t["things"][index]
            layout = layout_tokens(*(self.cells(t[n][index], tall) for n in ("names", "share", "drift", "facing")))
            if kind == "ref":
                refs = 1
                other = [(found := pool.album[pool.keys[i]])[int(self.rng.integers(len(found)))] for i in index.tolist()]
                r_lat, r_layout, r_things = self.stills(torch.tensor(other, device=DEV), tall)
                lat, layout, things = torch.cat([r_lat, lat], 1), torch.cat([r_layout, layout], 1), torch.cat([r_things, things], 1)
                untold = torch.rand(len(index), device=DEV) < 0.6
        b, g = lat.shape[:2]
        picture = lat.float().transpose(2, 3).flatten(1, 2)
        variant = torch.randint(4, (b,), device=DEV)
        if untold is not None:
            variant = torch.where(untold, 4, variant)
        words, letters = t["words"][index, variant].long(), t["letters"][index, variant].long()
        return picture, layout, things.flatten(1).float() / 255, g, refs, words, letters

    def heard(self, words, letters):
        b = len(words)
        muffled = (torch.rand(b, 1, device=DEV) < 0.25) & (torch.rand(words.shape, device=DEV) < 0.3) & (words > 0)
        words = torch.where(muffled, 1, words)
        letters = torch.where(muffled[..., None], 0, letters)
        blank = torch.rand(b, device=DEV) < 0.1
        return torch.where(blank[:, None], 0, words), torch.where(blank[:, None, None], 0, letters)

    def loss(self, model, kind, tall):
        picture, layout, things, g, refs, words, letters = self.batch(kind, tall)
        b, n, _ = picture.shape
        own = g - refs
        leads = torch.rand(b, device=DEV) < self.lead_share
        half = torch.rand(b, device=DEV) < 0.15
        lead = torch.where(leads, times(b, 1.6), 0.15 * torch.rand(b, device=DEV))
        t = torch.where(leads, torch.where(half, times(b, 1.2), 1.0), times(b, 1.2))[:, None].expand(b, g)
        near = 0.15 * torch.rand(b, 1, device=DEV)
        given = draw_passing(b, own, self.cpu) if kind == "pass" else draw_givens(b, own, 0.3, self.cpu)
        frames = torch.cat([torch.ones(b, refs), given], 1).to(DEV, non_blocking=True)
        rows, cols = (COLS, ROWS) if tall else (ROWS, COLS)
        region = draw_regions(b, rows, cols, 0.1, self.cpu).flatten(1).to(DEV, non_blocking=True)
        known = torch.maximum(frames[:, :, None], region[:, None]).flatten(1)
        t = torch.where(frames > 0, near, t)
        level = torch.where(known > 0, near, t.repeat_interleave(S, dim=1))
        ahead = layout.shape[-1]
        noisy_l = layout + lead[:, None, None] * (torch.randn_like(layout) - layout)
        noisy_p = picture + level[..., None] * (torch.randn_like(picture) - picture)
        x_t = torch.cat([noisy_l, noisy_p], -1)
        place = self.where(own, refs, tall)
        with amp():
            guess = model(x_t, t, lead, known, self.heard(words, letters), place).float()
        clean = torch.cat([layout, picture], -1)
        if self.teacher is not None:
            with torch.no_grad(), amp():
                cond = self.teacher(x_t, t, lead, known, (words, letters), place).float()
                blank = self.teacher(x_t, t, lead, known, (torch.zeros_like(words), torch.zeros_like(letters)), place).float()
                w = torch.where(leads, self.guides[0], self.guides[1])[:, None, None]
                clean = blank + w * (cond - blank)
        error = (guess - clean).square()
        focus = 1 + 10.0 * things.clamp_max(0.5)
        ramp = lambda x: 0.3 + 0.7 * (1 - x)
        on_p = (~leads[:, None]) * ramp(level) * (1 - known) * focus
        on_l = leads[:, None] * ramp(lead[:, None]) * focus
        lp = (on_p * error[..., ahead:].mean(-1)).sum() / on_p.sum().clamp_min(1e-6)
        ll = (on_l * error[..., :ahead].mean(-1)).sum() / on_l.sum().clamp_min(1e-6)
        return lp, ll

    def reading(self, model, count=256):
        t = self.pool.t
        index, variant = torch.randint(self.pool.count, (count,), device=DEV), torch.randint(4, (count,), device=DEV)
        words, letters, asked = (t[n][index, variant].long() for n in ("words", "letters", "asked"))
        hidden = (asked[..., 0] >= 0) & (torch.rand(words.shape, device=DEV) < 0.3)
        words, letters = torch.where(hidden, 1, words), torch.where(hidden[..., None], 0, letters)
        with amp():
            logits = model.read((words, letters)).float()
        parts = logits.split(list(ASKED), -1)
        return sum(F.cross_entropy(p.flatten(0, 1), asked[..., i].flatten(), ignore_index=-1) for i, p in enumerate(parts))


class Optimizer:
    def __init__(self, model):
        inner = lambda n, v: v.ndim == 2 and min(v.shape) > 8 and n.endswith("weight") and n.startswith(("denoiser.transformer.blocks", "denoiser.text.blocks"))
        named = list(model.named_parameters())
        self.matrices = [v for n, v in named if inner(n, v)]
        self.others = [v for n, v in named if not inner(n, v)]
        log("matrices", len(self.matrices), "others", len(self.others))
        self.muon = Muon(self.matrices, lr=RATE, weight_decay=0.01)
        self.adam = torch.optim.AdamW(self.others, lr=RATE, betas=(0.9, 0.98), weight_decay=0.01, fused=DEV.type == "cuda")

    def step(self, rate):
        norm = torch.nn.utils.clip_grad_norm_(self.matrices + self.others, 1.0)
        for part, k in ((self.muon, 1.0), (self.adam, 0.15)):
            for group in part.param_groups:
                group["lr"] = rate * k
            part.step()
            part.zero_grad(set_to_none=True)
        return norm


def end_at():
    """When training must be over; the file may be written anew at any time."""
    return float((HERE / "end_at").read_text())


def ship(name, ema):
    """The weights in 8 bits, small enough to be brought back."""
    from safetensors.torch import save_file
    from ozora.model.weights import quantize
    kept = {n.removeprefix("denoiser."): v.detach().float().cpu() for n, v in ema.items()}
    part = OUT / (name + ".part")
    save_file(quantize(kept), part); part.rename(OUT / name)


def train(pool):
    torch.manual_seed(0)
    start = load_start().model.denoiser.state_dict()
    config = load_start().model.config
    fresh = lambda: attach_probe(Denoiser(TEXT, config.transformer), start).to(DEV)
    model = fresh()
    log(f"denoiser: {sum(p.numel() for p in model.parameters()) / 1e6:.1f} M weights")
    if (OUT / "probe.pt").exists():
        model.load_state_dict({k: v.float() for k, v in torch.load(OUT / "probe.pt").items()})
        log("goes on from its last weights")
    opt = Optimizer(model)
    diffusion = Diffusion(pool)
    pool.sort()
    ema = {n: v.detach().clone() for n, v in model.state_dict().items()}
    names = list(ema)
    began, step, end = time.time(), 0, end_at()
    tally, since = {}, time.time()
    limit = int(E("STEPS", 1e9))
    rng = np.random.default_rng(0)
    shapes = {}
    while True:
        now = time.time()
        if now > end or step >= limit:
            break
        phase = "main" if now < end - BAKE_S - COOL_S else "cool" if now < end - BAKE_S else "bake"
        if TOY:
            phase = ("main", "cool", "bake")[min(2, 3 * step // limit)]
        if phase == "main":
            rate = RATE * min(1, (step + 1) / 100)
        elif phase == "cool":
            rate = RATE * (1 - (1 - 0.06) * min(1, max(0, 1 - (end - BAKE_S - now) / COOL_S)))
        else:
            if diffusion.teacher is None:
                ship("denoiser-cool.safetensors", ema)
                save(OUT / "cool.pt", ema)
                teacher = fresh()
                teacher.load_state_dict(ema)
                diffusion.teacher = teacher.eval().requires_grad_(False)
                model.load_state_dict(ema)
                log("guidance is baked in from here")
            rate = RATE * 0.2 * max(0.02, min(1, (end - now) / BAKE_S))
        tick = time.time()
        kind = ("image", "full", "ref", "pass")[int(rng.choice(4, p=(0.2, 0.5, 0.18, 0.12)))]
        tall = bool(rng.random() < E("TALL_SHARE", 0.3))
        lp, ll = diffusion.loss(model, kind, tall)
        read = diffusion.reading(model)
        (lp + ll + 0.3 * read).backward()
        norm = opt.step(rate)
        with torch.no_grad():
            keep = min(0.9995 if phase == "main" else 0.998, (1 + step) / (10 + step))
            torch._foreach_lerp_([ema[n] for n in names], [v for v in model.state_dict().values()], 1 - keep)
        name = kind + ("-tall" if tall else "")
        a = tally.setdefault(name, [0, 0.0, 0.0]); a[0] += 1
        if a[0] <= 6 and a[0] % 2 == 0 and DEV.type == "cuda":
            torch.cuda.synchronize(); log(f"{phase} step {step} {name}: {1000 * (time.time() - tick):.0f} ms")
        if step % 10 == 0:
            lp_, ll_ = float(lp), float(ll)
            a[1] = lp_ if a[1] == 0 else 0.8 * a[1] + 0.2 * lp_
            a[2] = ll_ if a[2] == 0 else 0.8 * a[2] + 0.2 * ll_
            if not np.isfinite(lp_ + ll_):
                log("the loss is not finite; stopping"); raise SystemExit(3)
        step += 1
        if step % 25 == 0:
            end = end_at()
            if pool.count < POOL and pool.ingest(0.3):
                pool.sort()
        if step % 100 == 0:
            log(f"{phase} {step} {100 / (time.time() - since):.2f} steps/s rate {rate:.2e} norm {float(norm):.2f} read {float(read):.3f} pool {pool.count} left {end - time.time():.0f} | " + " ".join(f"{k} {v[1]:.3f}/{v[2]:.3f}" for k, v in sorted(tally.items())))
            since = time.time()
        if step % 1500 == 0 or (TOY and step % 10 == 0):
            save(OUT / "probe.pt", ema)
        if step in (1500, 4000) or (TOY and step == 10):
            from sample import sheets
            sheets(ema, config, OUT, f"at{step}", guided=True)
            since = time.time()
    ship("denoiser.safetensors", ema)
    (OUT / "done").touch()
    log(f"denoiser done: {step} steps in {time.time() - began:.0f} s" + (f"; memory {torch.cuda.max_memory_allocated() / 1e9:.1f} GB" if DEV.type == "cuda" else ""))


def main():
    log("start; torch", torch.__version__, DEV)
    pool = Pool()
    began = time.time()
    while pool.count < START and (time.time() - began < FILL_S or pool.count < 2 * B_FULL):
        if pool.ingest(5):
            log("pool", pool.count)
        time.sleep(0.2)
    (ROOT / "stop").touch()
    log("pool", pool.count, f"after {time.time() - began:.0f} s; tall {sum(pool.tall)}")
    (ROOT / "filled").touch()
    while not (ROOT / "sharpened").exists():
        time.sleep(0.2)
    train(pool)


main()
