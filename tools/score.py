"""How good the checker is, exercise by exercise: docs/score.md, made of docs/score/exercises.csv and docs/score/survivors.diff

    python tools/score.py              exercises that have changed since they were last scored
    python tools/score.py corner bias  these, whether they have changed or not
    python tools/score.py --review     no exercise: the table again, after reasons were put into the second file
    python tools/score.py --all        all of them: half an hour or so
    python tools/score.py --check      name what has changed since, or has not been looked at, and fail if anything has

An answer that should open is the exercise's own and what its bank says is also right. What should not: what the reader begins with, the
usual mistakes in the bank, tricks that answer nothing, and every small change of our own answer that `mutants` makes. A change that
passes is right as well, or a hole in the check. It is written to docs/score/survivors.diff under the words "to be looked at"; who has looked
puts the reason there why it is right after all, or mends the check. Where it is wrong and what comes back is the same, the reason begins
with "not caught: ".
"""
import argparse, ast, csv, difflib, hashlib, io, os, re, sys
from pathlib import Path

root = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(root), str(root/'tools')]
from joblib import Parallel, delayed
from mnistlearn.apps.check import judge
from mnistlearn.apps.exercises import exercises, fetch_images
from mnistlearn.base.files import write_whole
from mutants import mutants

page, table, survivors = (root/'docs'/o for o in ('score.md', 'score/exercises.csv', 'score/survivors.diff'))
columns = ['chapter', 'exercise', 'right', 'right accepted', 'untouched', 'untouched refused', 'mistakes', 'mistakes refused',
           'tricks', 'tricks refused', 'changes', 'changes refused', 'right after all', 'not caught', 'digest']
unseen, missed = 'to be looked at', 'not caught: ' # how a reason begins where the change is wrong, and no check can tell
seeds = 0, 1

def names_in(source):
    "What a cell defines"
    for o in ast.parse(source).body:
        if isinstance(o, (ast.FunctionDef, ast.ClassDef)): yield o.name
        elif isinstance(o, ast.Assign): yield from (n.id for t in o.targets for n in ast.walk(t) if isinstance(n, ast.Name))

def tricks(e):
    "Answers that get by without an answer, each by its kind"
    names = list(dict.fromkeys(names_in(e.answer)))
    def each(what): return '\n'.join(f'{o} = {what}' for o in names)
    yield 'nothing', '# later'
    yield 'words', 'print("right on all inputs")'
    yield 'leaves', 'import os\nos._exit(0)'
    yield 'exits', f'{e.start}\nraise SystemExit(0)'
    yield 'gives None', each('lambda *args, **kwargs: None')
    yield 'gives what it gets', each('lambda *args, **kwargs: args[0] if args else 0')
    yield 'equals everything', ('class Anything(float):\n    def __eq__(self, other): return True\n    def __ne__(self, other): return False\n'
        '    def __hash__(self): return 0\n    def __call__(self, *args, **kwargs): return self\n    def __getattr__(self, name): return self\n'
        '    def __iter__(self): return iter(())\n' + each('Anything(1)'))
    bank = f'import mnistlearn, os, re\nfolder, file = os.path.dirname(mnistlearn.__file__), "bank/{e.unit}.md"\n'
    found = f'\nexec(re.findall(r"^### Answer.*?^```python\\n(.*?)^```$", text.partition("`{e.name}`")[2], re.S|re.M)[0])'
    yield 'reads the answers', f'{bank}text = open(os.path.join(folder, file)).read(){found}'
    yield 'reads them by a way round', f'{bank}at = os.open(folder, os.O_RDONLY)\ntext = os.fdopen(os.open(file, os.O_RDONLY, dir_fd=at)).read(){found}'
    yield 'reads them as numbers', f'{bank}path = os.path.join(folder, file)\nimport torch\ntext = bytes(torch.from_file(path, size=os.stat(path).st_size, dtype=torch.uint8).tolist()).decode(){found}'
    yield 'asks the package', f'from mnistlearn.apps.exercises import exercises\nexec(exercises()[{e.name!r}].answer)'
    for name in e.task.hide: yield f'imports {name}', f'from mnistlearn.all import {name}\n{each(name)}'
    yield 'breaks the judge', f'import sys\nfor o in list(sys.modules.values()):\n    if hasattr(o, "difference"): o.difference = lambda *args, **kwargs: None\nimport math\nmath.isclose = lambda *args, **kwargs: True\n{e.start}'
    yield 'changes the question', f'import sys\nframe = sys._getframe()\nwhile frame:\n    for o in (frame.f_globals, frame.f_locals):\n        if "probe" in o: o["probe"] = lambda *args: 0\n    frame = frame.f_back\n{each(0)}'
    yield 'writes a verdict', 'import json, os\nsays = json.dumps(dict(results=[["", dict(result=True)]], lines=[], printed="")).encode()\nfor i in range(3, 40):\n    try: os.write(i, says)\n    except OSError: pass\nos._exit(0)'
    yield 'blames the judge', 'import os\nfor i in range(3, 40):\n    try: os.write(i, b\'{"broken": "sorry"}\')\n    except OSError: pass\nos._exit(0)'

