"What is built here equals what torch and fastai have, on inputs that the chapters don't show"
import warnings
from functools import partial

import pytest, torch
import torch.nn.functional as F
from hypothesis import given, settings, strategies as st
from torch import nn

from mnistlearn.all import *

warnings.simplefilter('ignore')
floats = st.floats(-300, 300, width=32)

def flat(model): return torch.cat([p.detach().flatten() for p in model.parameters()])
def net(seed, n=5):
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(12, n), nn.ReLU(), nn.Linear(n, 1))
def pairs(n, seed=0):
    g = torch.Generator().manual_seed(seed)
    return TensorPairs(torch.rand(n, 12, generator=g), torch.randint(0, 2, (n, 1), generator=g))

@settings(deadline=None)
@given(st.lists(floats, min_size=1, max_size=20))
def test_sigmoid_and_relu(values):
    for ours, theirs in ((sigmoid, torch.sigmoid), (relu, F.relu)):
        a, b = (torch.tensor(values, requires_grad=True) for _ in range(2))
        ours(a).sum().backward()
        theirs(b).sum().backward()
        torch.testing.assert_close(ours(a), theirs(b), atol=1e-6, rtol=0)
        torch.testing.assert_close(a.grad, b.grad, atol=1e-6, rtol=0)

def test_relu_of_what_is_no_number():
    x = torch.tensor([float('nan'), float('inf'), -float('inf'), -0.])
    torch.testing.assert_close(relu(x), F.relu(x), equal_nan=True)

@settings(deadline=None)
@given(st.lists(st.tuples(floats, st.booleans()), min_size=1, max_size=30))
def test_losses_and_accuracy(items):
    preds, targets = (torch.tensor(o)[:, None] for o in zip(*items))
    targets = targets.long()
    torch.testing.assert_close(mnist_loss(preds, targets), F.l1_loss(preds.sigmoid(), targets.float()), atol=1e-6, rtol=0)
    plain = sum((p.sigmoid() > .5) == bool(t) for p, t in zip(preds, targets))/len(preds)
    assert batch_accuracy(preds, targets).item() == pytest.approx(plain.item(), abs=1e-6)

@settings(deadline=None, max_examples=60)
@given(st.sampled_from([(3,), (2, 3), (1, 1, 4)]), st.floats(1e-4, 1), st.sampled_from([0., .5, .9]), st.sampled_from([0., .01, .3]), st.integers(0, 99), st.booleans())
def test_sgd_is_torchs(shape, lr, mom, wd, seed, some_without_gradient):
    torch.manual_seed(seed)
    ours = [torch.randn(shape, requires_grad=True) for _ in range(3)]
    theirs = [o.detach().clone().requires_grad_() for o in ours]
    a, b = SGD(ours, lr, mom=mom, wd=wd, decouple_wd=False), torch.optim.SGD(theirs, lr, momentum=mom, weight_decay=wd)
    for step in range(4):
        for opt, params in ((a, ours), (b, theirs)):
            used = params[:2] if some_without_gradient and step != 2 else params
            sum((p**2).sum() + p.sum() for p in used).backward()
            opt.step()
            opt.zero_grad()
    for p, q in zip(ours, theirs): torch.testing.assert_close(p, q, atol=1e-6, rtol=1e-6)

@settings(deadline=None, max_examples=40)
@given(st.sampled_from([(1,), (3,), (2, 3)]), st.floats(1e-4, 1), st.integers(0, 99), st.booleans())
def test_basic_optim_is_torchs(shape, lr, seed, some_without_gradient):
    torch.manual_seed(seed)
    ours = [torch.randn(shape, requires_grad=True) for _ in range(3)]
    theirs = [o.detach().clone().requires_grad_() for o in ours]
    for opt, params in ((BasicOptim(ours, lr), ours), (torch.optim.SGD(theirs, lr), theirs)):
        for step in range(4):
            used = params[:2] if some_without_gradient and step != 2 else params
            sum((p**2).sum() + p.sum() for p in used).backward()
            opt.step()
            opt.zero_grad()
    for p, q in zip(ours, theirs): torch.testing.assert_close(p, q, atol=1e-6, rtol=1e-6)

