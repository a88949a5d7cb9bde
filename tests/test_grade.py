"A class is graded: every answer as at its own desk, whoever sits beside it"
import csv, json, os, signal, subprocess, sys, time
from pathlib import Path
from types import SimpleNamespace
from uuid import uuid4

import pytest

from mnistlearn.apps.exercises import bank_digest, exercise_notebook, exercises, judge_answer, words_in, written_questions
from mnistlearn.apps import grade as grading
from mnistlearn.apps.grade import grade, names_in_unit, read_roster, rows_of_roster, unit_of, what_holds
from mnistlearn.apps.report import Row, alike, as_csv, best_rows, class_table, exercise_table, grades_page
from test_left_running import wait_for

command = Path(sys.executable).parent/'mnistlearn'
unit = '00_data'
names = names_in_unit(unit)

def notebook(answers={}, unit=unit, solutions=False):
    "A notebook of the course, with some of its answers changed; an answer that is None has no cell"
    nb = exercise_notebook(unit, solutions)
    for cell in list(nb['cells']):
        name = ''.join(cell['source']).split('\n')[0].removeprefix('%%check ')
        if name in answers:
            if answers[name] is None: nb['cells'].remove(cell)
            else: cell['source'] = f'%%check {name}\n{answers[name]}'
    return nb

def hostile(folder):
    "Answers that do harm, each by its kind"
    theirs = folder/'theirs'
    return dict(forks='import os\nwhile True: os.fork()', sleeps='import time\ntime.sleep(10**6)', loops='while True: pass', fills='x = []\nwhile True: x.append("more"*10**6)',
        writes=f'open({str(theirs)!r}, "w").write("gone")', removes=f'import shutil\nshutil.rmtree({str(folder)!r})', prints='print("right on all 4 inputs")\ndef corner(x): return 1',
        edits='import mnistlearn, pathlib\nfor o in (pathlib.Path(mnistlearn.__file__).parent/"bank").iterdir(): o.write_text("")', leaves='import os\nos._exit(0)', exits='raise SystemExit(0)',
        hides='import os, time\nif os.fork() == 0:\n    os.setsid()\n    time.sleep(10**6)\ndef corner(x): return 1', kills='import os\nos.kill(-1, 9)', calls='import urllib.request\nurllib.request.urlopen("http://127.0.0.1:9")',
        starts='import subprocess\nsubprocess.Popen(["sleep", "1000"])')

@pytest.fixture(scope='module')
def class_of_60(tmp_path_factory):
    "Sixty students: right, wrong, untouched, broken, hostile; `expected` says what comes of `corner`"
    top = tmp_path_factory.mktemp('class')
    folder, expected = top/'handed in', {}
    folder.mkdir()
    (top/'theirs').write_text('precious')
    right, wrong = exercises()['corner'].answer, exercises()['corner'].wrong
    def hand_in(student, text, verdict):
        (folder/f'{student}.ipynb').write_text(text if isinstance(text, str) else json.dumps(text))
        expected[student] = verdict
    for i in range(20): hand_in(f'right{i:02}', notebook({'corner': f'# {i//2}\n{right}'}, solutions=True), 'right')
    for i in range(10): hand_in(f'wrong{i:02}', notebook({'corner': list(wrong.values())[i%len(wrong)]}, solutions=True), 'wrong')
    for i in range(8): hand_in(f'open{i:02}', notebook(), 'open')
    for kind, answer in hostile(top).items(): hand_in(kind, notebook({'corner': answer}, solutions=True), 'wrong')
    for kind, text in dict(cut=json.dumps(notebook())[:500], empty='', text='my homework', number='7', deep='['*100_000, old=json.dumps({'worksheets': []}), other=json.dumps(dict(cells=[dict(cell_type='code', source='1 + 1')])),
                           strange=json.dumps(dict(cells=[7, None, dict(cell_type='code', source={'a': 1})]))).items(): hand_in(kind, text, None)
    hand_in('gone', notebook({'corner': None}, solutions=True), 'missing')
    hand_in('renamed', json.dumps(notebook(solutions=True)).replace('%%check corner', '%%check cornr'), 'missing')
    (folder/'.ipynb_checkpoints').mkdir()
    (folder/'.ipynb_checkpoints'/'right00-checkpoint.ipynb').write_text(json.dumps(notebook()))
    return SimpleNamespace(top=top, folder=folder, expected=expected)

