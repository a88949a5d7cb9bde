"Exercises, each tried like a lock: every wrong key is refused, every right one opens"
import ast, contextlib, functools, io, json, os, re, subprocess, symtable, sys
from pathlib import Path

import fastai.torch_core # it changes how tensors compare, so what is shown has to bear it, whichever test runs first
import matplotlib.pyplot as plt, pytest
from matplotlib.colors import to_hex
from fastcore.nbio import read_nb

from mnistlearn.apps import check as checker # the module itself: under its old name, `judge` would not see what a test puts in its place
from mnistlearn.apps.check import judge, run_answer
from mnistlearn.data import palette
from mnistlearn.apps.exercises import answers_in
from mnistlearn.exercises import _bank, _free_cells, _record, _show, chapter_cells, check, exercise_cells, exercise_notebook, exercise_units, exercises, plot_progress, progress, progress_file, read_exercises, write_exercises, written_questions
from programs import Program

all_exercises = list(exercises().values())
all_written = list(written_questions().values())
all_items = [*all_exercises, *all_written]
chapters = {o: Path(__file__).parent.parent/'nbs'/f'{o}.ipynb' for o in exercise_units() if o[0].isdigit()}
each_chapter = pytest.mark.parametrize('unit', chapters)
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
    ran = checker.run_answer(e.answer, e.task, 0)
    assert not said(f'print({[o["result"] for _, o in ran["results"]]!r}, {ran["lines"]!r})')
    if other := printing(e.answer): assert not said(other), other
    assert len(e.wrong) >= 3 and any(o.startswith('only the sample') for o in e.wrong), 'three wrong answers are needed, one of them "only the sample ..."'
    for what, source in e.wrong.items():
        verdict = said(source)
        assert not verdict, f'passes: {what}'
        if e.task.limit < 20 and 'stopped after' in verdict.words: continue # slow is wrong there, and on a busy machine it is stopped
        labels = {o for o, _ in verdict.details}
        assert 'not right' in labels or 'expected' in labels and labels & {'given', 'raised'} or 'running the cell raised' in verdict.words, verdict
    assert e.also, 'no other right answer'
    for source in (e.answer + '# again, and not from the cache', *e.also):
        for seed in (0, 1)[:2 if e.task.limit <= 20 else 1]: assert (verdict := said(source, seed)), f'{verdict}\n{source}'

def defined(source):
    "The names that a piece of code defines, methods that are patched in too"
    for o in ast.parse(source).body:
        if isinstance(o, (ast.FunctionDef, ast.ClassDef)): yield o.name
        if isinstance(o, ast.Assign): yield from (n.id for t in o.targets for n in ast.walk(t) if isinstance(n, ast.Name))

@each
@pytest.mark.filterwarnings('ignore') # what an answer warns of
def test_every_right_answer_shows_the_point(e):
    assert e.why and e.shows
    for own in (None, e.answer, *e.also):
        with contextlib.redirect_stdout(io.StringIO()) as out: _show(e, own)
        assert out.getvalue().strip() or plt.get_fignums(), 'nothing is shown'
        plt.close('all')
    assert re.search(r'\b(test_eq|test_close|assert|check_fact)\b', e.shows), 'what is shown is not asserted'
    used = {getattr(o, 'id', getattr(o, 'attr', None)) for o in ast.walk(ast.parse(e.shows))}
    assert used & {*defined(e.answer)}, 'what is shown does not come from the answer'

def test_what_is_shown_comes_from_the_readers_own_code(shell):
    said = shell('%%check rank\ndef rank(shape):\n    global calls\n    calls = globals().get("calls", 0) + 1\n    if calls > 1: print("mine", calls)\n    return len(shape)')
    assert re.search(r'mine 2\n.*mine 3', said, re.S), said
    assert shell.names['rank']((4, 5)) == 2

mended_oddly = """diagnosis = 'd'
mends = []
def take_step(params, lr):
    mends.append(1)
    if len(mends) == 5: print('a mend of my own')
    for p in params: p.data -= lr*p.grad"""

def test_a_mended_patient_is_shown_mended(shell): assert 'a mend of my own' in shell(f'%%check clinic-leaf\n{mended_oddly}')

def test_a_step_is_shown_with_the_steps_before_that_are_the_readers(shell, monkeypatch):
    from mnistlearn.apps import exercises as module
    monkeypatch.setattr(module, '_right_answers', {})
    first, second = exercises()['learner-loop'], exercises()['learner-events']
    assert second.after == ('learner-loop',) and 'validated by me' not in shell(f'%%check learner-events\n{second.answer}')
    own = first.answer.replace('def validate(self):\n', 'def validate(self):\n        print("validated by me")\n', 1)
    assert 'validated by me' in shell(f'%%check learner-loop\n{own}')
    assert 'validated by me' in shell(f'%%check learner-events\n{second.answer}')
    for e in exercises().values(): # whole projects, with steps of one's own
        if e.unit in ('learner_from_scratch', 'ten_digits') and e.task.limit < 30:
            said = shell(f'%%check {e.name}\n{e.also[-1]}')
            assert '✓' in said and 'does not run' not in said, said

