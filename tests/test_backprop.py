"The engines of chapter 8 against PyTorch and against slopes found by trying, on computations that nobody chose"
import gc, math, operator, weakref

import numpy as np, pytest, torch
from hypothesis import assume, given, settings, strategies as st

from mnistlearn.backprop import Array, Value, draw_graph, topological_order, unbroadcast

settings.register_profile('repeatable', derandomize=True, deadline=None, max_examples=150)
settings.load_profile('repeatable')
raises, cases = pytest.raises, pytest.mark.parametrize

# numbers

two = {'+': operator.add, '-': operator.sub, '*': operator.mul, '/': operator.truediv}
one = {'tanh': lambda o: o.tanh(), 'exp': lambda o: (o*.1).exp(), 'relu': lambda o: o.relu(), '**2': lambda o: o**2, '**-1': lambda o: (o*o + 1)**-1, '-': lambda o: -o,
       '2 -': lambda o: 2 - o, '3/': lambda o: 3/(o*o + 1), '1 +': lambda o: 1 + o, '2 *': lambda o: 2*o, '**0': lambda o: o**0, '**1': lambda o: o**1, '**3': lambda o: o**3}

@st.composite
def programs(draw, n_inputs=3):
    "Steps, each an operation on earlier results; so numbers are used once, often or never"
    steps = []
    for i in range(draw(st.integers(1, 12))):
        at = st.integers(0, n_inputs + i - 1)
        steps.append((draw(st.sampled_from(sorted(one))), draw(at)) if draw(st.booleans()) else (draw(st.sampled_from(sorted(two))), draw(at), draw(at)))
    return steps

def run(steps, inputs):
    results = list(inputs)
    for name, *at in steps: results.append((one if len(at) == 1 else two)[name](*[results[i] for i in at]))
    return results[-1]

numbers = st.lists(st.floats(-3, 3).filter(lambda o: abs(o) > .05), min_size=3, max_size=3)

def run_torch(steps, inputs):
    tensors = [torch.tensor(o, dtype=torch.float64, requires_grad=True) for o in inputs]
    out = run(steps, tensors)
    if not out.requires_grad: return out, [0.]*len(inputs)
    out.backward()
    return out, [0. if o.grad is None else o.grad.item() for o in tensors]

@given(programs(), numbers)
def test_values_have_pytorchs_gradients(steps, inputs):
    try: values = [Value(o) for o in inputs]; out = run(steps, values); out.backward()
    except (ZeroDivisionError, OverflowError): assume(False)
    theirs, grads = run_torch(steps, inputs)
    assume(all(math.isfinite(o) and abs(o) < 1e8 for o in grads))
    assert out.data == pytest.approx(theirs.item(), rel=1e-9, abs=1e-9)
    assert [o.grad for o in values] == pytest.approx(grads, rel=1e-7, abs=1e-7)

@given(programs(), numbers)
def test_values_have_the_slopes_that_trying_finds(steps, inputs):
    def f(*o): return run(steps, [Value(v) for v in o]).data
    h = 1e-5
    try:
        values = [Value(o) for o in inputs]
        run(steps, values).backward()
        for i, value in enumerate(values):
            above, here, below = (f(*[o + d*(j == i) for j, o in enumerate(inputs)]) for d in (h, 0, -h))
            left, right = (here - below)/h, (above - here)/h
            assume(abs(value.grad) < 1e3 and abs(left - right) < 1e-2*(1 + abs(value.grad))) # no kink, no cliff
            assert value.grad == pytest.approx((left + right)/2, rel=1e-3, abs=1e-3)
    except (ZeroDivisionError, OverflowError): assume(False)

def test_a_number_used_often_a_deep_chain_and_a_wide_sum():
    x = Value(2.)
    (x*x*x + x*x + x).backward()
    assert x.grad == 12 + 4 + 1
    x = Value(1.); y = x
    for _ in range(20_000): y = y*1. + 0.
    y.backward()
    assert x.grad == 1
    x = Value(1.); y = x
    for _ in range(60): y = y + y # 2**60 paths, 61 nodes
    y.backward()
    assert x.grad == 2.**60 and len(topological_order(y)) == 61
    xs = [Value(i) for i in range(3000)]
    sum(xs).backward()
    assert {o.grad for o in xs} == {1.}

