"Many classes: the loss, the loaders, the recipes, and a data set that no chapter mentions"
import subprocess, sys

import numpy as np, pytest
from hypothesis import given, settings, strategies as st
from PIL import Image, ImageDraw

from mnistlearn.all import *
from mnistlearn.digits import Looks

@settings(max_examples=60, deadline=None)
@given(n=st.integers(1, 6), classes=st.integers(2, 12), size=st.sampled_from([.1, 1., 30., 1000.]), smooth=st.sampled_from([0., .1, 1.]), seed=st.integers(0, 999))
def test_cross_entropy_is_pytorchs(n, classes, size, smooth, seed):
    g = torch.Generator().manual_seed(seed)
    x, y = torch.randn(n, classes, generator=g, dtype=torch.float64)*size, torch.randint(0, classes, (n,), generator=g)
    a, b = (x.clone().requires_grad_() for _ in range(2))
    for reduction in ('none', 'sum', 'mean'):
        ours, theirs = cross_entropy(a, y, reduction, smooth), F.cross_entropy(b, y, reduction=reduction, label_smoothing=smooth)
        assert torch.allclose(ours, theirs, rtol=1e-9, atol=1e-9)
    ours.backward(), theirs.backward()
    assert torch.allclose(a.grad, b.grad, rtol=0, atol=1e-9)
    assert torch.allclose(softmax(x), x.softmax(-1)) and torch.allclose(log_softmax(x), x.log_softmax(-1))
    assert torch.allclose(logsumexp(x), x.logsumexp(-1)) and torch.equal(one_hot(y, classes), F.one_hot(y, classes).float())

def test_log_sum_exp_of_the_extremes():
    inf = float('inf')
    for row in ([1e4, 1e4], [-1e4, -1e4], [0., -inf], [-inf, -inf], [700., -700.]):
        x = torch.tensor([row])
        assert torch.equal(logsumexp(x), x.logsumexp(-1)) and torch.allclose(softmax(x), x.softmax(-1), equal_nan=True)

shapes = 'bar bow cross dot frame hook line ring step wedge'.split()