def test_what_cannot_be_shown_with_an_answer_is_one_sentence(shell, monkeypatch):
    from mnistlearn.apps import exercises as module
    e = exercises()['rank']
    monkeypatch.setattr(module, '_units', lambda: {'00_data': ('', '', [e._replace(shows='print(rank(3).shape)')])})
    said = shell(f'%%check rank\n{e.answer}')
    assert [o for o in said.splitlines() if o and '✓' not in o] == ["Your answer is right, but what was to show its point does not run with it (TypeError: object of type 'int' has no len()). `answer('rank')` shows it."]

@pytest.mark.parametrize('line', ['%%check rank', '%%check   rank ', '%%check rank # mine', '%%check rank again'])
def test_the_name_is_the_first_word_at_the_desk_and_when_graded(line, shell):
    cell = f'{line}\ndef rank(shape): return len(shape)'
    assert 'right on all' in shell(cell)
    assert answers_in([cell]) == {'rank': '\ndef rank(shape): return len(shape)'}

def test_what_a_cell_prints_and_draws_is_seen_once(shell):
    said = shell("%%check rank\ndef rank(shape): return len(shape)\nprint('seen by me', plt.get_fignums())\nplt.figure()")
    assert said.count('seen by me []') == 1, said
    assert exercises()['clinic-mode'].given and 'three examinations' not in shell(f"%%check clinic-mode\n{exercises()['clinic-mode'].answer}")

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

def done(file=None): return progress(file).loc['total', 'done']
def attempts(file=None): return progress(file).loc['total', 'attempts']

def test_progress_is_never_lost(tmp_path, monkeypatch):
    file = tmp_path/'progress.csv'
    assert done(file) == 0
    assert not check('rank', exercises()['rank'].start, file) and not file.exists() # not an attempt
    assert check('rank', exercises()['rank'].answer, file) and not check('rank', 'def rank(shape): return 0', file)
    whole = file.read_bytes()
    for cut in range(len(whole)): # as a crash may leave it
        file.write_bytes(whole[:cut])
        _record('corner', 'failed', file)
        assert file.read_bytes().startswith(whole[:cut])
        assert attempts(file) >= 1
    file.write_bytes(b'\xff\x00 no table\n' + whole)
    assert done(file) == 1
    with pytest.warns(UserWarning, match='cannot be written'): assert check('rank', exercises()['rank'].answer, tmp_path/'gone'/'progress.csv')

@pytest.fixture
def at_home(home, monkeypatch):
    "An empty home, which lies where `progress_file` looks by itself"
    for o in ('MNISTLEARN_PROGRESS', 'XDG_DATA_HOME'): monkeypatch.delenv(o, raising=False)
    return home

def test_one_file_for_a_reader_wherever_the_notebook_lies(at_home, tmp_path, monkeypatch):
    for i, (folder, name) in enumerate((('nbs', 'rank'), ('mine/exercises', 'corner')), 1):
        (tmp_path/folder).mkdir(parents=True)
        monkeypatch.chdir(tmp_path/folder)
        assert check(name, exercises()[name].answer)
        assert done() == i and not any(Path.cwd().iterdir())
    assert progress_file() == at_home/'.local/share/mnistlearn/progress.csv' and progress_file().is_file()
    monkeypatch.setenv('XDG_DATA_HOME', str(tmp_path/'data'))
    assert progress_file() == tmp_path/'data/mnistlearn/progress.csv' and done() == 0
    monkeypatch.setenv('MNISTLEARN_PROGRESS', '~/mine.csv')
    assert progress_file() == at_home/'mine.csv' and done() == 0

