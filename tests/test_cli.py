"The command line as a user meets it"
import os, struct, subprocess, sys
from pathlib import Path

import numpy as np, pytest
from PIL import Image, ImageDraw, ImageOps

from programs import Program
from mnistlearn.apps import cli
from mnistlearn.pictures import Reader

command = Path(sys.executable).parent/'mnistlearn'

@pytest.fixture
def run(tmp_path, subset_folder):
    def run(*args, **env):
        return Program(command, *args, cwd=tmp_path, MNISTLEARN_DATA=str(subset_folder), **env).wait()
    return run

@pytest.fixture
def run_alone(tmp_path, subset_folder):
    "As a shell does: with a Python of its own"
    def run(*args, **env):
        return subprocess.run([command, *args], cwd=tmp_path, capture_output=True, text=True, stdin=subprocess.DEVNULL,
                              env={**os.environ, 'MNISTLEARN_DATA': str(subset_folder), **env})
    return run

def says_only_where_from(out, name='mnist_sample'):
    "Where the images came from is no result: it stands apart, and nothing else does"
    return out.returncode == 0 and out.stderr.count('\n') == 1 and out.stderr.startswith(f'{name} from $MNISTLEARN_DATA: ') and 'MNISTLEARN_DATA' not in out.stdout

def test_course_prints_a_table_and_writes_a_picture(run, run_alone, tmp_path):
    out = run_alone('course')
    assert says_only_where_from(out), out.stderr
    lines = out.stdout.splitlines()
    assert lines[0].split() == ['stage', 'adds', 'parameters', 'accuracy', 'seconds']
    assert len(lines) == 1 + 5 + 1
    accuracies = [float(o.split()[-2]) for o in lines[1:6]]
    assert accuracies[0] == .965 and min(accuracies) > .88
    assert '█' not in out.stdout and '\r' not in out.stdout
    with Image.open(tmp_path/'course.png') as im: assert im.width > 800
    again = run('course', '--out', 'b.png')
    assert [float(o.split()[-2]) for o in again.stdout.splitlines()[1:6]] == accuracies
    assert (tmp_path/'b.png').read_bytes() == (tmp_path/'course.png').read_bytes()

def test_another_seed_gives_another_table(run):
    a, b = (run('course', '--seed', o, '--out', 'x.png').stdout.splitlines() for o in '12')
    assert a[1].split()[-2] == b[1].split()[-2] # the baseline has no randomness
    assert [o.split()[-2] for o in a[2:6]] != [o.split()[-2] for o in b[2:6]]

def test_other_digits_and_pictures_of_ones_own(run, write_digits):
    mine = write_digits('mine', digits=(1, 8), n=40)
    out = run('course', '--data', mine, '--digits', '8,1')
    assert out.returncode == 0, out.stderr
    assert 'mnist_sample' not in out.stdout + out.stderr

@pytest.mark.parametrize('args,says', [((), 'COMMAND'), (('dance',), 'dance'), (('course', '--digits', '3'), 'pair of digits'), (('course', '--digits', '3,3'), 'pair of digits'),
    (('course', '--out', 'no/such/course.png'), 'no folder'), (('course', '--out', 'course.doc'), '.png'), (('course', '--speed', '3'), '--speed'),
    (('course', '--seed', 'x'), 'seed'), (('course', '--seed', '9'*30), 'seed'), (('course', '--data', ''), 'no name'), (('course', '--out', '.'), 'cannot be written'), (('course', '--data', 'nowhere'), 'nowhere: there is no such folder'), (('course', '--data', '.'), 'expected the folders train and valid'),
    (('train',), 'STAGE'), (('train', 'dinner'), 'conv-quick'), (('train', 'net', '--out', '.'), 'cannot be written'), (('train', 'net', '--digits', '3'), 'pair of digits'), (('train', 'net', '--data', 'nowhere'), 'no such folder'),
    (('predict',), 'IMAGE'), (('predict', 'x.png', '--model', 'gone.safetensors'), 'gone.safetensors'), (('predict', 'x.png', '--out', 'x.doc'), '.png'), (('exercises', '--out', 'no/where'), 'no folder'), (('exercises', '--out', '.git/x'), 'no folder'), (('exercises', '--answers'), '--answers')])
