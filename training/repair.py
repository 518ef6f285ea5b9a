import sys, copy, glob; sys.path.insert(0,'training')
import os; os.environ['WEIGHTS_FILE']='out/new.safetensors'
from common import *
from ozora.model.transformer import positions
SECONDS_RUN=float(sys.argv[1]); OUTF=sys.argv[2]
torch.set_num_threads(2); torch.manual_seed(0); rng=np.random.default_rng(0)
b=load_start(); student=b.model.denoiser.float().train(); teacher=copy.deepcopy(student).eval().requires_grad_(False)
for n,p in student.named_parameters(): p.requires_grad_(n.startswith('transformer.'))
params=[p for p in student.parameters() if p.requires_grad]
from ozora.train.optimizers import Optimizers
opt=Optimizers(student,muon=('transformer.blocks',),rate=8e-4,weight_decay=0.0)
data=[c for f in sorted(glob.glob('out/data-*.pt')) for c in torch.load(f)]
hits=[c for c in data if c['hit']]; others=[c for c in data if not c['hit']]
print(len(hits),len(others),flush=True)
held,hits=hits[:6],hits[6:]
place={(g,t):positions(g,*((14,8) if t else (8,14)),seconds_a_frame=SECONDS) for g in (1,13) for t in (False,True)}
def times(n):
    t=torch.sigmoid(1.2+1.2*torch.randn(n)); return torch.where(torch.rand(n)<0.08,1.0,t)
def batch(clips,g):
    good,bad,lay,texts=[],[],[],[]
    for c in clips:
        at=int(rng.integers(1,13)) if g==1 else None
        pick=(lambda x: x[at:at+1]) if g==1 else (lambda x:x)
        lay_=pick(c['layout']).clone().float()
        good.append(pick(c['good']).float().flatten(0,1)); bad.append(pick(c['bad']).float().flatten(0,1)); lay.append(lay_.flatten(0,1))
        texts.append(c['texts'][int(rng.integers(4))] if rng.random()>0.05 else '')
    return torch.stack(good),torch.stack(bad),torch.stack(lay),tokenize(texts,TEXT)
def loss_of(clips,g,tall,lead_on=False):
    good,bad,lay,words=batch(clips,g); n=good.shape[1]; B=len(clips)
    if lead_on:
        lead=times(B)*0.98+0.02; t=torch.ones(B)
    else:
        lead=0.15*torch.rand(B)*(torch.rand(B)<0.6); t=times(B)
    lv=t[:,None].expand(B,g).clone(); known=torch.zeros(B,n)
    if g>1 and rng.random()<0.25 and not lead_on:
        lv[:,0]=0.1*rng.random(); known[:,:112]=1
    e1,e2=torch.randn_like(lay),torch.randn_like(good)
    level=lv.repeat_interleave(112,1)[...,None]
    nl=lay+lead[:,None,None]*(e1-lay)
    xg=torch.cat([nl,good+level*(e2-good)],-1); xb=torch.cat([nl,bad+level*(e2-bad)],-1)
    with torch.no_grad(), amp():
        target=teacher(xb,lv,lead,known,words,place[g,tall]).float()
    target=torch.cat([target[...,:112],target[...,112:]+(good-bad)],-1)
    with amp():
        guess=student(xg,lv,lead,known,words,place[g,tall]).float()
    err=(guess-target).square()
    diff=(good-bad).abs().mean(-1)
    w=(1+4*(diff>0.02).float())*(1-known)
    return (w*err[...,112:].mean(-1)).sum()/w.sum()+0.3*err[...,:112].mean()
def pickc(pool,tall,k):
    opts=[c for c in pool if c['tall']==tall]; return [opts[int(rng.integers(len(opts)))] for _ in range(k)]
@torch.no_grad()
def check():
    global rng
    keep,rng=rng,np.random.default_rng(5); torch.manual_seed(5); student.eval()
    a=np.mean([float(loss_of([c],13,c['tall'])) for c in held]); o=np.mean([float(loss_of([c],13,c['tall'])) for c in others[:4]])
    student.train(); rng=keep; torch.seed(); return a,o
t0=time.time(); step=0; tally=[0,0,0]
print('before',check(),flush=True)
while (s:=time.time()-t0)<SECONDS_RUN:
    rate=8e-4*min(1,(step+1)/20)*max(0.02,1-s/SECONDS_RUN)
    tall=bool(rng.random()<0.35)
    l=loss_of(pickc(hits,tall,1),13,tall); l.backward(); tally[0]+=float(l.detach())
    l=loss_of(pickc(hits,tall,5),1,tall); l.backward(); tally[1]+=float(l.detach())
    if step%2==0: l=loss_of(pickc(others,tall,4),1,tall,rng.random()<0.3); l.backward(); tally[2]+=float(l.detach())
    elif step%4==1: l=loss_of(pickc(others,tall,1),13,tall,rng.random()<0.4); l.backward()
    opt.step(rate); step+=1
    if step%20==0: print(f'{s:.0f}s {step} full {tally[0]/20:.4f} still {tally[1]/20:.4f} others {tally[2]/10:.4f}',flush=True); tally=[0,0,0]
    if step%60==0:
        print('held',check(),flush=True); torch.save(student.state_dict(),OUTF)
print('after',check()); torch.save(student.state_dict(),OUTF)