def digest(e):
    "Changes when the exercise does"
    content = repr((e.start, e.answer, e.also, e.wrong, e.task))
    return hashlib.blake2b(content.encode(), digest_size=4).hexdigest()

def shortest(source):
    "A source without its comments, spaced as Python spaces it"
    return ast.unparse(ast.parse(source))

def score(name):
    "A row of the table, and the changes that passed: as (exercise, diff) pairs"
    e = exercises()[name]
    fetch_images(e)
    task = e.task._replace(limit=min(e.task.limit, 10))
    def passes(source, any_seed=any): return any_seed(bool(judge(source, task, e.answer, e.start, e.name, s)) for s in seeds)
    right, ours = [e.answer, *e.also], shortest(e.answer)
    changes = [o for o in mutants(e.answer) if o not in map(shortest, right)]
    passed = []
    for change in filter(passes, changes):
        diff = difflib.unified_diff(ours.splitlines(), change.splitlines(), lineterm='', n=1)
        passed.append((name, '\n'.join(o for o in list(diff)[2:] if not o.startswith('@@'))))
    tricky = [source for _, source in tricks(e)]
    return [e.unit, name, len(right), sum(passes(o, all) for o in right), 1, int(not passes(e.start)),
            len(e.wrong), sum(not passes(o) for o in e.wrong.values()), len(tricky), sum(not passes(o) for o in tricky),
            len(changes), len(changes) - len(passed)], passed

def read_table():
    "The rows that are there, each by its exercise"
    if not table.exists(): return {}
    with table.open(encoding='utf-8', newline='') as f: return {o['exercise']: o for o in csv.DictReader(f)}

def read_survivors():
    "What passed before: (exercise, diff) -> why it may"
    if not survivors.exists(): return {}
    found = re.findall(r'^# (\S+): (.+)\n((?:[-+ ].*\n)+)', survivors.read_text(encoding='utf-8'), re.M)
    return {(name, diff.rstrip('\n')): why for name, why, diff in found}

def out_of_step():
    "What has changed since it was scored, is not refused or accepted as it should be, or has not been looked at"
    rows = read_table()
    for e in exercises().values():
        row = rows.get(e.name)
        if row is None or row['digest'] != digest(e): yield f'{e.name} has changed since it was scored'
    for o in rows.values():
        name, n = o['exercise'], {k: int(o[k]) for k in columns[2:-1]}
        if name not in exercises(): yield f'{name} is no exercise any more'
        if n['right accepted'] < n['right']: yield f'{name}: a right answer is refused'
        for kind in ('untouched', 'mistakes', 'tricks'):
            if n[f'{kind} refused'] < n[kind]: yield f'{name}: of {kind}, not all are refused'
        if n['changes refused'] + n['right after all'] + n['not caught'] < n['changes']: yield f'{name}: a change passes that has not been looked at'
    for (name, diff), why in read_survivors().items():
        if why == unseen: yield f'{name}: to be looked at\n{diff}'

