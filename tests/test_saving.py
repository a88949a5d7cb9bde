"Files that are whole or refused, and fits that go on after a kill, bit for bit"
import os, pickle, random, signal, struct, time, warnings
from functools import partial
from pathlib import Path

import fastai.data.load, fastai.optimizer # here, since importing them draws random numbers
import pytest, safetensors.torch, torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader as TorchLoader

from mnistlearn.all import *
from programs import Program
from system import posix

tests = Path(__file__).parent
warnings.simplefilter('ignore')
g = torch.Generator().manual_seed(0)
x, y = torch.randn(90, 10, generator=g), torch.randint(0, 3, (90,), generator=g)

class Noisy:
    "A dataset that draws from every generator"
    def __len__(self): return len(x)
    def __getitem__(self, i): return x[i] + .1*(torch.randn(10) + random.random() + np.random.rand()), y[i]

def loader(kind, bs=8):
    from fastai.data.load import DataLoader as FastaiLoader
    return dict(ours=lambda: DataLoader(TensorPairs(x, y), bs, shuffle=True), items=lambda: DataLoader(Noisy(), bs, shuffle=True),
                torch=lambda: TorchLoader(Noisy(), bs, shuffle=True), generator=lambda: TorchLoader(Noisy(), bs, shuffle=True, generator=torch.Generator().manual_seed(4)),
                fastai=lambda: FastaiLoader(Noisy(), bs=bs, shuffle=True), stream=lambda: TorchLoader(Stream(), bs))[kind]()

class Stream(torch.utils.data.IterableDataset):
    def __iter__(self): return (Noisy()[i] for i in range(50))

def optimizer(kind):
    from fastai.optimizer import Adam, SGD as FastaiSGD
    return dict(sgd=SGD, momentum=partial(SGD, mom=.9, wd=.01), basic=BasicOptim, adam=torch.optim.Adam, torch=partial(torch.optim.SGD, momentum=.9, nesterov=True),
                fastai=partial(FastaiSGD, mom=.9), fastai_adam=Adam)[kind]