@pytest.fixture(scope='module')
def other(tmp_path_factory):
    "Ten kinds of shapes, 28 x 28, in MNIST's layout, their folders named in words"
    folder, rng = tmp_path_factory.mktemp('shapes'), np.random.default_rng(0)
    def draw(kind):
        im = Image.new('L', (28, 28))
        pen, (x, y), w = ImageDraw.Draw(im), rng.integers(4, 10, 2).tolist(), int(rng.integers(1, 4))
        a, b, c, d = x, y, x + 13, y + 13
        dict(bar=lambda: pen.rectangle((a, b + 4, c, b + 9), fill=255), bow=lambda: pen.arc((a, b, c, d), 180, 360, fill=255, width=w), cross=lambda: (pen.line((a, b, c, d), fill=255, width=w), pen.line((a, d, c, b), fill=255, width=w)),
             dot=lambda: pen.ellipse((a + 3, b + 3, c - 3, d - 3), fill=255), frame=lambda: pen.rectangle((a, b, c, d), outline=255, width=w), hook=lambda: pen.line((a, b, a, d, c, d), fill=255, width=w), line=lambda: pen.line((a, d, c, b), fill=255, width=w),
             ring=lambda: pen.ellipse((a, b, c, d), outline=255, width=w), step=lambda: pen.line((a, d, a + 6, d, a + 6, b, c, b), fill=255, width=w), wedge=lambda: pen.polygon((a, b, c, b, (a + c)//2, d), fill=255))[kind]()
        return Image.fromarray((np.asarray(im)*rng.uniform(.6, 1)).astype(np.uint8))
    for split, n in (('training', 60), ('testing', 15)):
        for kind in shapes:
            (folder/split/kind).mkdir(parents=True)
            for i in range(n): draw(kind).save(folder/split/kind/f'{i}.png')
    return folder

def test_another_data_set_of_ten_classes(other):
    data, names = load_digits(other, cache=False), class_names(other)
    assert names == shapes and len(data.train_x) == 600
    stages, interp = run_digits(data, names)
    right = {o.name: o.history[-1] for o in stages}
    assert right['conv-quick'] > .95 and right['conv-quick'] > right['pixel similarity, L1'] + .1
    assert interp.confusion_matrix().sum() == 150 and list(interp.vocab) == shapes
    assert interp.learn.predict(data.valid_x[0][None].float()/255)[0] == 'bar'
    plot_digits(stages, interp)

@pytest.mark.parametrize('name', ['linear', 'net', 'resnet', 'conv-quick'])
def test_recipes_learn_any_number_of_classes_and_are_repeatable(written_subset, name):
    data = load_digits(written_subset.full, (1, 4, 8), cache=False)
    data = Digits(data.train_x[::2], data.train_y[::2], *data[2:])
    a, b = (train_recipe(name, data, seed=5, logging=False) for _ in range(2))
    assert a.vocab == ['1', '4', '8'] and a.recorder.values[-1][2] > .9
    assert all(torch.equal(p, q) for p, q in zip(a.model.parameters(), b.model.parameters()))

def test_testing_images_are_looked_at_once(written_subset):
    data, looks = load_digits(written_subset.full, (3, 7), cache=False), []
    learn = train_recipe('linear', data, logging=False, cbs=Callback(before_batch=lambda cb: None if cb.training else looks.append(cb.epoch)))
    assert set(looks) == {learn.n_epoch - 1}
    assert learn.validate()[1] == pytest.approx(learn.recorder.values[-1][2]) and len(learn.get_preds()[0]) == len(data.valid_x)

def test_a_fit_that_was_ended_early_can_still_be_measured(written_subset):
    def stop(): raise CancelFitException
    learn = train_recipe('linear', load_digits(written_subset.full, (3, 7), cache=False), logging=False, cbs=Callback(after_step=stop))
    assert learn.validate()[1] > .3 and learn.get_preds()[0].shape == (200, 2)

def test_what_can_not_be_trained_is_named(written_subset):
    data = load_digits(written_subset.full, 3, cache=False)
    with pytest.raises(ValueError, match='two classes or more'): train_recipe('linear', data)
    with pytest.raises(ValueError, match='two classes or more'): train_recipe('linear', Digits(*(o[:0] for o in data)))
    with pytest.raises(ValueError, match='conv-quick'): train_recipe('convv', data)

def test_images_stay_bytes_until_they_are_a_batch(written_subset):
    data = load_digits(written_subset.full, cache=False)
    dls = image_dls(data, 64)
    assert dls.train_ds.x.dtype == torch.uint8 and dls.train_ds.x.data_ptr() == data.train_x.data_ptr()
    assert all(x.dtype == torch.float32 and 0 <= x.min() and x.max() <= 1 for x, _ in dls.valid)

def test_memory_grows_with_the_batch_and_not_with_the_epochs(other):
    if sys.platform == 'win32': pytest.skip('Windows does not tell')
    code = '''
import sys
from mnistlearn.all import *
torch.set_num_threads(1)
bs, epochs = map(int, sys.argv[2:])
data = load_digits(sys.argv[1], cache=False)
data = Digits(*(o.repeat(4, *[1]*(o.ndim - 1)) for o in data))
learn = Learner(image_dls(data, bs), conv_net(10), cross_entropy, metrics=accuracy)
before = peak_memory()
with learn.no_logging(): learn.fit(epochs, .01, cbs=Callback(after_epoch=lambda: print(peak_memory() - before)))
'''
    def peaks(bs, epochs):
        out = subprocess.run([sys.executable, '-c', code, str(other), str(bs), str(epochs)], capture_output=True, text=True)
        assert out.returncode == 0, out.stderr
        return [float(o) for o in out.stdout.split()]
    small, large = peaks(100, 4), peaks(1600, 2)
    assert small[-1] < small[1] + 15, small # the first epoch sets things up
    assert large[-1] > small[-1] + 60, (small, large)

@pytest.mark.parametrize('size', [24, 28, 32])
def test_looks_at_images_of_any_size(size):
    cut = Looks(nn.Identity())
    x = torch.rand(3, 2, size, size + 4)
    assert cut(x).shape == cut.eval()(x).shape == (3, 2, 24, 24)

def test_looking_around_in_use_is_the_mean_of_five():
    class Sum(nn.Module):
        def forward(self, x): return x.sum((1, 2, 3))[:, None]
    x = torch.rand(2, 1, 28, 28)
    want = sum(x[..., i:i + 24, j:j + 24].sum((1, 2, 3)) for i, j in ((2, 2), (1, 2), (3, 2), (2, 1), (2, 3)))/5
    assert torch.allclose(Looks(Sum()).eval()(x)[:, 0], want)

def hardest(data, share=.25):
    "A Learner whose epochs read a share of the images"
    set_seed(1)
    dls = image_dls(data, 16, flat=True)
    dls.train = HardestFirst(dls.train_ds, 16, share=share, after_batch=dls.train.after_batch)
    return Learner(dls, nn.Linear(784, len(dls.vocab)), cross_entropy, lr=.1, cbs=NoteLosses())

def test_everything_is_read_once_and_what_is_hard_more_often(written_subset):
    data, read = load_digits(written_subset.full, (3, 7), cache=False), []
    class Reads(Callback):
        def before_epoch(self): read.append([])
        def after_loss(self):
            if self.training: read[-1].append(self.note_losses.batches.indices)
    learn = hardest(data)
    with learn.no_logging(): learn.fit(8, cbs=Reads())
    read = [torch.cat(o) for o in read]
    n = len(data.train_x)
    times = torch.cat(read).bincount(minlength=n)
    assert all(len(o.unique()) == len(o) == -(-n//4) for o in read) and times.min() >= 1 and times.max() >= 4
    late = learn.dls.train
    assert torch.isfinite(late.latest).all() and len(learn.get_preds(0)[0]) == n # in use, all of them
    late.losses = torch.arange(n).float()
    assert set(range(n - late.n_hard, n)) <= set(late.choose().tolist())

def test_the_loss_is_noted_for_the_item_that_had_it(written_subset):
    learn = hardest(load_digits(written_subset.full, (3, 7), cache=False), share=1.)
    with learn.no_logging(): learn.fit(1, lr=0.)
    want = learn.get_preds(0, with_loss=True)[-1]
    assert torch.allclose(learn.dls.train.latest, want, atol=1e-5) and want.std() > .01
    with learn.no_logging(): learn.fit(1, lr=0.)
    assert torch.allclose(learn.dls.train.latest, want, atol=1e-5)

def test_an_interrupted_fit_goes_on_with_the_same_images(written_subset, tmp_path):
    data = load_digits(written_subset.full, (3, 7), cache=False)
    whole = hardest(data)
    with whole.no_logging(): whole.fit(6)
    cut = hardest(data)
    def stop():
        if cut.train_iter == 3*len(cut.dls.train) + 2: raise KeyboardInterrupt
    with cut.no_logging(), pytest.raises(KeyboardInterrupt): cut.fit(6, cbs=[Checkpoint(tmp_path/'fit', every=1), Callback(before_batch=lambda: cut.training and stop())])
    again = hardest(data)
    with again.no_logging(): again.fit(6, resume=tmp_path/'fit')
    assert torch.equal(whole.dls.train.latest, again.dls.train.latest)
    assert all(torch.equal(p, q) for p, q in zip(whole.model.parameters(), again.model.parameters()))

def test_a_recipe_of_the_hardest_learns_and_says_how_long_it_takes(written_subset):
    data, steps = load_digits(written_subset.full, (1, 4, 8), cache=False), []
    data = Digits(data.train_x[::2], data.train_y[::2], *data[2:])
    recipe = recipes['conv-quick']._replace(share=.3)
    learn = train_recipe(recipe, data, logging=False, cbs=Callback(after_batch=lambda cb: steps.append(1) if cb.training else None))
    assert learn.recorder.values[-1][2] > .9 and len(steps) == n_steps(recipe, data)

def test_several_processes_would_read_different_images(written_subset, monkeypatch):
    learn = hardest(load_digits(written_subset.full, (3, 7), cache=False))
    monkeypatch.setattr(torch.distributed, 'is_initialized', lambda: True)
    monkeypatch.setattr(torch.distributed, 'get_world_size', lambda: 2)
    with pytest.raises(RuntimeError, match='on several, train without it'): learn.fit(1)

def test_looking_for_a_rate_leaves_the_loader_as_it_was(written_subset):
    learn = hardest(load_digits(written_subset.full, (3, 7), cache=False))
    with learn.no_logging(): learn.fit(2)
    before = learn.dls.train.latest.clone()
    learn.lr_find(show_plot=False)
    assert torch.equal(learn.dls.train.latest, before)
