"""A renderer: pieces for the decoder at the full size, then whole clips with labels and captions."""
import sys
os_env = __import__("os").environ
from common import *
from dataclasses import replace
from ozora.language.captions import write_caption
from ozora.language.sentences import sentence
from ozora.language.vocabulary import FULL, COLORS
from ozora.stage.drawing import draw
from ozora.stage.renderer import Renderer
from ozora.stage.sampling import draw_scene
from ozora.stage.screen_motion import measure_drift, measure_facing
from ozora.train.caption_probe import _mentions, answers
from ozora.train.corpus import LATE_S, NEARER, Whereabouts
from ozora.train.labels import label_cells
from ozora.model.text import split

ID, N, ROOT = int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])
NUM_AE, NUM_FULL = int(sys.argv[4]), int(sys.argv[5])
torch.set_num_threads(1)
FPS, TIME = 12.0, 4
FRAMES = 1 + TIME * (G - 1)
STILLS, VARIANTS = 3, 4
TALL_SHARE = E("TALL_SHARE", 0.3)
FIRST = 400_000_000


def space_free():
    s = os.statvfs(ROOT)
    return s.f_bavail * s.f_frsize


def save_arrays(folder, arrays):
    """One folder of plain arrays, whole or not at all."""
    part = folder.with_suffix(".part")
    part.mkdir()
    for name, value in arrays.items():
        np.save(part / f"{name}.npy", value)
    part.rename(folder)


def encode_texts(seed, statement):
    said = []
    for turn in range(VARIANTS):
        rng = np.random.default_rng([seed, 17, turn])
        c = write_caption(rng, statement)
        said.append((sentence(c.statement) if rng.random() < 0.7 else c.text, c.statement))
    rng = np.random.default_rng([seed, 19])
    which = int(rng.integers(len(statement.things)))
    things = list(statement.things)
    things[which] = replace(things[which], color="")
    c = write_caption(rng, replace(statement, things=tuple(things)))
    said.append((sentence(c.statement), c.statement))
    words, letters = tokenize([t for t, _ in said], TEXT)
    asked = np.full((len(said), TEXT.length, len(ASKED)), -1, np.int8)
    for row, (text, st) in enumerate(said):
        named = _mentions(split(text)[: TEXT.length], st)
        told = answers(st)
        for number, places in enumerate(named):
            for place in places:
                if any(place in other for k, other in enumerate(named) if k != number):
                    continue
                asked[row, place] = told[number]
    return words.numpy().astype(np.int16), letters.numpy().astype(np.int16), asked, which


def key(thing):
    return (list(NOUNS).index(thing.noun) + 1) * 16 + (list(COLORS).index(thing.color) + 1 if thing.color else 0)


def often(statement):
    """How often a scene is kept: what the sheets showed as weak always."""
    kinds = {f.kind: f for f in statement.facts}
    weak = (
        any(r.count > 1 for r in statement.things)
        or any(f.kind == "motion" and f.value in ("follow", "orbit", "hide") for f in statement.facts)
        or any(f.kind == "camera" and ("zoom" in f.value or "dolly" in f.value) for f in statement.facts)
        or any(f.kind == "weather" and f.value in ("snowfall", "fog") for f in statement.facts)
        or any(r.word for r in statement.things)
        or any(f.kind == "relation" and f.value in ("front", "behind", "on", "under") for f in statement.facts)
    )
    return 1.0 if weak else 0.6