def main(chosen):
    rows, reasons = read_table(), read_survivors()
    kept = {o: why for o, why in reasons.items() if o[0] in exercises() and o[0] not in chosen}
    if not chosen: return write(rows, kept)
    scored = Parallel(n_jobs=-1, return_as='generator', batch_size=1, verbose=0)(delayed(score)(o) for o in chosen)
    for i, (name, (row, passed)) in enumerate(zip(chosen, scored), 1):
        kept.update((o, reasons.get(o, unseen)) for o in passed)
        rows[name] = dict(zip(columns, [*row, '', '', digest(exercises()[name])]))
        print(f'{i} of {len(chosen)}: {name}, {row[-1]} of {row[-2]} changes refused', *(diff for o, diff in passed if kept[o, diff] == unseen), sep='\n', flush=True)
        write(rows, kept)

def as_table(head, rows):
    "A table in Markdown"
    return '\n'.join('| ' + ' | '.join(map(str, o)) + ' |' for o in (head, ['---']*len(head), *rows))

kinds = {'right': 'accepted', 'untouched': 'refused', 'mistakes': 'refused', 'tricks': 'refused', 'changes': 'refused'}

def as_page(rows):
    "docs/score.md with the tables of today"
    def total(column): return sum(int(o[column]) for o in rows)
    sums = [[kind, total(kind), what, total(f'{kind} {what}')] for kind, what in kinds.items()]
    sums += [['changes that are right after all', total('right after all'), 'accepted', total('right after all')],
             ['changes that are wrong, and no check can tell', total('not caught'), 'refused', 0]]
    def cell(o, kind, what): return f'{o[f"{kind} {what}"]} of {o[kind]}'
    others = [o for o in kinds if o not in ('untouched', 'tricks')] # which are the same for all
    lines = [[f'`{o["exercise"]}`', o['chapter'].split('_')[0].lstrip('0') or '0' if o['chapter'][0].isdigit() else o['chapter'].replace('_', ' '),
              *(cell(o, kind, kinds[kind]) for kind in others), o['right after all'], o['not caught']] for o in rows]
    tables = [as_table(['answers', 'tried', 'should be', 'were'], sums),
              as_table(['exercise', 'chapter', *(f'{o} {kinds[o]}' for o in others), 'right after all', 'not caught'], lines)]
    return re.sub('(<!-- written by tools/score.py -->\n).*?(<!-- its end -->)', lambda m: f'{m[1]}\n{tables.pop(0)}\n\n{m[2]}',
                  page.read_text(encoding='utf-8'), flags=re.S)

def write(rows, kept):
    known = [rows[o] for o in exercises() if o in rows]
    for o in known:
        reasons = [why for (name, _), why in kept.items() if name == o['exercise'] and why != unseen]
        o['not caught'] = sum(why.startswith(missed) for why in reasons)
        o['right after all'] = len(reasons) - o['not caught']
    file = io.StringIO()
    out = csv.DictWriter(file, columns, lineterminator='\n')
    out.writeheader()
    out.writerows(known)
    write_whole(table, file.getvalue().encode())
    write_whole(page, as_page(known).encode())
    order = list(exercises())
    texts = (f'# {name}: {why}\n{diff}\n' for (name, diff), why in sorted(kept.items(), key=lambda o: order.index(o[0][0])))
    write_whole(survivors, '\n'.join(texts).encode())

if __name__ == '__main__':
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('name', nargs='*', help='exercises to score, whether they have changed or not')
    parser.add_argument('--all', action='store_true', help='score all exercises anew')
    parser.add_argument('--check', action='store_true', help='only name what is out of step')
    parser.add_argument('--review', action='store_true', help='only write the table again')
    args = parser.parse_args()
    rows = read_table()
    changed = [e.name for e in exercises().values() if e.name not in rows or rows[e.name]['digest'] != digest(e)]
    if args.check:
        found = list(out_of_step())
        print(*found, sep='\n')
        sys.exit(bool(found))
    main([] if args.review else args.name or (list(exercises()) if args.all else changed))
