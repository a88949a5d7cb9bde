"Fits that go on where they were broken off, bit for bit, and files that are refused where they do not fit"
import random, warnings
from functools import partial
from pathlib import Path

import fastai.data.load, fastai.optimizer # here, since importing them draws random numbers
import pytest, torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader as TorchLoader

from mnistlearn.all import *

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

# refused

def refused(learn, file, says, error=ValueError, call=None):
    before = {k: v.clone() for k, v in learn.model.state_dict().items()}
    kept = learn.opt and {k: str(v) for k, v in learn.opt.state_dict().items()}, learn.recorder.values, learn.recorder.losses
    with learn.no_logging(), pytest.raises(error, match=says) as e: (call or learn.load)(file)
    assert Path(file).name in str(e.value)
    for k, v in learn.model.state_dict().items(): assert torch.equal(v, before[k])
    assert kept == (learn.opt and {k: str(v) for k, v in learn.opt.state_dict().items()}, learn.recorder.values, learn.recorder.losses)
    return e.value

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
