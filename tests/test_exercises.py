"Exercises, each tried like a lock: every wrong key is refused, every right one opens"
import ast, contextlib, functools, io, json, os, re, subprocess
from pathlib import Path

import matplotlib.pyplot as plt, pytest
from matplotlib.colors import to_hex
from fastcore.nbio import read_nb

from mnistlearn.apps import check as checker # the module itself: under its old name, `judge` would not see what a test puts in its place
from mnistlearn.apps.check import judge, run_answer
from mnistlearn.data import palette
from mnistlearn.exercises import _bank, _record, _show, check, exercise_units, exercises, plot_progress, progress, read_exercises, write_exercises
from programs import Program

all_exercises = list(exercises().values())
each = pytest.mark.parametrize('e', all_exercises, ids=lambda e: f'{e.unit}-{e.name}')

@pytest.fixture(autouse=True)
def on_the_subset(subset_folder, monkeypatch): monkeypatch.setenv('MNISTLEARN_DATA', str(subset_folder))

class Prints(ast.NodeTransformer):
    "The answer, printing what it should return or define"
    def print(self, value): return ast.Expr(ast.Call(ast.Name('print', ast.Load()), [value], []))
    def visit_Return(self, node): return self.print(node.value) if node.value else node
    def visit_Lambda(self, node): return node
    def visit_ClassDef(self, node): return node

def printing(source):
    tree = ast.parse(source)
    if any(isinstance(o, (ast.Yield, ast.YieldFrom)) for o in ast.walk(tree)) or any(isinstance(o, ast.ClassDef) for o in tree.body): return
    for i, o in enumerate(tree.body):
        if isinstance(o, ast.Assign) and not isinstance(o.value, ast.Lambda): tree.body[i] = Prints().print(o.value)
    new = ast.unparse(ast.fix_missing_locations(Prints().visit(tree)))
    return new if new != ast.unparse(ast.parse(source)) else None

@each
def test_only_right_answers_open(e, monkeypatch):
    monkeypatch.setattr(checker, 'run_answer', functools.cache(run_answer)) # the reference runs once for each seed
    def said(source, seed=0): return judge(source, e.task, e.answer, e.start, e.name, seed)
    untouched = said(e.start)
    assert not untouched and not untouched.tried and 'not answered yet' in untouched.words
    assert 'empty' in said('').words and 'empty' in said('# later').words
    assert 'no Python' in said(e.answer + '\ndef (').words
    assert 'RuntimeError: oops' in said('raise RuntimeError("oops")\n' + e.answer).words
    looped = run_answer('while True: pass', e.task._replace(limit=.2))
    assert looped == {'stopped': True}
    results = [o['result'] for _, o in checker.run_answer(e.answer, e.task, 0)['results']]
    assert not said(f'print({results!r})')
    if other := printing(e.answer): assert not said(other), other
    assert len(e.wrong) >= 3 and any(o.startswith('only the sample') for o in e.wrong), 'three wrong answers are needed, one of them "only the sample ..."'
    for what, source in e.wrong.items():
        verdict = said(source)
        assert not verdict, f'passes: {what}'
        assert 'expected' in verdict.words and 'given' in verdict.words or 'running the cell raised' in verdict.words, verdict
    assert e.also, 'no other right answer'
    for source in (e.answer + '# again, and not from the cache', *e.also):
        for seed in (0, 1)[:2 if e.task.limit <= 20 else 1]: assert (verdict := said(source, seed)), f'{verdict}\n{source}'

@each
def test_the_answer_shows_its_point(e):
    assert e.why and e.shows
    with contextlib.redirect_stdout(io.StringIO()) as out: _show(e)
    assert out.getvalue().strip() or plt.get_fignums(), 'nothing is shown'
    plt.close('all')
    assert re.search(r'\b(test_eq|test_close|assert|check_fact)\b', e.shows), 'what is shown is not asserted'

@each
def test_hints_show_neither_answer_nor_check(e):
    assert 1 <= len(e.hints) <= 3
    tidy = lambda s: re.sub(r'\s+', '', s)
    told = tidy(' '.join(e.hints))
    start = {tidy(o) for o in e.start.splitlines()}
    lines = [o.partition('#')[0] for source in (e.answer, *e.also, e.task.check) for o in source.splitlines()]
    leaked = [o for o in lines if len(tidy(o)) > 14 and tidy(o) not in start and tidy(o) in told]
    returned = [o for o in re.findall(r'return (.+)', e.answer) if len(tidy(o)) > 9 and tidy(o) in told]
    assert not leaked and not returned

