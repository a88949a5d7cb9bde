"The Learner and its callbacks where the chapters don't go: odd data, odd models, failures in the middle, and fastai's own results"
import contextlib, copy, os, subprocess, sys, warnings
from functools import partial

import pytest, torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader as TorchLoader, IterableDataset, SubsetRandomSampler

from mnistlearn.all import *
from mnistlearn.base.randomness import random_state
from mnistlearn.learner import events

warnings.simplefilter('ignore')
n, n_valid, n_classes = 70, 33, 4

def data(n, seed=0):
    g = torch.Generator().manual_seed(seed)
    return TensorPairs(torch.randn(n, 12, generator=g), torch.randint(0, n_classes, (n,), generator=g))
train, valid = data(n), data(n_valid, 1)
def loaders(bs=16, shuffle=False): return DataLoaders(DataLoader(train, bs, shuffle), DataLoader(valid, bs))
def net(seed=0, *middle):
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(12, 8), *middle, nn.ReLU(), nn.Linear(8, n_classes))
def learner(dls=None, model=None, loss=F.cross_entropy, opt=partial(SGD, mom=.9), **kwargs):
    return Learner(loaders() if dls is None else dls, net() if model is None else model, loss, opt, **{'metrics': accuracy, **kwargs})
def flat(model): return torch.cat([p.detach().flatten() for p in model.parameters()])
def fit(learn, n_epoch=2, lr=.1, how='fit', **kwargs):
    with learn.no_logging(): getattr(learn, how)(n_epoch, lr, **kwargs)
    return learn
def same(a, b, tol=1e-6): torch.testing.assert_close(a, b, atol=tol, rtol=tol)

def fastai_learner(model=None, loss=F.cross_entropy, opt=None, bs=16, cbs=None, metrics=accuracy):
    import fastai.callback.schedule
    from fastai.data.core import DataLoaders as Loaders
    from fastai.data.load import DataLoader as Loader
    from fastai.learner import Learner as FastaiLearner
    from fastai.optimizer import SGD as FastaiSGD
    return FastaiLearner(Loaders(Loader(train, bs=bs), Loader(valid, bs=bs)), net() if model is None else model, loss_func=loss,
                         opt_func=opt or partial(FastaiSGD, mom=.9), metrics=metrics, cbs=cbs, wd_bn_bias=True)

# agreement

@pytest.mark.parametrize('bs', [1, 3, 16, 69, 70, 200])
@pytest.mark.parametrize('mom', [0., .9])
@pytest.mark.parametrize('how', ['fit', 'fit_one_cycle', 'fit_flat_cos'])
def test_weights_are_fastais(bs, mom, how):
    from fastai.optimizer import SGD as FastaiSGD
    ours = fit(learner(loaders(bs), opt=partial(SGD, mom=mom)), 3, .05, how)
    theirs = fit(fastai_learner(bs=bs, opt=partial(FastaiSGD, mom=mom)), 3, .05, how)
    same(flat(ours.model), flat(theirs.model).cpu())
    assert ours.recorder.values[-1][1:] == pytest.approx(list(theirs.recorder.values[-1][1:]), abs=1e-5)
    assert ours.recorder.lrs == pytest.approx(theirs.recorder.lrs, abs=1e-7)

@pytest.mark.parametrize('flag', [True, False])
@pytest.mark.parametrize('decouple_wd', [True, False])
def test_weight_decay_of_biases_and_norms_is_fastais(flag, decouple_wd):
    from fastai.optimizer import SGD as FastaiSGD
    def model(): return net(0, nn.BatchNorm1d(8))
    theirs = fastai_learner(model(), opt=partial(FastaiSGD, mom=.9, wd=.1, decouple_wd=decouple_wd), bs=10)
    theirs.wd_bn_bias = flag
    ours = learner(loaders(10), model(), opt=partial(SGD, mom=.9, wd=.1, decouple_wd=decouple_wd), wd_bn_bias=flag)
    with_theirs = learner(loaders(10), model(), opt=partial(FastaiSGD, mom=.9, decouple_wd=decouple_wd), wd=.1, wd_bn_bias=flag)
    for o in (ours, theirs, with_theirs): fit(o, 3, .05)
    same(flat(ours.model), flat(theirs.model).cpu())
    same(flat(ours.model), flat(with_theirs.model))

@pytest.mark.parametrize('how', ['fit', 'fit_one_cycle'])
def test_torchs_adam_under_a_schedule_is_fastais_wrapper(how):
    from fastai.optimizer import OptimWrapper
    ours = fit(learner(opt=torch.optim.Adam), 2, .01, how)
    theirs = fit(fastai_learner(opt=partial(OptimWrapper, opt=torch.optim.Adam)), 2, .01, how)
    same(flat(ours.model), flat(theirs.model).cpu())

def test_the_same_from_every_kind_of_loader():
    from fastai.data.core import DataLoaders as FastaiLoaders
    from fastai.data.load import DataLoader as FastaiLoader
    pairs = list(zip(train.x, train.y))
    class Stream(IterableDataset):
        def __iter__(self): return iter(pairs)
    expected = flat(fit(learner()).model)
    for dl in (TorchLoader(pairs, 16), TorchLoader(pairs, 16, num_workers=2), TorchLoader(Stream(), 16), FastaiLoader(pairs, bs=16), DataLoader(pairs, 16), list(DataLoader(train, 16))):
        same(flat(fit(learner(DataLoaders(dl, DataLoader(valid, 16)))).model), expected)
    same(flat(fit(learner(FastaiLoaders(FastaiLoader(pairs, bs=16)))).model), expected) # train only

def test_early_stopping_is_fastais():
    from fastai.callback.tracker import EarlyStoppingCallback as Theirs
    for kwargs in (dict(patience=1), dict(patience=3), dict(monitor='accuracy', patience=2), dict(min_delta=.05, patience=2)):
        ours = fit(learner(), 20, .5, cbs=EarlyStoppingCallback(**kwargs))
        theirs = fit(fastai_learner(), 20, .5, cbs=Theirs(**kwargs))
        assert len(ours.recorder.values) == len(theirs.recorder.values)

