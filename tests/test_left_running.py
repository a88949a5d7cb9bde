"Whatever dies or stands still, no answer goes on running"
import os, signal, sys, textwrap, time
from pathlib import Path

import pytest

from mnistlearn.apps.check import Task, _process, judge, run_answer
from programs import Program
from system import has_namespaces

pytestmark = [pytest.mark.dataless, pytest.mark.skipif(not hasattr(os, 'fork'), reason='without fork there is a process for each answer, which has a limit of its own')]
task = Task('def probe(answer): return answer.f()', limit=1.5)

def running(mark):
    "Processes that have `mark` in a file that they have opened"
    found = []
    for o in Path('/proc').glob('[0-9]*'):
        try: files = [os.readlink(f) for f in (o/'fd').iterdir()]
        except OSError: continue
        if str(mark) in files and 'State:\tZ' not in (o/'status').read_text(): found.append(int(o.name))
    return found

def wait_for(f, seconds=12):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if f(): return True
        time.sleep(.1)
    return False

def server_of(pid):
    "The process that runs answers: it was started by one that only waits for it, where the system has namespaces"
    while len(children := Path(f'/proc/{pid}/task/{pid}/children').read_text().split()) == 1: pid = int(children[0])
    return pid

endless = '''
import os, time
mark = open({mark!r})
def f():
    {body}
'''
bodies = {'works': 'while True: pass', 'sleeps': 'time.sleep(10**6)', 'has a child': 'os.fork(); time.sleep(10**6)', 'holds on': 'sum(range(10**15))',
          'does not listen': 'import signal\n    for o in (1, 2, 3, 13, 14, 15): signal.signal(o, signal.SIG_IGN)\n    while True: pass'}

@pytest.fixture
def mark(tmp_path):
    (mark := tmp_path/'mark').touch()
    return mark

@pytest.mark.parametrize('body', bodies)
def test_an_endless_answer_is_stopped_with_all_that_it_started(body, mark):
    assert run_answer(endless.format(mark=str(mark), body=bodies[body]), task) == {'stopped': True}
    assert wait_for(lambda: not running(mark), 2)
    assert run_answer('def f(): return 1', task)['results'] == [['', {'result': 1}]]

def kernel(mark, body, limit=3.):
    "Another Python that asks for a verdict"
    (script := mark.parent/'script.py').write_text(textwrap.dedent(f'''
        from mnistlearn.apps.check import Task, run_answer, _process
        task = Task('def probe(answer): return answer.f()', limit={limit})
        run_answer('def f(): return 1', task)
        print(_process.p.pid, flush=True)
        run_answer({endless.format(mark=str(mark), body=body)!r}, task)
    '''))
    p = Program(script, cwd=mark.parent)
    assert wait_for(p.out.read_text, 60)
    server = int(p.out.read_text())
    assert wait_for(lambda: running(mark), 30)
    return p, server

@pytest.mark.parametrize('body', ['has a child', 'does not listen'])
@pytest.mark.parametrize('dies', ['the kernel', 'the server', 'both', 'the kernel is interrupted'])
def test_nothing_goes_on_when_kernel_or_server_die(dies, body, mark):
    p, server = kernel(mark, bodies[body])
    if dies in ('the kernel', 'both'): p.kill()
    if dies in ('the server', 'both'): os.kill(server, signal.SIGKILL)
    if dies == 'the kernel is interrupted': os.kill(p.pid, signal.SIGINT)
    p.wait()
    assert wait_for(lambda: not running(mark))

@pytest.mark.parametrize('who', ['the kernel', 'the server'])
def test_nothing_goes_on_when_one_of_them_stands_still(who, mark):
    p, server = kernel(mark, bodies['works'])
    pid = server_of(server) if who == 'the server' else p.pid
    os.kill(pid, signal.SIGSTOP)
    try: assert wait_for(lambda: not running(mark))
    finally:
        os.kill(server, signal.SIGKILL), p.kill(), p.wait()

@pytest.mark.skipif(not has_namespaces, reason='this system allows no namespaces')
def test_a_server_that_hangs_ends_with_who_asked(mark):
    p, server = kernel(mark, bodies['works'])
    inner = server_of(server)
    os.kill(inner, signal.SIGSTOP)
    p.kill(), p.wait()
    def gone(pid): return not Path(f'/proc/{pid}').exists() or 'State:\tZ' in Path(f'/proc/{pid}/status').read_text()
    assert wait_for(lambda: gone(inner) and gone(server), 5) and not running(mark)

def test_a_server_that_does_not_answer_is_not_waited_for_for_ever(monkeypatch):
    run_answer('def f(): return 1', task)
    os.kill(server_of(_process.p.pid), signal.SIGSTOP)
    real = type(_process).read_line
    monkeypatch.setattr(type(_process), 'read_line', lambda self, seconds: real(self, 1.))
    assert run_answer('def f(): return 1', task) == {'died': None}
    monkeypatch.undo()
    assert run_answer('def f(): return 2', task)['results'] == [['', {'result': 2}]]

@pytest.mark.skipif(sys.platform != 'linux', reason='memory is counted on Linux')
@pytest.mark.parametrize('body', ['x = []\n    while True: x.append("more"*1000 + str(len(x)))', 'x = b"a"*3*10**9', 'import torch\n    x = torch.zeros(10**9)'])
def test_memory_is_limited(body):
    verdict = judge(f'def f():\n    {body}', task._replace(limit=20.), 'def f(): return 1')
    assert not verdict and '1,000 MB' in verdict.words

def test_an_answer_does_not_begin_before_its_guardian_stands(mark):
    "The server dies between the two forks"
    (script := mark.parent/'script.py').write_text(textwrap.dedent(f'''
        import os, signal
        from mnistlearn.apps import check
        def fork_and_die(f, fork=check._fork):
            print(fork(f), flush=True)
            os.kill(os.getpid(), signal.SIGKILL)
        check._fork = fork_and_die
        source = {endless.format(mark=str(mark), body=bodies['sleeps'])!r}
        job = check.Task('def probe(answer): return answer.f()', limit=2.)._asdict() | dict(source=source, seed=0, owner=os.getpid())
        check._in_copy(job, os.dup(1))
    '''))
    p = Program(script, cwd=mark.parent)
    p.wait()
    answer = Path('/proc')/p.out.read_text().strip()
    assert not running(mark) and wait_for(lambda: not answer.exists(), 5) and not running(mark)