def test_bad_arguments_get_one_line_and_status_2(run, args, says):
    out = run(*args)
    assert out.returncode == 2 and out.stdout == ''
    assert out.stderr.count('\n') == 1 and says in out.stderr and out.stderr.startswith('mnistlearn')

def test_all_ten_digits(run, tmp_path):
    out = run('course', '--digits', 'all', '--out', 'ten.png')
    assert says_only_where_from(out, 'mnist_png'), out.stderr
    rows = {o[:22].strip(): float(o.split()[-2]) for o in out.stdout.splitlines()[1:7]}
    assert len(rows) == 6 and rows['pixel similarity, L1'] == .675 and rows['pixel similarity, RMSE'] == .808
    assert min(rows.values()) >= .65 and max(rows.values()) > .95 and out.stdout.endswith('picture: ten.png\n')
    with Image.open(tmp_path/'ten.png') as im: assert im.width > 800

def three(file):
    im = Image.new('RGB', (200, 160), (230, 225, 215))
    ImageDraw.Draw(im).line([(20, 20), (55, 12), (75, 30), (45, 55), (80, 75), (70, 110), (25, 112)], fill=(40, 60, 140), width=5)
    im.save(file)

def test_a_stage_is_trained_and_reads_pictures(run, tmp_path):
    three(tmp_path/'three.jpg'), three(tmp_path/'again.png')
    (tmp_path/'broken.png').write_text('no picture')
    out = run('train', 'conv-quick', '--out', 'mine.safetensors')
    assert says_only_where_from(out, 'mnist_png') and 'conv-quick: right on 9' in out.stdout and 'model: mine.safetensors' in out.stdout
    out = run('predict', 'three.jpg', 'broken.png', 'gone.png', 'again.png', '--model', 'mine.safetensors', '--show')
    assert out.returncode == 2
    assert [o.split()[1] for o in out.stdout.splitlines()[:2]] == ['3', '3'] and out.stdout.splitlines()[2] == 'picture: predict.png'
    assert [o.split(':')[1].strip() for o in out.stderr.splitlines()] == ['broken.png', 'gone.png']
    with Image.open(tmp_path/'predict.png') as im: assert im.height > 150
    (tmp_path/'mine.safetensors').write_bytes((tmp_path/'mine.safetensors').read_bytes()[:-5])
    out = run('predict', 'three.jpg', '--model', 'mine.safetensors')
    assert out.returncode == 2 and 'mine.safetensors is damaged' in out.stderr and out.stderr.count('\n') == 1

@pytest.fixture
def untrained(tmp_path, monkeypatch):
    "A reader of 3s and 7s that reads anything, in a folder of its own"
    from torch import nn
    monkeypatch.chdir(tmp_path)
    reader = Reader('linear', nn.Linear(784, 2), '37')
    reader.save('any.safetensors')
    return reader

@pytest.mark.parametrize('error', [struct.error('required argument is not an integer'), RuntimeError('Failed to decode frame 0'), SyntaxError('not a TIFF file'), KeyError(3), MemoryError(), EOFError('no more images')], ids=repr)
def test_whatever_a_picture_raises_the_others_are_read(untrained, monkeypatch, capsys, error):
    for o in ('a.png', 'c.png'): three(o)
    def read(self, picture, read=Reader.read):
        if picture == 'b.png': raise error
        return read(self, picture)
    monkeypatch.setattr(Reader, 'read', read)
    assert cli.main(['predict', 'a.png', 'b.png', 'c.png', '--model', 'any.safetensors']) == 2
    out, err = capsys.readouterr()
    assert [o.split(':')[0] for o in out.splitlines()] == ['a.png', 'c.png']
    assert err == f'mnistlearn: b.png: it could not be read ({type(error).__name__}: {error})\n'

def test_an_interrupt_is_no_bad_picture(untrained, monkeypatch, capsys):
    def read(self, picture): raise KeyboardInterrupt
    monkeypatch.setattr(Reader, 'read', read)
    assert cli.main(['predict', 'a.png', 'b.png', '--model', 'any.safetensors']) == 130
    assert capsys.readouterr().err == 'mnistlearn: interrupted\n'

