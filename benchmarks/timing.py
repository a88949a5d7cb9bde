"How two ways of doing the same are compared: in one run, in turns"
import contextlib, io, statistics
from time import perf_counter

def seconds(f):
    start = perf_counter()
    with contextlib.redirect_stdout(io.StringIO()): f()
    return perf_counter() - start

def ratio(ours, theirs, n=7):
    "The median of ours/theirs, pair by pair in alternating order, after one run of each that does not count"
    ours(), theirs()
    pairs = []
    for i in range(n):
        first, second = (ours, theirs) if i%2 else (theirs, ours)
        a, b = seconds(first), seconds(second)
        pairs.append(a/b if i%2 else b/a)
    return statistics.median(pairs)