def test_an_old_file_beside_the_notebook_counts_once(at_home, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    _record('rank', 'failed', 'progress.csv')
    _record('rank', 'passed', 'progress.csv')
    old = (tmp_path/'progress.csv').read_bytes()
    _record('corner', 'passed')
    assert (done(), attempts()) == (2, 3)
    assert (tmp_path/'progress.csv').read_bytes() == old
    monkeypatch.setenv('MNISTLEARN_PROGRESS', 'progress.csv')
    assert (done(), attempts()) == (1, 2), 'the same file under two names'

def test_nowhere_to_keep_progress_is_one_warning(at_home):
    (at_home/'.local').write_text('a file, where a folder should be')
    with pytest.warns(UserWarning, match='cannot be written') as seen:
        for _ in range(2): assert check('rank', exercises()['rank'].answer)
    assert len(seen) == 1 and done() == 0

def test_progress_shows_all_of_it():
    table = progress()
    titles = [re.search(r'^# (.+)', o.read_text(encoding='utf-8'))[1] for o in sorted(_bank.glob('*.md'))]
    assert len(table) == len(titles) + 1 and all(row.endswith(title.replace('`', '')) for row, title in zip(table.index, titles))
    assert table.loc['total', 'of'] == len(all_exercises) == table['of'][:-1].sum()
    import pandas as pd
    with pd.option_context('display.max_rows', 4, 'display.max_colwidth', 9, 'display.max_columns', 2, 'display.width', 30):
        for text in (repr(table), table._repr_html_()): assert all(o in text for o in (*table.index, *exercises(), 'attempts')) and '...' not in text
    _record('rank', 'passed')
    assert progress().iloc[0].to_dict() | {'done': 1, 'attempts': 1} == progress().iloc[0].to_dict() and 'rank' not in progress().iloc[0].left

def test_progress_says_how_many_minutes_are_left(monkeypatch):
    from mnistlearn.apps import exercises as module
    class Timed:
        def __init__(self, name): self.name, self.minutes = name, 15
    monkeypatch.setattr(module, '_units', lambda: {'00_data': ('First', '', [Timed('rank'), Timed('corner')])})
    monkeypatch.setattr(module, 'exercises', lambda: {'rank': Timed('rank'), 'corner': Timed('corner')})
    _record('rank', 'passed')
    assert progress()['minutes left'].tolist() == [15, 15]

def test_progress_is_drawn_as_it_was_made(tmp_path):
    file = tmp_path/'progress.csv'
    for name, result in [('rank', 'passed'), ('corner', 'answer shown'), ('corner', 'failed'), ('corner', 'passed'), ('stack', 'failed'), ('rank', 'failed'), ('folders', 'answer shown')]: _record(name, result, file)
    ax = plot_progress(file)
    drawn = dict(zip(exercises(), (to_hex(o.get_facecolor()).upper() for o in ax.patches)))
    assert [drawn[o] for o in ('rank', 'corner', 'stack', 'folders')] == [palette['blue'], palette['sky'].upper(), palette['orange'], '#DDDDDD']
    assert ax.get_title().startswith('2 of ')

def test_two_kernels_write_one_file(tmp_path):
    code = 'from mnistlearn.exercises import _record\nfor i in range(40): _record("rank", "failed", "progress.csv")'
    (tmp_path/'kernel.py').write_text(code)
    for o in [Program('kernel.py', cwd=tmp_path) for _ in range(2)]: assert o.wait().returncode == 0
    assert attempts(tmp_path/'progress.csv') == 80

def plain(outputs):
    "What cells showed, in plain words"
    return '\n'.join(''.join(o.get('text') or o.get('evalue') or o.get('data', {}).get('text/plain', '')) for o in outputs)

def run_notebook(path, monkeypatch):
    from execnb.shell import CaptureShell
    monkeypatch.chdir(path.parent)
    shell, nb = CaptureShell(), read_nb(path)
    for c in nb.cells:
        if c.cell_type != 'code': continue
        text = plain(shell.run(c.source))
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
    assert done() == len(es)

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
    for old, new, says in (('### Start', '### Stat', 'Start'), ('### Hints', '### Tips', 'Tips'), ('· question 9', '· quest 9', 'quest'), ('· question 9', '· after halfway', 'halfway'),
            ('· question 9', '· core · stretch', 'not both'), ('`corner` · core · minutes 5', '`corner` · core · minutes 2', "not '2'"), ('`corner` · core · minutes 5', '`corner` · core · minutes five', "not 'five'"),
            ('section "Arithmetic on all of it"', 'section Arithmetic', 'in quotes'), ('### Answer', '### Model', 'no other part'), ('### Model', '### Modell', 'Modell')):
        assert old in good
        (tmp_path/'00_data.md').write_text(good.replace(old, new), encoding='utf-8')
        with pytest.raises(ValueError, match=says): read_exercises(tmp_path/'00_data.md')

def test_a_change_to_lines_that_the_answer_has_not_is_named(tmp_path):
    text = (_bank/'ten_digits.md').read_text(encoding='utf-8')
    assert '-    return logs' not in text and '\n-    return -logs' in text
    (tmp_path/'ten_digits.md').write_text(text.replace('\n-    return -logs', '\n-    return logs'), encoding='utf-8')
    with pytest.raises(ValueError, match='has 0 times'): read_exercises(tmp_path/'ten_digits.md')

def free_code(unit): return [o['source'] for o in _free_cells(unit) if o['cell_type'] == 'code']

def run_free(unit, answers='', change=lambda source: source):
    "Run the free end of a project after some answers; the names then"
    names = {}
    for o in ('from mnistlearn.all import *\nfrom functools import partial\nimport math', answers, *map(change, free_code(unit))): exec(compile(o, f'<{unit}>', 'exec'), names)
    return names

@pytest.mark.parametrize('unit', ['learner_from_scratch', 'ten_digits'])
def test_a_free_end_stands_last_and_runs_before_anything_is_written(unit):
    cells = exercise_notebook(unit)['cells']
    free = _free_cells(unit)
    assert free[0]['source'].startswith('## A free end') and cells[-1 - len(free):-1] == free
    assert not any('%%check' in o for o in free_code(unit))
    run_free(unit)
    assert plt.get_fignums()

def test_the_goal_of_the_learner_can_be_beaten(capsys):
    mine = '''
class Falling:
    def __init__(self, lr): self.lr, self.n = lr, 0
    def before_batch(self):
        set_hyper(self.learn.opt, 'lr', self.lr*(1 - self.n/39))
        self.n += 1

def my_run(seed):
    learn = MyLearner(*same_start(seed), cbs=[Falling(6.)])
    learn.fit(3)
    return [row[1] for row in learn.rows]

race(my_run)
'''
    es = exercises()
    names = run_free('learner_from_scratch', es['learner-loop'].answer + es['learner-events'].answer)
    capsys.readouterr()
    exec(mine, names)
    said = capsys.readouterr().out
    course, you = re.findall(r'^(?:the course|you): ([.\d]+)', said, re.M)
    assert len(re.search('^you gain, seed by seed: (.+)', said, re.M)[1].split()) == 5
    assert float(you) < float(course)
    assert len(plt.gca().lines) == 12 # five runs each, and a line each for the legend

def test_ones_own_bar_takes_its_place_on_the_ladder():
    names = run_free('ten_digits', change=lambda o: o.replace('mine = None', 'mine = 5.'))
    assert [o.get_text() for o in names['ax'].get_xticklabels()][3:5] == ['net', 'yours']

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

@pytest.mark.parametrize('source, says', [('import os; os._exit(3)', 'it ended itself with status 3, as by `os._exit`'), ('import os, signal; os.kill(os.getpid(), signal.SIGSEGV)', 'the signal SIGSEGV ended it')])
def test_how_a_process_ended_is_known(source, says):
    e = exercises()['rank']
    assert judge(source, e.task, e.answer, e.start, e.name).words == f'the process that ran it ended before the check was over: {says}'

def rank(shape): return len(shape)
by_name = lambda shape: len(shape)

def test_a_lambda_without_a_name_is_no_answer():
    "What could be asked for it stands in another line of its file: here, in that of the check itself"
    assert check('rank', rank, file=False)
    with pytest.raises(TypeError, match='a lambda has no name by which the check could call it: define the answer by def'): check('rank', lambda shape: len(shape), file=False)
    with pytest.raises(TypeError, match='a lambda has no name'):
        found = check('rank',
                      lambda shape: len(shape), file=False)
    assert 'not defined' not in check('rank', by_name, file=False).words # it is defined, by a name of its own

def test_a_name_of_a_step_before_is_missed_by_name(monkeypatch):
    from mnistlearn.apps.exercises import _missing_step
    later = next(o for o in all_exercises if o.after and re.search(r'^(def|class) (\w+)', exercises()[o.after[0]].answer, re.M))
    name = re.search(r'^(def|class) (\w+)', exercises()[later.after[0]].answer, re.M)[2]
    assert _missing_step(later, NameError(name=name)) == f'. `{later.after[0]}` defines it: run that step in this notebook first'
    assert _missing_step(later, NameError(name='else_')) == _missing_step(later, ValueError('x')) == ''

consoles = """
from pathlib import Path
from mnistlearn.all import *
from mnistlearn.apps.check import Verdict
for o in (Verdict('rank', True, 'right'), Verdict('rank', False, 'wrong'), Verdict('rank', False, 'open', tried=False)): print(o)
print(check('rank', 'def rank(shape): return len(shape)', file=False))
print(progress()), answer('rank', file=False)
x = torch.randn(40, 784)
def größe_λ(preds, targets): return preds.mean()
dls = DataLoaders(DataLoader(TensorPairs(x, (x[:, :1] > 0).float()), 20), DataLoader(TensorPairs(x, (x[:, :1] > 0).float()), 20))
Learner(dls, nn.Linear(784, 1), mnist_loss, SGD, metrics=größe_λ).fit(2, .1)
print(run_course and 'done')
"""

@pytest.mark.parametrize('encoding, signs', [('ascii', '+x-'), ('cp1252', '+x·'), ('utf-8', '✓✗·')])
def test_a_console_without_a_tick_gets_another_sign(tmp_path, subset_folder, encoding, signs):
    (tmp_path/'script.py').write_text(consoles, encoding='utf-8')
    out = subprocess.run([sys.executable, 'script.py'], cwd=tmp_path, capture_output=True, env={**os.environ, 'MNISTLEARN_DATA': str(subset_folder), 'PYTHONIOENCODING': encoding})
    lines = out.stdout.decode(encoding).splitlines()
    assert out.returncode == 0 and lines[-1] == 'done', out.stderr.decode()[-800:]
    assert [o.split()[0] for o in lines[:4]] == [*signs, signs[0]]

# Where exercises stand

def is_exercise(cell): return cell['id'].startswith('ex')

def headings(cell, pattern='##+'): return [(len(o), text) for o, text in re.findall(rf'^({pattern}) (.+)$', cell['source'], re.M)] if cell['cell_type'] == 'markdown' else []

def place_of(e, cells):
    "The headings that an exercise stands below, and the first cell after it that is not an exercise's"
    at = next(i for i, c in enumerate(cells) if c['id'] == exercise_cells(e)[0]['id'])
    above = []
    for level, text in (o for c in cells[:at] if not is_exercise(c) or '## Check yourself' in c['source'] for o in headings(c)):
        above = [o for o in above if o[0] < level] + [(level, text)]
    return above, next(c for c in cells[at:] if not is_exercise(c))

def test_each_exercise_says_for_whom_it_is_and_how_long_it_takes():
    "But the steps of a project, which belong together"
    assert [e.name for e in all_items if (e.unit in chapters or e.unit == 'clinic') and not (e.mark in ('core', 'stretch') and e.minutes)] == []

@each_chapter
def test_an_exercise_follows_its_section(unit):
    cells = read_nb(chapters[unit]).cells
    for e in (o for o in all_items if o.unit == unit):
        above, after = place_of(e, cells)
        level = next((level for level, text in above if text == (e.section or 'Check yourself')), None)
        assert level, f'{e.name} stands below {above}'
        assert headings(after) and headings(after)[0][0] <= level and after['source'].startswith('##'), f'{e.name}: the section goes on below it'
        own = next(c for c in cells if c['id'] == exercise_cells(e)[0]['id'])
        assert headings(own, '#+')[0][0] == level + 1 and f'*{e.mark.capitalize()}, {e.minutes} minutes.' in own['source']
    for section in {e.section for e in all_items if e.unit == unit} - {None}:
        order = [next(e.mark for e in all_items if exercise_cells(e)[0]['id'] == c['id']) for c in cells
                 if any(e.unit == unit and e.section == section and exercise_cells(e)[0]['id'] == c['id'] for e in all_items)]
        assert order == sorted(order) and len(order) <= 3, f'{section}: {order}'
    loads = [i for i, c in enumerate(cells) if '%load_ext mnistlearn.exercises' == c['source']]
    assert len(loads) == 1 and cells[loads[0] - 1]['source'].startswith('**How exercises work.**')
    assert not any('%%check' in c['source'] for c in cells[:loads[0]] if c['cell_type'] == 'code')

@each_chapter
def test_exercises_are_placed_anew_wherever_they_were(unit):
    cells = list(read_nb(chapters[unit]).cells)
    own = [c for c in cells if not is_exercise(c)]
    told = lambda cells: [(c['id'], c['source']) for c in cells]
    for before in (cells, own, [c for c in cells if is_exercise(c)] + own, cells + [c for c in cells if is_exercise(c)]):
        after = chapter_cells(unit, before)
        assert told(after) == told(cells)
        assert [c for c in after if not is_exercise(c)] == own

def test_a_section_that_is_not_there_is_named(monkeypatch):
    module, corner = sys.modules['mnistlearn.apps.exercises'], exercises()['corner']
    cells = [dict(cell_type='markdown', id=str(i), source=o) for i, o in enumerate(['# A', '## First', 'Text.', '### Second\n\nMore.\n\n### Third', '## Third', '## What we have'])]
    def placed(section):
        monkeypatch.setattr(module, '_items', lambda: {'00_data': [corner._replace(section=section)]})
        return [c['id'] for c in chapter_cells('00_data', cells) if c['id'] == exercise_cells(corner)[0]['id'] or not is_exercise(c)].index(exercise_cells(corner)[0]['id'])
    assert placed('First') == 4 and placed(None) == 5
    with pytest.raises(ValueError, match=r'00_data.md, The corner: .* no section "Frist"; .*"First", "Second", "Third"'): placed('Frist')
    with pytest.raises(ValueError, match='more than one section "Third"'): placed('Third')
    with pytest.raises(ValueError, match='"Third", which needs a cell of its own'): placed('Second')
    with pytest.raises(ValueError, match='no section "What we have"'): placed('What we have')

def left_behind(source):
    "The names that a cell defines in its notebook, less what it imports"
    for node in ast.parse(re.sub('(?m)^%.*', '', source)).body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)): yield node.name
        elif not isinstance(node, (ast.Import, ast.ImportFrom)): yield from (o.id for o in ast.walk(node) if isinstance(o, ast.Name) and isinstance(o.ctx, ast.Store))