attacks = {
    'equal to everything': 'class Yes:\n    def __eq__(self, o): return True\ndef rank(shape): return Yes()',
    'a number that is all numbers': 'class N(int):\n    def __eq__(self, o): return True\n    def __sub__(self, o): return N(0)\ndef rank(shape): return N(3)',
    'not a number': 'def rank(shape): return float("nan")',
    'infinite': 'def rank(shape): return float("inf")',
    'leaves': 'import sys; sys.exit(0)',
    'leaves at once': 'import os; os._exit(0)',
    'leaves when used': 'import os\ndef rank(shape): os._exit(0)',
    'kills its parent': 'import os, signal; os.kill(os.getppid(), signal.SIGKILL)',
    'reads the answer': f'source = open({str(_bank/"00_data.md")!r}).read()\ndef rank(shape): return len(shape)',
    'asks the bank': 'from mnistlearn.exercises import exercises\nexec(exercises()["rank"].answer)',
    'changes the checker': 'import mnistlearn.check as c\nc.difference = c.judge = lambda *a, **k: True\ndef rank(shape): return 0',
    'changes the probe': 'import sys\nf = sys._getframe()\nwhile f:\n    for o in (f.f_globals, f.f_locals):\n        if "probe" in o: o["probe"] = lambda *a: True\n    f = f.f_back\ndef rank(shape): return True',
    'writes results to every file there is': 'import os, json\nfor i in range(3, 40):\n    try: os.write(i, json.dumps(dict(results=[["", dict(result=True)]]*5)).encode() + b"\\n")\n    except OSError: pass\nos._exit(0)',
    'writes that there was nothing to do': 'import os, json\nfor i in range(3, 40):\n    try: os.write(i, json.dumps(dict(results=[], printed="")).encode() + b"\\n")\n    except OSError: pass\nos._exit(0)',
    'waits for input': 'n = input()\ndef rank(shape): return n',
    'floods': 'def rank(shape):\n    print("3"*10_000_000)\n    return None',
    'returns itself': 'def rank(shape):\n    x = []\n    x.append(x)\n    return x',
    'a deep hole': 'def rank(shape): return rank(shape)',
    'a method': 'class rank:\n    def __new__(cls, shape): return len',
    'a lone surrogate': 'def rank(shape): return "\\ud800"',
    'zero bytes': 'def rank(shape):\0 return len(shape)',
    'no answer, another name': 'def rang(shape): return len(shape)',
    'a star import': 'from mnistlearn.all import *',
}

@pytest.mark.parametrize('how', attacks)
def test_attempts_to_fool_the_checker(how):
    e = exercises()['rank']
    verdict = judge(attacks[how], e.task._replace(limit=3), e.answer, e.start, e.name)
    assert not verdict and verdict.tried and verdict.words
    assert judge(e.answer, e.task, e.answer), 'the next answer is checked as if nothing had been'

def test_without_fork_an_answer_is_checked_in_a_new_process(monkeypatch):
    e = exercises()['rank']
    monkeypatch.delattr(os, 'fork')
    assert 'expected' in judge('def rank(shape): return 3', e.task, e.answer).words
    from mnistlearn import check as module
    monkeypatch.setattr(module.subprocess, 'run', lambda *args, **kwargs: (_ for _ in ()).throw(subprocess.TimeoutExpired('x', 1)))
    assert run_answer('while True: pass', e.task) == {'stopped': True}

def test_an_answer_may_use_neither_later_chapters_nor_what_it_is_to_write():
    for e in all_exercises:
        if e.unit[0].isdigit(): assert e.task.chapter == e.unit.partition('_')[2]
        for name in e.task.hide:
            for source in (f'it = {name}', f'from mnistlearn.all import {name} as it'): assert 'error' in run_answer(source, e.task), (e.name, name)
    e = exercises()['rank']
    for o in ('baseline', 'learner', 'course', 'exercises', 'check'): assert 'error' in run_answer(f'import mnistlearn.{o}', e.task)
    assert 'error' not in run_answer('import mnistlearn.data; from mnistlearn.all import load_digits', e.task)

def test_progress_is_never_lost(tmp_path, monkeypatch):
    file = tmp_path/'progress.csv'
    assert progress(file).done.sum() == 0
    assert not check('rank', exercises()['rank'].start, file) and not file.exists() # not an attempt
    assert check('rank', exercises()['rank'].answer, file) and not check('rank', 'def rank(shape): return 0', file)
    whole = file.read_bytes()
    for cut in range(len(whole)): # as a crash may leave it
        file.write_bytes(whole[:cut])
        _record('corner', 'failed', file)
        assert file.read_bytes().startswith(whole[:cut])
        assert progress(file).attempts.sum() >= 1
    file.write_bytes(b'\xff\x00 no table\n' + whole)
    assert progress(file).done.sum() == 1
    with pytest.warns(UserWarning, match='cannot be written'): assert check('rank', exercises()['rank'].answer, tmp_path/'gone'/'progress.csv')

def test_progress_is_drawn_as_it_was_made(tmp_path):
    file = tmp_path/'progress.csv'
    for name, result in [('rank', 'passed'), ('corner', 'answer shown'), ('corner', 'failed'), ('corner', 'passed'), ('stack', 'failed'), ('rank', 'failed'), ('folders', 'answer shown')]: _record(name, result, file)
    ax = plot_progress(file)
    drawn = dict(zip(exercises(), (to_hex(o.get_facecolor()).upper() for o in ax.patches)))
    assert [drawn[o] for o in ('rank', 'corner', 'stack', 'folders')] == [palette['blue'], palette['sky'].upper(), palette['orange'], '#DDDDDD']
    assert ax.get_title().startswith('2 of ')
    plt.close('all')

