"Every training step works on the device of its inputs. The `meta` device has shapes but no numbers, so it finds a hard-coded device with no GPU at hand"
from importlib.util import find_spec

import pytest, torch

from mnistlearn.all import *

devices = ['meta', 'cpu', pytest.param('cuda', marks=pytest.mark.skipif(not torch.cuda.is_available(), reason='there is no GPU'))]

@pytest.fixture(params=devices)
def device(request): return torch.device(request.param)

@pytest.fixture
def ds(device): return TensorPairs(torch.rand(20, 784), torch.randint(0, 2, (20, 1))).to(device)

def on(device, *tensors): return all(o.device.type == device.type for o in tensors)

def test_images_and_distances(device):
    x = torch.randint(0, 256, (6, 28, 28), dtype=torch.uint8).to(device)
    assert on(device, to_float(x), mnist_distance(x, x[0]), rmse_distance(x, x[0]))
    assert on(device, *binary(x, torch.arange(6).to(device)))

@pytest.mark.parametrize('device', devices[1:], indirect=True)
def test_baseline(device):
    x, y = torch.randint(0, 256, (6, 28, 28), dtype=torch.uint8).to(device), torch.tensor([1, 2, 1, 2, 1, 2]).to(device)
    model = PixelSimilarity().fit(x, y)
    assert on(device, model.means, model.distances(x), model.predict(x), accuracy(model.predict(x), y))

def test_functions(device):
    x = torch.randn(5, device=device, requires_grad=True)
    assert on(device, sigmoid(x), relu(x), quadratic(x, (1., 2., 3.)), mse(x, x))
    params = torch.randn(3, device=device, requires_grad=True)
    assert on(device, apply_step(params, prn=False, time=x.detach(), speed=x.detach()), params)

def test_loss_and_metric(device, ds):
    weights, bias = init_params((784, 1), device=device), init_params(1, device=device)
    preds = linear1(ds.x, weights, bias)
    assert on(device, weights, bias, preds, mnist_loss(preds, ds.y), batch_accuracy(preds, ds.y))

@pytest.mark.parametrize('shuffle', [False, True])
def test_batches(device, ds, shuffle):
    dl = DataLoader(ds, 8, shuffle=shuffle)
    assert [len(x) for x, _ in dl] == [8, 8, 4]
    assert all(on(device, *b) for b in dl)
    assert all(on(device, b) for b in DataLoader(ds.x, 8, shuffle=shuffle))
    assert all(on(device, *b) for b in DataLoader(list(zip(ds.x, ds.y)), 8, shuffle=shuffle))

@pytest.mark.parametrize('opt_func', [BasicOptim, SGD, lambda p, lr: SGD(p, lr, mom=.9, wd=.1), lambda p, lr: SGD(p, lr, mom=.9, wd=.1, decouple_wd=False)])
def test_optimizers(device, ds, opt_func):
    model = simple_net().to(device)
    opt = opt_func(model.parameters(), lr=.1)
    train_epoch(model, DataLoader(ds, 8, shuffle=True), opt)
    assert on(device, *model.parameters())

def test_learner(device, ds):
    dls = DataLoaders(DataLoader(ds, 8, shuffle=True), DataLoader(ds, 8))
    learn = Learner(dls, simple_net().to(device), mnist_loss, metrics=batch_accuracy)
    learn.fit(2, .1)
    assert on(device, learn.loss, learn.pred, *learn.model.parameters())
    (loss, valid_loss, acc), after = learn.recorder.values[-1], validate_epoch(learn.model, dls.valid)
    numbers = [loss, valid_loss, acc, after]
    assert all(o != o for o in numbers) if device.type == 'meta' else all(0 <= o <= 1 for o in numbers)

def test_layers(device, ds):
    assert on(device, *layer_outputs(simple_net().to(device), ds.x))

def test_convolution_and_batch_norm(device):
    x, norm = torch.rand(4, 3, 8, 8, device=device), BatchNorm(3).to(device)
    assert on(device, conv2d(x, torch.rand(2, 3, 3, 3, device=device), torch.rand(2, device=device), 2, 1), norm(x), norm.eval()(x), *norm.buffers())
    assert on(device, synced_batch_norm(norm, x, 3, torch.clone), synced_batch_norm(nn.BatchNorm2d(3).to(device), x, 3, torch.clone))

def test_losses_of_many_classes(device):
    x, y = torch.randn(5, 4, device=device, requires_grad=True), torch.tensor([0, 3, 1, 1, 2]).to(device)
    assert on(device, one_hot(y, 4), softmax(x), logsumexp(x), log_softmax(x), cross_entropy(x, y), cross_entropy(x, y, 'none', .1))

@pytest.mark.parametrize('name', ['resnet', 'conv-quick'])
def test_many_classes_from_bytes(device, name):
    data = Digits(torch.randint(0, 256, (40, 28, 28), dtype=torch.uint8), torch.arange(40)%4, torch.randint(0, 256, (8, 28, 28), dtype=torch.uint8), torch.arange(8)%4)
    dls, recipe = image_dls(data, 16, device=device), recipes[name]
    learn = Learner(dls, recipe.make(4).to(device), cross_entropy, recipe.opt_func, metrics=accuracy, cbs=DistributedTrainer() if device.type == 'cpu' and find_spec('accelerate') else None)
    with learn.no_logging(): learn.fit_one_cycle(1, .01)
    assert on(device, *learn.xb, *learn.yb, learn.pred, learn.loss, *learn.model.parameters(), *learn.model.buffers())

def test_meta_would_find_a_hard_coded_device():
    with pytest.raises(RuntimeError): torch.rand(3, device='meta').max(torch.zeros(3))