@pytest.mark.parametrize('max_norm,norm_type', [(.1, 2.), (.01, float('inf')), (1e9, 2.)])
def test_clipping_is_fastais(max_norm, norm_type):
    from fastai.callback.training import GradientClip as Theirs
    same(flat(fit(learner(cbs=GradientClip(max_norm, norm_type))).model), flat(fit(fastai_learner(cbs=Theirs(max_norm, norm_type))).model).cpu())

def test_accumulation_is_one_large_batch_and_fastais():
    from fastai.callback.training import GradientAccumulation as Theirs
    whole = DataLoaders(DataLoader(TensorPairs(*train[:64]), 64), valid)
    small = DataLoaders(DataLoader(TensorPairs(*train[:64]), 8), valid)
    whole.valid = small.valid = DataLoader(valid, 16)
    same(flat(fit(learner(whole), 5).model), flat(fit(learner(small, cbs=GradientAccumulation(64)), 5).model), 1e-5)
    same(flat(fit(learner(cbs=GradientAccumulation(32))).model), flat(fit(fastai_learner(cbs=Theirs(32))).model).cpu())

def test_activation_stats_are_fastais():
    from fastai.callback.hook import ActivationStats as Theirs
    ours, theirs = ActivationStats(), Theirs()
    fit(learner(), cbs=ours)
    fit(fastai_learner(), cbs=theirs)
    for i in range(2): same(*[torch.tensor([list(map(float, o)) for o in c.layer_stats(i)[:2]]) for c in (ours, theirs)], 1e-5)

def test_predictions_are_fastais():
    from fastai.losses import CrossEntropyLossFlat
    ours, theirs = fit(learner(loss=CrossEntropyLossFlat())), fit(fastai_learner(loss=CrossEntropyLossFlat()))
    for ds_idx in (0, 1):
        for a, b in zip(*[o.get_preds(ds_idx, with_input=True, with_decoded=True, with_loss=True) for o in (ours, theirs)], strict=True): same(a, b.cpu(), 1e-5)
    with theirs.no_bar(): assert list(ours.validate()) == pytest.approx(list(theirs.validate()), abs=1e-6)

def test_rates_found_are_fastais():
    from fastai.callback.schedule import minimum as m, steep as s
    ours = learner().lr_find(suggest_funcs=(minimum, steep), show_plot=False)
    theirs = fastai_learner().lr_find(suggest_funcs=(m, s), show_plot=False)
    assert list(ours) == pytest.approx([float(o) for o in theirs], rel=1e-4)

@pytest.mark.parametrize('end', [float('inf'), float('nan')])
def test_a_search_that_ends_in_no_number_is_drawn(end):
    steps = 30
    def blows_up(p, y): # at its last step but none
        nonlocal steps
        steps -= 1
        loss = F.cross_entropy(p, y)
        return loss if steps > 0 else loss*end
    rate, = learner(loss=blows_up).lr_find(num_it=60)
    low, high = plt.gca().get_ylim()
    assert rate > 0 and low == 0 and high < 20

def test_fastais_metric_objects():
    from fastai.metrics import AvgMetric, F1Score, Perplexity
    learn = fit(learner(metrics=[accuracy, AvgMetric(accuracy), F1Score(average='macro'), Perplexity()]))
    a, b, f1, perplexity = learn.recorder.values[-1][2:]
    assert a == pytest.approx(b) and perplexity == pytest.approx(torch.tensor(learn.recorder.values[-1][1]).exp().item(), rel=1e-4) and 0 <= f1 <= 1
    assert all(type(o) is float for o in learn.recorder.values[-1])

@pytest.mark.parametrize('weight', [None, torch.arange(1., n_classes + 1)])
def test_item_losses_are_pytorchs(weight):
    loss = nn.CrossEntropyLoss(weight=weight, ignore_index=2)
    learn = fit(learner(loss=loss))
    preds, targets, losses = learn.get_preds(with_loss=True)
    same(losses, F.cross_entropy(preds, targets, weight=weight, ignore_index=2, reduction='none'))
    assert loss.reduction == 'mean'

# callbacks

class Notes(Callback):
    def __init__(self): self.notes = []

def test_callbacks_written_for_fastai():
    class Halve(Notes):
        run_valid = False
        def after_epoch(self):
            for h in self.opt.hypers: h['lr'] /= 2
        def before_batch(self): self.notes.append((round(self.pct_train, 4), self.train_iter, self.x.shape[0], self.y.shape[0], self.opt.hypers[-1]['lr']))
    learn = fit(learner(cbs=Halve()), 2, .2)
    assert [o[0] for o in learn.halve.notes] == [round(i/10, 4) for i in range(10)]
    assert [o[1] for o in learn.halve.notes] == list(range(10)) and learn.halve.notes[4][2:] == (6, 6, .2) and learn.halve.notes[5][4] == .1
    class L2(Callback):
        run_valid = False
        def after_loss(self): self.learn.loss_grad = self.loss_grad + .1*sum((p**2).sum() for p in self.model.parameters())
    one, other = fit(learner(cbs=L2), 1, .1), learner(opt=partial(SGD, mom=.9, wd=.2, decouple_wd=False))
    fit(other, 1, .1)
    same(flat(one.model), flat(other.model), 1e-5)
    assert one.recorder.losses[0] == pytest.approx(other.recorder.losses[0]) # the loss that is recorded is the loss
    learn = learner()
    learn.add_cb(Halve())
    assert any(isinstance(o, Halve) for o in learn.cbs) and learn.halve.notes == []
    learn.remove_cb(Halve)
    assert not any(isinstance(o, Halve) for o in learn.cbs) and not hasattr(learn, 'halve')
    assert fit(Learner(loaders(), net(), F.cross_entropy, partial(SGD, lr=.5)), 1, None).recorder.lrs == [.5]*5

