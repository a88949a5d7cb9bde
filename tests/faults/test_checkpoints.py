"A file that is not whole, or not one of ours, is refused in a sentence, and the Learner stays as it was"
import pickle, os, struct
from pathlib import Path

import pytest, safetensors.torch, torch

from mnistlearn.all import Checkpoint, write_state
from test_saving import Stop, StopAt, equal, fit, made, read_state, refused

@pytest.fixture(scope='module')
def saved(tmp_path_factory): return fit(made(), 1).save(tmp_path_factory.mktemp('saved')/'a').read_bytes()

@pytest.mark.fault('truncated checkpoint')
def test_cut_short_at_every_length(fault, tmp_path, saved):
    file, learn = tmp_path/'a.st', fit(made(1), 1)
    for n in {*range(0, len(saved), 97), 7, 8, 9, len(saved) - 1}:
        file.write_bytes(saved[:n])
        says = 'is empty' if n == 0 else 'is no safetensors file' if n < 9 else 'damaged' # a header's length, and its first byte
        fault.sentence(refused(learn, file, says))
        fault.sentence(refused(learn, file, says, call=lambda f: learn.fit(1, resume=f)))

@pytest.mark.fault('flipped bit in a checkpoint')
def test_flipped_anywhere(fault, rng, times, tmp_path, saved):
    file, learn = tmp_path/'a.st', fit(made(1), 1)
    for _ in range(times(50, 1000)):
        broken = bytearray(saved)
        broken[rng.randrange(len(saved))] ^= 1 << rng.randrange(8)
        file.write_bytes(broken)
        fault.sentence(refused(learn, file, 'a.st is '))

class Bomb:
    def __reduce__(self): return os.mkdir, ('exploded',)

@pytest.mark.fault('foreign checkpoint')
def test_nothing_is_unpickled(fault, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    learn = fit(made(), 1)
    Path('a.pkl').write_bytes(pickle.dumps(Bomb()))
    torch.save({'model': Bomb(), 'opt': None}, 'b.pth')
    for file in ('a.pkl', 'b.pth'):
        fault.sentence(refused(learn, file, 'is no safetensors file'))
        fault.sentence(refused(learn, file, 'is no safetensors file', call=lambda f: learn.fit(1, resume=f)))
    assert not Path('exploded').exists()

@pytest.mark.fault('foreign checkpoint')
def test_foreign_files(fault, tmp_path):
    learn = fit(made(), 1)
    safetensors.torch.save_file(learn.model.state_dict(), tmp_path/'a.st')
    safetensors.torch.save_file(learn.model.state_dict(), tmp_path/'b.st', metadata={'format': 'pt'})
    for o in 'ab': fault.sentence(refused(learn, tmp_path/f'{o}.st', 'not one that Learner.save'))
    for name, data, says in (('c', b'not a file of tensors', 'is no safetensors file'), ('d', b'', 'is empty'), ('e', struct.pack('<Q', 2**62) + b'{}', 'is damaged')):
        (tmp_path/f'{name}.st').write_bytes(data)
        fault.sentence(refused(learn, tmp_path/f'{name}.st', says))
    fault.sentence(refused(learn, tmp_path/'nowhere.st', 'No such file', FileNotFoundError))
    fault.sentence(refused(learn, tmp_path, 'directory', OSError))

@pytest.mark.fault('foreign checkpoint')
@pytest.mark.parametrize('content', [None, 3, [], {}, {'model': 1, 'opt': None}, {'model': {}, 'opt': 3}, {'model': {}, 'opt': {}}, {'model': {'0.weight': 'text'}, 'opt': None}], ids=str)
def test_other_contents(content, fault, tmp_path):
    learn = fit(made(), 1)
    write_state(tmp_path/'a.st', content)
    fault.sentence(refused(learn, tmp_path/'a.st', 'does not fit'))
    fault.sentence(refused(learn, tmp_path/'a.st', 'does not fit', call=lambda f: learn.fit(1, resume=f)))

@pytest.mark.fault('foreign checkpoint')
def test_a_part_missing(fault, tmp_path):
    file, learn = tmp_path/'run.st', fit(made(3), 1)
    with pytest.raises(Stop): fit(made(), cbs=[Checkpoint(file, 5), StopAt(17)])
    whole = read_state(file)
    for key in whole:
        for changed in ({k: v for k, v in whole.items() if k != key}, {**whole, key: 'nonsense'}, {**whole, key: {'a': 1}}):
            write_state(tmp_path/'b.st', changed)
            fault.sentence(refused(learn, tmp_path/'b.st', 'does not fit', call=lambda f: learn.fit(3, .05, resume=f)))

@pytest.mark.fault('foreign checkpoint')
def test_after_all_of_it_the_whole_one_is_taken(fault, tmp_path, saved):
    file = tmp_path/'a.st'
    file.write_bytes(saved)
    equal(made(1).load(file), fit(made(), 1))
    fault.right()
