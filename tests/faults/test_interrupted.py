"A fit that is cancelled or interrupted, and a terminal that goes away: what was begun is tidied up, and the next fit has the same numbers"
import contextlib, gc, json, os, subprocess, sys
from pathlib import Path

import pytest, torch

from mnistlearn.all import *
from programs import Program
from test_learner import fit, flat, learner, net

cancels = dict(epoch=CancelEpochException, train=CancelTrainException, validate=CancelValidException, batch=CancelBatchException, backward=CancelBackwardException, step=CancelStepException)
program = Path(__file__).parent/'watchers.py'

class Break(Callback):
    def __init__(self, event, error):
        self.error = error
        setattr(self, event, self.stop)
    def stop(self):
        if self.epoch == 1: raise self.error

def is_tidy(learn):
    "Nothing of the fit that was broken off is left in the Learner"
    assert [type(o) for o in learn.cbs] == [ActivationStats, MixedPrecision, Recorder, ProgressBar]
    assert not torch.is_autocast_enabled('cpu') and not any(m._forward_hooks for m in learn.model.modules())
    assert all(o.run for o in learn.cbs)

@pytest.mark.fault('cancelled fit')
@pytest.mark.parametrize('event', ['before_epoch', 'before_train', 'before_batch', 'after_pred', 'after_loss', 'before_backward', 'after_backward', 'before_step', 'after_step', 'after_batch', 'after_train', 'before_validate', 'after_validate', 'after_epoch'])
def test_cancelled(event, fault):
    learn = learner(cbs=[MixedPrecision(), ActivationStats()])
    fit(learn, 3, cbs=Break(event, CancelFitException))
    is_tidy(learn)
    assert len(learn.recorder.values) == 1
    assert len(fit(learn, 2).recorder.values) == 2
    again, whole = (learner(cbs=[MixedPrecision(), ActivationStats()]) for _ in range(2))
    with again.no_logging(): again.fit(3, .1, cbs=Break(event, CancelFitException))
    again.model.load_state_dict(net().state_dict())
    fit(again, 2, reset_opt=True), fit(whole, 2)
    assert torch.equal(flat(again.model), flat(whole.model)) and again.recorder.values == whole.recorder.values
    fault.right()

@pytest.mark.fault('cancelled fit')
@pytest.mark.parametrize('part', cancels)
def test_part_of_it_cancelled(part, fault):
    "The rest goes on"
    learn = learner(cbs=[MixedPrecision(), ActivationStats()])
    fit(learn, 3, cbs=Break(f'before_{part}', cancels[part]))
    is_tidy(learn)
    assert len(learn.recorder.values) == 3 and len(fit(learn, 2).recorder.values) == 2
    fault.right()

@pytest.mark.fault('Ctrl-C in a fit')
@pytest.mark.parametrize('event', ['before_batch', 'after_pred', 'after_loss', 'after_backward', 'after_step'])
def test_at_an_event(event, fault):
    learn = learner(cbs=[MixedPrecision(), ActivationStats()])
    with pytest.raises(KeyboardInterrupt): fit(learn, 2, cbs=Break(event, KeyboardInterrupt))
    is_tidy(learn)
    assert len(fit(learn).recorder.values) == 2
    fault.right()

def once(method, before):
    "It is interrupted, the third time that it is called: before it has done its work, or after"
    calls = []
    def interrupted(*args, **kwargs):
        calls.append(1)
        if len(calls) == 3 and before: raise KeyboardInterrupt
        result = method(*args, **kwargs)
        if len(calls) == 3: raise KeyboardInterrupt
        return result
    return interrupted

modes = [(torch.autocast, '__enter__', False), (torch.autocast, '__exit__', True), (torch.no_grad, '__enter__', False), (torch.no_grad, '__exit__', True)]
hooks = [(torch.nn.Module, 'register_forward_hook', True), (torch.utils.hooks.RemovableHandle, 'remove', True)]
contexts = [(contextlib._GeneratorContextManager, '__exit__', True), (contextlib.ExitStack, '__exit__', True)]
def at_moments(moments): return pytest.mark.parametrize('owner,name,before', moments, ids=lambda o: getattr(o, '__name__', str(o)))