@pytest.mark.parametrize('at', ['before_fit', 'before_epoch'])
def test_a_callback_can_switch_itself_off(at):
    class Quiet(Notes):
        def after_batch(self): self.notes.append(self.epoch)
    setattr(Quiet, at, lambda self: setattr(self, 'run', False))
    learn = fit(learner(cbs=Quiet()))
    assert learn.quiet.notes == [] and learn.quiet.run
    class Once(Notes):
        def after_epoch(self): self.run_train = False
        def after_step(self): self.notes.append(self.epoch)
    assert fit(learner(cbs=Once()), 3).once.notes == [0]*5

def test_functions_as_callbacks_take_the_callback_or_nothing():
    seen = []
    fit(learner(cbs=[Callback(after_epoch=lambda: seen.append('nothing')), Callback(after_epoch=lambda self: seen.append(self.epoch))]), 1)
    assert seen == ['nothing', 0]
    with pytest.raises(ValueError, match='after_epok'): Callback(after_epok=print)

def test_the_same_callback_twice_is_there_once():
    class Count(Notes):
        def after_epoch(self): self.notes.append(1)
    count = Count()
    learn = learner(cbs=count)
    for _ in range(3): fit(learn, 1, cbs=count)
    assert len(count.notes) == 3 and len(learn.cbs) == 3

def test_a_validation_that_is_skipped_leaves_no_numbers():
    class Skip(Callback):
        def before_validate(self):
            if self.epoch%2 == 0: raise CancelValidException
    rows = fit(learner(cbs=Skip), 4).recorder.values
    assert [row[1] is None for row in rows] == [True, False, True, False]

@pytest.mark.parametrize('event', sorted(o for o in events if not any(k in o for k in ('cancel', 'fit', 'create'))))
def test_looking_from_any_event_leaves_the_same_weights(event):
    "validate, get_preds and summary from within a callback: batch norm, dropout and frozen modes included"
    class Look(Callback):
        looking, looked = False, 0
        def look(self):
            if self.looking: return
            self.looking, rng = True, torch.get_rng_state()
            self.learn.validate(), self.learn.get_preds(), self.learn.summary()
            torch.set_rng_state(rng)
            self.looking, self.looked = False, self.looked + 1
    setattr(Look, event, Look.look)
    def trained(cbs):
        model = net(0, nn.BatchNorm1d(8), nn.Dropout(.3))
        model[1].eval()
        return fit(learner(model=model, cbs=cbs))
    a, b = trained([]), trained(Look)
    assert b.look.looked >= 2 and torch.equal(flat(a.model), flat(b.model))
    assert a.recorder.values == b.recorder.values and a.recorder.losses == b.recorder.losses

def test_a_callbacks_typo_does_not_poison_the_model():
    learn = learner()
    with pytest.raises(ValueError, match='acuracy'): fit(learn, cbs=[ActivationStats(), EarlyStoppingCallback('acuracy')])
    fit(learn)
    fit(learn, cbs=ActivationStats())

@pytest.mark.parametrize('cb', [TerminateOnNaNCallback, None])
def test_mixed_precision_ends_with_its_batch(cb):
    learn = learner(cbs=MixedPrecision())
    fit(learn, 3, 1e30, cbs=cb)
    assert not torch.is_autocast_enabled('cpu') and learn.model(valid.x).dtype == torch.float32

@pytest.mark.parametrize('dtype', [torch.bfloat16, torch.float16])
@pytest.mark.parametrize('opt', [BasicOptim, SGD, torch.optim.Adam])
def test_mixed_precision_with_any_optimizer(dtype, opt):
    learn = learner(opt=opt, cbs=[MixedPrecision(dtype), GradientClip(), GradientAccumulation(32)])
    learn.get_preds(), learn.summary()
    if (dtype, opt) == (torch.float16, BasicOptim):
        with pytest.raises(TypeError, match='BasicOptim has no param_groups.*bfloat16'): fit(learn)
    else: assert all(p.dtype == torch.float32 for p in fit(learn).model.parameters())

def test_overflow_in_sixteen_bits_skips_the_step():
    learn = learner(loss=lambda p, y: F.cross_entropy(p, y)*1e4, opt=SGD, cbs=MixedPrecision(torch.float16))
    before = flat(learn.model).clone()
    fit(learn, 4, 1e-7)
    assert flat(learn.model).isfinite().all() and learn.mixed_precision.scaler.get_scale() < 2**16 and not torch.equal(before, flat(learn.model))

@pytest.mark.parametrize('spoil, says', [('inputs', 'of this batch hold NaN'), ('weights', 'weights were not finite before the first step'), ('loss', 'forward pass or the loss')])
def test_lr_find_blames_the_rate_for_nothing_else(spoil, says):
    class Spoil(Callback):
        def before_batch(self):
            if spoil == 'inputs' and self.train_iter == 4: self.learn.xb = (self.xb[0]*float('nan'),)
        def after_pred(self):
            if spoil == 'loss' and not self.train_iter: self.learn.pred = self.pred/0*0
    learn = learner(cbs=Spoil())
    if spoil == 'weights': learn.model[0].weight.data[0, 0] = float('nan')
    with pytest.raises(ValueError, match=f'^the loss of batch {4 if spoil == "inputs" else 0} is nan.*{says}'): learn.lr_find(show_plot=False)

@pytest.mark.parametrize('kwargs, says', [(dict(start_lr=1e20, end_lr=1e30), 'exploded in batch .*: start with a smaller start_lr'), (dict(start_lr=1e-3, end_lr=1e30, stop_div=False), 'exploded at the higher rates.*smaller end_lr'),
    (dict(num_it=5), 'num_it is 5: expected 10 batches or more'), (dict(num_it=20.5), 'num_it is 20.5: expected a whole number'), (dict(start_lr=0), 'from 0 to 10: expected two above 0'), (dict(start_lr=1, end_lr=.1), 'second larger')], ids=str)
def test_lr_find_says_what_was_wrong_with_the_search(kwargs, says):
    with pytest.raises(ValueError, match=says): learner(loss=lambda p, y: F.cross_entropy(p, y) + (p**2).mean()).lr_find(show_plot=False, **kwargs)