def looked_up(table):
    "The names that a cell and its functions look up in their notebook"
    yield from (o.get_name() for o in table.get_symbols() if o.is_referenced() and (table.get_type() == 'module' or o.is_global()))
    for o in table.get_children(): yield from looked_up(o)

@each_chapter
def test_what_an_answer_defines_is_not_in_the_way_of_the_chapter(unit):
    "Below an exercise, no cell reads a name that the exercise has left there"
    es, left, read = exercises(), {}, []
    for c in read_nb(chapters[unit]).cells:
        if c['cell_type'] != 'code': continue
        source = re.sub('(?m)^[%!].*', '', c['source'])
        if is_exercise(c):
            name = re.match(r'%%check (\S+)', c['source'])
            answers = [es[name[1]].answer, *es[name[1]].also] if name else []
            left |= {o: name[1] if name else 'given' for text in (source, *answers) for o in left_behind(text)}
        else:
            new = set(left_behind(source))
            read += [f'{left[o]}: {o}' for o in set(looked_up(symtable.symtable(source, unit, 'exec'))) - new if o in left]
            for o in new: left.pop(o, None)
    assert read == []

# Answers in words

def test_a_written_question_has_a_model_and_is_counted_nowhere(tmp_path):
    assert {e.unit for e in all_written} == {o for o in chapters if o < '08'}
    assert not {e.name for e in all_written} & exercises().keys()
    assert progress(tmp_path/'none').loc['total', 'of'] == len(all_exercises)
    for e in all_written:
        assert len(e.text.split()) > 15 and len(e.model.split()) > 40, e.name
        text, words, model = exercise_cells(e)
        assert {o['cell_type'] for o in (text, words, model)} == {'markdown'} and e.text in text['source'] and e.model not in text['source']
        assert words['source'] == '*Your answer: double-click here, and write.*'
        assert model['source'].startswith('<details><summary>A model answer, to compare</summary>') and e.model in model['source']
        assert [o['source'] for o in exercise_cells(e, solutions=True)][1:] == [e.model]