def test_gradients_of_the_beginnings_add_up_and_those_between_do_not():
    x = Value(3.); y = x*x; z = y + y
    z.backward(); z.backward()
    assert x.grad == 24 and y.grad == 2
    x.grad = 0.; (x*2).backward()
    assert x.grad == 2

def test_topological_order_has_parents_first():
    a, b = Value(1.), Value(2.)
    c = a*b; d = c + a; e = d*c
    order = topological_order(e)
    at = {o: i for i, o in enumerate(order)}
    assert len(order) == 5 and order[-1] is e and all(at[p] < at[o] for o in order for p in o.parents)

def test_plain_numbers_on_either_side_and_what_is_no_number():
    x = Value(4.)
    assert [(2 + x).data, (2 - x).data, (2*x).data, (2/x).data, (x - 1).data, (x/2).data, (-x).data, (x**.5).data] == [6, -2, 8, .5, 3, 2, -4, 2]
    assert sum([x, x, 1]).data == 9 and 'grad' in repr(x)
    for bad in ('three', [1], None):
        with raises((TypeError, ValueError)): x + bad

# arrays

shapes = st.sampled_from([(), (1,), (3,), (2, 3), (1, 3), (2, 1), (1, 1), (4, 2, 3), (4, 1, 1), (2, 1, 3)])
array_one = {'tanh': lambda o, lib: o.tanh(), 'exp': lambda o, lib: (o*.1).exp(), 'relu': lambda o, lib: o.relu(), 'sigmoid': lambda o, lib: o.sigmoid(), '**2': lambda o, lib: o**2,
             '1 -': lambda o, lib: 1 - o, '2/': lambda o, lib: 2/(o*o + 1), 'mean': lambda o, lib: o.mean(), 'sum': lambda o, lib: o.sum()*.1, '**.5': lambda o, lib: (o*o + 1)**.5, '-': lambda o, lib: -o}
array_two = {**{k: lambda a, b, lib, f=f: f(a, b) for k, f in two.items() if k != '/'}, '/': lambda a, b, lib: a/(b*b + 1),
             'where': lambda a, b, lib: lib.where(a, b)}

class Ours:
    @staticmethod
    def where(a, b): return Array.where(a.data > b.data, a, b)
class Torchs:
    @staticmethod
    def where(a, b): return torch.where(a > b, a, b)

def run_arrays(steps, inputs, lib):
    results = list(inputs)
    for name, *at in steps: results.append((array_one if len(at) == 1 else array_two)[name](*[results[i] for i in at], lib))
    return results[-1].mean()

@st.composite
def array_programs(draw):
    inputs = [draw(shapes) for _ in range(3)]
    have, steps = list(inputs), []
    for _ in range(draw(st.integers(1, 9))):
        at = st.integers(0, len(have) - 1)
        if draw(st.booleans()):
            name, i = draw(st.sampled_from(sorted(array_one))), draw(at)
            steps.append((name, i)), have.append(() if name in ('mean', 'sum') else have[i])
        else:
            name, i, j = draw(st.sampled_from(sorted(array_two))), draw(at), draw(at)
            try: shape = np.broadcast_shapes(have[i], have[j])
            except ValueError: continue
            steps.append((name, i, j)), have.append(shape)
    return inputs, steps, draw(st.integers(0, 2**32 - 1))

@given(array_programs())
def test_arrays_have_pytorchs_gradients(program):
    shapes, steps, seed = program
    rng = np.random.default_rng(seed)
    data = [np.asarray(rng.normal(size=o)) for o in shapes]
    ours = [Array(o.copy(), requires_grad=True) for o in data]
    theirs = [torch.tensor(o, requires_grad=True) for o in data]
    a, b = run_arrays(steps, ours, Ours), run_arrays(steps, theirs, Torchs)
    assume(abs(b.item()) < 1e8)
    assert a.item() == pytest.approx(b.item(), rel=1e-9, abs=1e-9)
    a.backward(), b.backward()
    for o, t in zip(ours, theirs):
        assert (o.grad is None) == (t.grad is None)
        if o.grad is None: continue
        assert o.grad.shape == o.shape
        np.testing.assert_allclose(o.grad, t.grad.numpy(), rtol=1e-7, atol=1e-7)