def test_unused_layers_are_named_rightly_in_the_statistics():
    class Two(nn.Module):
        def __init__(self):
            super().__init__()
            self.unused, self.used = nn.Linear(3, 3), net()
        def forward(self, x): return self.used(x)
    acts, grads = ActivationStats(with_hist=True, include_paramless=True), GradientStats(with_hist=True, every=2)
    fit(learner(model=Two()), cbs=[acts, grads])
    assert acts.names == ['unused', 'used.0', 'used.1', 'used.2'] and len(acts.stats) == 10 and len(grads.stats) == 5
    assert acts.layer_stats(0)[0].tolist() != acts.layer_stats(0)[0].tolist() and (acts.layer_stats(2)[0] > 0).all() # the first is nan
    for o in (acts, grads): o.plot_layer_stats(2), o.color_dim(2)
    with pytest.raises(ValueError, match='no histograms'): acts.color_dim(0)

def test_a_stream_counts_its_batches():
    class Stream(IterableDataset):
        def __iter__(self): return iter(zip(train.x, train.y))
    stats = ActivationStats(every=2)
    learn = fit(learner(DataLoaders(TorchLoader(Stream(), 16), DataLoader(valid, 16)), cbs=stats))
    assert learn.train_iter == 10 and len(stats.stats) == 5

def test_csv_log(tmp_path):
    learn = fit(learner(path=tmp_path), 3, cbs=CSVLogger())
    log = pd.read_csv(tmp_path/'history.csv')
    assert list(log.columns) == ['epoch', 'train_loss', 'valid_loss', 'accuracy', 'time'] and list(log.epoch) == [0, 1, 2]
    assert log.valid_loss.tolist() == pytest.approx([row[1] for row in learn.recorder.values])
    (tmp_path/'file').write_text('')
    with pytest.raises(OSError, match='file'): fit(learn, 1, cbs=CSVLogger('file/log.csv'))

# odd data and odd models