def test_written_questions_stand_beside_the_books():
    titles = [text for c in exercise_notebook('questionnaire')['cells'] for _, text in headings(c, '##')]
    assert [o for o in titles if ', in words' not in o] == [f'Question {e.question}. {e.title}' for e in sorted(filter(lambda e: e.question, all_exercises), key=lambda e: e.question)]
    for e in all_written:
        at = titles.index(f'Question {e.question}, in words. {e.title}')
        assert titles[at - 1].startswith(f'Question {e.question}. ')
    assert "questionnaire in the book" in exercise_notebook('questionnaire')['cells'][0]['source']

@pytest.fixture
def shell():
    "A shell of IPython that knows `%%check`; gives a function that runs a cell and returns what it showed, in plain words"
    from execnb.shell import CaptureShell
    shell = CaptureShell()
    def run(cell):
        outputs = shell.run(cell)
        assert not shell.exc, shell.exc
        plt.close('all')
        return plain(outputs)
    run.names = shell.user_ns
    run('%load_ext mnistlearn.apps.exercises')
    return run

def test_lines_are_counted_as_the_cell_shows_them(shell):
    for source in ('def rank(shape): return len(shape)\nx = [1', 'y = 1\nx = undefined', 'def rank(shape):\n    return shape.undefined'):
        lines = {int(re.search(r'in line (\d)', str(o))[1]) for o in (check('rank', source, False), check('rank', source, False))}
        assert lines == {2}, source
        assert 'in line 3: `' in shell(f'%%check rank\n{source}'), source

