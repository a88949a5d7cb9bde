"What Windows does otherwise: no fork, files that can't be replaced while they are open, other encodings and paths"
import ast, os, shutil, subprocess, sys
from pathlib import Path

import pytest

from mnistlearn.all import *
from mnistlearn.base.files import write_whole

pytestmark = pytest.mark.dataless
root = Path(__file__).parent.parent

@pytest.fixture
def open_files(monkeypatch):
    "Paths that can't be replaced, each as often as its number says"
    files, replace = {}, os.replace
    def refuse(part, file):
        if files.get(Path(file), 0):
            files[Path(file)] -= 1
            raise PermissionError(13, 'it is being used by another process')
        replace(part, file)
    monkeypatch.setattr(os, 'replace', refuse)
    monkeypatch.setattr('time.sleep', lambda seconds: None)
    return files

def test_a_file_that_somebody_reads_is_replaced_when_they_are_done(tmp_path, open_files):
    write_whole(tmp_path/'file', b'old')
    open_files[tmp_path/'file'] = 3
    write_whole(tmp_path/'file', b'new')
    assert (tmp_path/'file').read_bytes() == b'new' and os.listdir(tmp_path) == ['file']

def test_a_file_that_stays_open_stays_as_it_was(tmp_path, open_files):
    write_whole(tmp_path/'file', b'old')
    open_files[tmp_path/'file'] = 100
    with pytest.raises(OSError, match='could not write .*file .*another process.*as it was'): write_whole(tmp_path/'file', b'new')
    assert (tmp_path/'file').read_bytes() == b'old' and os.listdir(tmp_path) == ['file']

def test_nothing_that_is_saved_stays_open(tmp_path):
    "A checkpoint is read, and then written again, by the same process"
    ds = TensorPairs(torch.rand(40, 4), torch.rand(40, 1))
    learn = Learner(DataLoaders(DataLoader(ds, 10), DataLoader(ds, 10)), nn.Linear(4, 1), mse)
    with learn.no_logging():
        learn.fit(1, .1, cbs=Checkpoint(tmp_path/'a.st'))
        learn.load(learn.save(tmp_path/'b.st'))
        learn.fit(2, .1, cbs=Checkpoint(tmp_path/'a.st'), resume=tmp_path/'a.st')
    maps = Path('/proc/self/maps')
    if not maps.exists(): pytest.skip('only Linux says which files a process has mapped')
    assert str(tmp_path) not in maps.read_text() and not [o for o in Path('/proc/self/fd').iterdir() if os.path.realpath(o).startswith(str(tmp_path))]

def without_encoding(source):
    "Lines that read or write a text as the system's encoding has it, which is cp1252 on most Windows"
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call) or any(o.arg == 'encoding' for o in node.keywords): continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, 'id', '')
        if name == 'read_text' and not node.args or name == 'write_text' and len(node.args) < 2: yield node.lineno
        mode = next((o.value for o in node.args if isinstance(o, ast.Constant) and o.value in ('r', 'w', 'a', 'x')), None)
        if name == 'open' and (mode or isinstance(node.func, ast.Name) and len(node.args) == 1): yield node.lineno

def test_every_text_has_an_encoding():
    "But for those of Linux itself"
    found = []
    for file in [root/'setup.py', *(o for folder in ('mnistlearn', 'tools', 'docs', 'benchmarks') for o in (root/folder).rglob('*.py'))]:
        lines = file.read_text(encoding='utf-8').splitlines()
        found += [f'{file.relative_to(root)}: {lines[i - 1].strip()}' for i in without_encoding('\n'.join(lines)) if '/proc/' not in lines[i - 1]]
    assert found == []

like_windows = '''
import joblib, matplotlib.pyplot, os, pandas, safetensors.torch, scipy.ndimage, sys, torch # which ask by themselves where they are
for o in ('fork', 'forkpty', 'getuid', 'killpg', 'setsid', 'waitid', 'O_PATH'): delattr(os, o)
for o in ('fcntl', 'pty', 'pwd', 'resource', 'termios'): sys.modules[o] = None
sys.platform = 'win32'
'''
course = '''
import json, sys
from pathlib import Path
from mnistlearn.all import *
from mnistlearn.apps.cli import main
from mnistlearn.apps.exercises import exercises
from mnistlearn.apps.grade import grade
digits = load_digits(Path('Zahlen für später'))
assert all(a.equal(b) for a, b in zip(digits, load_digits(Path('Zahlen für später'))))
dls = image_dls(digits, 8)
learn = Learner(dls, recipes['resnet'].make(2), cross_entropy, cbs=[CSVLogger('Verlauf ß.csv'), SaveModelCallback(fname='Bestes ß')])
with learn.no_logging(): learn.fit(2, .1, cbs=Checkpoint('Stand ß.safetensors'))
learn.load(learn.save('Ende ß'))
Path('Klasse').mkdir()
for name, answer in {'Jürgen Groß': exercises()['rank'].answer, 'Łucja': 'def rank(shape): return "ł"'}.items():
    cells = [dict(cell_type='code', source='%%check rank\\n' + answer)]
    Path('Klasse', f'{name}.ipynb').write_text(json.dumps(dict(cells=cells)), encoding='utf-8')
assert {o.student: o.verdict for o in grade('Klasse', 'Noten ß.csv', jobs=1) if o.exercise == 'rank'} == {'Jürgen Groß': 'right', 'Łucja': 'wrong'}
assert main(['exercises', '--out', 'Übungen']) == 0
'''

def test_the_course_in_a_home_with_spaces_and_umlauts_without_fork_or_utf8(tmp_path, write_digits):
    home = tmp_path/'Käthe Groß'
    shutil.copytree(root/'mnistlearn', home/'mein Kurs'/'mnistlearn', ignore=shutil.ignore_patterns('__pycache__'))
    write_digits('Käthe Groß/Zahlen für später', n=9)
    (home/'mein Kurs'/'sitecustomize.py').write_text(like_windows, encoding='utf-8')
    (home/'kurs.py').write_text(course, encoding='utf-8')
    env = {**os.environ, 'PYTHONPATH': str(home/'mein Kurs'), 'PYTHONIOENCODING': 'cp1252', 'PYTHONUTF8': '0', 'PYTHONWARNDEFAULTENCODING': '1',
           **dict.fromkeys(('HOME', 'USERPROFILE', 'TMPDIR', 'TEMP', 'XDG_CACHE_HOME', 'XDG_DATA_HOME'), str(home))}
    out = subprocess.run([sys.executable, 'kurs.py'], cwd=home, env=env, capture_output=True, encoding='cp1252')
    assert out.returncode == 0, out.stderr[-3000:]
    assert not [o for o in out.stderr.splitlines() if 'EncodingWarning' in o and 'mein Kurs' in o]
    assert 'Łucja' in (home/'Noten ß.csv').read_text(encoding='utf-8') and (home/'Übungen'/'00_data.ipynb').exists()