def full_clip(renderer, seed, tall, scene, statement):
    aspect = 4 / 7 if tall else 7 / 4
    rng = np.random.default_rng([seed, 31])
    late = 0.0
    passing = rng.random() < 0.18
    if passing:
        toward = (NEARER / t.motion.speed for t in scene.things if t.motion.kind == "toward")
        late = float(rng.uniform(-LATE_S, min([LATE_S, *toward])))
    times = late + np.arange(FRAMES) / FPS
    picture = renderer.render(draw(scene, times, aspect))
    mid = np.concatenate([[0], np.arange(1, FRAMES, TIME) + 1])
    drawing = draw(scene, times[mid], aspect)
    where = Whereabouts(
        thing=renderer.locate(drawing).thing,
        nouns=tuple(t.noun for t in scene.things),
        colors=tuple(t.color for t in scene.things),
        drift=measure_drift(scene, times[mid], aspect),
        facing=measure_facing(drawing),
    )
    labels = label_cells(where, 16)
    stills = rng.choice(np.arange(1, len(mid)), STILLS, replace=False)
    words, letters, asked, which = encode_texts(seed, statement)
    keys = np.full(2, -1, np.int32)
    for i, ref in enumerate(statement.things[:2]):
        keys[i] = key(ref)
    f, h, w = picture.cover.shape
    small = picture.cover.reshape(f, h // 16, 16, w // 16, 16).mean((2, 4), dtype=np.float32)
    things = np.concatenate([small[:1], small[1:].reshape(-1, 4, *small.shape[1:]).max(1)]).round().astype(np.uint8)
    flat = lambda x, n: x.numpy().reshape(*x.shape[:n], -1)
    return dict(
        rgb=picture.rgb, things=things.reshape(len(things), -1),
        names=flat(labels.names, 2), share=flat((labels.share * 255).round().to(torch.uint8), 1),
        drift=flat(labels.drift.half(), 2), facing=flat(labels.facing.half(), 2),
        stills=stills.astype(np.int16), words=words, letters=letters, asked=asked, tall=np.int8(tall),
        which=np.int8(which), keys=keys, passing=np.int8(passing), seed=np.int64(seed),
    )


def main():
    t0 = time.time()
    (ROOT / "ae").mkdir(exist_ok=True, parents=True)
    (ROOT / "raw").mkdir(exist_ok=True, parents=True)
    side = 32 if not TOY else 32
    h, w = 16 * ROWS, 16 * COLS
    mine = range(ID, NUM_AE, N)
    if len(mine):
        renderer = Renderer(2 * h, 2 * w)
        batch = []
        for n, i in enumerate(mine):
            seed = 900_000_000 + i
            scene, _ = draw_scene(seed, FULL)
            while len(scene.shots) > 1:
                seed += 10_000_000
                scene, _ = draw_scene(seed, FULL)
            start = float(np.random.default_rng([seed, 5]).uniform(0, 4 - 8 / FPS))
            p = renderer.render(draw(scene, start + np.arange(9) / FPS, w / h))
            batch.append(p.rgb)
            if len(batch) == 16 or n == len(mine) - 1:
                save_arrays(ROOT / "ae" / f"{ID:02d}-{n:05d}", dict(rgb=np.stack(batch)))
                batch = []
        print(f"worker {ID}: {len(mine)} pieces in {time.time()-t0:.1f} s", flush=True)
        del renderer
    (ROOT / f"pieces-{ID}").touch()
    wide, tall = Renderer(h, w), Renderer(w, h)
    t1, made, tried = time.time(), 0, 0
    stacks = {True: [], False: []}
    choose = np.random.default_rng(ID)
    seed = FIRST + ID * 1_000_000
    while made * N < NUM_FULL:
        if (ROOT / "stop").exists():
            break
        while space_free() < 8e9:
            time.sleep(0.3)
            if (ROOT / "stop").exists():
                return
        seed += 1
        scene, statement = draw_scene(seed, FULL, duration_s=(FRAMES - 1) / FPS)
        if choose.random() > often(statement):
            continue
        t = bool(choose.random() < TALL_SHARE)
        items = stacks[t]
        items.append(full_clip(tall if t else wide, seed, t, scene, statement))
        made += 1
        if len(items) == (16 if not TOY else 2):
            save_arrays(ROOT / "raw" / f"{ID:02d}-{made:06d}", {k: np.stack([x[k] for x in items]) for k in items[0]})
            items.clear()
        if made % 320 == 0:
            print(f"worker {ID}: {made} clips, {made/(time.time()-t1):.1f} clips/s", flush=True)


main()
