"""What only a GPU can show, in under five minutes

    python tools/gpu_check.py             all of it
    python tools/gpu_check.py step times  some: tests, step, stages, digits, halves, resume, processes, times

The CUDA cases of the tests; every stage of the course on CUDA beside the CPU; mixed precision; a fit that is stopped and resumed; two
processes on one card; and how long a Learner takes there. Prints a table and exits with 1 if a row is not right, with 2 where there is no GPU.
"""
import contextlib, io, os, statistics, subprocess, sys, tempfile
from copy import deepcopy
from functools import partial
from pathlib import Path
from time import perf_counter

import torch
from torch import nn

root = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(root))
from mnistlearn.all import *
from mnistlearn.apps.course import run_course

rows = []
search = os.pathsep.join([str(root), os.environ.get('PYTHONPATH', '')])

def row(what, found, right): # `right` is None for what is only measured
    rows.append(right)
    print(f'{"ok   " if right else "     " if right is None else "WRONG"} {what:52} {found}', flush=True)

def quiet(f, *args, **kwargs):
    with contextlib.redirect_stdout(io.StringIO()): return f(*args, **kwargs)

def why(out):
    "The last error that a program has printed"
    return next((o for o in reversed(out.stderr.splitlines()) if 'Error: ' in o and 'ChildFailed' not in o), out.stderr[-300:])

def tests():
    "Those that are skipped where there is no GPU"
    out = subprocess.run([sys.executable, '-m', 'pytest', '-q', '-p', 'no:cacheprovider', 'tests/test_devices.py', '-k', 'cuda'], cwd=root, capture_output=True, text=True)
    said = [o for o in out.stdout.splitlines() if ' passed' in o or ' failed' in o] or [why(out)]
    row('the CUDA cases of the tests', said[-1], out.returncode == 0 and 'skipped' not in said[-1])

def on(device, model, x, y, loss_func):
    "Outputs and gradients of a copy of `model` on a device, in 64 bits, where rounding is small"
    model = deepcopy(model).to(device).double().train()
    out = model(x.to(device).double())
    loss_func(out, y.to(device)).backward()
    return [out.detach().cpu(), *(p.grad.cpu() for p in model.parameters())]

def furthest(a, b):
    "How far two lists of tensors are apart, as a share of the largest number in them"
    return max((i - j).abs().max().item() for i, j in zip(a, b))/max(i.abs().max().item() for i in a)

def same_step(data):
    "From the same weights, the same batch: the same outputs and gradients"
    x, y = to_float(data.train_x[:256]), data.train_y[:256]
    for name, recipe in recipes.items():
        set_seed(1)
        model = recipe.make(10)
        for o in model.modules(): # chance differs from device to device, and is left out
            if isinstance(o, nn.Dropout): o.p = 0.
            if isinstance(o, Looks): o.varied = lambda x, o=o: x[..., 2:2 + o.size, 2:2 + o.size]
        images = x.flatten(1) if recipe.flat else x[:, None]
        cpu, cuda = (on(o, model, images, y, cross_entropy) for o in ('cpu', 'cuda'))
        apart = furthest(cpu, cuda)
        row(f'{name}: outputs and gradients, CUDA beside CPU', f'{apart:.1e} apart', apart < 1e-9)

def stages(path):
    "Every stage of two digits: as accurate as on the CPU"
    data = load_digits(path, (3, 7))
    there = run_course(data)
    code = ("from pathlib import Path; from mnistlearn.all import *; from mnistlearn.apps.course import run_course; "
            f"print([o.history[-1] for o in run_course(load_digits(Path({str(path)!r}), (3, 7)))])")
    out = subprocess.run([sys.executable, '-c', code], cwd=root, capture_output=True, text=True, env={**os.environ, 'CUDA_VISIBLE_DEVICES': '', 'PYTHONPATH': search})
    if out.returncode: return row('the stages on the CPU', why(out), False)
    here = [float(o) for o in out.stdout.strip().splitlines()[-1].strip('[]').split(',')]
    for stage, cpu in zip(there, here):
        cuda = stage.history[-1]
        row(f'{stage.name}: accuracy, CUDA and CPU', f'{cuda:.4f} and {cpu:.4f}, {stage.seconds:.1f} s', abs(cuda - cpu) <= .003)

def ten_digits(data):
    for name, least in (('linear', .91), ('net', .965), ('resnet', .985), ('conv-quick', .99), ('conv', .992)):
        start = perf_counter()
        learn = train_recipe(name, data, logging=False)
        right = learn.recorder.values[-1][2]
        row(f'{name}: ten digits', f'{right:.4f} in {perf_counter() - start:.1f} s', right >= least)

def halves(data):
    for dtype in (torch.bfloat16, torch.float16):
        learn = train_recipe('resnet', data, cbs=MixedPrecision(dtype), logging=False)
        right = learn.recorder.values[-1][2]
        row(f'resnet in {dtype}'.replace('torch.', ''), f'{right:.4f}', right >= .985)

