"""data.py ID OF COUNT SHARE: pairs of clips of the members whose clothes were black, and clips of others."""
import sys; sys.path.insert(0,'training')
import os; os.environ['WEIGHTS_FILE']='out/new.safetensors'
from common import *
from ozora.language.captions import write_caption
from ozora.language.sentences import sentence
from ozora.language.vocabulary import FULL
from ozora.stage.drawing import draw
from ozora.stage.renderer import Renderer
from ozora.stage.sampling import draw_scene
from ozora.stage.screen_motion import measure_drift, measure_facing
from ozora.stage.troupe.pack import read_pack
from ozora.train.corpus import Whereabouts
from ozora.train.labels import label_cells
ID,OF,COUNT=map(int,sys.argv[1:4])
torch.set_num_threads(1)
BAD={'woman in a dress','woman in a sari','man in a kilt','woman in a striped dress'}
full,broken=read_pack(Path('out/troupe.pack')),read_pack(Path('out/broken.pack'))
b=load_start(); ae=b.model.autoencoder; mean,std=(getattr(b.model,f'latent_{n}')[:,None,None,None] for n in('mean','std'))
wide,tall=Renderer(128,224),Renderer(224,128)
seed=700_000_000+ID*10_000_000; rng=np.random.default_rng(ID); made=0; out=[]
t0=time.time()
while made<COUNT:
    seed+=1
    sc,st=draw_scene(seed,FULL)
    hit=[t for t in sc.things if t.noun in BAD]
    want_bad = made%3!=2
    if want_bad!=bool(hit): continue
    t=bool(rng.random()<0.3); a=4/7 if t else 7/4; r=tall if t else wide
    times=np.arange(49)/12
    rgb=[r.render(draw(sc,times,a,full)).rgb]
    if hit: rgb.append(r.render(draw(sc,times,a,broken)).rgb)
    mid=np.concatenate([[0],np.arange(1,49,4)+1]); d=draw(sc,times[mid],a,full)
    where=Whereabouts(thing=r.locate(d).thing,nouns=tuple(x.noun for x in sc.things),colors=tuple(x.color for x in sc.things),drift=measure_drift(sc,times[mid],a),facing=measure_facing(d))
    L=label_cells(where,16)
    lay=layout_tokens(*(x[None] for x in (L.names,(L.share*255).round().to(torch.uint8),L.drift,L.facing)))[0].half()
    zs=[]
    with torch.no_grad(), amp():
        for v in rgb:
            z=ae.encode_small(torch.from_numpy(v).permute(3,0,1,2)[None].float()/127.5-1).float()
            zs.append(((z[0]-mean)/std).flatten(2).permute(1,2,0).half())  # g s k
    said=[]
    for turn in range(4):
        g=np.random.default_rng([seed,17,turn]); c=write_caption(g,st); said.append(sentence(c.statement) if g.random()<.7 else c.text)
    out.append(dict(good=zs[0],bad=zs[-1],layout=lay.view(13,112,112),tall=t,texts=said,hit=bool(hit))); made+=1
    if made%20==0:
        torch.save(out,f'out/data-{ID}.part'); os.rename(f'out/data-{ID}.part',f'out/data-{ID}.pt'); print(ID,made,time.time()-t0,flush=True)
torch.save(out,f'out/data-{ID}.pt')