class Twofold(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b = nn.Linear(12, n_classes), nn.Linear(12, 2)
    def forward(self, x, z=None): return self.a(x['x'] if isinstance(x, dict) else x), self.b(x['z'] if isinstance(x, dict) else z if z is not None else x)
def twofold_loss(p, y): return F.cross_entropy(p[0], y) + p[1].pow(2).mean()

@pytest.mark.parametrize('inputs', ['one', 'two', 'dict'])
def test_several_inputs_and_outputs(inputs):
    def batches(ds): return [(*({'one': (x,), 'two': (x, x), 'dict': ({'x': x, 'z': x},)}[inputs]), y) for x, y in DataLoader(ds, 16)]
    torch.manual_seed(0)
    learn = learner(DataLoaders(batches(train), batches(valid)), Twofold(), twofold_loss, metrics=lambda p, y: accuracy(p[0], y))
    fit(learn)
    preds, targets = learn.get_preds()
    assert [o.shape for o in preds] == [(n_valid, n_classes), (n_valid, 2)]
    assert learn.recorder.values[-1][2] == pytest.approx(accuracy(preds[0], targets).item())
    assert learn.summary().parameters['total'] == 12*6 + 6
    torch.manual_seed(0)
    other = fit(learner(DataLoaders(DataLoader(train, 16), DataLoader(valid, 16)), Twofold(), twofold_loss, metrics=[]))
    same(flat(learn.model), flat(other.model))
    assert learn.recorder.values[-1][:2] == pytest.approx(other.recorder.values[-1])

def test_numbers_of_any_kind():
    def loss(p, y): return F.cross_entropy(p, y).reshape(1)
    metrics = [lambda p, y: .5, lambda p, y: 1, lambda p, y: np.float32(2), lambda p, y: torch.tensor([3]), lambda p, y: torch.tensor(4.).double()]
    learn = fit(learner(loss=loss, metrics=metrics))
    assert learn.recorder.values[-1][2:] == [.5, 1, 2, 3, 4]
    same(flat(learn.model), flat(fit(learner()).model))

def test_metrics_weigh_by_items():
    learn = fit(learner(loaders(32), metrics=lambda p, y: torch.tensor(float(len(y) == 1))))
    assert learn.recorder.values[-1][2] == pytest.approx(1/33)

def test_frozen_and_unused_parameters():
    model = net()
    for p in model[0].parameters(): p.requires_grad_(False)
    model.extra = nn.Parameter(torch.ones(3))
    before = model[0].weight.clone()
    model.forward = lambda x: nn.Sequential(*list(model)[:3])(x)
    fit(learner(model=model, opt=partial(SGD, mom=.9, wd=.1)), cbs=[GradientClip(), GradientStats()])
    assert torch.equal(model[0].weight, before) and torch.equal(model.extra, torch.ones(3))

def test_predictions_are_in_the_sets_order():
    learn = fit(learner(loaders(16, shuffle=True)))
    expected = learn.model(train.x).detach()
    same(learn.get_preds(0)[0], expected)
    dropping = DataLoaders(TorchLoader(train, 16, shuffle=True, drop_last=True), DataLoader(valid, 16))
    learn.dls = dropping
    same(learn.get_preds(0)[0], expected)
    learn.dls = DataLoaders(DataLoader(train), TorchLoader(train, 4, sampler=SubsetRandomSampler([9, 3, 30])))
    same(learn.get_preds()[0], expected[[3, 9, 30]])
    same(learn.get_preds(dl=[(train.x[:3],)])[0], expected[:3])

@pytest.mark.parametrize('fail', [None, RuntimeError, KeyboardInterrupt])
@pytest.mark.parametrize('kind', ['ours', 'generator', 'fastai'])
def test_lr_find_leaves_no_trace(fail, kind):
    from fastai.data.load import DataLoader as FastaiLoader
    def made():
        random.seed(3), torch.manual_seed(3)
        dl = {'ours': lambda: DataLoader(train, 16, shuffle=True), 'fastai': lambda: FastaiLoader(list(zip(train.x, train.y)), bs=16, shuffle=True),
              'generator': lambda: TorchLoader(train, 16, shuffle=True, generator=torch.Generator().manual_seed(1))}[kind]()
        return fit(learner(DataLoaders(dl, DataLoader(valid, 16)), net(0, nn.Dropout(.3))), 1)
    import random
    class Fail(Callback):
        def after_batch(self):
            if fail and self.learn.iter == 3 and hasattr(self.learn, 'lr_finder'): raise fail
    a, b = made(), made()
    b.add_cbs(Fail)
    with pytest.raises(fail) if fail else contextlib.nullcontext(): b.lr_find(num_it=20, show_plot=False)
    assert b.recorder.values == a.recorder.values and torch.equal(flat(a.model), flat(b.model))
    # a and b took turns with the generators; so each goes on from the same state
    for o in (a, b):
        torch.manual_seed(5), random.seed(5)
        fit(o, 1)
    assert torch.equal(flat(a.model), flat(b.model)) and a.recorder.values == b.recorder.values

# what is shown

script = """
import torch
from mnistlearn.all import *
ds = TensorPairs(torch.randn(40, 4), torch.randint(0, 2, (40,)))
learn = Learner(DataLoaders(DataLoader(ds, 8), DataLoader(ds, 8)), nn.Linear(4, 2), F.cross_entropy, metrics=accuracy)
from mnistlearn.base.progress import ProgressTable
ProgressTable.seconds_between = 0
learn.fit(2, .1)
with learn.no_bar(): learn.fit(1, .1)
with learn.no_logging(): learn.fit(1, .1)
"""

def test_shown_in_a_file():
    out = subprocess.run([sys.executable, '-c', script], capture_output=True, text=True)
    lines = out.stdout.splitlines()
    assert len(lines) == 5 and lines[0].split() == ['epoch', 'train_loss', 'valid_loss', 'accuracy', 'time'] and '\r' not in out.stdout and '%' not in out.stdout, out

def test_shown_in_a_terminal():
    pty = pytest.importorskip('pty')
    mine, theirs = pty.openpty()
    process = subprocess.Popen([sys.executable, '-c', script], stdout=theirs, stderr=theirs)
    os.close(theirs)
    text = b''
    with contextlib.suppress(OSError):
        while part := os.read(mine, 10_000): text += part
    process.wait()
    text = text.decode()
    assert text.count('epoch') == 2 and '%' in text and process.returncode == 0
    shown = [o.split('\r')[-1] if o.endswith('\r') is False else o for o in text.replace('\r\n', '\n').split('\n')]
    assert sum(o.strip().startswith(('0 ', '1 ')) for o in shown) == 3

# a model and its dataset

@pytest.mark.parametrize('shuffle', [False, True])
@pytest.mark.parametrize('dataset', ['pairs', 'list', 'tensor'])
def test_what_a_model_does_to_its_batch_does_not_reach_the_dataset(shuffle, dataset):
    class InPlace(nn.Module):
        def __init__(self):
            super().__init__()
            self.lin = nn.Linear(12, n_classes)
        def forward(self, x):
            x.mul_(0).add_(1) if x.ndim else x
            return self.lin(x)
    ds = data(40)
    x, y = ds.x.clone(), ds.y.clone()
    source = {'pairs': ds, 'list': list(zip(ds.x, ds.y)), 'tensor': ds.x}[dataset]
    if dataset == 'tensor':
        for xb in DataLoader(source, 16, shuffle): xb.zero_()
    else:
        learn = fit(learner(DataLoaders(DataLoader(source, 16, shuffle), DataLoader(source, 16)), InPlace()))
        learn.get_preds(), learn.predict(ds.x[0])
    assert torch.equal(ds.x, x) and torch.equal(ds.y, y)

# predicting one item

def image_learner(after_batch=True):
    images, labels = torch.randint(0, 256, (40, 28, 28), dtype=torch.uint8, generator=torch.Generator().manual_seed(1)), torch.arange(40)%3
    rows = lambda b: (to_float(b[0]).flatten(1), b[1])
    ds = TensorPairs(images, labels) if after_batch else TensorPairs(*rows((images, labels)))
    dl = DataLoader(ds, 8, after_batch=rows if after_batch else None)
    torch.manual_seed(0)
    return fit(Learner(DataLoaders(dl, dl), nn.Sequential(nn.Linear(784, 3), nn.Dropout(.5)), F.cross_entropy, lr=.1), 1, None), images

@pytest.mark.parametrize('after_batch', [True, False])
def test_predict_takes_what_stands_for_an_item(after_batch, tmp_path):
    learn, images = image_learner(after_batch)
    expected = learn.get_preds(0)[0]
    Image.fromarray(images[5].numpy()).save(tmp_path/'five.png')
    items = [images[5], to_float(images[5]), images[5].numpy(), Image.fromarray(images[5].numpy()), tmp_path/'five.png', str(tmp_path/'five.png'),
             learn.dls.train_ds[5][0], Image.fromarray(images[5].numpy()).convert('RGB')]
    for item in items: same(learn.predict(item)[2], expected[5])
    with pytest.raises(ValueError, match='expected .*as in the dataset'): learn.predict(images[5][:20])
    with pytest.raises(FileNotFoundError): learn.predict(tmp_path/'six.png')

def test_predict_moves_its_item_to_the_model():
    seen = []
    class Elsewhere(nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = nn.Parameter(torch.zeros(1, device='meta'))
        def forward(self, x):
            seen.append(x.device.type)
            return torch.eye(n_classes)[:1]
    assert learner(model=Elsewhere()).predict(train.x[0])[0] == 0 and seen == ['meta']

def test_threads_that_predict_together_share_nothing():
    import threading
    learn, images = image_learner()
    learn.model.train()
    expected, wrong, errors = learn.get_preds(0)[0], [], []
    def ask(k):
        for i in range(30):
            try:
                if not torch.allclose(learn.predict(images[(i + k)%40])[2], expected[(i + k)%40], atol=1e-6): wrong.append(i)
            except Exception as e: errors.append(e)
    threads = [threading.Thread(target=ask, args=(k,)) for k in range(4)]
    for o in threads: o.start()
    for o in threads: o.join()
    assert (wrong, errors) == ([], []) and learn.model.training and len(fit(learn).recorder.values) == 2

def test_predicting_while_another_thread_trains_leaves_the_weights_as_they_would_be():
    import threading
    def trained(meanwhile):
        learn = learner(model=net(0, nn.BatchNorm1d(8), nn.Dropout(.3)))
        stop, errors = threading.Event(), []
        def ask():
            while not stop.is_set():
                try: learn.predict(train.x[0]), learn.validate()
                except Exception as e: errors.append(e)
        thread = threading.Thread(target=ask)
        if meanwhile: thread.start()
        torch.manual_seed(7)
        fit(learn, 15)
        stop.set()
        if meanwhile: thread.join()
        assert errors == []
        return learn
    a, b = trained(False), trained(True)
    assert torch.equal(flat(a.model), flat(b.model)) and a.recorder.values == b.recorder.values

def test_a_hook_of_a_callback_does_not_copy_the_learner():
    class Watch(Callback):
        def before_fit(self): self.seen, self.handle = 0, self.model[0].register_forward_hook(self.note)
        def note(self, *args): self.seen += 1
        def after_batch(self):
            if self.training: self.learn.validate()
        def after_validate(self):
            if self.learn.originals and not self.learn.originals[0].originals and len(self.learn.originals) < 9: self.learn.get_preds()
        def after_fit(self): self.handle.remove()
    learn = fit(learner(cbs=Watch()))
    assert learn.watch.seen >= 10

# callbacks that come and go

@pytest.mark.parametrize('stop', [None, CancelFitException, KeyboardInterrupt])
def test_a_callback_that_was_switched_off_is_on_again_after_the_fit(stop):
    class Quiet(Callback):
        def before_fit(self): self.run = False
    class Stop(Callback):
        def after_batch(self):
            if stop: raise stop
    learn, own, given = learner(), Quiet(), Quiet()
    learn.add_cb(own)
    with pytest.raises(KeyboardInterrupt) if stop is KeyboardInterrupt else contextlib.nullcontext(): fit(learn, cbs=[given, Stop()])
    assert own.run and given.run and learn.recorder.run

def test_a_cell_that_adds_a_callback_can_run_twice():
    seen, learn = [], learner()
    def cell():
        class Count(Callback):
            def after_epoch(self): seen.append(1)
        learn.add_cb(Count())
        learn.add_cb(Callback(after_epoch=lambda: seen.append(2)))
    cell(), cell()
    fit(learn, 1)
    assert sorted(seen) == [1, 2] and len(learn.cbs) == 4
    two = [Callback(after_epoch=lambda i=i: seen.append(i)) for i in (3, 4)] # not the same, though of one name
    fit(learn, 1, cbs=two)
    assert {3, 4} <= set(seen)
    learn.add_cbs(two)
    assert len(learn.cbs) == 6 and len(learner(cbs=Recorder()).cbs) == 2

def test_finding_a_rate_leaves_what_callbacks_have_noted(monkeypatch):
    class Noting(Callback):
        def __init__(self): self.notes, self.table = [], {'n': 0}
        def before_fit(self): self.notes.append('fit')
        def after_batch(self): self.notes.append(self.iter); self.table['n'] += 1
    stats, clip, noting = ActivationStats(), GradientClip(), Noting()
    learn = fit(learner(cbs=[stats, clip, noting]))
    before = [list(stats.stats), list(clip.norms), list(noting.notes), dict(noting.table), list(learn.recorder.lrs), [list(o) for o in learn.recorder.values]]
    notes = noting.notes
    learn.lr_find(num_it=20, show_plot=False)
    assert [stats.stats, clip.norms, noting.notes, noting.table, learn.recorder.lrs, learn.recorder.values] == before and noting.notes is notes
    assert noting.learn is learn and stats.learn is learn

@pytest.mark.parametrize('name', ['Context', 'Model', 'Fit', 'BeforeBatch', 'Loss', 'Pred', 'Listeners', 'Cbs', 'Training', 'Iter', 'Dl', 'Opt'])
def test_a_callback_may_have_the_name_of_anything_that_the_loop_reads(name):
    seen = []
    cb = type(name, (Callback,), dict(after_epoch=lambda self: seen.append(self.epoch)))
    same(flat(fit(learner(cbs=[cb, MixedPrecision(torch.bfloat16)] if name == 'Context' else cb)).model), flat(fit(learner(cbs=MixedPrecision(torch.bfloat16) if name == 'Context' else None)).model))
    assert seen == [0, 1]

@pytest.mark.parametrize('names', [['begin_fit'], ['on_epoch_end'], ['after_epok'], ['before_validation']])
def test_a_method_for_an_event_that_does_not_exist_is_refused(names):
    cb = type('Odd', (Callback,), {o: lambda self: None for o in names})
    for give in (lambda: learner(cbs=cb), lambda: learner().add_cb(cb()), lambda: fit(learner(), cbs=cb)):
        with pytest.raises(ValueError, match=f'no event {names[0]!r}.*expected one of'): give()
    assert len(fit(learner(cbs=type('Fine', (Callback,), dict(on_the_way=1, after_create=lambda self: None)))).recorder.values) == 2

def test_validation_points_stand_where_their_epoch_ended():
    class StopInTheMiddle(Callback):
        def after_batch(self):
            if self.training and self.epoch == 2 and self.iter == 1: raise CancelFitException
    learn = fit(learner(), 5, cbs=StopInTheMiddle())
    assert len(learn.recorder.losses) == 12 and learn.recorder.epoch_ends == [5, 10]
    ax = learn.recorder.plot_loss()
    assert list(ax.lines[1].get_xdata()) == [5, 10] and list(ax.lines[1].get_ydata()) == [row[1] for row in learn.recorder.values]

# arguments of the wrong kind

@pytest.mark.parametrize('kwargs,says', [
    (dict(loss=nn.CrossEntropyLoss), r'class CrossEntropyLoss.*CrossEntropyLoss\(\)'), (dict(loss='mse'), "'mse'"), (dict(loss=None), 'NoneType'),
    (dict(opt=torch.optim.SGD([torch.ones(1)], .1)), 'made already'), (dict(opt=SGD([torch.ones(1)], .1)), 'made already'), (dict(opt='sgd'), "'sgd'"),
    (dict(metrics='accuracy'), "'accuracy'"), (dict(metrics=[accuracy, .5]), 'a float'), (dict(model=nn.Linear), 'class Linear'), (dict(model=print), 'nn.Module'),
    (dict(dls=[DataLoader(train), DataLoader(valid)]), 'dls is a list'), (dict(dls=(1, 2)), 'dls is a tuple'), (dict(dls=DataLoader(train)), 'has no train'),
    (dict(dls=DataLoaders(train, valid)), 'dls.train is a dataset'), (dict(dls=DataLoaders(DataLoader(train), valid)), 'dls.valid is a dataset'),
    (dict(dls=DataLoaders(torch.utils.data.TensorDataset(train.x, train.y))), 'dls.train is a dataset'), (dict(dls=DataLoaders(train.x)), 'is a dataset'),
    (dict(dls=DataLoaders(list(zip(train.x, train.y)))), 'it is a dataset'), (dict(dls=DataLoaders([dict(x=train.x, y=train.y)])), 'one dictionary')])
def test_what_is_given_by_mistake_is_refused_in_a_sentence(kwargs, says):
    with pytest.raises(TypeError, match=says): learner(**kwargs)

def test_a_batch_that_is_one_dictionary_is_refused_where_a_loader_deals_it_out():
    ds = [dict(x=x, y=y) for x, y in zip(train.x, train.y)]
    with pytest.raises(TypeError, match='a batch is one dictionary, with x, y: expected a pair'): fit(learner(DataLoaders(DataLoader(ds, 8))))

@pytest.mark.parametrize('preds,targets,says', [(torch.rand(9, 1), torch.ones(9, 1), 'batch_accuracy'), (torch.rand(9, 3), torch.eye(3).repeat(3, 1), 'labels'),
    (torch.rand(9), torch.ones(9).long(), 'scores'), (torch.rand(9, 2), torch.ones(9, 2).long(), 'labels')], ids=['one output', 'one-hot', 'flat', 'two columns'])
def test_accuracy_refuses_scores_that_it_would_take_for_labels(preds, targets, says):
    with pytest.raises(ValueError, match=says): accuracy(preds, targets)

def test_losses_are_decoded_by_what_they_are_and_asked_by_their_signature():
    scores, classes = torch.tensor([[1., 3., 2.], [5., 0., 0.]]).log_softmax(1), torch.tensor([1, 2])
    for loss in (nn.NLLLoss(), F.nll_loss, nn.CrossEntropyLoss(), partial(F.nll_loss)):
        assert decode(loss, scores).tolist() == [1, 0]
        same(item_losses(loss, scores, classes), F.nll_loss(scores, classes, reduction='none'))
    def own(preds, targets):
        reduction = F.nll_loss(preds, targets, reduction='none')
        return reduction.mean()
    same(item_losses(own, scores, classes), F.nll_loss(scores, classes, reduction='none'))
    assert fit(learner(loss=nn.NLLLoss(), model=nn.Sequential(*net(), nn.LogSoftmax(1)))).get_preds(with_loss=True, with_decoded=True)[2].shape == (n_valid,)

def test_a_missing_name_is_told_as_it_is():
    with pytest.raises(AttributeError, match="^Learner has no 'fit_two_cycles'"): learner().fit_two_cycles
    with pytest.raises(AttributeError, match=r"did you mean fit\?"): learner().fitt
    code = 'from mnistlearn.learner import Learner\nlearn = Learner.__new__(Learner)\ntry: learn.fit_one_cycle\nexcept AttributeError as e: print(e)'
    out = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True).stdout
    assert 'added by mnistlearn.training' in out

def test_resuming_with_the_learner_alone_says_what_is_needed():
    code = 'from mnistlearn.learner import *\nfrom mnistlearn.batches import *\nimport torch\nds = TensorPairs(torch.rand(4, 2), torch.rand(4, 1))\n' \
           'learn = Learner(DataLoaders(DataLoader(ds)), torch.nn.Linear(2, 1), torch.nn.functional.mse_loss)\n' \
           'try: learn.fit(1, resume="a")\nexcept NotImplementedError as e: print(e)'
    out = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True)
    assert 'import mnistlearn.saving' in out.stdout, out.stderr

