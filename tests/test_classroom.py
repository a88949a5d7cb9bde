"The exercises in the forms of nbgrader, Otter and GitHub Classroom, tried with these tools themselves"
import json, os, re, subprocess, sys
from pathlib import Path

import pytest, yaml

from mnistlearn.apps.classroom import classroom_files, forms, nbgrader_notebook, otter_notebook, write_class
from mnistlearn.apps.exercises import exercise_units, exercises

pytestmark = pytest.mark.dataless
bin = Path(sys.executable).parent
unit = '01_baseline'

def run(*args, cwd):
    out = subprocess.run([str(o) for o in args], cwd=cwd, capture_output=True, text=True, env={**os.environ, 'PATH': f'{bin}{os.pathsep}{os.environ["PATH"]}'})
    assert out.returncode == 0, out.stdout[-2000:] + out.stderr[-3000:]
    return out.stdout

def solved(notebook, wrong=()):
    "A student's copy with all answers; of those in `wrong`, a usual wrong one"
    nb = json.loads(Path(notebook).read_text(encoding='utf-8'))
    for cell in nb['cells']:
        match = re.match(r'%%check (\S+)', ''.join(cell['source']))
        if match: cell['source'] = f'{match[0]}\n' + (next(iter(exercises()[match[1]].wrong.values())) if match[1] in wrong else exercises()[match[1]].answer)
    return json.dumps(nb)

def test_nbgrader_gives_all_points_to_a_solved_copy_and_none_to_an_untouched_one(tmp_path):
    pytest.importorskip('nbgrader')
    from nbgrader.api import Gradebook
    top = write_class('nbgrader', tmp_path/'course')
    ours = top/'release'/unit/f'{unit}.ipynb'
    copies = {'own-release': solved(ours), 'own-untouched': ours.read_text(encoding='utf-8'), 'one-wrong': solved(ours, ['median'])}
    run(bin/'nbgrader', 'generate_assignment', unit, '--create', '--force', f'--course-dir={top}', cwd=top)
    theirs = top/'release'/unit/f'{unit}.ipynb'
    text = theirs.read_text(encoding='utf-8')
    assert 'SOLUTION' not in text and 'HIDDEN' not in text and 'last_answer' not in text and '# def typical(images)' in text
    copies |= {'their-release': solved(theirs), 'their-untouched': text}
    for student, copy in copies.items():
        (folder := top/'submitted'/student/unit).mkdir(parents=True)
        (folder/f'{unit}.ipynb').write_text(copy, encoding='utf-8')
    run(bin/'nbgrader', 'autograde', unit, '--create', f'--course-dir={top}', cwd=top)
    n = sum(o.unit == unit for o in exercises().values())
    with Gradebook(f'sqlite:///{top}/gradebook.db') as book:
        assert {o.student.id: o.score for o in book.assignment_submissions(unit)} == {
            'own-release': n, 'their-release': n, 'one-wrong': n - 1, 'own-untouched': 0, 'their-untouched': 0}

@pytest.mark.parametrize('unit', exercise_units())
def test_nbgrader_can_read_what_is_written_for_it(unit):
    nbgraderformat = pytest.importorskip('nbgrader.nbgraderformat')
    for release in (False, True):
        text = json.dumps(nbgrader_notebook(unit, release))
        nbgraderformat.reads(text, as_version=4) # validates each cell's metadata
        from nbgrader.preprocessors import CheckCellMetadata
        import nbformat
        CheckCellMetadata().preprocess(nbformat.reads(text, 4), {})

def test_otter_gives_all_points_to_a_solved_copy_and_none_to_an_untouched_one(tmp_path):
    pytest.importorskip('otter')
    folder = write_class('otter', tmp_path/'otter')/unit
    run(bin/'otter', 'assign', f'{unit}.ipynb', 'dist', '--no-pdfs', cwd=folder) # which runs the tests on the answers
    student, grader = folder/'dist'/'student'/f'{unit}.ipynb', next((folder/'dist'/'autograder').glob('*.zip'))
    text = student.read_text(encoding='utf-8')
    assert 'SOLUTION' not in text and 'last_answer' not in text and 'def typical(images): ...' in text
    def points(copy):
        (folder/'copy.ipynb').write_text(copy, encoding='utf-8')
        run(bin/'otter', 'run', '-a', grader, '-o', folder, '--no-logo', 'copy.ipynb', cwd=folder)
        return {o['name']: o['score'] for o in json.loads((folder/'results.json').read_text(encoding='utf-8'))['tests'] if 'max_score' in o}
    names = [o.name.replace('-', '_') for o in exercises().values() if o.unit == unit]
    assert points(solved(student, ['median'])) == {o: float(o != 'median') for o in names}
    assert points(text) == dict.fromkeys(names, 0)

def test_each_exercise_is_a_question_of_otters():
    for unit in exercise_units():
        sources = [''.join(o['source']) for o in otter_notebook(unit)['cells']]
        for kind in ('QUESTION', 'SOLUTION', 'TESTS'): assert sum(o.startswith(f'# BEGIN {kind}') for o in sources) == sum(o.startswith(f'# END {kind}') for o in sources)
        assert len({o for o in sources if o.startswith('# BEGIN QUESTION')}) == sum(o.startswith('# BEGIN QUESTION') for o in sources)

def test_a_repository_of_classroom_tests_each_exercise(tmp_path):
    folder = write_class('classroom', tmp_path/'classroom')/unit
    names = [o.name for o in exercises().values() if o.unit == unit]
    workflow = yaml.safe_load((folder/'.github/workflows/classroom.yml').read_text(encoding='utf-8'))
    steps = {o.get('id'): o for o in workflow['jobs']['exercises']['steps']}
    points = workflow['jobs']['exercises']['steps'][-1]
    assert points['with']['runners'].split(',') == [o.replace('-', '_') for o in names]
    assert set(points['env']) == {f'{o.upper()}_RESULTS' for o in points['with']['runners'].split(',')}
    (folder/f'{unit}.ipynb').write_text(solved(folder/f'{unit}.ipynb', ['median']), encoding='utf-8')
    out = subprocess.run([sys.executable, '-m', 'pytest', '-q', '-p', 'no:cacheprovider', 'test_exercises.py'], cwd=folder, capture_output=True, text=True).stdout
    assert f'1 failed, {len(names) - 1} passed' in out and '[median]' in out and 'right on' in out
    command = steps['no_loop']['with']['command']
    assert '1 passed' in run(*command.replace('"', '').replace('python', sys.executable, 1).split(), cwd=folder)

def test_what_is_there_is_left_as_it_is(tmp_path):
    (tmp_path/'mine').write_text('precious')
    for form in forms:
        with pytest.raises(FileExistsError): write_class(form, tmp_path)
    assert [o.name for o in tmp_path.iterdir()] == ['mine']
    assert not [o for o in classroom_files() if o.startswith('/')]
    out = subprocess.run([bin/'mnistlearn', 'exercises', '--for', 'otter', '--out', tmp_path/'o'], capture_output=True, text=True)
    assert out.returncode == 0 and len(list((tmp_path/'o').iterdir())) == len(exercise_units())