def resume(data):
    "Stopped after an epoch and a half, and resumed: the weights of a fit that never stopped"
    class Unplugged(Callback):
        def after_step(self):
            if self.train_iter == 150: raise KeyboardInterrupt
    def learner(cbs=()):
        set_seed(3)
        dls = image_dls(Digits(*(o[::3] for o in data)), 200, flat=True, device='cuda')
        return Learner(dls, simple_net(784, 50, 10).cuda(), cross_entropy, partial(SGD, mom=.9), metrics=accuracy, cbs=list(cbs))
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder)/'fit.safetensors'
        whole = learner()
        with whole.no_logging(): whole.fit(3, .1)
        cut = learner([Checkpoint(file, every=100), Unplugged()])
        with cut.no_logging(), contextlib.suppress(KeyboardInterrupt): cut.fit(3, .1)
        again = learner()
        with again.no_logging(): again.fit(3, .1, resume=file)
    apart = furthest(list(whole.model.state_dict().values()), list(again.model.state_dict().values()))
    row('stopped and resumed, beside never stopped', f'{apart:.1e} apart', apart < 1e-5)

def two_processes():
    "Two processes on one card do what one does"
    script = '''
from mnistlearn.all import *
set_seed(1)
x, y = torch.rand(200, 64), torch.randint(0, 3, (200,))
dls = DataLoaders(DataLoader(TensorPairs(x, y), 32, shuffle=True), DataLoader(TensorPairs(x[:40], y[:40]), 32))
model = nn.Sequential(nn.Linear(64, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Linear(16, 3))
learn = Learner(dls, model, cross_entropy, SGD, metrics=accuracy, cbs=DistributedTrainer())
with learn.no_logging(): learn.fit(3, .1)
if not rank_distrib(): write_state(sys.argv[1], dict(learn.model.state_dict()))
assert next(learn.model.parameters()).device.type == 'cuda'
'''
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder)/'fit.py').write_text('import sys\n' + script, encoding='utf-8')
        found = []
        for world in (1, 2):
            out = subprocess.run([sys.executable, '-m', 'torch.distributed.run', '--nproc-per-node', str(world), 'fit.py', f'{world}.safetensors'], cwd=folder,
                                 capture_output=True, text=True, timeout=120, env={**os.environ, 'PYTHONPATH': search})
            if out.returncode: return row('two processes on one card', why(out), False)
            found.append(read_state(Path(folder)/f'{world}.safetensors'))
    apart = max((found[0][o].float() - found[1][o].float()).abs().max().item() for o in found[0])
    row('two processes on one card, beside one', f'{apart:.1e} apart', apart < 1e-4)

def times(data):
    "A Learner beside a bare loop and fastai's Learner, in turns; the median of five"
    train, valid = (TensorPairs(*binary(x, y)).to('cuda') for x, y in (data[:2], data[2:]))
    dls = DataLoaders(DataLoader(train, 256), DataLoader(valid, 256))
    def ours():
        Learner(dls, simple_net().cuda(), mnist_loss, metrics=batch_accuracy).fit(10, .1)
    def bare():
        m = simple_net().cuda()
        for _ in range(10):
            for i in range(0, len(train), 256):
                mnist_loss(m(train.x[i:i + 256]), train.y[i:i + 256]).backward()
                with torch.no_grad():
                    for p in m.parameters():
                        p -= p.grad*.1
                        p.grad = None
            with torch.no_grad():
                for i in range(0, len(valid), 256):
                    out, y = m(valid.x[i:i + 256]), valid.y[i:i + 256]
                    mnist_loss(out, y), batch_accuracy(out, y)
    from fastai.data.core import DataLoaders as Loaders
    from fastai.data.load import DataLoader as Loader
    from fastai.learner import Learner as FastaiLearner
    from fastai.optimizer import SGD as FastaiSGD
    loaders = Loaders(*(Loader(list(zip(o.x, o.y)), bs=256) for o in (train, valid)))
    def fastais(): FastaiLearner(loaders, simple_net().cuda(), loss_func=mnist_loss, opt_func=FastaiSGD, metrics=batch_accuracy).fit(10, .1)
    def seconds(f):
        torch.cuda.synchronize()
        start = perf_counter()
        quiet(f)
        torch.cuda.synchronize()
        return perf_counter() - start
    for name, theirs in (('a bare loop', bare), ("fastai's Learner", fastais)):
        ratios = []
        for i in range(6): # the first doesn't count, and they take turns at being first
            took = {f: seconds(f) for f in ((ours, theirs) if i%2 else (theirs, ours))}
            ratios.append(took[ours]/took[theirs])
        ratios = ratios[1:]
        row(f'Learner beside {name}: time, as a ratio', f'{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})', None)

def main():
    if not torch.cuda.is_available():
        print('there is no GPU that PyTorch can use: nothing was checked', file=sys.stderr)
        return 2
    start = perf_counter()
    print(f'{torch.cuda.get_device_name()}, PyTorch {torch.__version__}')
    path = mnist()
    data = load_digits(path)
    checks = dict(tests=tests, step=lambda: same_step(data), stages=lambda: stages(path), digits=lambda: ten_digits(data), halves=lambda: halves(data),
                  resume=lambda: resume(data), processes=two_processes, times=lambda: times(load_digits(path, (3, 7))))
    for name in sys.argv[1:] or checks: checks[name]()
    print(f'{sum(o is True for o in rows)} right, {sum(o is False for o in rows)} wrong, in {perf_counter() - start:.0f} s')
    return int(False in rows)

if __name__ == '__main__': sys.exit(main())
