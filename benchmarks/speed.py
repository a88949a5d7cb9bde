"""How fast it is, as ratios measured in one run

    python benchmarks/speed.py             against the book's code, bare PyTorch and fastai's Learner
    python benchmarks/speed.py --profile   where the time of a training goes

The two sides of each ratio take turns, so that a machine that slows down slows both; the table has the median.
Results that were measured stand in benchmarks/README.md.
"""
import statistics, subprocess, sys

import pandas as pd, torch
from PIL import Image
from torch import nn

from mnistlearn.all import *
from timing import ratio, seconds

def python(code): return lambda: subprocess.run([sys.executable, '-c', code], check=True)

path = mnist_sample()
data = load_digits(path)
train, valid = TensorPairs(*binary(*data[:2])), TensorPairs(*binary(*data[2:]))
dls = DataLoaders(DataLoader(train, 256), DataLoader(valid, 256))

def book_loads():
    for split in ('train', 'valid'):
        for digit in ('3', '7'): torch.stack([tensor(Image.open(o)) for o in (path/split/digit).ls().sorted()]).float()/255

def model(kind):
    set_seed(1)
    return simple_net() if kind == 'net' else nn.Linear(784, 1)

def ours(kind, epochs, lr): return lambda: Learner(dls, model(kind), mnist_loss, metrics=batch_accuracy).fit(epochs, lr)

def bare(kind, epochs, lr, until='validate'):
    "The same work without a Learner, after each epoch loss and accuracy on the validation set too; or only until 'backward' or 'step'"
    def loss_func(p, y):
        p = p.sigmoid()
        return torch.where(y == 1, 1 - p, p).mean()
    def run():
        m = model(kind)
        params = list(m.parameters())
        for _ in range(epochs):
            for i in range(0, len(train), 256):
                loss_func(m(train.x[i:i + 256]), train.y[i:i + 256]).backward()
                with torch.no_grad():
                    for p in params:
                        if until != 'backward': p -= p.grad*lr
                        p.grad = None
            if until != 'validate': continue
            with torch.no_grad():
                for i in range(0, len(valid), 256):
                    p, y = m(valid.x[i:i + 256]), valid.y[i:i + 256]
                    loss_func(p, y), ((p.sigmoid() > .5) == y).float().mean()
    return run

def products(epochs):
    "The matrix products of the net alone: forward and backward in training, forward in validation"
    w1, w2 = torch.randn(784, 30), torch.randn(30, 1)
    def run():
        for _ in range(epochs):
            for ds, back in ((train, True), (valid, False)):
                for i in range(0, len(ds), 256):
                    x = ds.x[i:i + 256]
                    h = x@w1
                    o = h@w2
                    if back: h.T@o, x.T@(o@w2.T)
    return run

def profile(epochs=40, lr=.1, n=7):
    "What each layer of the work adds, from the matrix products to the whole Learner; each round does all of them"
    def learner(**kwargs): return lambda: Learner(dls, model('net'), mnist_loss, metrics=batch_accuracy, **kwargs).fit(epochs, lr)
    stages = {'matrix products, forward and back': products(epochs), 'bias, ReLU, sigmoid, loss, autograd': bare('net', epochs, lr, 'backward'),
              'the step, p -= p.grad*lr': bare('net', epochs, lr, 'step'), 'validation: loss and accuracy': bare('net', epochs, lr, 'validate'),
              'the Learner, without callbacks': learner(default_cbs=False), 'the recorder (and metrics)': learner(default_cbs=False, cbs=Recorder()),
              'the progress bar and table': learner()}
    rounds = []
    for i in range(n):
        order = list(stages)[::-1] if i%2 else list(stages)
        took = {name: seconds(stages[name]) for name in order}
        rounds.append([took[name]/took['matrix products, forward and back'] for name in stages])
    table = pd.DataFrame({'with': list(stages), 'times the products alone': [statistics.median(o) for o in zip(*rounds)]})
    table['this adds'] = table.iloc[:, 1].diff().fillna(table.iloc[0, 1])
    print(table.to_string(index=False, float_format='{:.2f}'.format))

def fastais(kind, epochs, lr):
    from fastai.data.core import DataLoaders as Loaders
    from fastai.data.load import DataLoader as Loader
    from fastai.learner import Learner as FastaiLearner
    from fastai.optimizer import SGD as FastaiSGD
    loaders = Loaders(Loader(list(zip(train.x, train.y)), bs=256), Loader(list(zip(valid.x, valid.y)), bs=256))
    return lambda: FastaiLearner(loaders, model(kind), loss_func=mnist_loss, opt_func=FastaiSGD, metrics=batch_accuracy).fit(epochs, lr)

def main():
    rows = [('import mnistlearn.all', 'import torch', ratio(python('import mnistlearn.all'), python('import torch')), 1.4),
            ('import mnistlearn', 'import torch', ratio(python('import torch, mnistlearn'), python('import torch')), 1.05),
            ('load all images, first time', "the book's list comprehensions", ratio(lambda: load_digits(path, cache=False), book_loads), .6),
            ('load them again', "the book's list comprehensions", ratio(lambda: load_digits(path), book_loads), .035),
            ('linear, 20 epochs, Learner', 'bare loop on slices', ratio(ours('linear', 20, 1.), bare('linear', 20, 1.)), 1.10),
            ('net, 40 epochs, Learner', 'bare loop on slices', ratio(ours('net', 40, .1), bare('net', 40, .1)), 1.05),
            ('net, 40 epochs, Learner', 'the matrix products alone', ratio(ours('net', 40, .1), products(40)), 1.9)]
    for kind, epochs, lr in (('linear', 20, 1.), ('net', 40, .1)):
        rows.append((f'{kind}, {epochs} epochs, Learner', "fastai's Learner", ratio(ours(kind, epochs, lr), fastais(kind, epochs, lr), n=3), 1.))
    print(pd.DataFrame(rows, columns=['what', 'against', 'ratio', 'budget']).to_string(index=False, formatters={'ratio': '{:.3f}'.format}))

if __name__ == '__main__': profile() if '--profile' in sys.argv[1:] else main()
