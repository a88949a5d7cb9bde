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