def test_names_in_quotes_stand_for_their_files(untrained, tmp_path, capsys):
    "As where no shell puts the files in the place of `*.png`: on Windows, or in quotes"
    (tmp_path/'scans').mkdir()
    for o in ('b.png', 'a.png', 'scans/c.png', 'odd[1].png'): three(o)
    status = cli.main(['predict', '*.png', 'odd[1].png', 'scans/?.png', '**/c.png', '*.gif', 'scans', '--model', 'any.safetensors'])
    out, err = capsys.readouterr()
    assert status == 2 and [Path(o.split(':')[0]).as_posix() for o in out.splitlines()] == ['a.png', 'b.png', 'odd[1].png', 'odd[1].png', 'scans/c.png', 'scans/c.png']
    assert err.splitlines()[0] == 'mnistlearn: *.gif: no file has such a name' and 'scans is a folder' in err and err.count('\n') == 2

@pytest.mark.parametrize('module', ['mnistlearn', 'mnistlearn.apps.cli'])
def test_the_package_runs_as_the_command_does(tmp_path, module):
    out = subprocess.run([sys.executable, '-m', module, 'train', 'dinner'], cwd=tmp_path, capture_output=True, text=True)
    assert (out.returncode, out.stdout, out.stderr.count('\n')) == (2, '', 1) and out.stderr.startswith('mnistlearn train: argument STAGE: there is no stage')

def test_without_a_model_one_is_trained_once(run, tmp_path):
    three(tmp_path/'three.png')
    first, second = (run('predict', 'three.png', XDG_CACHE_HOME=str(tmp_path/'cache')) for _ in range(2))
    assert (first.returncode, second.returncode) == (0, 0)
    assert 'training conv-quick, once' in first.stderr and says_only_where_from(second, 'mnist_png')
    assert second.stdout.startswith('three.png: 3 (') and first.stdout == second.stdout
    out = run('predict', 'three.png', 'predict.png', '--show')
    assert out.returncode == 2 and 'would be overwritten' in out.stderr and out.stdout == ''

def as_scan(im):
    "Dark ink on white, in 28 x 28 pixels"
    return ImageOps.invert(im)

def small_in_a_corner(im):
    page = Image.new('L', (28, 28))
    page.paste(im.resize((17, 17)), (1, 9))
    return ImageOps.invert(page)

def small_and_light(im):
    "Light ink on black as MNIST's, but smaller"
    return Image.eval(small_in_a_corner(im), lambda o: 255 - o)

@pytest.fixture
def write_own(tmp_path, subset_folder):
    "Write images of MNIST, changed, as a data set of one's own"
    def write(change):
        for split, kept, n in (('train', 'training', 20), ('valid', 'testing', 5)):
            for digit in '0123456789':
                (folder := tmp_path/'own'/split/digit).mkdir(parents=True)
                for file in sorted((subset_folder/'mnist_png'/kept/digit).iterdir())[:n]: change(Image.open(file)).save(folder/file.name)
        return sorted((tmp_path/'own'/'train').glob('*/*.png'))
    return write

@pytest.mark.parametrize('change', [as_scan, small_in_a_corner, small_and_light])
def test_what_a_net_learnt_from_it_reads(run, write_own, change):
    "The training images themselves, however they are drawn: all 200 with three seeds, and 0 to 32 where a net learns from them as they are"
    files = write_own(change)
    trained = run('train', 'net', '--data', 'own')
    assert trained.returncode == 0 and ('dark on light' in trained.stderr) == (change is not small_and_light)
    assert trained.stderr.splitlines()[-1].startswith('the images are prepared as every picture is before it is read')
    out = run('predict', 'own/train/*/*.png', '--model', 'net.safetensors')
    read = [o.split(': ') for o in out.stdout.splitlines()]
    assert len(read) == len(files) == 200 and sum(Path(name).parent.name == said[0] for name, said in read) >= 190

def test_light_paper_is_noticed_and_the_bytes_stay(run, write_own, tmp_path):
    from mnistlearn.data import load_digits
    first = write_own(as_scan)[0]
    out = run('course', '--data', 'own', '--digits', '3,7')
    assert out.returncode == 0 and out.stderr == 'own: the images are dark on light, and stay so; MNIST has light ink on dark, which is 255 - x\n'
    assert (load_digits(tmp_path/'own').train_x[0].numpy() == np.array(Image.open(first))).all()

