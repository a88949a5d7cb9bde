"Several processes do what one does"
import ast, importlib, re, socket, subprocess, sys
from pathlib import Path

import pytest, torch

from mnistlearn.all import *
from programs import Program
from system import posix

pytest.importorskip('accelerate')

setup = '''
import os, sys, random
from functools import partial
from mnistlearn.all import *

class Seen(Callback):
    "Keeps the first number of each training item that this process was given"
    run_valid = False
    def before_fit(self): self.items = []
    def before_batch(self): self.items += self.learn.xb[0].flatten(1)[:, 0].tolist()

many = 'RANK' in os.environ
torch.manual_seed(0)
n, bs, out = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
x, valid_x = torch.rand(n, 64, dtype=torch.float64), torch.rand(67, 64, dtype=torch.float64)
y, valid_y = (o[:, :1].gt(.5).long() for o in (x, valid_x))
cls, valid_cls = ((o[:, 0]*3).long() for o in (x, valid_x))
images, valid_images = (o.view(-1, 1, 8, 8) for o in (x, valid_x))

def loaders(x, y, valid_x, valid_y, kind=DataLoader, **kwargs):
    pairs = TensorPairs if kind is DataLoader else torch.utils.data.TensorDataset
    return DataLoaders(kind(pairs(x, y), batch_size=bs, shuffle=True, **kwargs), kind(pairs(valid_x, valid_y), batch_size=16))

def run(dls, model, loss_func, metrics, opt_func=SGD, cbs=None, method='fit', **kwargs):
    set_seed(1)
    seen = Seen()
    learn = Learner(dls, model().double(), loss_func, opt_func, metrics=metrics, cbs=[*([DistributedTrainer()] if many else []), seen, *(cbs or [])], path=out)
    with learn.no_logging(): getattr(learn, method)(2, .1, **kwargs)
    return dict(weights=dict(learn.model.state_dict()), values=[[float(o) for o in row] for row in learn.recorder.values], losses=list(learn.recorder.losses), seen=seen.items)

def save(found): write_state(f'{out}/{rank_distrib()}.safetensors', found) if not rank_distrib() else torch.save(found, f'{out}/{rank_distrib()}.pt')
def net(): return simple_net(64, 8, 1)
'''
fits = setup + '''
worker = dict(num_workers=1, multiprocessing_context='fork') if hasattr(os, 'fork') else {} # any other would begin with this script
from fastai.metrics import F1Score
from fastai.data.load import DataLoader as FastaiLoader
def conv(): return nn.Sequential(ConvLayer(1, 4, stride=2), ResBlock(4, 8), nn.Conv2d(8, 8, 3), BatchNorm(8), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 3))
data, ten = (x, y, valid_x, valid_y), (images, cls, valid_images, valid_cls)
rows = list(zip(x, cls)), list(zip(valid_x, valid_cls))
def spoil_stand_ins(cb):
    if not many or cb.distributed_trainer.shared.n: return
    for p in cb.model.parameters(): p.grad.fill_(float('nan'))
random.seed(0)
fastais = DataLoaders(FastaiLoader(rows[0], bs=bs, shuffle=True), FastaiLoader(rows[1], bs=16))
found = dict(
    sgd=run(loaders(*data), net, mnist_loss, batch_accuracy, partial(SGD, mom=.9, wd=.01), method='fit_one_cycle'),
    clipped=run(loaders(*data), net, mnist_loss, batch_accuracy, cbs=[GradientClip(.01)]),
    accumulated=run(loaders(*data), net, mnist_loss, batch_accuracy, cbs=[GradientAccumulation(40)]),
    stand_ins=run(loaders(*data), net, mnist_loss, batch_accuracy, cbs=[Callback(after_backward=spoil_stand_ins)]),
    dropped=run(loaders(*data, drop_last=True), net, mnist_loss, batch_accuracy),
    norm=run(loaders(*ten), conv, cross_entropy, accuracy),
    torchs=run(loaders(*data, kind=torch.utils.data.DataLoader), net, mnist_loss, batch_accuracy),
    workers=run(loaders(*data, kind=torch.utils.data.DataLoader, **worker), net, mnist_loss, batch_accuracy),
    fastais=run(fastais, lambda: simple_net(64, 8, 3), cross_entropy, [accuracy, F1Score(average='macro')]))
save(found)
'''

def start(script, *args, cwd, world=None):
    "Without anyone who would end the others"
    (cwd/'script.py').write_text(script)
    with socket.socket() as s: s.bind(('127.0.0.1', 0)); port = s.getsockname()[1]
    def env(rank): return dict(RANK=str(rank), LOCAL_RANK=str(rank), WORLD_SIZE=str(world), MASTER_ADDR='127.0.0.1', MASTER_PORT=str(port)) if world else {}
    return [Program('script.py', *args, cwd=cwd, **env(rank)) for rank in range(world or 1)]

