"Numbers that are none, shapes that do not fit, sets that are too small: said where they come up, or of no consequence"
import pytest, torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader as TorchLoader

from mnistlearn.all import *
from test_learner import data, fit, flat, learner, loaders, net, same, train, valid

nan, inf = float('nan'), float('inf')

@pytest.mark.fault('NaN and infinity')
@pytest.mark.parametrize('value', [nan, inf, -inf])
@pytest.mark.parametrize('where, says', [('image', 'inputs of this batch'), ('weight', '0.weight'), ('loss', 'forward pass')])
def test_fit(where, says, value, fault, capsys):
    "It ends before the step that would spoil the weights, and says where the number came from"
    class Spoil(Callback):
        def before_batch(self):
            if self.iter != 3 or not self.training: return
            if where == 'image': self.learn.xb = (self.xb[0].clone().index_fill_(0, torch.tensor(0), value),)
            if where == 'weight': self.model[0].weight.data[0] = value
        def after_pred(self):
            if where == 'loss' and self.iter == 3 and self.training: self.learn.pred = self.pred*value
    stop = TerminateOnNaNCallback()
    learn = fit(learner(), cbs=[Spoil(), stop])
    assert stop.message in capsys.readouterr().out and len(learn.recorder.values) == 0
    assert where == 'weight' or flat(learn.model).isfinite().all()
    fault.sentence(stop.message, f'step 3 .epoch 0, batch 3.: the training loss is -?(nan|inf).*{says}')

@pytest.mark.fault('NaN and infinity')
@pytest.mark.parametrize('value', [nan, inf, -inf])
def test_saved_and_loaded(value, fault, tmp_path):
    learn = fit(learner(), 1)
    learn.model[0].weight.data[0] = value
    learn.recorder.values[0][0] = value
    back = learner(model=net(1)).load(learn.save(tmp_path/'a'))
    torch.testing.assert_close(flat(back.model), flat(learn.model), rtol=0, atol=0, equal_nan=True)
    fault.right()

@pytest.mark.fault('NaN and infinity')
def test_best_is_never_none(fault, tmp_path):
    "A loss that is no number is not the best one, and does not take its place"
    class Spoil(Callback):
        order = 55
        def after_epoch(self):
            if self.epoch != 1: self.recorder.values[-1][1] = nan
    learn = fit(learner(path=tmp_path), 3, cbs=[Spoil(), SaveModelCallback()])
    assert torch.equal(flat(learn.model), flat(fit(learner(), 2).model))
    fault.right()

@pytest.mark.fault('NaN and infinity')
def test_rate_search(fault):
    with pytest.raises(ValueError) as e: learner(loss=lambda p, y: F.cross_entropy(p, y)*nan).lr_find(show_plot=False, num_it=20)
    fault.sentence(e.value, 'loss of batch 0 is nan. Inputs and weights are finite, so it comes from the forward pass or the loss')

@pytest.mark.fault('NaN and infinity')
@pytest.mark.filterwarnings('ignore:invalid value')
@pytest.mark.parametrize('value', [nan, inf, -inf])
def test_picture(value, fault):
    picture = torch.zeros(60, 60)
    picture[20:40, 28:32] = 1
    picture[0, 0] = value
    with pytest.raises(ValueError) as e: as_mnist(picture)
    fault.sentence(e.value, 'NaN or infinity')

@pytest.mark.fault('(N,) against (N,1)')
@pytest.mark.parametrize('f', [mnist_loss, batch_accuracy, mse, accuracy], ids=lambda o: o.__name__)
@pytest.mark.parametrize('shapes', [((5, 1), (5,)), ((5,), (5, 1))], ids=str)
def test_shapes(f, shapes, fault):
    with pytest.raises(ValueError) as e: f(*(torch.ones(o) for o in shapes))
    fault.sentence(e.value, 'predictions against .* targets.*expected')

@pytest.mark.fault('(N,) against (N,1)')
@pytest.mark.parametrize('loss, targets', [(mnist_loss, lambda y: (y > 1).long()), (cross_entropy, lambda y: y[:, None])], ids=['mnist_loss', 'cross_entropy'])
def test_shapes_in_a_fit(loss, targets, fault):
    "At the first batch, and not after an hour of wrong numbers"
    pairs = TensorPairs(train.x, targets(train.y))
    with pytest.raises((ValueError, TypeError)) as e: fit(learner(DataLoaders(DataLoader(pairs, 16)), nn.Linear(12, 1 if loss is mnist_loss else 4), loss, metrics=[]))
    fault.sentence(e.value, 'expected')

@pytest.mark.fault('last batch of one')
@pytest.mark.parametrize('n, bs', [(17, 16), (3, 2), (1, 1)])
def test_batch_of_one(n, bs, fault):
    "The numbers are those of PyTorch's own loop, and means are weighed by items"
    pairs, model, expected = data(n), net(), net()
    learn = fit(learner(DataLoaders(DataLoader(pairs, bs), DataLoader(pairs, bs)), model), 2, .1)
    opt = torch.optim.SGD(expected.parameters(), .1, momentum=.9)
    for _ in range(2):
        for x, y in TorchLoader(pairs, bs):
            F.cross_entropy(expected(x), y).backward()
            opt.step(), opt.zero_grad()
    same(flat(model), flat(expected))
    assert learn.recorder.values[-1][1] == pytest.approx(F.cross_entropy(expected(pairs.x), pairs.y).item(), abs=1e-6)
    assert learn.get_preds()[0].shape == (n, 4)
    fault.right()

@pytest.mark.fault('last batch of one')
@pytest.mark.parametrize('norm', [nn.BatchNorm1d, None], ids=['of PyTorch', 'of chapter 11'])
def test_batch_of_one_with_batch_norm(norm, fault):
    "One item has no variance"
    model = net(0, nn.BatchNorm1d(8)) if norm else nn.Sequential(nn.Unflatten(1, (12, 1, 1)), BatchNorm(12), nn.Flatten(), nn.Linear(12, 4))
    with pytest.raises(ValueError) as e: fit(learner(DataLoaders(DataLoader(data(17), 16)), model))
    fault.sentence(e.value, '(?i)expected more')

@pytest.mark.fault('empty validation set')
@pytest.mark.parametrize('no_valid', [None, [], DataLoader([]), DataLoader(valid, 64, drop_last=True)], ids=['None', 'list', 'empty', 'dropped'])
def test_without_validation(no_valid, fault):
    learn = fit(learner(DataLoaders(DataLoader(train, 16), no_valid)))
    assert learn.recorder.values[-1][1:] == [None, None] and learn.validate() == [None, None]
    same(flat(learn.model), flat(fit(learner()).model))
    fault.right()
    if getattr(no_valid, 'drop_last', False): return
    with pytest.raises(ValueError) as e: learn.get_preds()
    fault.sentence(e.value, 'no batch to predict: the loader is empty')

@pytest.mark.fault('empty validation set')
@pytest.mark.parametrize('cb', [EarlyStoppingCallback, SaveModelCallback])
def test_nothing_to_monitor(cb, fault, tmp_path):
    with pytest.raises(ValueError) as e: fit(learner(DataLoaders(DataLoader(train, 16)), path=tmp_path), cbs=cb())
    fault.sentence(e.value, 'no valid_loss to monitor: the validation set is empty')