with_dataclass = '''from __future__ import annotations
from dataclasses import dataclass
@dataclass
class Shape:
    axes: tuple
def rank(shape): return len(Shape(tuple(shape)).axes)'''

@pytest.mark.parametrize('source', [with_dataclass, '%matplotlib inline\n' + with_dataclass,
    '!pip install tqdm\ndef rank(shape):\n    %config InlineBackend.figure_format = "retina"\n    return len(shape)',
    'def rank(shape):\n    text = """\n%matplotlib inline\n"""\n    return len(shape) if "%" in text else 9',
    'def rank(shape): return (len(shape)\n%pip\n + 0)\npip = 10**9'])
def test_right_answers_with_lines_that_are_not_the_points_own(source, shell):
    assert judge(source, exercises()['rank'].task, exercises()['rank'].answer)
    said = shell(f'%%check rank\n{source}')
    assert '✓' in said and 'shape (3,)' in said, said

@pytest.mark.parametrize('line', ['%time x = 3', 'x = !ls', '%%time', 'len?', '?len', '!rm notes.txt'])
def test_other_lines_of_ipython_are_one_sentence(line):
    e = exercises()['rank']
    said = judge(f'y = 1\n{line}\n{e.answer}', e.task, e.answer).words
    assert f'in line 2: `{line}`' in said and 'leave this one out' in said and '\n' not in said

