"Several processes that fill an empty cache at once all get the same digits, and leave one whole copy; and a clock that jumps back"
import json, os, time
from pathlib import Path

import fastdownload.core, pytest, torch

from mnistlearn.all import *
from mnistlearn.base import sources
from mnistlearn.data import load_digits
from faults.tools import lives_in, only_sources
from programs import Program
from test_learner import fit, flat, learner

program = Path(__file__).parent/'victims.py'

@pytest.mark.fault('two and ten processes at once')
@pytest.mark.parametrize('n', [2, 10])
def test_cache(n, fault, times, serve, pack, write_digits, tmp_path):
    (tmp_path/'a.tgz').write_bytes(body := pack(folder := write_digits(n=40)))
    server, size, checksum = serve(body).url, *fastdownload.core.path_stats(tmp_path/'a.tgz')
    for i in range(times(1, 10)):
        (home := tmp_path/f'home{i}').mkdir()
        running = [Program(program, 'load', home, server, size, checksum, cwd=home, **lives_in(home)) for _ in range(n)]
        done = [o.wait() for o in running]
        assert all(o.returncode == 0 and only_sources(o.stderr) for o in done), done
        found, = {json.loads(o.stdout.splitlines()[-1])[1] for o in done}
        assert os.listdir(home/'.fastai/data') == ['mnist_sample'] and os.listdir(home/'.fastai/archive') == ['mnist_sample.tgz']
        assert (home/'.fastai/archive/mnist_sample.tgz').read_bytes() == body
        assert len(os.listdir(home/'.cache/mnistlearn/images')) == 1
        assert all(map(torch.equal, load_digits(home/'.fastai/data/mnist_sample'), load_digits(folder)))
        fault.right(n)

@pytest.fixture
def jump(monkeypatch):
    "From its call on, each look at the clock is an hour earlier than the last one; what measures spans of time goes on"
    def jump():
        start, looks = time.time_ns(), 0
        def time_ns():
            nonlocal looks
            looks += 1
            return start - looks*3600*10**9
        monkeypatch.setattr(time, 'time_ns', time_ns)
        monkeypatch.setattr(time, 'time', lambda: time_ns()/1e9)
    return jump

@pytest.fixture
def jumping_clock(jump): jump()

@pytest.mark.fault('clock that jumps back')
@pytest.mark.parametrize('kept', [True, False], ids=['kept before', 'kept never'])
def test_clock_and_the_copy_of_the_images(kept, fault, home, write_digits, jump):
    "A change is seen, whenever the copy was made"
    path = write_digits()
    time.sleep(.03)
    if kept: load_digits(path)
    assert len([*home.glob('.cache/mnistlearn/images/*')]) == kept
    jump()
    before = load_digits(path)
    Image.new('L', (28, 28), 99).save(path/'train/3/9.png')
    now = load_digits(path)
    assert now.train_x[2].eq(99).all() and not before.train_x[2].equal(now.train_x[2])
    for _ in range(2): assert all(map(torch.equal, load_digits(path), load_digits(path, cache=False)))
    fault.right(4)

@pytest.mark.fault('clock that jumps back')
def test_clock_and_a_download(fault, home, pack, offer, write_digits, jumping_clock):
    (path := home/'.fastai/data/mnist_sample').mkdir(parents=True)
    (path/'mine.txt').write_text('precious')
    offer(pack(write_digits('packed')))
    assert sources.mnist_sample() == path
    aside, = path.parent.glob('mnist_sample-incomplete-*')
    assert (aside/'mine.txt').read_text() == 'precious'
    fault.right()

@pytest.mark.fault('clock that jumps back')
def test_clock_and_a_fit(fault, tmp_path, jumping_clock, capsys):
    "The column of times has none below zero"
    whole, learn = fit(learner(), 3), learner(path=tmp_path, cbs=CSVLogger())
    learn.fit(3, .1)
    assert torch.equal(flat(learn.model), flat(whole.model)) and learn.recorder.values == whole.recorder.values
    assert all(0 <= o < 60 for o in pd.read_csv(tmp_path/'history.csv').time)
    assert [o.split()[-1] for o in capsys.readouterr().out.splitlines()] == ['time', '00:00', '00:00', '00:00']
    fault.right()

@pytest.mark.fault('clock that jumps back')
def test_clock_and_a_bar(fault, jumping_clock, monkeypatch, capsys):
    monkeypatch.setattr('sys.stdout.isatty', lambda: True)
    monkeypatch.setattr('mnistlearn.base.progress.ProgressTable.seconds_between', 0)
    whole, learn = fit(learner(), 3), learner()
    learn.fit(3, .1)
    shown = capsys.readouterr().out
    assert torch.equal(flat(learn.model), flat(whole.model)) and '█' in shown and '-' not in shown.split('\r')[-1]
    fault.right()

@pytest.mark.fault('clock that jumps back')
def test_clock_and_grades(fault, tmp_path, jumping_clock, monkeypatch):
    "What was judged goes on counting"
    from mnistlearn.apps.exercises import exercises, judge_answer
    from mnistlearn.apps.grade import VerdictFile, grade
    from test_grade import notebook
    answers = {o: f'# mine\n{exercises()[o].answer}' for o in ('corner', 'rank')}
    cells = [o for o in notebook(answers)['cells'] if '# mine' in ''.join(o['source'])]
    (folder := tmp_path/'class').mkdir()
    (folder/'ada.ipynb').write_text(json.dumps(dict(cells=cells)))
    VerdictFile(tmp_path/'a.csv.part').add(judge_answer('corner', '\n' + answers['corner']))
    judged = []
    rows = grade(folder, tmp_path/'a.csv', jobs=1, bar=lambda n: lambda: judged.append(n))
    assert {o.exercise: o.verdict for o in rows if o.verdict == 'right'} == {'corner': 'right', 'rank': 'right'} and judged == [1]
    fault.right()