@pytest.mark.parametrize('collection', [range(7), 'abcdefg', list('abcdefg'), [(i, str(i)) for i in range(7)], [(i/3, [i, -i]) for i in range(7)],
    [np.arange(3) + i for i in range(7)], [torch.full((2,), i) for i in range(7)], [True, False, True], np.arange(7.)], ids=lambda o: str(o)[:20])
@pytest.mark.parametrize('drop_last', [False, True])
def test_batches_are_torchs(collection, drop_last):
    theirs = torch.utils.data.DataLoader(collection, batch_size=3, drop_last=drop_last)
    ours = DataLoader(collection, 3, drop_last=drop_last)
    assert len(ours) == len(theirs)
    for a, b in zip(ours, theirs, strict=True): same(a, b)

def same(a, b):
    if isinstance(b, torch.Tensor): return torch.testing.assert_close(a, b)
    assert len(a) == len(b)
    if isinstance(b, (list, tuple)) and not isinstance(b[0], str):
        for o, p in zip(a, b): same(o, p)
    else: assert list(a) == list(b)

def bare_loop(model, ds, bs, epochs, opt):
    for _ in range(epochs):
        for i in range(0, len(ds), bs):
            x, y = ds[i:i + bs]
            p = model(x).sigmoid()
            torch.where(y == 1, 1 - p, p).mean().backward()
            opt.step()
            opt.zero_grad()
    return model

@pytest.mark.parametrize('seed,n,bs', [(0, 64, 16), (1, 65, 16), (2, 7, 64), (3, 50, 1)])
@pytest.mark.parametrize('mom,wd', [(0., 0.), (.9, 0.), (.9, .01)])
def test_learner_is_the_bare_loop(seed, n, bs, mom, wd):
    ds = pairs(n, seed)
    learn = Learner(DataLoaders(DataLoader(ds, bs), DataLoader(ds, bs)), net(seed), mnist_loss, partial(SGD, mom=mom, wd=wd, decouple_wd=False), metrics=batch_accuracy)
    with learn.no_logging(): learn.fit(3, .3)
    other = net(seed)
    bare_loop(other, ds, bs, 3, torch.optim.SGD(other.parameters(), .3, momentum=mom, weight_decay=wd))
    torch.testing.assert_close(flat(learn.model), flat(other), atol=1e-6, rtol=1e-6)
    assert learn.recorder.values[-1][2] == pytest.approx(batch_accuracy(other(ds.x), ds.y).item(), abs=1e-6)
    assert learn.recorder.values[-1][1] == pytest.approx(mnist_loss(other(ds.x), ds.y).item(), abs=1e-5)

