"""What is written to a disk that may be full: each takes a folder and a context in which the disk is full, gives the sentence that it ended
in, if it did, and sees to it that what is there is whole"""
import csv, warnings

import matplotlib.pyplot as plt, torch
from PIL import Image

from mnistlearn.all import Checkpoint, CSVLogger, read_state
from mnistlearn.apps.exercises import Judged, write_exercises
from mnistlearn.apps.grade import VerdictFile
from mnistlearn.base.look import save_picture
from test_saving import equal, fit, made

def model(folder, full):
    learn = fit(made(), 1)
    old = (file := learn.save(folder/'net')).read_bytes()
    fit(learn, 1)
    try:
        with full: learn.save(file)
    except OSError as e:
        assert file.read_bytes() == old and 'as it was' in str(e)
        return e
    equal(made(1).load(file), learn)

def checkpoint(folder, full):
    "The fit goes on without it"
    file, expected, learn = folder/'run.st', fit(made(), 2), made()
    with warnings.catch_warnings(record=True) as said, full:
        warnings.simplefilter('always')
        fit(learn, 2, cbs=Checkpoint(file, 5))
    equal(learn, expected)
    if file.exists(): assert read_state(file)['n_epoch'] == 2
    said = [o.message for o in said if 'no checkpoint' in str(o.message)]
    return said[0] if said else None

def log(folder, full):
    file, error = folder/'history.csv', None
    try:
        with full: fit(made(path=folder), 9, cbs=CSVLogger())
    except OSError as e: error = e
    rows = list(csv.reader(file.open())) if file.exists() else []
    assert all(len(o) == 5 for o in rows) and (error or len(rows) == 10)
    return error

def picture(folder, full):
    fig, file = plt.figure(), folder/'a.png'
    try:
        with full: save_picture(fig, file)
    except OSError as e:
        assert not file.exists()
        return e
    finally: plt.close(fig)
    with Image.open(file) as im: im.load()

def exercises(folder, full):
    try:
        with full: write_exercises(folder/'new')
    except OSError as e:
        assert not (folder/'new').exists()
        return e
    assert len(list((folder/'new').iterdir())) > 10

def verdicts(folder, full):
    "What was judged before stays, and it goes on from there"
    judged, error = [Judged('corner', f'# {i}', 'right', 'x'*99) for i in range(50)], None
    noted = VerdictFile(folder/'a.csv.part')
    try:
        with full:
            for o in judged: noted.add(o)
    except OSError as e: error = e
    again = VerdictFile(noted.file)
    n = len(again.verdicts)
    assert list(again.verdicts) == [(o.exercise, o.source) for o in judged[:n]] and (error or n == 50)
    for o in judged: again.add(o)
    assert len(VerdictFile(noted.file).verdicts) >= 49 # behind half a line there is one that does not count
    noted.file.unlink()
    return error

writers = model, checkpoint, log, picture, exercises, verdicts
