"""How well and how fast the recipes of chapter 12 read all ten digits

    python benchmarks/digits.py            the three that have a budget, against fastai's resnet18
    python benchmarks/digits.py NAME ...   some recipes by name, without the yardstick

The yardstick is one epoch of fastai's untrained resnet18 on the 3s and 7s, timed before and after the others in the same run. A recipe's
time includes the look at the 10,000 testing images, which is one, after its last epoch. Results stand in benchmarks/README.md.
"""
import contextlib, io, statistics, sys, warnings
from time import perf_counter

import pandas as pd

from mnistlearn.all import *

budgets = {'conv-quick': (.99, .3), 'conv': (.995, 1.), 'conv-long': (.997, 2.5)} # accuracy at least, share of the yardstick at most

def yardstick():
    "Seconds that fastai's resnet18 takes for its one epoch on the 3s and 7s"
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')
        from fastai.vision.all import ImageDataLoaders, resnet18, vision_learner
        learn = vision_learner(ImageDataLoaders.from_folder(mnist_sample()), resnet18, pretrained=False, loss_func=F.cross_entropy)
    start = perf_counter()
    with learn.no_bar(), learn.no_logging(): learn.fit_one_cycle(1, .1)
    return perf_counter() - start

def trained(name, data):
    "Accuracy on the testing images, and seconds"
    start = perf_counter()
    with contextlib.redirect_stdout(io.StringIO()): learn = train_recipe(name, data)
    return learn.recorder.values[-1][2], perf_counter() - start

def main(names):
    data = load_digits(mnist())
    if names:
        for name in names: print(name, *(f'{o:.4f}' for o in trained(name, data)))
        return
    before = yardstick()
    found = {name: trained(name, data) for name in budgets}
    unit = statistics.mean([before, yardstick()])
    print(f'one epoch of resnet18: {unit:.0f} s')
    rows = [(name, acc, at_least, took/unit, at_most, 'yes' if acc >= at_least and took <= at_most*unit else 'NO') for (name, (acc, took)), (at_least, at_most) in zip(found.items(), budgets.values())]
    print(pd.DataFrame(rows, columns=['recipe', 'accuracy', 'at least', 'time', 'at most', 'held']).to_string(index=False, formatters={'accuracy': '{:.4f}'.format, 'time': '{:.2f}'.format}))

if __name__ == '__main__': main(sys.argv[1:])
