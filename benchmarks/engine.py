"""Chapter 8's engine against PyTorch's autograd, on one thread: an epoch of chapter 7's net, on the same batches

    python benchmarks/engine.py            the ratio, and how it changes with the size of net and batch
    python benchmarks/engine.py --profile  where the time of each goes

The two sides take turns, so that a machine that slows down slows both; each ratio is the median of its pairs.
Results that were measured stand in benchmarks/README.md.
"""
import cProfile, io, pstats, sys

import pandas as pd, torch
from threadpoolctl import threadpool_limits

from mnistlearn.all import *
from timing import ratio

at_most = .85

def epochs(n_hidden=30, batch_size=256):
    "Two functions that train the same net from the same weights for an epoch, and give its parameters: ours and PyTorch's"
    set_seed(42)
    dl = DataLoader(TensorPairs(*binary(digits.train_x, digits.train_y)), batch_size, shuffle=True)
    torch_batches = list(dl)
    our_batches = [(xb.numpy(), yb.numpy()) for xb, yb in torch_batches]
    start = [p.detach().clone() for p in simple_net(28*28, n_hidden).parameters()]

    def ours():
        w1, b1, w2, b2 = params = [Array(p.numpy().T.copy(), requires_grad=True) for p in start]
        for xb, yb in our_batches:
            p = ((Array(xb)@w1 + b1).relu()@w2 + b2).sigmoid()
            Array.where(yb == 1, 1 - p, p).mean().backward()
            for p in params:
                p.data -= .1*p.grad
                p.grad = None
        return [p.data.T for p in params]

    def theirs():
        net = simple_net(28*28, n_hidden)
        params = list(net.parameters())
        with torch.no_grad():
            for p, value in zip(params, start): p.copy_(value)
        for xb, yb in torch_batches:
            mnist_loss(net(xb), yb).backward()
            with torch.no_grad():
                for p in params: p -= .1*p.grad
            for p in params: p.grad = None
        return [p.detach().numpy() for p in params]

    return ours, theirs

def profile(f, n=10, rows=14):
    "The functions that most of the time goes into, without what they call"
    with cProfile.Profile() as profiler:
        for _ in range(n): f()
    text = io.StringIO()
    pstats.Stats(profiler, stream=text).sort_stats('tottime').print_stats(rows)
    print(text.getvalue()[text.getvalue().index('   ncalls'):])

def main():
    ours, theirs = epochs()
    difference = max(abs(a - b).max() for a, b in zip(ours(), theirs()))
    if '--profile' in sys.argv[1:]:
        print('ours'), profile(ours)
        print("PyTorch's, with its own profiler")
        with torch.profiler.profile() as profiler: theirs()
        print(profiler.key_averages().table(sort_by='self_cpu_time_total', row_limit=14))
        return
    found = ratio(ours, theirs, n=11)
    print(f'an epoch of chapter 7\'s net: {found:.2f} of PyTorch\'s time, at most {at_most}: {"held" if found <= at_most else "NOT HELD"}; weights differ by {difference:.0e}\n')
    table = pd.DataFrame({f'batches of {size}': [ratio(*epochs(n, size), n=5) for n in (10, 30, 100, 300, 1000)] for size in (16, 64, 256, 1024)}, index=[f'{n} hidden' for n in (10, 30, 100, 300, 1000)])
    print(table.round(2).to_string())

digits = load_digits(mnist_sample())
torch.set_num_threads(1)
if __name__ == '__main__':
    with threadpool_limits(1): main()