def made(seed=0, dl='ours', opt='momentum', **kwargs):
    torch.manual_seed(seed), random.seed(seed), np.random.seed(seed)
    model = nn.Sequential(nn.Linear(10, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(.3), nn.Linear(8, 3))
    return Learner(DataLoaders(loader(dl), DataLoader(TensorPairs(x, y), 32)), model, F.cross_entropy, optimizer(opt), metrics=accuracy, **kwargs)

class Stop(Exception): pass
class StopAt(Callback):
    order = 2000
    def __init__(self, step, event='after_batch'):
        self.step, self.count = step, 0
        setattr(self, event, self.maybe)
    def maybe(self):
        if not self.training: return
        self.count += 1
        if self.count == self.step: raise Stop

def state(learn): return {**learn.model.state_dict(), **{f'p{i}': p for i, p in enumerate(learn.model.parameters())}}
def equal(a, b):
    for k, v in state(a).items(): assert torch.equal(v, state(b)[k]), k
def fit(learn, n=3, how='fit', lr=.05, **kwargs):
    with learn.no_logging(): getattr(learn, how)(n, lr, **kwargs)
    return learn

# going on

def check(tmp_path, stop, every=5, cbs=lambda: [], how='fit', event='after_batch', again=True, **kwargs):
    whole = fit(made(**kwargs), how=how, cbs=cbs())
    file = tmp_path/'run.safetensors'
    first = made(**kwargs)
    with pytest.raises(Stop): fit(first, how=how, cbs=[*cbs(), Checkpoint(file, every), StopAt(stop, event)])
    then = made(seed=77, **kwargs)
    fit(then, how=how, cbs=cbs(), resume=file)
    equal(then, whole)
    assert (then.recorder.values, then.recorder.losses, then.recorder.lrs) == (whole.recorder.values, whole.recorder.losses, whole.recorder.lrs)
    return whole, then

@pytest.mark.parametrize('dl', ['ours', 'items', 'torch', 'generator', 'fastai', 'stream'])
@pytest.mark.parametrize('stop', [7, 13, 24, 25])
def test_any_loader(tmp_path, dl, stop): check(tmp_path, min(stop, 20) if dl == 'stream' else stop, dl=dl)

@pytest.mark.parametrize('opt', ['sgd', 'momentum', 'basic', 'adam', 'torch', 'fastai', 'fastai_adam'])
@pytest.mark.parametrize('how', ['fit', 'fit_one_cycle', 'fit_flat_cos'])
def test_any_optimizer_and_schedule(tmp_path, opt, how): check(tmp_path, 17, how=how, opt=opt)

@pytest.mark.parametrize('every,stop', [(1, 1), (1, 12), (7, 30), (11, 34), (12, 30), (36, 36)])
def test_any_moment(tmp_path, every, stop): check(tmp_path, stop, every)

@pytest.mark.parametrize('event', ['before_batch', 'after_loss', 'after_backward', 'before_step', 'after_step'])
def test_stopped_within_a_batch(tmp_path, event): check(tmp_path, 20, event=event)

@pytest.mark.parametrize('cbs', [lambda: [GradientAccumulation(20)], lambda: [GradientClip(.1)], lambda: [MixedPrecision()], lambda: [MixedPrecision(torch.float16)],
    lambda: [ActivationStats(), GradientStats()], lambda: [EarlyStoppingCallback(patience=2)], lambda: [EarlyStoppingCallback('accuracy', patience=1)]])
def test_with_other_callbacks(tmp_path, cbs): check(tmp_path, 17, 4, cbs)

def test_what_an_epochs_beginning_does_is_done_once(tmp_path):
    class Decay(Callback):
        remembers = ('log',)
        def __init__(self): self.log = []
        def before_epoch(self):
            self.log.append(self.epoch)
            set_hyper(self.opt, 'lr', get_hyper(self.opt, 'lr')*.5)
        def before_train(self):
            for p in self.model.parameters(): p.data.mul_(.99)
    decays = []
    def cbs():
        decays.append(Decay())
        return [decays[-1]]
    check(tmp_path, 17, cbs=cbs)
    assert [o.log for o in decays] == [[0, 1, 2], [0, 1], [0, 1, 2]]

def test_two_callbacks_of_one_name(tmp_path):
    check(tmp_path, 17, cbs=lambda: [ParamScheduler({'wd': SchedLin(0., .1)})], how='fit_one_cycle')

def test_the_scale_of_sixteen_bits_is_remembered(tmp_path):
    def big(p, y): return F.cross_entropy(p, y)*300
    def learner(seed):
        learn = made(seed)
        learn.loss_func = big
        return learn
    file, cbs = tmp_path/'a.st', lambda: [MixedPrecision(torch.float16)]
    whole = fit(learner(0), lr=1e-5, cbs=cbs())
    with pytest.raises(Stop): fit(learner(0), lr=1e-5, cbs=[*cbs(), Checkpoint(file, 5), StopAt(17)])
    then = fit(learner(5), lr=1e-5, cbs=cbs(), resume=file)
    equal(then, whole)

def test_a_script_of_two_fits(tmp_path):
    def script(stop=None):
        learn = made(path=tmp_path)
        fit(learn, 1, cbs=[Checkpoint(tmp_path/'one'), CSVLogger()], resume=tmp_path/'one')
        fit(learn, 2, cbs=[Checkpoint(tmp_path/'two', 5), *([StopAt(stop)] if stop else [])], resume=tmp_path/'two')
        return learn
    whole = made()
    fit(whole, 1), fit(whole, 2)
    with pytest.raises(Stop): script(stop=8)
    again = script()
    equal(again, whole)
    assert again.recorder.values == whole.recorder.values and len(pd.read_csv(tmp_path/'history.csv')) == 1

def test_workers_that_stay(tmp_path):
    def learner(seed):
        learn = made(seed)
        learn.dls.train = TorchLoader(TensorPairs(x, y), 16, shuffle=True, num_workers=1, persistent_workers=True)
        return learn
    whole = fit(learner(0))
    with pytest.raises(Stop): fit(learner(0), cbs=[Checkpoint(tmp_path/'a', 2), StopAt(9)])
    equal(fit(learner(4), resume=tmp_path/'a'), whole)

def test_a_generator_in_a_batch_sampler(tmp_path):
    def learner(seed):
        learn, data = made(seed), torch.utils.data
        sampler = data.RandomSampler(TensorPairs(x, y), generator=torch.Generator().manual_seed(seed))
        learn.dls.train = TorchLoader(TensorPairs(x, y), batch_sampler=data.BatchSampler(sampler, 8, False))
        return learn
    whole = fit(learner(0))
    with pytest.raises(Stop): fit(learner(0), cbs=[Checkpoint(tmp_path/'a', 5), StopAt(17)])
    equal(fit(learner(4), resume=tmp_path/'a'), whole)

def test_the_log_goes_on(tmp_path):
    whole, then = check(tmp_path, 30, cbs=lambda: [CSVLogger()], path=tmp_path)
    log = pd.read_csv(tmp_path/'history.csv')
    assert list(log.epoch) == [0, 1, 2] and log.valid_loss.tolist() == pytest.approx([row[1] for row in whole.recorder.values])

def test_the_best_is_remembered(tmp_path):
    whole, then = check(tmp_path, 30, cbs=lambda: [SaveModelCallback('accuracy')], path=tmp_path)
    assert then.validate()[1] == max(row[2] for row in whole.recorder.values)

def test_a_finished_fit_is_not_trained_again_and_a_longer_one_goes_on(tmp_path):
    file = tmp_path/'run.safetensors'
    three = fit(made(), 3, cbs=Checkpoint(file))
    again = fit(made(5), 3, resume=file)
    equal(three, again)
    assert again.recorder.values == three.recorder.values
    equal(fit(made(6), 5, resume=file), fit(made(), 5))
    with pytest.raises(ValueError, match='3 epochs behind it'): fit(made(), 2, resume=file)

def test_a_script_that_starts_itself_again(tmp_path, capsys):
    file = tmp_path/'new'/'run'
    fit(made(), cbs=Checkpoint(file), resume=file)
    assert 'not there yet' in capsys.readouterr().out
    with pytest.raises(FileNotFoundError): fit(made(), resume=tmp_path/'typo')

def test_every_must_be_a_number_of_steps():
    with pytest.raises(ValueError, match='1 or more'): Checkpoint('a', 0)

script = '''
import os, random, signal, sys, threading, time
sys.path.insert(0, sys.argv[1])
import warnings
warnings.simplefilter('ignore')
from test_saving import *
torch.set_num_threads(1)
file, out, dl, opt, how, after = sys.argv[2:]
learn = made(dl=dl, opt=opt)
if float(after): threading.Timer(float(after), os.kill, (os.getpid(), signal.SIGKILL)).start()
fit(learn, 40, how, cbs=[Checkpoint(file, 2), CSVLogger(Path(file).parent/'log.csv')], resume=file)
write_state(out, [dict(learn.model.state_dict()), learn.recorder.values, learn.recorder.losses])
os._exit(0)
'''

@posix
@pytest.mark.parametrize('dl,opt,how', [('ours', 'momentum', 'fit_one_cycle'), ('torch', 'adam', 'fit')])
def test_killed_at_random_moments(tmp_path, dl, opt, how):
    (tmp_path/'script.py').write_text(script)
    def run(name, after=0): return Program('script.py', tests, tmp_path/name/'run.st', tmp_path/f'{name}_out', dl, opt, how, after, cwd=tmp_path).wait()
    for name in 'ab': (tmp_path/name).mkdir()
    out = run('a')
    assert out.returncode == 0, out.stderr
    rng, kills = random.Random(0), 0
    for _ in range(4):
        out = run('b', rng.uniform(.05, .4))
        assert out.returncode in (0, -signal.SIGKILL), out.stderr
        if out.returncode == 0: break
        kills += 1
    else: assert run('b').returncode == 0
    assert kills
    a, b = (read_state(tmp_path/f'{o}_out') for o in 'ab')
    for k in a[0]: assert torch.equal(a[0][k], b[0][k])
    assert a[1:] == b[1:]
    assert {o.name for o in (tmp_path/'b').iterdir()} == {'run.st', 'log.csv'}
    assert len(pd.read_csv(tmp_path/'b'/'log.csv')) == 40

# whole or not at all

saver = '''
import sys, torch
from mnistlearn.saving import write_state
i = 0
print('ready', flush=True)
while True:
    write_state(sys.argv[1], dict(i=i, x=torch.full((200_000,), float(i))))
    i += 1
'''

@posix
def test_killed_in_the_middle_of_saves(tmp_path):
    file = tmp_path/'saves'/'a.st'
    file.parent.mkdir()
    (tmp_path/'saver.py').write_text(saver)
    for i in range(3):
        process = Program('saver.py', file, cwd=tmp_path)
        while not process.out.read_text(): time.sleep(.01)
        time.sleep(.05 + .03*i)
        process.kill()
        assert process.wait().returncode == -signal.SIGKILL
        if file.exists():
            back = read_state(file)
            assert (back['x'] == back['i']).all()
    write_state(file, {})
    assert [o.name for o in file.parent.iterdir()] == ['a.st']

full_disk = '''
import resource, signal, sys, warnings
sys.path.insert(0, sys.argv[1])
import warnings
from test_saving import *
warnings.simplefilter('always')
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
file = Path(sys.argv[2])
learn = made()
before = learn.save(file).read_bytes()
fit(learn, 1)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try: learn.save(file)
except OSError as e: print('refused:', e)
assert file.read_bytes() == before
with warnings.catch_warnings(record=True) as said: fit(learn, 1, cbs=Checkpoint(file, 5))
print('warned:', said[0].message)
assert file.read_bytes() == before and len(learn.recorder.values) == 1
print(sorted(o.name for o in file.parent.iterdir()))
'''

@posix
def test_a_full_disk_leaves_the_last_good_file(tmp_path):
    (tmp_path/'script.py').write_text(full_disk)
    (tmp_path/'disk').mkdir()
    out = Program('script.py', tests, tmp_path/'disk'/'a.st', cwd=tmp_path).wait()
    lines = out.stdout.splitlines()
    assert lines[-3].startswith('refused:') and 'a.st' in lines[-3] and 'as it was' in lines[-3], out
    assert lines[-2].startswith('warned:') and 'no checkpoint at step' in lines[-2] and lines[-1] == "['a.st']"

# refused

def refused(learn, file, says, error=ValueError, call=None):
    before = {k: v.clone() for k, v in learn.model.state_dict().items()}
    kept = learn.opt and {k: str(v) for k, v in learn.opt.state_dict().items()}, learn.recorder.values, learn.recorder.losses
    with learn.no_logging(), pytest.raises(error, match=says) as e: (call or learn.load)(file)
    assert Path(file).name in str(e.value)
    for k, v in learn.model.state_dict().items(): assert torch.equal(v, before[k])
    assert kept == (learn.opt and {k: str(v) for k, v in learn.opt.state_dict().items()}, learn.recorder.values, learn.recorder.losses)

def test_cut_short_at_every_length(tmp_path):
    file = fit(made(), 1).save(tmp_path/'a')
    data = file.read_bytes()
    learn = fit(made(1), 1)
    for n in {*range(0, len(data), 97), 7, 8, 9, len(data) - 1}:
        file.write_bytes(data[:n])
        refused(learn, file, 'damaged')

def test_flipped_anywhere(tmp_path):
    file = fit(made(), 1).save(tmp_path/'a')
    data, rng = bytearray(file.read_bytes()), random.Random(0)
    learn = fit(made(1), 1)
    for _ in range(150):
        i = rng.randrange(len(data))
        broken = data.copy()
        broken[i] ^= 1 << rng.randrange(8)
        file.write_bytes(broken)
        refused(learn, file, 'a.safetensors is')

class Bomb:
    def __reduce__(self): return os.mkdir, ('exploded',)

def test_nothing_is_unpickled(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    learn = fit(made(), 1)
    Path('a.pkl').write_bytes(pickle.dumps(Bomb()))
    torch.save({'model': Bomb(), 'opt': None}, 'b.pth')
    for file in ('a.pkl', 'b.pth'):
        refused(learn, file, 'damaged, or no safetensors')
        refused(learn, file, 'damaged, or no safetensors', call=lambda f: learn.fit(1, resume=f))
    assert not Path('exploded').exists()

def test_foreign_files(tmp_path):
    learn = fit(made(), 1)
    safetensors.torch.save_file(learn.model.state_dict(), tmp_path/'a.st')
    refused(learn, tmp_path/'a.st', 'not one that Learner.save')
    safetensors.torch.save_file(learn.model.state_dict(), tmp_path/'b.st', metadata={'format': 'pt'})
    refused(learn, tmp_path/'b.st', 'not one that Learner.save')
    for name, data in (('c', b'not a file of tensors'), ('d', b''), ('e', struct.pack('<Q', 2**62) + b'{}')):
        (tmp_path/f'{name}.st').write_bytes(data)
        refused(learn, tmp_path/f'{name}.st', 'damaged')
    refused(learn, tmp_path/'nowhere.st', 'No such file', FileNotFoundError)
    refused(learn, tmp_path, 'directory', OSError)

@pytest.mark.parametrize('content', [None, 3, [], {}, {'model': 1, 'opt': None}, {'model': {}, 'opt': 3}, {'model': {}, 'opt': {}}, {'model': {'0.weight': 'text'}, 'opt': None}])
def test_other_contents(tmp_path, content):
    learn = fit(made(), 1)
    write_state(tmp_path/'a.st', content)
    refused(learn, tmp_path/'a.st', 'does not fit')
    refused(learn, tmp_path/'a.st', 'does not fit', call=lambda f: learn.fit(1, resume=f))

def test_a_checkpoint_with_a_part_missing(tmp_path):
    file = tmp_path/'run.st'
    with pytest.raises(Stop): fit(made(), cbs=[Checkpoint(file, 5), StopAt(17)])
    whole = read_state(file)
    for key in whole:
        for changed in ({k: v for k, v in whole.items() if k != key}, {**whole, key: 'nonsense'}, {**whole, key: {'a': 1}}):
            write_state(tmp_path/'b.st', changed)
            learn = fit(made(3), 1)
            refused(learn, tmp_path/'b.st', 'does not fit', call=lambda f: learn.fit(3, .05, resume=f))

def test_mismatches_are_named(tmp_path):
    file = fit(made(), 1).save(tmp_path/'a')
    wide = made()
    wide.model[4] = nn.Linear(8, 4)
    refused(wide, file, r'4.weight is \(4, 8\) torch.float32 in the model, but \(3, 8\)')
    deep = made()
    deep.model.append(nn.Linear(3, 3))
    refused(deep, file, '5.bias, 5.weight that the file lacks')
    refused(Learner(made().dls, made().model.double(), F.cross_entropy), file, 'float64 in the model, but')
    refused(made(opt='adam'), file, 'with the optimizer SGD, and this is Adam')
    adam = made(opt='adam').load(file, with_opt=False)
    assert torch.equal(adam.model[0].weight, read_state(file)['model']['0.weight'])
    deep.load(file, strict=False, with_opt=False)
    assert torch.equal(deep.model[0].weight, adam.model[0].weight)

def test_other_calls_are_refused(tmp_path):
    from fastai.optimizer import Adam, SGD as FastaiSGD
    file = tmp_path/'a.st'
    fit(made(opt='fastai'), 1, cbs=Checkpoint(file))
    refused(made(opt='fastai_adam'), file, 'was saved with the optimizer')
    with pytest.raises(Stop): fit(made(), how='fit_one_cycle', cbs=[Checkpoint(file, 5), StopAt(7)])
    refused(made(), file, 'schedule for lr, mom', call=lambda f: made().fit_flat_cos(3, .05, resume=f))
    refused(made(), file, 'had param_scheduler', call=lambda f: made().fit(3, .05, resume=f))
    refused(made(), file, 'over 3 epochs', call=lambda f: made().fit_one_cycle(4, .05, resume=f))
    with pytest.raises(Stop): fit(made(), cbs=[Checkpoint(file, 5), StopAt(7)])
    refused(made(), file, 'had no schedule', call=lambda f: made().fit_one_cycle(3, .05, resume=f))

def test_a_save_holds_no_place_to_go_on_from(tmp_path):
    learn = fit(made(), 1)
    refused(learn, learn.save(tmp_path/'a'), 'use learn.load', call=lambda f: learn.fit(2, resume=f))

def test_a_checkpoint_can_be_loaded(tmp_path):
    learn = fit(made(), 1, cbs=Checkpoint(tmp_path/'a.st'))
    equal(made(3).load(tmp_path/'a.st'), learn)

# unusual models

class Odd(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b = nn.Linear(10, 10, bias=False), nn.Linear(10, 10, bias=False)
        self.b.weight = self.a.weight
        self.scale, self.empty = nn.Parameter(torch.tensor(2.)), nn.Parameter(torch.zeros(0, 3))
        self.turned, self.sixteen = nn.Parameter(torch.randn(3, 10).T), nn.Parameter(torch.randn(4).bfloat16())
        self.register_buffer('count', torch.tensor(5))
        self.register_buffer('none', None)
        self.frozen = nn.Parameter(torch.ones(2), requires_grad=False)
    def forward(self, x): return self.b(self.a(x))@self.turned*self.scale + self.sixteen.float().mean()

@pytest.mark.parametrize('opt', ['momentum', 'adam'])
def test_shared_scalar_empty_turned_and_frozen_parameters(tmp_path, opt):
    def odd(seed):
        torch.manual_seed(seed)
        return Learner(made().dls, Odd(), F.cross_entropy, optimizer(opt))
    one = fit(odd(0), 1, lr=.001)
    two = odd(1).load(one.save(tmp_path/'odd'))
    equal(one, two)
    assert two.model.a.weight is two.model.b.weight
    for o in (one, two): torch.manual_seed(3), fit(o, 1, lr=.001)
    equal(one, two)

@pytest.mark.parametrize('device', ['cuda:99', 'nowhere'])
def test_a_device_that_is_not_there_is_not_the_files_fault(tmp_path, device):
    learn, before = made(path=tmp_path), made(path=tmp_path)
    fit(made(path=tmp_path), 1).save('net')
    with pytest.raises(Exception) as e: learn.load('net', device=device)
    assert 'does not fit' not in str(e.value)
    equal(learn, before)

def test_where_files_go(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    learn = made()
    assert learn.save('a') == Path('a.safetensors') and Path('a.safetensors').exists()
    assert made(path=tmp_path, model_dir='models').save('b') == tmp_path/'models'/'b.safetensors'
    fit(learn, 1, cbs=Checkpoint('ck'))
    learn.load('ck')
    assert learn.save('c.st').exists() and learn.load('c.st', device='cpu') is learn
    with pytest.raises(OSError, match='c.st'): learn.save('c.st/d')