asked = '%%check rank\ndef rank(shape): return 3'
fresh_kernels = {
    'by its own': (['%load_ext mnistlearn.apps.exercises', asked, '%reload_ext mnistlearn.apps.exercises', asked], 'right on'),
    'loaded anew': (['%load_ext mnistlearn.exercises', '%reload_ext mnistlearn.exercises', '%load_ext mnistlearn.exercises', asked], 'right on'),
    'after any import': (['import mnistlearn, sys\nassert "torch" not in sys.modules', asked, 'progress()', asked], 'right on'),
    'after a chapter': (['from mnistlearn.data import *', asked], 'right on'),
    'a magic of that name is left alone': (['from IPython.core.magic import register_cell_magic\n@register_cell_magic\ndef check(line, cell): print("mine")', 'import mnistlearn', asked], 'mine'),
}

@pytest.mark.parametrize('how', fresh_kernels)
def test_in_a_fresh_kernel(how):
    import nbformat.v4 as v4
    from nbclient import NotebookClient
    cells, want = fresh_kernels[how]
    nb = v4.new_notebook(cells=[v4.new_code_cell(o) for o in cells])
    NotebookClient(nb, timeout=120, kernel_name='python3', allow_errors=True).execute()
    assert [o.ename for c in nb.cells for o in c.outputs if o.output_type == 'error'] == []
    for c in nb.cells:
        if c.source == asked: assert want in plain(c.outputs), plain(c.outputs)

def verdicts():
    e = exercises()['rank']
    for source in (e.answer, 'def rank(shape): return 0', 'def rank(shape):\n    """<b>&"""\n    return shape.undefined', e.start): yield judge(source, e.task, e.answer, e.start, '<rank>')

def luminance(color):
    r, g, b = (int(color[i:i + 2], 16)/255 for i in (1, 3, 5))
    return sum(k*(o/12.92 if o <= .04045 else ((o + .055)/1.055)**2.4) for k, o in zip((.2126, .7152, .0722), (r, g, b)))

def test_a_verdict_is_read_well_on_any_page():
    "White and JupyterLab's dark #111 have no text colour in common with 4.5:1, so a coloured text brings its own background"
    signs = {}
    for verdict in verdicts():
        text = verdict._repr_html_()
        assert text.count('<rank>') == 0 and '&lt;rank&gt;' in text
        colored = re.findall(r'style="background-color: (#\w{6}); color: (#\w{6});[^"]*">(.) ([\w ]+)</span>', text)
        assert len(colored) == 1 == len(re.findall(r'[ ";]color:', text)), 'all other text has the colour of the page'
        back, front, sign, words = colored[0]
        signs[sign, words] = back
        assert (luminance(front) + .05)/(luminance(back) + .05) >= 4.5
        assert repr(verdict).startswith(sign)
    assert list(signs) == [('✓', 'right'), ('✗', 'not right yet'), ('·', 'still open')] and len(set(signs.values())) == 3

def test_a_verdict_has_code_where_there_is_code():
    _, wrong, raised, _ = (o._repr_html_() for o in verdicts())
    assert re.search(r'>expected</span><code>\d</code>', wrong) and re.search(r'>given</span><code>0</code>', wrong)
    assert re.search(r'>raised</span>AttributeError: .*, in line 3: <code>return shape.undefined</code>', raised)

def test_a_cell_shows_its_verdict_in_colour_and_in_words():
    from execnb.shell import CaptureShell
    other = CaptureShell()
    other.run('%load_ext mnistlearn.apps.exercises')
    shown = [o['data'] for o in other.run('%%check rank\ndef rank(shape): return 0') if 'data' in o]
    assert len(shown) == 1 and ''.join(shown[0]['text/plain']).startswith('✗ rank: right on') and 'background-color' in ''.join(shown[0]['text/html'])

fixed_exercises = [e for e in all_exercises if e.task.fixed]

def test_answers_that_are_fixed_are_marked():
    "Whatever the start leaves open as a value, in any line of any exercise"
    assert len(fixed_exercises) == 23
    for e in all_exercises:
        open_names = {o.targets[0].id for o in ast.parse(e.start).body if isinstance(o, ast.Assign) and '...' in ast.unparse(o.value)}
        if e.name != 'epoch-steps': assert open_names == set(e.task.fixed), e.name # those five lines are run, and more than one order is right

def with_line(e, i, new):
    "The answer with another value in the line number `i` that the start leaves open, and where that line stands; None where there is no such line"
    tree, n = ast.parse(e.answer), -1
    for o in tree.body:
        if not isinstance(o, ast.Assign) or getattr(o.targets[0], 'id', None) not in e.task.fixed: continue
        values = o.value.values if isinstance(o.value, ast.Dict) else o.value.elts if isinstance(o.value, ast.List) else [o.value]
        for at, v in enumerate(values):
            n += 1
            if n != i: continue
            text = e.answer.splitlines()
            row = text[v.lineno - 1]
            text[v.lineno - 1] = row[:v.col_offset] + new + row[v.end_col_offset:]
            return '\n'.join(text), v.lineno