@given(st.integers(1, 5), st.integers(1, 5), st.integers(1, 5), st.integers(0, 10**6))
def test_products_of_matrices(n, k, m, seed):
    rng = np.random.default_rng(seed)
    a, b = rng.normal(size=(n, k)), rng.normal(size=(k, m))
    ours, theirs = [Array(o, requires_grad=True) for o in (a, b)], [torch.tensor(o, requires_grad=True) for o in (a, b)]
    ((ours[0]@ours[1])**2).sum().backward(), ((theirs[0]@theirs[1])**2).sum().backward()
    for o, t in zip(ours, theirs): np.testing.assert_allclose(o.grad, t.grad.numpy(), rtol=1e-9, atol=1e-9)

@given(st.integers(0, 3), st.integers(0, 10**6))
def test_unbroadcast_is_the_way_back_of_numpys_broadcasting(n_front, seed):
    rng = np.random.default_rng(seed)
    shape = tuple(rng.integers(1, 4, rng.integers(0, 4)))
    spread = (*rng.integers(1, 4, n_front), *[rng.integers(1, 4) if o == 1 else o for o in shape])
    back = unbroadcast(np.ones(spread), shape)
    assert np.shape(back) == shape and np.all(back == math.prod(spread)/max(1, math.prod(shape)))

def test_types_stay_and_arrays_on_the_left_are_understood():
    x = Array(np.ones((2, 3), np.float32), requires_grad=True)
    for y in (1 - x, x*2, 2.5/x, x + np.float64(1), (x@np.ones((3, 2), np.float32)), np.ones((4, 2), np.float32)@x, np.ones(3, np.float32)*x, x.sigmoid(), x.mean(), Array.where(x.data > 0, x, 1.)):
        assert isinstance(y, Array) and y.data.dtype == np.float32
    x.mean().backward()
    assert x.grad.dtype == np.float32 and Array([1, 2]).data.dtype == float

def test_what_leads_to_nothing_gets_nothing_and_nothing_is_kept_for_it():
    x, w = Array(np.ones((5, 4))), Array(np.ones((4, 1)), requires_grad=True)
    y = (x@w).sum()
    assert x not in topological_order(y)
    y.backward()
    assert x.grad is None and w.grad.tolist() == [[5.]]*4
    with Array.no_grad(): z = (x@w).sum()
    assert not z.requires_grad and z.parents == ()
    with raises(ZeroDivisionError), Array.no_grad(): 1/0
    assert (x@w).requires_grad
    with Array.no_grad():
        with Array.no_grad(): pass
        assert not (x@w).requires_grad

def test_errors_say_what_was_expected():
    x = Array(np.ones((2, 3)), requires_grad=True)
    with raises(ValueError, match=r'single number.*\(2, 3\)'): (x*2).backward()
    with raises(ValueError, match='requires_grad=True'): Array(1.).backward()
    with raises(ValueError, match='two axes'): x@np.ones(3)
    with raises(ValueError): x@np.ones((2, 3))

def test_each_beginning_has_a_gradient_of_its_own():
    a, b = (Array(np.ones(2), requires_grad=True) for _ in range(2))
    (a + b).sum().backward()
    a.grad *= 10
    assert b.grad.tolist() == [1, 1]
    first = a.grad
    (a*1).sum().backward()
    assert first.tolist() == [10, 10] and a.grad.tolist() == [11, 11]

def test_nothing_goes_in_circles_so_a_graph_dies_with_its_result():
    gc.disable()
    try:
        w = Array(np.ones((3, 3)), requires_grad=True)
        hidden = (w@w).relu().sigmoid()
        loss, seen = Array.where(hidden.data > 0, hidden, 1 - hidden).mean(), weakref.ref(hidden)
        loss.backward()
        del loss, hidden
        assert seen() is None
    finally: gc.enable()

def test_no_gradient_of_numbers_that_overflow_in_the_sigmoid():
    x = Array([-1000., 1000., 0.], requires_grad=True)
    with np.errstate(all='raise'): x.sigmoid().sum().backward()
    assert x.grad.tolist() == [0, 0, .25]

@cases('make', [lambda: Value(2.)*Value(3.) + 1, lambda: (Array(np.ones((2, 3)), requires_grad=True)*2).mean(), lambda: Value(1.)])
def test_a_computation_is_drawn(make):
    y = make()
    y.backward()
    texts = [o.get_text() for o in draw_graph(y, result=y).texts]
    assert 'result' in texts and ('1' in texts or '2 x 3' in texts)