def launch(script, *args, cwd, world):
    "With PyTorch's launcher"
    (cwd/'script.py').write_text(script)
    return subprocess.run([sys.executable, '-m', 'torch.distributed.run', '--nproc-per-node', str(world), 'script.py', *map(str, args)], cwd=cwd, capture_output=True, text=True, timeout=240)

def read(folder, rank): return torch.load(folder/f'{rank}.pt', weights_only=True) if rank else read_state(folder/'0.safetensors')
def close(a, b): return all(torch.allclose(a[k], b[k], rtol=0, atol=1e-9) for k in a) and a.keys() == b.keys()

@pytest.mark.parametrize('n,bs,worlds', [(101, 16, (2, 3)), (97, 16, (3,))]) # last batches of five items and of one
def test_two_and_three_processes_do_what_one_does(tmp_path, n, bs, worlds):
    found = {}
    for world in (None, *worlds):
        (folder := tmp_path/str(world)).mkdir()
        for out in [p.wait() for p in start(fits, n, bs, folder, world=world, cwd=tmp_path)]: assert out.returncode == 0, out.stderr[-3000:]
        found[world] = [read(folder, rank) for rank in range(world or 1)]
    one, = found.pop(None)
    for world, ranks in found.items():
        for fit, want in one.items():
            each = [o[fit] for o in ranks]
            assert all(close(o['weights'], want['weights']) for o in each), (world, fit)
            for o in each: # every process knows the whole: losses, validation loss and metrics
                assert torch.tensor(o['values']).allclose(torch.tensor(want['values']), rtol=0, atol=1e-6), (world, fit)
                assert torch.tensor(o['losses']).allclose(torch.tensor(want['losses']), rtol=0, atol=1e-6), (world, fit)
            seen = sorted(sum((o['seen'] for o in each), []))
            assert seen == sorted(want['seen']), (world, fit) # each sample once an epoch
            if fit != 'dropped': assert len(seen) == 2*n
            sizes = [len(o['seen']) for o in each]
            assert max(sizes) - min(sizes) <= 2*-(-n//bs), sizes

@pytest.fixture
def first_of_two(monkeypatch):
    "A trainer that takes itself for the first of two; what it adds up is its own alone"
    trainer = DistributedTrainer()
    monkeypatch.setattr(trainer, 'world', 2)
    return trainer

def test_a_layer_with_a_forward_of_its_own_keeps_it(first_of_two):
    layer = nn.BatchNorm1d(4)
    def forward(x): return nn.BatchNorm1d.forward(layer, x)
    layer.forward = forward
    ds = TensorPairs(torch.rand(12, 4), torch.rand(12, 1))
    modes = []
    look = Callback(after_loss=lambda cb: modes.append(layer.training))
    learn = Learner(DataLoaders(DataLoader(ds, 3)), nn.Sequential(layer, nn.Linear(4, 1)), F.mse_loss, cbs=[first_of_two, look])
    with learn.no_logging(): learn.fit(1, .1)
    assert vars(layer)['forward'] is forward and modes == [True]*4
    assert layer.num_batches_tracked == 4 # each batch counts once, whoever has taken it in

def test_a_forward_that_fails_leaves_batch_norm_as_it_was(first_of_two):
    layer = nn.BatchNorm1d(4, track_running_stats=False)
    ds = TensorPairs(torch.rand(12, 5), torch.rand(12, 1))
    learn = Learner(DataLoaders(DataLoader(ds, 3)), nn.Sequential(layer), F.mse_loss, cbs=first_of_two)
    with pytest.raises(RuntimeError) as error, learn.no_logging(): learn.fit(1, .1)
    assert '5' in str(error.value)
    assert layer.training and layer.running_mean is None
    assert layer(torch.tensor([[1.]*4, [3.]*4])).tolist()[1] == pytest.approx([1]*4, abs=1e-4)

@pytest.mark.parametrize('name', ['base.processes', 'scale'])
def test_nothing_private_of_others_is_used(name):
    tree = ast.parse(Path(importlib.import_module(f'mnistlearn.{name}').__file__).read_text())
    assert [o.attr for o in ast.walk(tree) if isinstance(o, ast.Attribute) and re.match('_[^_]', o.attr)] == []

def test_one_process_prints_and_writes(tmp_path):
    script = setup + '''
learn = Learner(loaders(x, y, valid_x, valid_y), net().double(), mnist_loss, metrics=batch_accuracy, path=out,
                cbs=[DistributedTrainer(), CSVLogger(), SaveModelCallback(fname='best'), EarlyStoppingCallback(patience=30)])
learn.fit(3, .1)
learn.save('last')
weights = torch.cat([p.flatten() for p in learn.model.parameters()])
total = learn.distributed_trainer.accelerator.reduce(weights, 'sum')
assert torch.allclose(total, weights*int(os.environ['WORLD_SIZE'])), 'the best model was not loaded everywhere'
print(f'end of {rank_distrib()}\\n', end='', flush=True)
'''
    out = launch(script, 101, 16, tmp_path, world=2, cwd=tmp_path)
    assert out.returncode == 0, out.stderr[-3000:]
    lines = out.stdout.splitlines()
    assert sum(o.startswith('epoch') for o in lines) == 1 and len([o for o in lines if o[:1] in '012']) == 3
    assert sorted(o for o in lines if 'end of' in o) == ['end of 0', 'end of 1']
    assert sorted(o.name for o in tmp_path.iterdir()) == ['best.safetensors', 'history.csv', 'last.safetensors', 'script.py']
    assert len((tmp_path/'history.csv').read_text().splitlines()) == 4

def test_a_fit_is_resumed_by_two_processes(tmp_path):
    script = setup + '''
stop = int(sys.argv[4])
def fit(cbs, **kwargs):
    set_seed(1)
    learn = Learner(loaders(x, y, valid_x, valid_y), net().double(), mnist_loss, partial(SGD, mom=.9), metrics=batch_accuracy, cbs=[DistributedTrainer(), *cbs])
    with learn.no_logging(): learn.fit_one_cycle(3, .1, **kwargs)
    return learn
def halt(cb):
    if cb.train_iter == stop: os._exit(3)
file = f'{out}/check.safetensors'
if stop: fit([Checkpoint(file, every=2), Callback(before_batch=halt)])
kept = Checkpoint(file, every=2)
learn = fit([kept], resume=file) if sys.argv[5] == 'resume' else fit([kept])
save(dict(weights=dict(learn.model.state_dict()), losses=list(learn.recorder.losses)))
'''
    (a := tmp_path/'a').mkdir(), (b := tmp_path/'b').mkdir()
    def ends(*args): return [p.wait() for p in start(script, 101, 16, *args, world=2, cwd=tmp_path)]
    assert [o.returncode for o in ends(a, 0, 'whole')] == [0, 0]
    assert 0 not in [o.returncode for o in ends(b, 11, 'none')]
    for o in ends(b, 0, 'resume'): assert o.returncode == 0, o.stderr[-3000:]
    for rank in (0, 1):
        want, got = read(a, rank), read(b, rank)
        assert close(want['weights'], got['weights']) and want['losses'][-5:] == pytest.approx(got['losses'][-5:], abs=1e-9)

dying = setup + '''
how, who = sys.argv[4], int(sys.argv[5])
def die(cb):
    if cb.train_iter != 5 or rank_distrib() != who: return
    if how == 'kill': os.kill(os.getpid(), 9)
    if how == 'raise': raise ValueError('a broken image')
    if how == 'hang': import time; time.sleep(200)
learn = Learner(loaders(x, y, valid_x, valid_y), net().double(), mnist_loss, cbs=[DistributedTrainer(timeout=4 if how == 'hang' else 60), Callback(before_batch=die)], path=out)
learn.fit(3, .1)
learn.save('done')
'''

@pytest.mark.parametrize('how,who,world', [('kill', 1, 2), ('kill', 0, 3), ('raise', 1, 2), ('hang', 1, 2)])
def test_a_worker_that_dies_ends_the_others_with_a_clear_error(tmp_path, how, who, world):
    programs = start(dying, 101, 10, tmp_path, how, who, world=world, cwd=tmp_path)
    try:
        for rank, p in enumerate(programs):
            if rank == who: continue
            out = p.wait(100)
            assert out.returncode == 1
            last = [o for o in out.stderr.splitlines() if 'RuntimeError: process' in o]
            assert len(last) == 1 and re.search(rf'process {rank} of {world} has lost the others at step 5', last[0]), out.stderr[-2000:]
    finally:
        for p in programs: p.kill(), p.wait()
    assert not (tmp_path/'done.safetensors').exists()

@posix
def test_the_launcher_names_who_died_first(tmp_path):
    out = launch(dying, 101, 10, tmp_path, 'kill', 1, world=2, cwd=tmp_path)
    assert out.returncode != 0 and not (tmp_path/'done.safetensors').exists()
    assert re.search(r'rank +: 1', out.stderr.partition('Root Cause')[2]) and 'Signal 9' in out.stderr.partition('Root Cause')[2]
