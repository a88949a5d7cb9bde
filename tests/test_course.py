"The course on other digits than 3 and 7"
import pytest, torch

from mnistlearn.all import *

@pytest.fixture(scope='module')
def full():
    "All of MNIST, where this machine has it"
    path = mnist()
    if len(load_digits(path, (4, 9)).valid_x) != 1991: pytest.skip('needs the full MNIST, and only the subset is at hand')
    return path

def test_4_against_9_on_all_of_mnist(full):
    data = load_digits(full, (4, 9))
    assert [len(o) for o in data] == [11791, 11791, 1991, 1991]
    stages = {o.name: o.history[-1] for o in run_course(data)}
    assert stages['pixel similarity'] == pytest.approx(.8443, abs=5e-5)
    assert stages['neural net'] == pytest.approx(.97, abs=.006)
    assert all(v > stages['pixel similarity'] + .1 for k, v in stages.items() if k != 'pixel similarity')

def test_ten_digits_by_pixel_similarity_on_all_of_mnist(full):
    data = load_digits(full)
    assert [tuple(o.shape) for o in data] == [(60000, 28, 28), (60000,), (10000, 28, 28), (10000,)]
    for distance, right in ((mnist_distance, .6685), (rmse_distance, .8203)):
        preds = PixelSimilarity(distance).fit(*data[:2]).predict(data.valid_x)
        assert accuracy(preds, data.valid_y).item() == pytest.approx(right, abs=5e-5)

def test_ten_digits_on_the_subset(written_subset):
    data = load_digits(written_subset.full, cache=False)
    assert [len(o) for o in data] == [4000, 4000, 1000, 1000]
    preds = PixelSimilarity().fit(*data[:2]).predict(data.valid_x)
    assert .6 < accuracy(preds, data.valid_y) < .8

@pytest.mark.parametrize('digits', [(0, 1), (9, 4), (7, 3)])
def test_any_pair_on_the_subset(written_subset, digits):
    data = load_digits(written_subset.full, digits, cache=False)
    stages = run_course(data)
    assert stages[0].looks_for.shape == (2, 28, 28)
    assert all(o.history[-1] > .75 for o in stages[1:]) and stages[-1].history[-1] > .85
    assert course_table(stages).shape == (5, 5)

def test_first_digit_asked_for_is_the_one():
    x = torch.zeros(4, 28, 28, dtype=torch.uint8)
    assert binary(x, tensor([9, 4, 9, 4]), one=9)[1].squeeze().tolist() == [1, 0, 1, 0]

def test_same_seed_same_numbers(written_subset):
    data = load_digits(written_subset.sample, cache=False)
    a, b = (run_course(data, seed=3) for _ in range(2))
    assert [o.history for o in a] == [o.history for o in b]

def test_a_bar_moves_at_equal_distances_in_time():
    "However long its steps take: with a clock of its own, a move stands for as much of the whole time as any other"
    from mnistlearn.base.progress import in_equal_times
    phases = [(1, 2.), (50, .01), (7, 3.), (300, .2), (1, 0.)]
    total, clock, moves = sum(n*o for n, o in phases), 0., []
    step = in_equal_times(lambda: moves.append(clock), 40, phases)
    for n, seconds in phases:
        for _ in range(n):
            clock += seconds
            step()
    assert len(moves) == 40 and all(0 <= o - total*(i + 1)/40 <= 3 for i, o in enumerate(moves))
    step()
    assert len(moves) == 40 # more steps than were expected

def test_the_bars_of_the_course_come_to_their_end(written_subset, monkeypatch):
    "Every step is foreseen: the last one alone brings a bar to its end, whatever the steps are thought to take"
    from mnistlearn.apps import course
    from mnistlearn.apps.reader import train_reader
    steps = []
    def in_equal_times(tick, n_ticks, phases):
        steps.append([sum(n for n, _ in phases), 0])
        def step(): steps[-1][1] += 1
        return step
    for o in ('course', 'reader'): monkeypatch.setattr(f'mnistlearn.apps.{o}.in_equal_times', in_equal_times)
    run_course(load_digits(written_subset.sample, cache=False), tick=lambda: None)
    data = load_digits(written_subset.full, cache=False)
    course.run_digits(data, tick=lambda: None)
    train_reader('linear', data, None, bar=lambda total: lambda: None)
    assert [planned - done for planned, done in steps] == [0, 0, 0], steps

@pytest.mark.parametrize('many', [False, True])
def test_the_table_fits_80_columns(many):
    from mnistlearn.apps.course import Stage, _stages, _ten
    similarity = [('pixel similarity, RMSE', o) for o in ('the mean image of each class', 'squares of the differences')]
    rows = [*similarity, *_ten.items()] if many else [o[:2] for o in _stages]
    table = course_table([Stage(name, adds, 1_000_000, [.98765], 1234.5, None) for name, adds in rows])
    lines = table.to_string(index=False, formatters={'parameters': '{:,}'.format, 'accuracy': '{:.4f}'.format, 'seconds': '{:.1f}'.format}).splitlines()
    assert max(map(len, lines)) < 80, lines