def test_two_kernels_write_one_file(tmp_path):
    code = 'from mnistlearn.exercises import _record\nfor i in range(40): _record("rank", "failed", "progress.csv")'
    (tmp_path/'kernel.py').write_text(code)
    for o in [Program('kernel.py', cwd=tmp_path) for _ in range(2)]: assert o.wait().returncode == 0
    assert progress(tmp_path/'progress.csv').attempts.sum() == 80

def run_notebook(path, monkeypatch):
    from execnb.shell import CaptureShell
    monkeypatch.chdir(path.parent)
    shell, nb = CaptureShell(), read_nb(path)
    for c in nb.cells:
        if c.cell_type != 'code': continue
        text = ''.join(str(o.get('text', '')) for o in shell.run(c.source))
        assert not shell.exc, (path.stem, c.source, shell.exc)
        yield c.source, text

@pytest.mark.parametrize('unit', ['05_optimizer', 'learner_from_scratch']) # of the others, each answer runs above
def test_copies_for_reader_and_teacher(unit, tmp_path, monkeypatch):
    for solutions in (False, True):
        write_exercises(tmp_path/str(solutions), solutions)
        es = [e for e in all_exercises if e.unit == unit]
        said = [text for source, text in run_notebook(tmp_path/str(solutions)/f'{unit}.ipynb', monkeypatch) if source.startswith('%%check')]
        assert len(said) == len(es)
        assert all(('✓' if solutions else 'not answered yet') in o for o in said), said
        plt.close('all')
    assert progress(tmp_path/'True'/'progress.csv').done.sum() == len(es)

def test_a_readers_copy_holds_no_answer_and_nothing_is_written_over(tmp_path):
    write_exercises(tmp_path/'mine')
    for unit in exercise_units():
        text = (tmp_path/'mine'/f'{unit}.ipynb').read_text(encoding='utf-8')
        for e in all_exercises:
            if e.unit == unit: assert json.dumps(e.answer, ensure_ascii=False)[1:-3] not in text
    before = {o: o.read_bytes() for o in (tmp_path/'mine').iterdir()}
    with pytest.raises(FileExistsError, match='is there already'): write_exercises(tmp_path/'mine', True)
    with pytest.raises(FileNotFoundError, match='no folder'): write_exercises(tmp_path/'a'/'b')
    assert before == {o: o.read_bytes() for o in (tmp_path/'mine').iterdir()} and list(tmp_path.iterdir()) == [tmp_path/'mine']

def test_a_broken_bank_is_named(tmp_path):
    good = (_bank/'00_data.md').read_text(encoding='utf-8')
    for old, new, says in (('### Start', '### Stat', 'Start'), ('### Hints', '### Tips', 'Tips'), ('· question 9', '· quest 9', 'quest'), ('· question 9', '· after halfway', 'halfway')):
        (tmp_path/'00_data.md').write_text(good.replace(old, new), encoding='utf-8')
        with pytest.raises(ValueError, match=says): read_exercises(tmp_path/'00_data.md')

def test_the_questionnaire_is_whole_and_every_chapter_has_exercises():
    assert sorted(o.question for o in all_exercises if o.question) == list(range(1, 38))
    assert len({o.name for o in all_exercises}) == sum(len(read_exercises(o)[2]) for o in _bank.glob('*.md')) == len(all_exercises)
    nbs = sorted(o.stem for o in (Path(__file__).parent.parent/'nbs').glob('*.ipynb') if o.stem[:2].isdigit() and o.stem < '15')
    count = {o: sum(e.unit == o and not e.question for e in all_exercises) for o in nbs}
    assert [o for o, n in count.items() if n < 2] == []
    assert sum(o.unit == 'clinic' for o in all_exercises) >= 7

def test_a_warning_is_not_taken_for_a_printed_result():
    e = exercises()['rank']
    assert 'printed' in judge('def rank(shape): print(len(shape))', e.task, e.answer).words
    assert 'printed' not in judge('import warnings\ndef rank(shape): warnings.warn("beware")', e.task, e.answer).words

def test_an_endless_loop_is_stopped_and_said_so():
    e = exercises()['rank']
    for source in ('while True: pass', 'def rank(shape):\n    while True: pass'):
        assert 'stopped after 0.3 seconds' in judge(source, e.task._replace(limit=.3), e.answer, e.start, e.name).words

@pytest.mark.parametrize('cell', ["answer('cosine-them')", '%%check cosine-them\ndef cosine(): ...'])
def test_a_misspelt_name_is_one_sentence(cell, capsys):
    from IPython.core.interactiveshell import InteractiveShell
    shell = InteractiveShell()
    shell.run_line_magic('load_ext', 'mnistlearn.apps.exercises')
    shell.run_cell(cell)
    lines = capsys.readouterr().out.strip().splitlines()
    assert len(lines) == 1 and 'did you mean cosine-then' in lines[0], lines