# loaders

@pytest.mark.parametrize('deep', [copy.copy, copy.deepcopy])
def test_helper_loaders_can_be_copied(deep):
    dl = DataLoader(train, 16)
    for o in (RestOfEpoch(dl, 1, random_state(dl)), SharedBatches(dl, 0, 2), IndexedBatches(dl)):
        new = deep(o)
        assert len(new) == 5 and new.bs == 16 and [len(b[1]) for b in new] == [len(b[1]) for b in o]
        with pytest.raises(AttributeError): new.nothing_of_the_kind

def test_losses_go_to_the_items_that_were_read_even_if_somebody_looks_in_between():
    class Look(Callback):
        def after_pred(self): self.dls.train.one_batch()
    class Collect(Callback):
        order = 100
        def after_loss(self):
            if self.training: noted.append((self.note_losses.batches.indices, self.xb[0]))
    noted, ds = [], data(50)
    dl = HardestFirst(ds, 8, share=.5)
    fit(learner(DataLoaders(dl), cbs=[NoteLosses(), Look(), Collect()]), 2)
    for indices, x in noted: assert torch.equal(ds.x[indices], x)
    assert isinstance(dl.new(), HardestFirst) and dl.new(bs=4).bs == 4 and dl.new().n == dl.n
    assert sorted(torch.cat([y for _, y in DataLoader(TensorPairs(ds.x, torch.arange(50)), 8).ordered()]).tolist()) == [*range(50)]
    same(fit(learner(DataLoaders(dl))).get_preds(0)[1], ds.y)

