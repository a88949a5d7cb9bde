"SIGKILL at any moment: what is in the files is whole, the same command goes on, and in the end it has the numbers of one that nobody disturbed"
import csv, json, shutil, signal, time
from pathlib import Path

import fastdownload.core, pytest

from mnistlearn.all import read_state
from mnistlearn.apps.exercises import exercises
from programs import Program
from test_grade import notebook
from test_left_running import wait_for
from faults.tools import lives_in, living_in, only_sources

program = Path(__file__).parent/'victims.py'
pytestmark = pytest.mark.skipif(not hasattr(signal, 'SIGKILL'), reason='there is no SIGKILL here')

@pytest.fixture
def places(tmp_path):
    "A folder to work in, and one for what is temporary"
    for o in ('home', 'temporary', 'work'): (tmp_path/o).mkdir()
    return tmp_path

def start(places, name, *args):
    return Program(program, name, places/'work', *args, cwd=places/'work', TMPDIR=str(places/'temporary'), **lives_in(places/'home'))

def finish(places, name, *args):
    "Seconds that it took, and what came of it"
    done = start(places, name, *args).wait()
    assert done.returncode == 0 and only_sources(done.stderr), done
    return json.loads(done.stdout.splitlines()[-1])

def everything_in(folder): return sorted(o.relative_to(folder).as_posix() for o in folder.rglob('*'))

def kill_often(fault, rng, n, places, name, *args, whole=lambda: None, again=lambda: None, finish_each=1):
    """Kill it `n` times at a moment of its work, and look whether what it has written is `whole`. Each, or each so many times, it goes on to its
    end; `again` then puts everything back to the beginning"""
    seconds, expected = finish(places, name, *args)
    left, n_killed, i = everything_in(places), 0, 0
    again()
    while n_killed < n:
        p = start(places, name, *args)
        assert wait_for(p.out.read_text, 60)
        time.sleep(rng.uniform(0, seconds))
        p.kill()
        ended, i = p.wait(), i + 1
        if ended.returncode == 0:
            fault.came_too_late()
            seconds, _ = json.loads(ended.stdout.splitlines()[-1]) # it has become faster
        else:
            assert ended.returncode == -signal.SIGKILL and only_sources(ended.stderr), ended
            n_killed += 1
        assert wait_for(lambda: not living_in(places), 20), living_in(places)
        whole()
        if i%finish_each == 0 or n_killed == n:
            assert finish(places, name, *args)[1] == expected
            assert everything_in(places) == left
            again()
        fault.right()

@pytest.mark.fault('SIGKILL in load')
def test_load(fault, rng, times, places, serve, pack, write_digits):
    (places/'a.tgz').write_bytes(body := pack(write_digits(n=300)))
    server, home = serve(body), places/'home'
    def again(): shutil.rmtree(home), home.mkdir()
    kill_often(fault, rng, times(5, 100), places, 'load', server.url, *fastdownload.core.path_stats(places/'a.tgz'), again=again)

@pytest.mark.fault('SIGKILL in fit')
@pytest.mark.parametrize('how', [('ours', 'momentum', 'fit_one_cycle'), ('torch', 'adam', 'fit')], ids=lambda o: o[0])
def test_fit(how, fault, rng, times, places):
    file, log = (places/'work'/o for o in ('run.st', 'log.csv'))
    def again(): file.unlink(), log.unlink()
    def whole():
        if file.exists(): assert read_state(file)['n_epoch'] == 25
        if log.exists(): assert {len(o) for o in csv.reader(log.open())} == {5}
    kill_often(fault, rng, times(3, 50), places, 'fit', *how, whole=whole, again=again)

@pytest.mark.fault('SIGKILL in save')
def test_save(fault, rng, times, places):
    def whole(): assert len(read_state(places/'work'/'net.safetensors')['model']['extra'].unique()) == 1
    kill_often(fault, rng, times(5, 100), places, 'save', whole=whole)

@pytest.mark.fault('SIGKILL in save')
def test_save_at_a_byte(fault, rng, times, places):
    "Ended in the middle of a write, and not between two"
    _, expected = finish(places, 'save')
    left, before = everything_in(places), (file := places/'work'/'net.safetensors').read_bytes()
    for _ in range(times(3, 50)):
        assert start(places, 'save', rng.randrange(len(before))).wait().returncode == -signal.SIGXFSZ
        assert file.read_bytes() == before
        fault.right()
    assert finish(places, 'save')[1] == expected and everything_in(places) == left

@pytest.mark.fault('SIGKILL in check')
def test_check(fault, rng, times, places):
    file = places/'work'/'progress.csv'
    def whole():
        if file.exists(): assert set(file.read_text().splitlines()[1:]) <= {o for o in file.read_text().splitlines() if o.endswith(('corner,passed', 'corner,failed'))}
    kill_often(fault, rng, times(2, 100), places, 'check', whole=whole, finish_each=5)

@pytest.mark.fault('SIGKILL in grade')
@pytest.mark.parametrize('jobs', [1, 2])
def test_grade(jobs, fault, rng, times, places):
    (folder := places/'work'/'class').mkdir()
    right = exercises()['corner'].answer
    for i, answer in enumerate([right, f'# mine\n{right}', 'def corner(x): return 1', 'while True: break', 'import time\ntime.sleep(.5)']):
        cells = [o for o in notebook({'corner': answer})['cells'] if '%%check corner' in ''.join(o['source'])]
        (folder/f's{i}.ipynb').write_text(json.dumps(dict(cells=cells)))
    out = places/'work'/'grades.csv'
    def again():
        for o in (out, out.with_suffix('.html')): o.unlink()
    def whole():
        if out.exists(): assert len({len(o) for o in csv.reader(out.open(encoding='utf-8'))}) == 1
    kill_often(fault, rng, times(1, 50), places, 'grade', jobs, whole=whole, again=again, finish_each=5)