@pytest.mark.parametrize('e', fixed_exercises, ids=lambda e: e.name)
def test_a_fixed_answer_is_never_told(e, monkeypatch):
    monkeypatch.setattr(checker, 'run_answer', functools.cache(run_answer))
    def said(source): return judge(source, e.task, e.answer, e.start, e.name, 0)
    i = 0
    while changed := with_line(e, i, "'qqq'"):
        source, line = changed
        verdict = said(source)
        assert not verdict and verdict.tried and len(verdict.details) == 1
        label, where = verdict.details[0]
        assert label == 'not right' and where.startswith(f'line {line}, `') and "'qqq'" in where
        assert where.split('`')[1].split(", number")[0] in source, 'words that the cell does not have'
        verdict = said(with_line(e, i, '...')[0])
        assert not verdict and not verdict.tried, 'what is not filled in is not judged'
        assert [o for o, _ in verdict.details] == ['not filled in yet'] and f'line {line}, ' in verdict.details[0][1]
        i += 1
    assert i == len(checker.run_answer(e.answer, e.task, 0)['lines']) > 0
    for what, source in e.wrong.items():
        verdict = said(source)
        for label, text in verdict.details:
            if label == 'not right': assert text.startswith('line ') or re.match(r'`\w+\[.*\]`$', text), text
        if 'probe' not in e.task.check: assert {o for o, _ in verdict.details} <= {'not right', 'not filled in yet'}, what

def test_filled_lines_are_judged_beside_open_ones():
    e = exercises()['rates']
    verdict = judge("\nverdicts = {'E': 'fine', 'A': 'fine', 'B': 'too low', 'C': ..., 'D': 'fine', 'F': 'fine'}", e.task, e.answer, e.start, e.name)
    assert verdict.summary == '3 of 5 lines are right' and verdict.tried
    assert verdict.details == [('not right', "line 2, `'A': 'fine'`"), ('not right', "line 2, `'F': 'fine'`"), ('not filled in yet', "line 2, `'C': ...`")]
    e = exercises()['seven-steps']
    assert ('not filled in yet', '`steps[7]`') in judge("steps = list('DBGEAC')", e.task, e.answer, e.start).details
    e = exercises()['clinic-leaf']
    open_yet = judge(e.answer.replace("'d'", '...'), e.task, e.answer, e.start)
    assert open_yet.summary == 'right on all 4 inputs' and open_yet.details == [('not filled in yet', 'line 1, `diagnosis = ...`')] and not open_yet.tried
    half = judge(e.start.replace('...', "'d'"), e.task, e.answer, e.start)
    assert half.summary == 'right on 0 of 4 inputs; `diagnosis` is right' and half.tried

def test_the_table_of_a_fit_brings_no_stylesheet_and_changes_nobody_elses():
    import nbformat.v4 as v4
    from nbclient import NotebookClient
    fit = """from mnistlearn.base.progress import ProgressTable
table = ProgressTable(['epoch', 'loss'], total=2)
ProgressTable.seconds_between = -1
table.move(1)
table.add_row([0, .25])
table.finish()"""
    nb = v4.new_notebook(cells=[v4.new_code_cell(fit), v4.new_code_cell(fit)])
    NotebookClient(nb, timeout=120, kernel_name='python3').execute()
    for c in nb.cells:
        assert [o.output_type for o in c.outputs] == ['display_data'], 'a table, and nothing else'
        text = c.outputs[0]['data']['text/html']
        assert re.sub('<[^>]+>', ' ', text).split() == ['epoch', 'loss', '0', '0.250000'] and '<progress' not in text
        assert not re.search(r'<style|class=|color|background', text), text
        assert c.outputs[0]['data']['text/plain'].split() == ['epoch', 'loss', '0', '0.250000']

def test_a_check_that_does_not_work_tells_no_answer():
    e = exercises()['rates']
    with pytest.raises(RuntimeError, match='check of rates does not work here') as seen: judge('verdicts = {}', e.task, e.answer + '\nraise ValueError("oops")', '', e.name)
    assert 'oops' in str(seen.value) and 'bounces' not in str(seen.value)

def test_an_order_with_gaps_is_not_filled_in_yet():
    e = exercises()['epoch-steps']
    assert ('given', 'not filled in yet') in judge("order = ['d', 'b', ...]", e.task, e.answer, e.start, e.name).details

def test_a_later_chapter_is_refused_in_plain_words():
    e = exercises()['rank']
    said = judge('import mnistlearn.net', e.task, e.answer).words
    assert 'mnistlearn.net cannot be used here' in said and 'sys.modules' not in said