def test_arguments_and_names_of_fastai():
    import inspect
    import fastai.learner
    ours, theirs = (list(inspect.signature(o).parameters) for o in (Learner.__init__, fastai.learner.Learner.__init__))
    shared = [o for o in theirs if o in ours]
    assert [o for o in ours if o in shared] == shared
    ours, theirs = (list(inspect.signature(o.fit).parameters) for o in (Learner, fastai.learner.Learner))
    assert ours[:len(theirs)] == theirs
    learn = fit(learner(loaders(16), cbs=None, metrics=[accuracy]))
    assert sum(p.numel() for p in learn.parameters()) == flat(learn.model).numel()
    assert [len(o[1]) for o in DataLoader(train, 32, num_workers=4)] == [32, 32, 6]
    assert PILImage.create(np.zeros((28, 28), np.uint8)).mode == 'RGB' and PILImageBW.create(torch.zeros(5, 4, dtype=torch.uint8)).size == (4, 5)

# what readers of the code found

def test_a_dataset_that_changes_its_items_is_asked_for_them():
    class Doubled(TensorPairs):
        def __getitem__(self, i): return self.x[i]*2, self.y[i]
    ds = Doubled(train.x, train.y)
    same(DataLoader(ds, 4).one_batch()[0], 2*train.x[:4])

