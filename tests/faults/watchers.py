"Programs that are interrupted, or lose their terminal, in the middle of a fit"
import os, pty, random, signal, sys, time, warnings
from pathlib import Path

import torch

from mnistlearn.all import ActivationStats, Checkpoint, CSVLogger, GradientClip, MixedPrecision
from mnistlearn.base.progress import ProgressTable
from test_saving import fit, made

warnings.simplefilter('ignore')
torch.set_num_threads(1)
ProgressTable.seconds_between = 0

def numbers(learn): return [o.tolist() for o in learn.model.state_dict().values()], learn.recorder.values, learn.recorder.losses
def new_learner(folder): return made(path=folder, cbs=[MixedPrecision(torch.bfloat16), ActivationStats(), GradientClip(), CSVLogger()])
def kept(folder): return dict(cbs=Checkpoint(folder/'run.st', 3), resume=folder/'run.st')

def interrupted(folder, seed, n):
    "Prints how often the fit was interrupted"
    rng, n_interrupted = random.Random(seed), 0
    signal.signal(signal.SIGALRM, signal.default_int_handler) # what Ctrl-C does, by a clock
    def undisturbed(): return numbers(fit(new_learner(folder), 6, 'fit_one_cycle'))
    expected, start = undisturbed(), time.monotonic()
    fit(new_learner(folder), 6, 'fit_one_cycle', **kept(folder))
    seconds = time.monotonic() - start
    for _ in range(int(n)):
        (folder/'run.st').unlink()
        learn = new_learner(folder)
        try:
            signal.setitimer(signal.ITIMER_REAL, rng.uniform(0, seconds))
            try: fit(learn, 6, 'fit_one_cycle', **kept(folder))
            finally: signal.setitimer(signal.ITIMER_REAL, 0)
        except KeyboardInterrupt: n_interrupted += 1
        assert not torch.is_autocast_enabled('cpu') and not any(m._forward_hooks for m in learn.model.modules())
        assert undisturbed() == expected
        goes_on = fit(new_learner(folder), 6, 'fit_one_cycle', **kept(folder))
        assert numbers(goes_on) == expected
        assert sorted(o.name for o in folder.iterdir()) == ['history.csv', 'run.st']
        learn.load(folder/'run.st')
        assert numbers(learn)[0] == expected[0]
    print(n_interrupted)

def terminal(folder, seed, how):
    "The terminal goes away after some lines of the table"
    expected = numbers(fit(made(), 30))
    pid, screen = pty.fork()
    if not pid:
        signal.signal(signal.SIGHUP, signal.SIG_IGN if how == 'is not told' else signal.SIG_DFL) # whatever was inherited
        made().fit(30, .05, **kept(folder))
        os._exit(0)
    seen, until = b'', random.Random(seed).randrange(3, 20)
    while seen.count(b'\n') < until: seen += os.read(screen, 1000)
    os.close(screen)
    ended = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    assert ended in ((-signal.SIGHUP,) if how == 'hangs up' else (1, 120)), ended
    assert numbers(fit(made(), 30, **kept(folder))) == expected
    assert [o.name for o in folder.iterdir()] == ['run.st']
    print('\n"the same numbers"')

if __name__ == '__main__':
    name, folder, *more = sys.argv[1:]
    globals()[name](Path(folder), *more)