def test_two_digits_and_classes_with_names(run, tmp_path, write_digits):
    three(tmp_path/'three.png')
    assert run('train', 'net', '--digits', '7,3').returncode == 0
    assert run('predict', 'three.png', '--model', 'net.safetensors').stdout.startswith('three.png: 3 (')
    words = write_digits('words', digits=('boot', 'coat'), n=40)
    out = run('train', 'linear', '--data', words)
    assert out.returncode == 0, out.stderr
    assert run('predict', 'three.png', '--model', 'linear.safetensors').stdout.split()[1] in ('boot', 'coat')

def test_a_broken_image_is_named(run, write_digits):
    mine = write_digits('mine')
    (mine/'train'/'7'/'9.png').write_text('no picture')
    out = run('course', '--data', mine)
    assert out.returncode == 2 and '9.png' in out.stderr and out.stderr.count('\n') == 1

def test_a_link_to_nothing_is_named(run, write_digits):
    mine = write_digits('mine')
    (mine/'train'/'7'/'gone.png').symlink_to('nowhere')
    out = run('course', '--data', mine)
    assert out.returncode == 2 and 'train/7/gone.png' in out.stderr and out.stderr.count('\n') == 1

def test_an_output_that_can_not_show_a_name_does_not_stop_the_run(run_alone, write_digits):
    mine = write_digits('häßlich', n=20)
    assert run_alone('course', '--data', mine, '--out', 'ü.png', PYTHONIOENCODING='ascii').returncode == 0

def test_a_console_without_a_sign_gets_another(tmp_path):
    code = 'import sys; from mnistlearn.apps import cli; cli._course = lambda args: print("✓ ✗ 3 × 3 █ größer"); sys.exit(cli.main(["course"]))'
    for encoding, shown in (('ascii', '+ x 3 x 3 # gr\\xf6\\xdfer'), ('cp1252', '+ x 3 × 3 # größer'), ('utf-8', '✓ ✗ 3 × 3 █ größer')):
        out = subprocess.run([sys.executable, '-c', code], cwd=tmp_path, capture_output=True, env={**os.environ, 'PYTHONIOENCODING': encoding})
        assert (out.returncode, out.stdout.decode(encoding).strip()) == (0, shown)

def test_exercises_are_written_once(run, tmp_path):
    out = run('exercises')
    assert (out.returncode, out.stderr) == (0, '') and 'notebooks in exercises' in out.stdout
    (tmp_path/'exercises'/'00_data.ipynb').write_text('my work')
    out = run('exercises', '--out', 'exercises')
    assert out.returncode == 2 and 'is there already' in out.stderr and (tmp_path/'exercises'/'00_data.ipynb').read_text() == 'my work'
    assert run('exercises', '--solutions').returncode == 0
    assert {o.name for o in (tmp_path/'solutions').iterdir()} == {o.name for o in (tmp_path/'exercises').iterdir()}

def test_help_says_all(run):
    text = run('--help').stdout
    assert '--digits A,B' in run('course', '--help').stdout
    for o in ('course', 'train conv', 'predict photo.jpg', '--digits', '--data', '--out', '--seed', 'MNISTLEARN_DATA', 'FASTAI_HOME', 'exit status', 'examples', 'course.png'): assert o in text
    assert run('--version').stdout.startswith('mnistlearn ')

def test_a_terminal_gets_a_progress_bar(tmp_path, subset_folder):
    pty = pytest.importorskip('pty')
    shown, pid_fd = b'', pty.fork()
    if pid_fd[0] == 0:
        os.chdir(tmp_path)
        os.environ.update(MNISTLEARN_DATA=str(subset_folder), TERM='xterm')
        os.execv(command, [str(command), 'course'])
    try:
        while chunk := os.read(pid_fd[1], 4096): shown += chunk
    except OSError: pass # the terminal of a child that has ended
    assert os.waitstatus_to_exitcode(os.waitpid(pid_fd[0], 0)[1]) == 0
    assert '█'.encode() in shown and b'neural net' in shown