@pytest.mark.parametrize('seed,n,bs', [(0, 64, 16), (1, 65, 16), (3, 20, 1)])
@pytest.mark.parametrize('mom', [0., .9])
def test_one_cycle_is_the_bare_loop(seed, n, bs, mom):
    ds = pairs(n, seed)
    learn = Learner(DataLoaders(DataLoader(ds, bs)), net(seed), mnist_loss, partial(SGD, mom=mom))
    with learn.no_logging(): learn.fit_one_cycle(3, .3)
    other = net(seed)
    opt, steps, up = torch.optim.SGD(other.parameters(), 1., momentum=mom), 3*-(-n//bs), .25
    def cos(a, b, pos): return a + (b - a)*(1 - np.cos(np.pi*pos))/2
    def one_cycle(start, top, end, pos): return cos(start, top, pos/up) if pos < up else cos(top, end, (pos - up)/(1 - up))
    for step in range(steps):
        i = step%-(-n//bs)*bs
        opt.param_groups[0]['lr'] = one_cycle(.3/25, .3, .3/1e5, step/steps)
        if mom: opt.param_groups[0]['momentum'] = one_cycle(.95, .85, .95, step/steps)
        F.l1_loss(other(ds.x[i:i + bs]).sigmoid(), ds.y[i:i + bs].float()).backward()
        opt.step()
        opt.zero_grad()
    torch.testing.assert_close(flat(learn.model), flat(other), atol=1e-6, rtol=1e-6)

@pytest.mark.parametrize('mom,wd', [(0., 0.), (.9, .01)])
def test_learner_is_fastais(mom, wd):
    from fastai.data.core import DataLoaders as FastaiLoaders
    from fastai.data.load import DataLoader as FastaiLoader
    from fastai.learner import Learner as FastaiLearner
    from fastai.optimizer import SGD as FastaiSGD
    ds, valid = pairs(65, 1), pairs(33, 2)
    ours = Learner(DataLoaders(DataLoader(ds, 16), DataLoader(valid, 16)), net(4), mnist_loss, partial(SGD, mom=mom, wd=wd), metrics=batch_accuracy)
    with ours.no_logging(): ours.fit(3, .3)
    theirs = FastaiLearner(FastaiLoaders(FastaiLoader(ds, bs=16), FastaiLoader(valid, bs=16)), net(4), loss_func=mnist_loss,
                           opt_func=partial(FastaiSGD, mom=mom, wd=wd), metrics=batch_accuracy, wd_bn_bias=True)
    with theirs.no_logging(): theirs.fit(3, .3)
    torch.testing.assert_close(flat(ours.model), flat(theirs.model).cpu(), atol=1e-6, rtol=1e-6)
    assert ours.recorder.values[-1][1:] == pytest.approx(list(theirs.recorder.values[-1][1:]), abs=1e-6)

def test_learner_takes_torchs_and_fastais_parts():
    from fastai.data.core import DataLoaders as FastaiLoaders
    from fastai.data.load import DataLoader as FastaiLoader
    from fastai.optimizer import SGD as FastaiSGD
    ds, results = pairs(40), []
    Torch = torch.utils.data.DataLoader
    for dls, opt_func in ((DataLoaders(DataLoader(ds, 16), DataLoader(ds, 16)), SGD),
                          (DataLoaders(Torch(ds, 16), Torch(ds, 16)), torch.optim.SGD),
                          (FastaiLoaders(FastaiLoader(ds, bs=16), FastaiLoader(ds, bs=16)), FastaiSGD)):
        learn = Learner(dls, net(1), mnist_loss, opt_func, metrics=batch_accuracy)
        with learn.no_logging(): learn.fit(2, .2)
        assert learn.recorder.lrs == pytest.approx([.2]*6)
        results.append(flat(learn.model).cpu())
    for o in results[1:]: torch.testing.assert_close(o, results[0], atol=1e-6, rtol=1e-6)

def test_gradients_of_the_chapters_calc_grad_are_torchs():
    model, ds = net(2), pairs(9)
    calc_grad(*ds[:], model)
    expected = torch.autograd.grad(F.l1_loss(model(ds.x).sigmoid(), ds.y.float()), list(model.parameters()))
    for p, g in zip(model.parameters(), expected): torch.testing.assert_close(p.grad, g, atol=1e-6, rtol=1e-6)

def test_signatures_begin_as_fastais_do():
    import inspect
    import fastai.data.load, fastai.learner, fastai.metrics, fastai.optimizer, fastai.torch_core
    names = lambda f, k: list(inspect.signature(f).parameters)[:k]
    assert names(SGD, 6) == names(fastai.optimizer.SGD, 6)
    assert names(Learner, 3) == names(fastai.learner.Learner, 3)
    assert set(names(Learner, 8)) <= set(inspect.signature(fastai.learner.Learner).parameters)
    assert names(Learner.fit, 3) == names(fastai.learner.Learner.fit, 3)
    assert names(show_image, 4) == names(fastai.torch_core.show_image, 4)
    assert names(show_images, 4) == names(fastai.torch_core.show_images, 4)
    x, y = torch.rand(20, 3), torch.randint(0, 3, (20,))
    assert accuracy(x, y) == fastai.metrics.accuracy(x, y)

@pytest.mark.parametrize('x', [1, 2.5, [1, 2], [[1., 2.], [3., 4.]], (1, 2), np.arange(3), np.arange(3.), L(1, 2), np.float32(1.5)], ids=str)
def test_tensor_is_fastais(x):
    import fastai.torch_core
    torch.testing.assert_close(tensor(x), fastai.torch_core.tensor(x))