def left_running(mark): return [o.parent.name for o in Path('/proc').glob('[0-9]*/environ') if f'MARK={mark}'.encode() in readable(o)]
def readable(file):
    try: return file.read_bytes()
    except OSError: return b''

def run(folder, out, *more):
    "`mnistlearn grade`, as a teacher calls it; and what it leaves running"
    mark = uuid4().hex
    done = subprocess.run([command, 'grade', str(folder), '--out', str(out), *more], capture_output=True, text=True, env={**os.environ, 'MARK': mark})
    assert wait_for(lambda: not left_running(mark), 20), left_running(mark)
    return done

@pytest.mark.dataless
def test_a_class_of_all_kinds_is_graded_twice_alike_and_nothing_else_changes(class_of_60, tmp_path):
    before = {o: o.read_bytes() for o in class_of_60.top.rglob('*') if o.is_file()}
    first, second = run(class_of_60.folder, tmp_path/'a.csv'), run(class_of_60.folder, tmp_path/'b.csv', '--jobs', '3')
    assert first.returncode == second.returncode == 0, first.stderr
    assert (tmp_path/'a.csv').read_bytes() == (tmp_path/'b.csv').read_bytes()
    assert sorted(o.name for o in tmp_path.iterdir()) == ['a.csv', 'a.html', 'b.csv', 'b.html']
    assert {o: o.read_bytes() for o in class_of_60.top.rglob('*') if o.is_file()} == before
    rows = list(csv.DictReader((tmp_path/'a.csv').open(encoding='utf-8')))
    got = {o['student']: o['verdict'] for o in rows if o['exercise'] in ('corner', '')}
    assert got == {k: v or 'unreadable' for k, v in class_of_60.expected.items()}
    others = {o['student'] for o in rows if o['exercise'] not in ('corner', 'cornr', '', *written_questions()) and o['verdict'] != 'right'}
    assert others == {o for o, v in class_of_60.expected.items() if v == 'open'} # nobody's other answers suffer
    said = {o['student']: o['difference'] for o in rows if o['exercise'] == 'corner'}
    for kind, says in dict(loops='stopped after', sleeps='stopped after', fills='1,000 MB', edits='may not read the answers', writes='may not write outside', calls='may not use the network', starts='may not start', kills='may not end').items(): assert says in said[kind]
    assert [o['difference'] for o in rows if o['verdict'] == 'unknown'] == ['no exercise has this name; did it begin with "%%check corner"?']
    assert first.stdout.splitlines()[1].startswith('student')

@pytest.mark.parametrize('name', names)
def test_what_is_graded_is_what_check_says(name):
    from mnistlearn.apps.exercises import check
    e = exercises()[name]
    for source in (e.answer, *e.also, *e.wrong.values(), e.start):
        own, graded = check(name, '\n' + source, file=False), judge_answer(name, '\n' + source)
        assert graded.verdict == ('right' if own else 'wrong' if own.tried else 'open')