def test_a_loader_with_batches_of_its_own_keeps_them_when_it_is_ordered():
    class Halved(DataLoader):
        def batches(self, indices):
            for x, y in super().batches(indices): yield x/2, y
    learn = fit(learner(DataLoaders(Halved(train, 16, True), Halved(valid, 16))))
    assert learn.validate()[0] == pytest.approx(learn.get_preds(with_loss=True)[-1].mean().item(), abs=1e-6)

def test_an_epoch_that_is_cancelled_leaves_an_empty_row():
    class Skip(Callback):
        order = -1
        def before_epoch(self):
            if self.epoch == 1: raise CancelEpochException
    rows = fit(learner(cbs=Skip), 3).recorder.values
    assert [row[0] is None for row in rows] == [False, True, False] and rows[1] == [None]*3
    learn = learner(cbs=Skip)
    learn.fit(3, .1) # with bar and table

def test_a_callback_is_told_once_that_it_was_added():
    told = []
    class Told(Callback):
        def after_create(self): told.append(self)
    learn = learner(cbs=Told)
    fit(learn), learn.validate(), learn.predict(train.x[0]), learn.lr_find(num_it=20, show_plot=False)
    with learn.removed_cbs(Told): pass
    assert len(told) == 1
    class Broken(Callback):
        def after_create(self): raise ZeroDivisionError
    with pytest.raises(ZeroDivisionError): fit(learn, cbs=Broken)
    assert not learn.find_cbs(Broken)

def test_measuring_in_the_middle_reaches_neither_lists_nor_metrics():
    from fastai.metrics import AvgMetric
    class Look(Callback):
        log = None
        def before_fit(self): self.log = []
        def after_validate(self): self.log.append(1)
        def after_batch(self):
            if self.learn.originals: return
            self.learn.validate()
    a, b = (fit(learner(metrics=[AvgMetric(accuracy)], cbs=cbs)) for cbs in (None, Look))
    assert a.recorder.values == b.recorder.values and len(b.recorder.losses) == 10 and b.look.log == [1, 1]

def test_the_loss_of_items_is_measured_on_a_loss_of_its_own():
    class Watch(nn.CrossEntropyLoss):
        def __setattr__(self, k, v):
            assert k != 'reduction' or 'reduction' not in vars(self) or self is not watched
            super().__setattr__(k, v)
    watched = None
    watched = Watch()
    assert item_losses(watched, torch.rand(3, 2), torch.tensor([0, 1, 1])).shape == (3,) and watched.reduction == 'mean'

def test_bytes_of_a_picture_are_an_item(tmp_path):
    learn, images = image_learner()
    Image.fromarray(images[5].numpy()).save(tmp_path/'five.png')
    same(learn.predict((tmp_path/'five.png').read_bytes())[2], learn.get_preds(0)[0][5])

def test_a_rate_that_is_named_wins_over_that_of_a_partial():
    assert [Learner(loaders(), net(), F.cross_entropy, partial(SGD, lr=.1), **k).lr for k in ({}, dict(lr=.5))] == [.1, .5] and learner().lr == .001

def test_a_tensor_that_is_to_be_trained_is_a_leaf():
    for x in (np.array([1.]), [1.], 2., [[np.float64(1.)]]):
        t = tensor(x, requires_grad=True)
        assert t.is_leaf and t.dtype == torch.float32

def test_layers_that_were_set_to_a_mode_keep_it():
    model = nn.Sequential(nn.Linear(12, 4), nn.BatchNorm1d(4).eval())
    model.train(), model[1].eval()
    layer_outputs(model, train.x)
    assert [m.training for m in model] == [True, False]

def test_a_model_that_keeps_its_activations_can_predict():
    class Keeps(nn.Module):
        def __init__(self):
            super().__init__()
            self.lin, self.outs = nn.Linear(12, n_classes), []
        def forward(self, x):
            self.last = self.lin(x)
            self.outs = [self.last]
            return self.last
    learn = fit(learner(model=Keeps()))
    assert learn.predict(train.x[0])[2].shape == (n_classes,)

def test_what_cannot_be_measured_or_gone_through_again_is_said():
    with pytest.raises(ValueError, match='no targets'): fit(learner()).get_preds(dl=[(train.x[:3],)], with_loss=True)
    with pytest.raises(TypeError, match='can be gone through once'): learner(DataLoaders(iter(DataLoader(train, 16))))
    with pytest.raises(ValueError, match='10 batches or more'): learner().lr_find(num_it=7, show_plot=False)