@pytest.mark.fault('Ctrl-C in a fit')
@at_moments([*modes, *hooks, *contexts])
def test_on_the_way_into_a_context_or_out_of_it(owner, name, before, fault, monkeypatch):
    "Python doesn't leave what was not wholly entered, and what breaks off the leaving is not done again"
    learn, depth = learner(cbs=[MixedPrecision(torch.bfloat16), ActivationStats()]), torch.autocast_increment_nesting()
    torch.autocast_decrement_nesting()
    with monkeypatch.context() as m:
        m.setattr(owner, name, once(getattr(owner, name), before))
        with pytest.raises(KeyboardInterrupt): fit(learn, 2)
    gc.collect() # a generator that was not left ends only now
    is_tidy(learn)
    assert torch.is_grad_enabled()
    assert torch.autocast_increment_nesting() == depth and torch.autocast_decrement_nesting() == depth - 1
    again, whole = (learner(cbs=[MixedPrecision(torch.bfloat16), ActivationStats()]) for _ in range(2))
    fit(again, 2), fit(whole, 2)
    assert torch.equal(flat(again.model), flat(whole.model))
    fault.right()

@pytest.mark.fault('Ctrl-C in a fit')
@at_moments(modes)
def test_while_it_measures(owner, name, before, fault, monkeypatch):
    "Outside of a fit, too"
    learn = learner(cbs=MixedPrecision(torch.bfloat16))
    with monkeypatch.context() as m:
        m.setattr(owner, name, once(getattr(owner, name), before))
        with pytest.raises(KeyboardInterrupt):
            for _ in range(3): learn.get_preds()
    assert torch.is_grad_enabled() and not torch.is_autocast_enabled('cpu')
    assert len(fit(learn).recorder.values) == 2
    fault.right()

@pytest.mark.fault('Ctrl-C in a fit')
def test_at_random_moments(fault, rng, times, tmp_path):
    "Then the cell is run again; or the fit goes on from its checkpoint. Both end in the numbers of a fit that nobody disturbed"
    done = Program(program, 'interrupted', tmp_path, rng.random(), n := times(5, 50), cwd=tmp_path).wait(900)
    assert done.returncode == 0 and done.stderr == '', done
    n_interrupted = json.loads(done.stdout.splitlines()[-1])
    fault.right(n)
    for _ in range(n - n_interrupted): fault.came_too_late()

@pytest.mark.fault('terminal that goes away')
@pytest.mark.parametrize('how', ['hangs up', 'is not told'])
def test_terminal(how, fault, rng, times, tmp_path):
    """A fit with a bar, in a terminal that is closed: the system tells it so, which ends it, or (with `nohup`) it finds out itself when it next
    writes. What it has kept is whole, and a fit goes on from there"""
    for i in range(times(2, 20)):
        (folder := tmp_path/str(i)).mkdir()
        done = Program(program, 'terminal', folder, rng.random(), how, cwd=folder).wait()
        assert done.returncode == 0 and done.stderr == '', done
        assert json.loads(done.stdout.splitlines()[-1]) == 'the same numbers'
        fault.right()

@pytest.mark.fault('terminal that goes away')
def test_reader_of_a_pipe(fault, tmp_path, subset_folder):
    "`mnistlearn course | true`: the picture is there, and one line says what became of the table"
    reader, writer = os.pipe()
    p = subprocess.Popen([Path(sys.executable).parent/'mnistlearn', 'course'], stdout=writer, stderr=subprocess.PIPE, text=True, cwd=tmp_path, env={**os.environ, 'MNISTLEARN_DATA': str(subset_folder)})
    for o in (reader, writer): os.close(o)
    said = p.communicate(timeout=240)[1]
    assert p.returncode == 2
    with Image.open(tmp_path/'course.png') as im: im.load()
    source, said = said.splitlines()
    assert source.startswith('mnist_sample from $MNISTLEARN_DATA')
    fault.sentence(said, 'Broken pipe')
