"Every fact of the course is asserted in its chapter, and with the value that is listed here"
import ast
from pathlib import Path

import pytest
from fastcore.nbio import read_nb

nbs = Path(__file__).parent.parent/'nbs'
book_accuracies = [.9155, .935, .9477, .956, .9629, .9653, .9682, .9697, .9731, .9741, .9751, .9761, .9765, .9775, .978, .9785, .9785]

# chapter, fact, value on the full sample, largest difference (None: equal when printed with 4 decimals)
facts = [
    ('00_data', 'files: images', [6131, 6265, 1010, 1028], None),
    ('00_data', 'files: first sorted names', ['10', '10000', '10011', '10031', '10034', '10042', '10052', '1007', '10074', '10091'], None),
    ('00_data', 'pixels: the second 3', [[0, 0, 0, 0, 0, 0], [0, 0, 0, 0, 0, 29], [0, 0, 0, 48, 166, 224],
        [0, 93, 244, 249, 253, 187], [0, 107, 253, 253, 230, 48], [0, 3, 20, 20, 15, 0]], None),
    ('00_data', 'tensors: stacked threes', (6131, 28, 28), None),
    ('00_data', 'tensors: rank and range', [3, 0, 1], None),
    ('00_data', 'indexing: row', [4, 5, 6], None),
    ('00_data', 'indexing: column', [2, 5], None),
    ('00_data', 'indexing: slice', [5, 6], None),
    ('00_data', 'indexing: plus one', [[2, 3, 4], [5, 6, 7]], None),
    ('00_data', 'indexing: types', ['torch.LongTensor', 'torch.FloatTensor'], None),
    ('01_baseline', 'baseline: to the mean 3', [.1114, .2021], None),
    ('01_baseline', 'baseline: to the mean 7', [.1586, .3021], None),
    ('01_baseline', 'baseline: by torch', [.1586, .3021], None),
    ('01_baseline', 'baseline: accuracy', [.9168, .9854, .9511], None),
    ('01_baseline', 'baseline: right and wrong', [[926, 84], [1013, 15]], None),
    ('01_baseline', 'baseline: by ink, and by ink in the lower third', [.6590, .7816], .001),
    ('01_baseline', 'broadcasting: shape', (1010, 28, 28), None),
    ('01_baseline', 'broadcasting: no copy', (0, 28, 1), None),
    ('02_sgd', 'gradients: of a square at 3', 6, None),
    ('02_sgd', 'gradients: of a sum of squares', [125, 6, 8, 20], None),
    ('02_sgd', 'roller coaster: the loss falls tenfold and more', True, None),
    ('02_sgd', 'roller coaster: then it flattens', True, None),
    ('02_sgd', 'roller coaster: losses', [25824, 5436, 1577, 847, 709, 683, 678, 677], 1),
    ('02_sgd', 'roller coaster: time centred', [1229, 78.7, 29.7, 13.3, 7.73, 7.31], .5),
    ('02_sgd', 'sgd: the baseline as a linear model', [.96614, .94750], None),
    ('03_loss', 'loss: inputs and targets', [(12396, 784), (12396, 1)], None),
    ('03_loss', 'accuracy: unmoved by a small change', 0, 0),
    ('03_loss', 'loss: of each item', [.1, .4, .8], None),
    ('03_loss', 'loss: mean', .4333, None),
    ('03_loss', 'loss: mean, once better', .2333, None),
    ('03_loss', 'matmul: thousands of times', True, None),
    ('03_loss', 'loss: from spread 0.01, accuracy at steps 1, 10, 100', [.9539, .9676, .9750], .003),
    ('03_loss', 'loss: one step at rate 10', 1., .01),
    ('04_batches', 'batches: range(15) in fives', 3, None),
    ('04_batches', 'batches: 26 letters in sixes', [5, 2], None),
    ('05_optimizer', 'gradients: they add up until zeroed', 2, None),
    ('05_optimizer', 'by hand: 20 epochs', True, None),
    ('05_optimizer', 'BasicOptim: 20 epochs', book_accuracies, .01),
    ('05_optimizer', 'BasicOptim: the first epoch, as the book averages', .4932, None),
    ('05_optimizer', 'SGD: equal to BasicOptim', 0, 1e-6),
    ('06_learner', 'Learner: linear, 10 epochs', .968, .005),
    ('07_net', 'net: parameters', 23581, None),
    ('07_net', 'net: inside out, linear', [.7355, .7390], .015),
    ('07_net', 'net: inside out, with a bend', [.976, .9799], .006),
    ('07_net', 'net: 40 epochs', .982, .003),
    ('11_deeper', 'deeper: 52 layers learn with the skip, and not without', [True, False], None),
    ('11_deeper', 'deeper: the training loss is bad, too', True, None),
    ('11_deeper', 'deeper: small ResNet, at least 0.995', True, None),
    ('11_deeper', 'deeper: resnet18, one epoch', .997, .007),
    ('12_digits', 'digits: images', [60000, 10000], None),
    ('12_digits', 'digits: pixel similarity, L1 and RMSE', [.6685, .8203], None),
    ('12_digits', 'digits: how often L1 answers 1', 3278, None),
    ('12_digits', 'digits: L1 from the median digits', .7534, None),
    ('12_digits', 'digits: linear, at least 0.915', True, None),
    ('12_digits', 'digits: the hidden layer leaves little more than a third of the mistakes', True, None),
    ('12_digits', 'digits: net, at least 0.97', True, None),
    ('12_digits', 'digits: small ResNet, at least 0.99', True, None),
    ('12_digits', 'digits: conv-quick, at least 0.99', True, None),
    ('12_digits', 'digits: label smoothing makes modest', True, None),
    ('12_digits', 'digits: the ResNet is calibrated', True, None),
    ('12_digits', 'digits: as they are, ten epochs are no better than three', True, None),
    ('12_digits', 'digits: varied images pay in the long run', [False, False, True], None),
    ('12_digits', 'digits: conv-long, by the record', .9974, None),
    ('12_digits', 'digits: mistakes on the images set aside, all of it and the hardest fifth', [41.7, 36.7], None),
    ('12_digits', 'digits: percent wrong, rung by rung, at most', [True]*7, None),
    ('12_digits', 'digits: the rate that the images set aside choose', 2., None),
    ('12_digits', 'digits: by five places, fewer are wrong', True, None),
    ('13_interpret', 'mistakes: turned by 30 degrees, more than one in four is lost', True, None),
    ('13_interpret', 'mistakes: turned by 45 degrees, both nets read less than two thirds', [True, True], None),
    ('13_interpret', 'mistakes: shown turned images, both read more than 90 in a hundred', [True, True], None),
    ('13_interpret', 'mistakes: a computed centre is nearer than the net', True, None),
    ('13_interpret', 'mistakes: near an edge, further off', True, None),
    ('14_pictures', 'pictures: what each rule is for', [True, True, True], None),
    ('14_pictures', 'pictures: colours, merely scaled', True, None),
    ('14_pictures', "pictures: MNIST's pen", True, None),
    ('14_pictures', 'pictures: at least nine of ten of each kind', True, None),
    ('14_pictures', 'pictures: of 500 digits from forms, at least 80 in a hundred', True, None),
    ('14_pictures', 'pictures: among other things', True, None),
    ('14_pictures', 'pictures: temperature', True, None),
    ('14_pictures', 'pictures: few digits are doubted', True, None),
    ('14_pictures', 'pictures: more letters are', True, None),
    ('14_pictures', 'pictures: few digits look like noise', .0043, .0001),
    ('14_pictures', 'pictures: of 100 printed digits, at least 90', True, None),
    ('14_pictures', 'pictures: counted down to 8 x 8, fewer of MNIST are read', True, None),
    ('14_pictures', 'pictures: ours gain by a margin, theirs by more pixels', True, None),
    ('14_pictures', 'pictures: all ways read more of both', True, None),
]

