"""Contact sheets while training."""
from common import *
from PIL import Image, ImageDraw
from ozora.flow.schedule import times as grid
from ozora.model.maquette import Denoiser
from ozora.model.transformer import positions

PROMPTS = [
    "a brown horse walks to the left past a stone house in a meadow at sunset",
    "a woman in a red dress walks to the right in the desert by day",
    "a red ball rolls to the left past a blue cube in a meadow at sunset",
    "a soldier in blue fights in the snow at night",
    "three sheep eat in a meadow by day",
    "a green sign that says HELLO in a meadow by day",
    "an elephant walks to the left past a baobab tree in the desert at sunset",
    "a gray wolf follows a brown bear, the brown bear walks to the left in the snow by day",
    "a knight on a horse runs to the right past a castle in a meadow by day, the camera follows it",
    "a purple robot jumps in a room by day",
    "a hawk flies to the left past a tall palm tree in the desert by day",
    "a pig to the right of a blue house in a meadow by day while it snows",
]


@torch.no_grad()
def paint(model, prompts, tall, layout_steps=6, steps=4, guides=(1.0, 1.0)):
    rows, cols = (COLS, ROWS) if tall else (ROWS, COLS)
    b, n, ahead = len(prompts), G * rows * cols, 112
    gen = torch.Generator(device=DEV).manual_seed(0)
    noise = lambda: torch.randn(b, n, ahead + K, generator=gen, device=DEV)
    words = tuple(w.to(DEV) for w in tokenize(prompts, TEXT))
    blank = tuple(torch.zeros_like(w) for w in words)
    place = positions(G, rows, cols, seconds_a_frame=SECONDS).to(DEV)
    known = torch.zeros(b, n, device=DEV)
    x = noise()
    plan = [(l, 1.0) for l in grid(layout_steps, factor=5.0)] + [(0.0, t) for t in grid(steps, factor=2.5)[1:]]
    for (l0, t0), (l1, t1) in zip(plan, plan[1:]):
        w = guides[0] if l0 > 0 else guides[1]
        full = lambda v: torch.full((b,), v, device=DEV)
        args = (x, full(t0)[:, None].expand(b, G), full(l0), known)
        with amp():
            data = model(*args, words, place).float()
            if w != 1.0:
                other = model(*args, blank, place).float()
                data = other + w * (data - other)
        fresh = noise()
        x = x.clone()
        if l0 > 0:
            x[..., :ahead] = data[..., :ahead] + l1 * (fresh[..., :ahead] - data[..., :ahead])
        else:  # ddim
            eps = (x[..., ahead:] - (1 - t0) * data[..., ahead:]) / t0
            x[..., ahead:] = (1 - t1) * data[..., ahead:] + t1 * eps
    return x[..., ahead:].reshape(b, G, rows, cols, K).permute(0, 4, 1, 2, 3)


@torch.no_grad()
def sheets(ema, config, out, name, guided):
    began = time.time()
    from ozora.model.transformer import Block
    compiled, Block.forward = Block.forward, getattr(Block.forward, "_torchdynamo_orig_callable", Block.forward)
    bundle = load_start()
    model = Denoiser(TEXT, config.transformer).to(DEV).eval()
    model.load_state_dict({k.removeprefix("denoiser."): v for k, v in ema.items() if k.startswith("denoiser.")})
    maquette = bundle.model.to(DEV)
    if (out / "decoder.pt").exists():
        maquette.autoencoder.load_state_dict({k: v.float() for k, v in torch.load(out / "decoder.pt").items()}, strict=False)
    rows = []
    for tall in (False, True):
        prompts = PROMPTS if not tall else PROMPTS[:6]
        if TOY: prompts = prompts[:2]
        z = maquette.denormalize(paint(model, prompts, tall, guides=(2.0, 1.4) if guided else (1.0, 1.0)))
        frames = []
        for one in z.split(4):
            with amp():
                v = maquette.autoencoder.decode(one).float()
            frames.append(((v.clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8).permute(0, 2, 3, 4, 1).cpu())
        frames = torch.cat(frames).numpy()
        for clip, text in zip(frames, prompts):
            at = np.linspace(0, len(clip) - 1, 4 if not tall else 6).round().astype(int)
            w, h = (280, 160) if not tall else (160, 280)
            strip = Image.new("RGB", (4 * 280, h + 12), "white")
            for j, f in enumerate(at):
                strip.paste(Image.fromarray(clip[f]).resize((w, h), Image.LANCZOS), (j * w, 0))
            ImageDraw.Draw(strip).text((2, h), text, fill="black")
            rows.append(strip)
    half = -(-len(rows) // 2)
    heights = [sum(r.height for r in part) for part in (rows[:half], rows[half:])]
    img = Image.new("RGB", (2 * 1120 + 8, max(heights)), "white")
    for c, part in enumerate((rows[:half], rows[half:])):
        y = 0
        for r in part:
            img.paste(r, (c * 1128, y)); y += r.height
    img.save(out / f"sheet-{name}.jpg", quality=85)
    Block.forward = compiled
    log(f"sheet {name} in {time.time() - began:.1f} s")