@pytest.mark.dataless
def test_what_was_interrupted_goes_on(class_of_60, tmp_path):
    (few := tmp_path/'few').mkdir()
    for i in range(6): (few/f's{i}.ipynb').write_text(json.dumps(notebook({o: f'# {i}\n{exercises()[o].answer}' for o in names})))
    (few/'slow.ipynb').write_text(json.dumps(notebook({'corner': 'while True: pass'})))
    mark = uuid4().hex
    p = subprocess.Popen([command, 'grade', few, '--out', tmp_path/'a.csv'], env={**os.environ, 'MARK': mark}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    part = tmp_path/'a.csv.part'
    assert wait_for(lambda: part.is_file() and part.read_text(encoding='utf-8').count('\n') > 9, 120)
    p.kill(), p.wait()
    assert wait_for(lambda: not left_running(mark), 20), left_running(mark)
    noted = part.read_text(encoding='utf-8')
    assert not (tmp_path/'a.csv').exists()
    with part.open('a') as f: f.write('["' + noted[2:40]) # cut in the middle of a line
    ticks = []
    rows = grade(few, tmp_path/'a.csv', bar=lambda total: lambda: ticks.append(total))
    n = len({(o.exercise, o.source) for o in rows if o.exercise in exercises()})
    assert len(ticks) == ticks[0] == n - noted.count('\n')
    assert not part.exists() and sum(o.verdict == 'right' for o in rows) == 6*len(names)

def test_verdicts_on_other_exercises_do_not_count(tmp_path):
    (few := tmp_path/'few').mkdir()
    (few/'a.ipynb').write_text(json.dumps(notebook(unit='01_baseline')))
    name = names_in_unit('01_baseline')[0]
    (tmp_path/'a.csv.part').write_text(json.dumps(['older', name, '\n' + exercises()[name].start, 'right', 'right']) + '\n')
    assert {o.verdict for o in grade(few, tmp_path/'a.csv')} == {'open'}

def test_more_machines_share_the_work(class_of_60, tmp_path):
    distributed = pytest.importorskip('dask.distributed')
    (few := tmp_path/'few').mkdir()
    for i in range(4): (few/f's{i}.ipynb').write_text(json.dumps(notebook({'corner': f'# {i}\n{exercises()["corner"].answer}'}, solutions=True)))
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster:
        rows = grade(few, tmp_path/'a.csv', scheduler=cluster.scheduler_address)
        with distributed.Client(cluster) as client: used = client.run(lambda: 'mnistlearn.apps.check' in sys.modules)
    assert {o.verdict for o in rows if o.exercise in exercises()} == {'right'} and list(used.values()) == [True, True]

def test_a_machine_with_other_exercises_says_so():
    with pytest.raises(ValueError, match='install the same mnistlearn'): judge_answer('corner', '', 'another')
    assert judge_answer('corner', '\n' + exercises()['corner'].answer, bank_digest()).verdict == 'right'

def test_a_student_is_a_folder_or_a_file_and_right_once_is_right(tmp_path):
    top = tmp_path/'class'
    for path, nb in {'ada/x/00.ipynb': notebook(), 'ada/01.ipynb': notebook(solutions=True), 'ben.ipynb': notebook()}.items():
        (top/path).parent.mkdir(parents=True, exist_ok=True)
        (top/path).write_text(json.dumps(nb))
    rows = grade(top, tmp_path/'a.csv')
    assert {(o.student, o.notebook) for o in rows} == {('ada', 'ada/x/00.ipynb'), ('ada', 'ada/01.ipynb'), ('ben', 'ben.ipynb')}
    page = (tmp_path/'a.html').read_text(encoding='utf-8')
    assert f'ada: {len(names)} right' in page and 'ben: 0 right' in page

    table, n_words = class_table(rows), sum(o.unit == unit for o in written_questions().values())
    assert table.right.to_dict() == {'ada': len(names), 'ben': 0} and table.open.to_dict() == {'ada': n_words, 'ben': len(names) + n_words}

def test_odd_names_come_in_their_order_and_odd_letters_cost_nobody_the_table(tmp_path):
    (few := tmp_path/'few').mkdir()
    odd = [f'odd{i}' for i in range(9)]
    cells = [dict(cell_type='code', source=f'%%check {o}\n1') for o in odd]
    (few/'a.ipynb').write_text(json.dumps({**notebook(), 'cells': [*notebook()['cells'], *cells, dict(cell_type='code', source='%%check \ud800\n\ud800')]}))
    rows = grade(few, tmp_path/'a.csv')
    assert [o.exercise for o in rows if o.verdict == 'unknown'] == [*odd, '\ud800']
    assert '\\ud800' in (tmp_path/'a.csv').read_text(encoding='utf-8') and (tmp_path/'a.html').is_file()

def test_no_name_becomes_a_formula_or_a_part_of_the_page():
    rows = [Row('=cmd()', '@a.ipynb', '+b', 'unknown', '-c'), Row('<script>alert(1)</script>', 'a.ipynb', 'corner', 'wrong', '<img src=x onerror=alert(2)>')]
    assert as_csv(rows).splitlines()[1] == "'=cmd(),'@a.ipynb,'+b,unknown,'-c,,"
    page = grades_page(rows)
    assert '<script' not in page and '<img' not in page and '&lt;script&gt;' in page

def test_the_hardest_comes_first():
    rows = [Row(s, 'a', name, v, d) for s, name, v, d in [('a', 'corner', 'right', ''), ('a', 'rank', 'wrong', 'x'), ('b', 'rank', 'wrong', 'x'), ('b', 'corner', 'wrong', 'y'), ('c', 'rank', 'open', ''), ('c', 'rank', 'right', '')]]
    table = exercise_table(rows)
    assert table.exercise.tolist() == ['rank', 'corner'] and table.right.tolist() == [1, 1] and table['most often wrong'][0] == '2x x'
    assert class_table(rows).loc['b'].to_dict() == {'right': 0, 'of them core': 0, 'wrong': 2, 'open': 0}
    assert table[['chapter', 'part']].values.tolist() == [['00_data', exercises()[o].mark] for o in ('rank', 'corner')]
    core = [o for o in names if exercises()[o].mark == 'core']
    rows = [Row('a', 'a', o, 'right') for o in names]
    assert class_table(rows).loc['a', ['right', 'of them core']].tolist() == [len(names), len(core)] and 0 < len(core) < len(names)

def test_answers_in_words_are_collected_beside_the_models(tmp_path):
    asked = [o for o in written_questions().values() if o.unit == unit]
    (top := tmp_path/'class').mkdir()
    def write(student, texts, cells):
        "As Jupyter writes a notebook whose cell for an answer in words somebody has changed, or put one more below"
        cells = [dict(o, source=''.join(o['source'])) for o in cells]
        for o in asked:
            at = next(i for i, c in enumerate(cells) if c['source'].split('\n')[0].endswith(o.title)) + 1
            assert cells[at]['source'].startswith('*Your answer')
            if o.name in texts: cells[at:at + 1] = [dict(cells[at], source=text) for text in texts[o.name]]
        for c in cells: c.pop('id')
        (top/f'{student}.ipynb').write_text(json.dumps(dict(cells=cells)))
    first = asked[0].name
    chapter = json.loads((Path(__file__).parent.parent/'nbs'/f'{unit}.ipynb').read_text(encoding='utf-8'))['cells']
    write('ada', {first: ['# Mine\n\nNumbers, <b>row</b> by row']}, notebook()['cells'])
    write('ben', {first: ['*Your answer: double-click here, and write.*\n\nA table', 'of greys']}, chapter)
    write('cem', {}, notebook()['cells'])
    rows = [o for o in grade(top, tmp_path/'a.csv') if o.verdict == 'written' or o.student == 'cem' and o.exercise in written_questions()]
    untouched = [rows.pop() for _ in asked]
    assert {(o.student, o.exercise, o.verdict, o.source) for o in untouched} == {('cem', o.name, 'open', '') for o in asked}
    assert [(o.student, o.exercise, o.source) for o in rows] == [('ada', first, '# Mine\n\nNumbers, <b>row</b> by row'), ('ben', first, 'A table\n\nof greys')]
    page = (tmp_path/'a.html').read_text(encoding='utf-8')
    assert '&lt;b&gt;row&lt;/b&gt;' in page and 'A table\n\nof greys' in page and asked[0].title in page
    lines = list(csv.DictReader((tmp_path/'a.csv').open(encoding='utf-8')))
    assert [o['difference'] for o in lines if o['verdict'] == 'written'] == ['# Mine Numbers, <b>row</b> by row', 'A table of greys']

def test_long_answers_that_are_alike_are_shown_and_short_ones_are_not():
    long = max((e for e in exercises().values()), key=lambda e: len(e.answer))
    mine = 'def f(x):\n    total = 0\n    for value in x:\n        total = total + value*value\n    for other in reversed(x):\n        total = total - other\n    return total'
    rows = [Row(who, who, 'rank', 'wrong', '', text) for who, text in dict(a=mine, b=f'# by me\n{mine.replace("x):", "x) :")}', c=mine.replace('total', 'sum_')).items()]
    rows += [Row(who, who, 'corner', 'right', '', 'def corner(x): return x[-1]') for who in 'abc']
    rows += [Row('c', 'c', long.name, 'right', '', f'# mine\n{long.answer}'), Row('a', 'a', 'rank', 'wrong', '', 'def (')]
    assert alike(rows).values.tolist() == [['a, b', 'rank', ''], ['c', long.name, 'our own answer']]
    untouched = [Row(who, who, long.name, 'open', '', long.start) for who in 'ab']
    assert len(alike(untouched)) == 0

def test_who_is_missing_is_named(tmp_path):
    (top := tmp_path/'class').mkdir()
    for o in ('Ada', 'bne'): (top/f'{o}.ipynb').write_text(json.dumps(notebook()))
    (tmp_path/'names.csv').write_text('name,email\nada,a@x\n"Ben",b@x\n\n', encoding='utf-8')
    rows = grade(top, tmp_path/'a.csv', roster=tmp_path/'names.csv')
    assert [o[:5] for o in rows if not o.exercise] == [('Ben', '', '', 'missing', 'has handed in nothing'), ('bne', '', '', 'unknown', 'is not on the list of names; is it Ben?')]
    assert class_table(rows).loc['Ben', ['right', 'missing']].tolist() == [0, 1] and '– has handed in nothing' in (tmp_path/'a.html').read_text(encoding='utf-8')

@pytest.mark.parametrize('name, text', [('a.txt', '\ufeffEva\n Zoë Å\n'), ('a.csv', 'name,mail\nEva,e@x\nZoë Å,z@x\n'), ('a.csv', '\ufeffname;mail\nEva;e@x\n"Zoë Å";z@x\n'), ('a.txt', 'name\tmail\nEva\te@x\nZoë Å\tz@x'), ('a.txt', 'name,mail\nEva,e@x\nZoë Å,z@x')])
def test_a_list_of_names_comes_in_many_forms(name, text, tmp_path):
    (tmp_path/name).write_text(text, encoding='utf-8')
    assert read_roster(tmp_path/name) == ['Eva', 'Zoë Å']

def test_a_name_is_the_same_whatever_the_system_made_of_it():
    students = ['Zoe\u0308 A\u030a', 'eva_lot', 'Max Muster_4711_assignsubmission_file_']
    assert rows_of_roster(['Zoë Å', 'Eva Lot', 'Max Muster'], students) == []

def test_who_handed_in_something_else_is_named(tmp_path):
    top = tmp_path/'class'
    for path in ('ada/answers.docx', 'ben/a.ipynb'):
        (top/path).parent.mkdir(parents=True)
        (top/path).write_text(json.dumps(notebook()))
    (top/'cem').mkdir()
    rows = grade(top, tmp_path/'a.csv')
    assert [o[:5] for o in rows if not o.exercise] == [('ada', '', '', 'unreadable', 'no notebook, but answers.docx'), ('cem', '', '', 'unreadable', 'an empty folder')]
    (flat := tmp_path/'flat'/'pictures').mkdir(parents=True)
    (flat.parent/'ben.ipynb').write_text(json.dumps(notebook()))
    assert {o.student for o in grade(flat.parent, tmp_path/'b.csv')} == {'ben'}

def test_nobody_gets_what_another_has_written(tmp_path):
    top, right = tmp_path/'class', exercises()['corner'].answer
    for o in ('ada', 'ben', 'cem'): (top/o).mkdir(parents=True)
    (top/'ada'/'a.ipynb').write_text('\ufeff' + json.dumps(notebook({'corner': right})), encoding='utf-8')
    (top/'ben'/'a.ipynb').symlink_to('../ada/a.ipynb')
    reads = f'import json\ncells = json.load(open({str(top/"ada"/"a.ipynb")!r}, encoding="utf-8-sig"))["cells"]\nexec(next("".join(o["source"]) for o in cells if "%%check corner" in "".join(o["source"])).replace("%%check corner", ""))'
    (top/'cem'/'a.ipynb').write_text(json.dumps(notebook({'corner': reads})))
    rows = {(o.student, o.exercise): o for o in grade(top, tmp_path/'a.csv')}
    assert rows['ada', 'corner'].verdict == 'right'
    assert rows['ben', ''].verdict == 'unreadable' and 'a link' in rows['ben', ''].difference
    assert rows['cem', 'corner'].verdict == 'wrong' and 'PermissionError' in rows['cem', 'corner'].difference

@pytest.mark.dataless
def test_an_answer_that_takes_the_judge_apart_costs_nobody_else_anything(tmp_path):
    (top := tmp_path/'class').mkdir()
    def write(report): return f'import os\nfor i in range(3, 40):\n    try: os.write(i, {report.encode()!r})\n    except OSError: pass\nos._exit(0)'
    breaks = dict(number=write('{"results": 5}'), keys=write('{"results": [["", {}]], "lines": []}'), blames=write('{"broken": "sorry"}'), lines=write('{"results": [], "lines": [[1]]}'), nothing=write('null'),
        signs='x = ' + '-'*20_000 + '1', terms='x = ' + '+'.join('1'*3000), large='def corner(n): return 10**6000', nested='def corner(n):\n    x = []\n    for _ in range(10**5): x = [x]\n    return x',
        shared='import mmap\ndef corner(n):\n    m = mmap.mmap(-1, 2500*2**20)\n    return 1', file='def corner(n):\n    with open("a", "wb") as f:\n        f.seek(1500*10**6)\n        f.write(b"x")\n    return 1',
        folders='import os\ndef corner(n):\n    for _ in range(1500):\n        os.mkdir("d")\n        os.chdir("d")\n    return 1')
    for who, answer in {**breaks, 'zoe': exercises()['corner'].answer}.items(): (top/f'{who}.ipynb').write_text(json.dumps(notebook({'corner': answer})))
    temporary = tmp_path/'tmp'
    temporary.mkdir()
    done = subprocess.run([command, 'grade', top, '--out', tmp_path/'a.csv'], capture_output=True, text=True, env={**os.environ, 'TMPDIR': str(temporary)})
    assert done.returncode == 0, done.stderr
    rows = list(csv.DictReader((tmp_path/'a.csv').open(encoding='utf-8')))
    assert {o['student']: o['verdict'] for o in rows if o['exercise'] == 'corner'} == {**dict.fromkeys(breaks, 'wrong'), 'zoe': 'right'}
    assert list(temporary.iterdir()) == []

@pytest.mark.parametrize('content, says', [(None, 'cannot be read'), (b'\xff\xfe', 'UTF-8'), (b'\n\n', 'no name')])
def test_a_list_of_names_that_is_none_is_said_in_a_line(content, says, tmp_path):
    if content is not None: (tmp_path/'names.txt').write_bytes(content)
    with pytest.raises(ValueError, match=says): read_roster(tmp_path/'names.txt')

def test_what_the_checker_could_not_judge_costs_nobody_else_anything(tmp_path, monkeypatch):
    (top := tmp_path/'class').mkdir()
    (top/'a.ipynb').write_text(json.dumps(notebook({'corner': 'def corner(x): return 1', 'rank': exercises()['rank'].answer})))
    real, asked = grading.judge_answer, []
    def judge(name, *args, **kwargs):
        asked.append(name)
        if name == 'corner': raise KeyError('no time')
        return real(name, *args, **kwargs)
    monkeypatch.setattr(grading, 'judge_answer', judge)
    rows = grade(top, tmp_path/'a.csv', jobs=1)
    said = {o.exercise: (o.verdict, o.difference) for o in rows}
    assert said['corner'] == ('unjudged', "KeyError: 'no time'") and said['rank'][0] == 'right' and asked.count('corner') == 2
    monkeypatch.setattr(grading, 'judge_answer', lambda name, *args, **kwargs: real(name, *args, **kwargs) if name == 'corner' else pytest.fail('judged again'))
    assert {o.exercise: o.verdict for o in grade(top, tmp_path/'a.csv', jobs=1)}['corner'] == 'wrong'
    assert not (tmp_path/'a.csv.part').exists()

@pytest.mark.parametrize('held, says', [({'the network', 'other files'}, 'The system kept'), ({'the network'}, 'from changing other files and reading each other\'s notebooks on this machine is Python alone'), (set(), 'from the network, from changing other files')])
def test_it_is_said_what_keeps_answers_in(held, says, monkeypatch, tmp_path):
    monkeypatch.setattr(grading, 'held_by_system', lambda: held)
    assert says in what_holds()
    (top := tmp_path/'class').mkdir()
    (top/'a.ipynb').write_text(json.dumps(notebook()))
    grade(top, tmp_path/'a.csv')
    assert what_holds() in (tmp_path/'a.html').read_text(encoding='utf-8')

def test_the_page_is_read_by_everybody(class_of_60, open_page, tmp_path):
    axe = pytest.importorskip('axe_playwright_python.sync_playwright').Axe()
    rows = [Row(f's{i}', f's{i}.ipynb', name, v, 'right on 0 of 4 inputs') for i in range(5) for name, v in zip(names, ['right', 'wrong', 'open', 'missing', 'right'])]
    (tmp_path/'a.html').write_text(grades_page(rows), encoding='utf-8')
    for scheme, width in (('light', 1366), ('dark', 390)):
        page = open_page(tmp_path/'a.html', width, color_scheme=scheme)
        assert axe.run(page).response['violations'] == []
        assert page.evaluate('document.documentElement.scrollWidth') <= width
        page.get_by_text('s1: 2 right').click()
        assert page.locator('details[open] li').first.is_visible()

@pytest.mark.parametrize('args, says', [(('nowhere',), 'no such folder'), (('.',), 'no notebook'), (('.', '--out', 'grades.txt'), '.csv'), (('.', '--out', 'no/a.csv'), 'no folder'), (('.', '--jobs', '0'), 'at once'), ((), 'FOLDER')])
def test_what_cannot_be_graded_is_said_in_a_line(args, says, tmp_path):
    done = subprocess.run([command, 'grade', *args], capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 2 and done.stderr.count('\n') == 1 and says in done.stderr
