"""How well and how fast the recipes of chapter 12 read all ten digits

    python benchmarks/digits.py            the three that have a budget, against fastai's resnet18
    python benchmarks/digits.py NAME ...   some recipes by name, without the yardstick
    python benchmarks/digits.py --record   how conv-long was chosen: the two files in mnistlearn/records, which chapter 12 draws

The yardstick is one epoch of fastai's untrained resnet18 on the 3s and 7s, timed before and after the others in the same run. A recipe's
time includes the look at the 10,000 testing images, which is one, after its last epoch. Results stand in benchmarks/README.md.
"""
import contextlib, io, statistics, sys, warnings
from pathlib import Path
from time import perf_counter

import pandas as pd

import mnistlearn
from mnistlearn.all import *
from mnistlearn.digits import Looks, n_epochs, patient_net, recipe_learner, set_aside

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

class CountMistakes(Callback):
    "After each epoch: how many images were read so far, and how many of the others are read wrongly"
    order = 1000 # after the Recorder
    def before_fit(self): self.rows, self.read = [], 0
    def after_batch(self):
        if self.training: self.read += len(self.yb[0])
    def after_epoch(self):
        right = self.recorder.values[-1][2]
        if right is not None: self.rows.append((self.read, round((1 - right)*len(self.dls.valid_ds))))

def record_looks(data, seeds=range(3)):
    "Is it worth varying the images? Mistakes on the images set aside, by the number of epochs"
    def still(n): return Looks(conv_net(n), shift=0, turn=0, stretch=0)
    rows, split = [], set_aside(data)
    for name, make in ('as they are', still), ('varied', patient_net):
        for epochs in (1, 3, 10):
            for seed in seeds:
                learn = train_recipe(recipes['conv']._replace(make=make, epochs=epochs), split, seed=seed, logging=False)
                rows.append((name, epochs, seed, round((1 - learn.recorder.values[-1][2])*len(split.valid_x))))
                print(*rows[-1], flush=True)
    return pd.DataFrame(rows, columns=['images', 'epochs', 'seed', 'wrong'])

def record_hardest(data, seeds=range(3)):
    "Two candidates by the images set aside, and the chosen one by the testing images: mistakes after each epoch"
    chosen = recipes['conv-long']
    runs = [('all of it', chosen._replace(epochs=7, share=1.), set_aside(data), 'set aside'), ('the hardest fifth', chosen, set_aside(data), 'set aside'),
            ('the hardest fifth', chosen, data, 'testing')]
    rows = []
    for name, recipe, images, by in runs:
        for seed in seeds:
            count = CountMistakes()
            if by == 'testing': train_recipe(recipe, images, seed=seed, cbs=count, logging=False)
            else:
                learn = recipe_learner(recipe, images, seed=seed, cbs=count)
                with learn.no_logging(): learn.fit_one_cycle(n_epochs(recipe, images), recipe.lr)
            rows += [(name, by, seed, *o) for o in count.rows]
            print(*rows[-1], flush=True)
    return pd.DataFrame(rows, columns=['reads', 'by', 'seed', 'images', 'wrong'])

def main(names):
    data = load_digits(mnist())
    if names == ['--record']:
        folder = Path(mnistlearn.__file__).parent/'records'
        record_looks(data).to_csv(folder/'looks.csv', index=False)
        return record_hardest(data).to_csv(folder/'hardest.csv', index=False)
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
