"Programs on a file system of their own: a small one, or one that can't be written"
import os, random, sys, tempfile
from contextlib import contextmanager
from pathlib import Path

import faults.writers
from faults.tools import mount

@contextmanager
def all_but(folder, n):
    "The disk on which `folder` lies has place for `n` bytes more, in pages"
    filler = folder/'filler'
    stat = os.statvfs(folder)
    filler.write_bytes(bytes(max(0, stat.f_bavail*stat.f_bsize - n)))
    try: yield
    finally: filler.unlink()

def full(folder, seed, n_tries):
    "Prints the sentence that each try ended in; an empty line where the result was right"
    rng = random.Random(seed)
    for i in range(int(n_tries)):
        for writer in faults.writers.writers:
            (at := folder/f'{writer.__name__}{i}').mkdir()
            print(' '.join(str(writer(at, all_but(folder, int(2**rng.uniform(0, 18)))) or '').split('\n')), flush=True)

def read_only(folder):
    "Home and cache can't be written: everything is found, read and learned, and what is kept is kept in a temporary folder"
    from mnistlearn.all import load_digits, mnist_sample
    from mnistlearn.apps.exercises import check, exercises
    from test_saving import fit, made
    digits = [load_digits(mnist_sample()) for _ in range(2)]
    assert all(a.equal(b) for a, b in zip(*digits)) and len(digits[0].train_x) == 800
    assert check('corner', exercises()['corner'].answer)
    try: fit(made(), 1).save(folder/'net')
    except OSError as e: print(e)

if __name__ == '__main__':
    name, folder, *more = sys.argv[1:]
    try: mount(folder, name == 'read_only', size=8*2**20)
    except OSError as e: sys.exit(print(f'not possible: {e}'))
    globals()[name](Path(folder), *more)