def asserted(text):
    "The facts that code asserts: name -> (value, largest difference). Those that are expected to fail don't count"
    tree = ast.parse(text)
    failing = [o for w in ast.walk(tree) if isinstance(w, ast.With) and 'expect_fail' in ast.unparse(w.items[0]) for o in ast.walk(w)]
    calls = [o for o in ast.walk(tree) if isinstance(o, ast.Call) and getattr(o.func, 'id', '') == 'check_fact' and o not in failing]
    return {o.args[0].value: (ast.literal_eval(o.args[2]), next((ast.literal_eval(k.value) for k in o.keywords if k.arg == 'within'), None)) for o in calls}

def chapter_facts(name):
    "The facts that a notebook asserts in the cells that run"
    cells = [c.source for c in read_nb(nbs/f'{name}.ipynb').cells if c.cell_type == 'code']
    return {k: v for c in cells if 'eval: false' not in c and 'check_fact(' in c and '#| export' not in c for k, v in asserted(c).items()}

@pytest.mark.parametrize('chapter,fact,value,within', facts, ids=[o[1] for o in facts])
def test_fact_is_asserted_in_its_chapter(chapter, fact, value, within):
    found = chapter_facts(chapter)
    assert fact in found, f'{chapter} asserts no {fact!r}'
    assert found[fact] == (value, within)

def test_the_search_finds_assertions_and_nothing_else():
    code = "check_fact('a', x, .5)\nprint('check_fact')\n# check_fact('b', x, 1)\nwith expect_fail(AssertionError): check_fact('c', x, 2)\ncheck_fact('d', y, [1, 2], subset=None, within=.1)"
    assert asserted(code) == {'a': (.5, None), 'd': ([1, 2], .1)}

def test_no_chapter_asserts_one_name_twice():
    names = [n for nb in nbs.glob('[0-9]*.ipynb') for n in chapter_facts(nb.stem)]
    assert len(names) == len(set(names))
