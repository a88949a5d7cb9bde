"""Writes what is derived: exercises from mnistlearn/bank, Colab cells from settings.ini, folded cells and texts for pictures from the
directives in the notebooks, README.md from nbs/index.ipynb, and the hours in docs/teaching.md

    python tools/sync.py            write what is out of step
    python tools/sync.py --check    name what is out of step, and fail if anything is

A writer needs to know two directives, which begin a code cell. They are taken out of it and kept in its metadata, so that a reader
sees nothing but the code:

    #| fold: what the cell checks   the cell is folded in JupyterLab, in Colab and on the site
    #| fig-alt: what is to be seen  the text in the place of the picture, for who cannot see it;
    #     and more of it            it may go on in lines like this one

A new directive in the cell takes the place of the old one. `#| unfold` opens a cell again. An exported cell is folded by `#| fold:` with
nothing behind it: a title would go to the module.
"""
import re, sys
from configparser import ConfigParser
from pathlib import Path

import nbformat
from fastcore.nbio import dict2nb, mk_cell, nb2str, read_nb
from nbconvert import MarkdownExporter

root = Path(__file__).resolve().parent.parent
nbs = root/'nbs'
sys.path[:0] = [str(root), str(root/'tools')]
from mnistlearn.apps.exercises import chapter_cells, exercise_notebook, exercise_units
from mnistlearn.base.files import write_whole
from timetable import timetable

config = ConfigParser()
config.read(root/'settings.ini', encoding='utf-8')
facts = config['DEFAULT']

extras = {'06_pad': 'widgets', '15_scale': 'scale'} # of the package, by the notebook that needs them

def install_cell(path):
    "The cell that installs the package in Colab, with what this notebook needs of it"
    source = f"git+{facts['git_url']}"
    if extra := extras.get(path.stem): source = f"{facts['name']}[{extra}] @ {source}"
    return f'''#| fold: In Colab, install the package (anywhere else this does nothing)
import subprocess, sys

if 'google.colab' in sys.modules:
    source = '{source}'
    failed = subprocess.run([sys.executable, '-m', 'pip', 'install', '-q', source]).returncode
    if failed: print(f'{facts['name']} could not be installed from {{source}}: upload a copy of the '
                     'repository beside this notebook, run "%pip install ./{facts['name']}" in a '
                     'new cell, and then go on.')'''

# as JupyterLab writes it: with another name, which nbdev-clean gives it, a notebook that is only opened would ask to be saved
kernelspec = {'display_name': 'Python 3 (ipykernel)', 'language': 'python', 'name': 'python3'}

def badge(path):
    "The link that opens a notebook in Colab"
    repo = facts['git_url'].removeprefix('https://github.com/')
    where = f'https://colab.research.google.com/github/{repo}/blob/{facts["branch"]}/nbs/{path.relative_to(nbs).as_posix()}'
    up = '../'*(len(path.relative_to(nbs).parts) - 1)
    return f'[![Open in Colab]({up}images/open-in-colab.svg)]({where})'

def notebook_of(unit):
    "The notebook that holds the exercises of a unit, such as `03_loss` or `clinic`"
    return nbs/f'{unit}.ipynb' if unit[0].isdigit() else nbs/'exercises'/f'{unit}.ipynb'

def join_streams(cell):
    "What a cell printed in one piece, however many the kernel sent it in"
    outputs = []
    for o in cell.get('outputs', []):
        if outputs and o.output_type == 'stream' == outputs[-1].output_type and o.name == outputs[-1].name: outputs[-1].text += o.text
        else: outputs.append(o)
    if cell.cell_type == 'code': cell.outputs = outputs

def take_directive(cell, name):
    "Take out of a cell a line such as `#| fold: text`, with lines `#     more` below it. Gives its text; None where there is no such line"
    match = re.search(rf'^#\| *{name}\b:? *(.*(?:\n# {{3,}}.+)*)\n?', cell.source, re.M) if cell.cell_type == 'code' else None
    if not match: return None
    cell.source = cell.source[:match.start()] + cell.source[match.end():]
    return re.sub(r'\n# +', ' ', match[1]).strip()

folded = {'cellView': 'form', 'jupyter': {'source_hidden': True}, 'tags': ['hide-input']}

def fold(cell):
    "Fold a cell that asks for it, under its title"
    title = take_directive(cell, 'fold')
    opened = take_directive(cell, 'unfold') is not None
    hidden = title is not None or cell.metadata.get('jupyter', {}).get('source_hidden', False)
    if opened or not hidden or title:
        cell.source = '\n'.join(o for o in cell.source.split('\n') if not o.startswith('#@title'))
    if title: cell.source = f'#@title {title}\n{cell.source}'
    others = {k: v for k, v in cell.metadata.items() if k not in folded}
    cell.metadata = {**others, **folded} if hidden and not opened else others

def describe_pictures(cell):
    "Put the text for who cannot see a picture beside the picture"
    new, kept = take_directive(cell, 'fig-alt'), cell.metadata.get('mystnb', {}).get('image', {}).get('alt')
    alt = kept if new is None else new
    if new: cell.metadata = {**cell.metadata, 'mystnb': {'image': {'alt': new}}}
    for o in cell.get('outputs', []):
        kinds = [k for k in o.get('data', {}) if k.startswith('image/')]
        if kinds: o.metadata = {k: {'alt': alt} for k in kinds} if alt else {}

def with_exercises(path):
    "The notebook with its exercises as they are in mnistlearn/bank; what a cell showed is kept while its source is the same"
    unit, nb = path.stem, read_nb(path) if path.exists() else dict2nb(exercise_notebook(path.stem))
    if unit not in exercise_units() or path != notebook_of(unit): return nb
    old = {c.id: c for c in nb.cells}
    def cell(c):
        if c['cell_type'] == 'markdown': return mk_cell(c['source'], 'markdown', id=c['id'])
        same = (was := old.get(c['id'])) is not None and was.source == c['source']
        new = mk_cell(c['source'], id=c['id'], execution_count=None, outputs=was.outputs if same else [])
        new.metadata = c['metadata']
        return new
    if not unit[0].isdigit():
        nb.cells = [cell(c) for c in exercise_notebook(unit)['cells']]
        return nb
    nb.cells = [cell(c) if str(c.get('id')).startswith('ex') else c for c in chapter_cells(unit, nb.cells)]
    return nb

def tidied(path):
    "The notebook's text with its exercises, and below its title the link to Colab and the cell that installs"
    nb = with_exercises(path)
    cells = [c for c in nb.cells if "'google.colab' in sys.modules" not in c.source]
    title = next(c for c in cells if c.cell_type == 'markdown')
    head, *rest = [o for o in title.source.split('\n') if not o.startswith('[![Open in Colab]')]
    while rest and not rest[0].strip(): rest.pop(0)
    title.source = '\n'.join([head, '', badge(path), '', *rest])
    at = cells.index(title) + 1
    nb.cells = [*cells[:at], mk_cell(install_cell(path), id='c01ab000', execution_count=None, outputs=[]), *cells[at:]]
    for c in nb.cells:
        join_streams(c)
        fold(c)
        describe_pictures(c)
    nb.metadata = {'kernelspec': kernelspec,
                   **{k: v for k, v in nb.metadata.items() if k == 'language_info'}}
    return nb2str(nb)

def readme():
    "nbs/index.ipynb as Markdown, its links seen from the top folder"
    nb = nbformat.read(nbs/'index.ipynb', as_version=4)
    nb.cells = [c for c in nb.cells if '#| hide' not in c.source and not c.metadata.get('jupyter', {}).get('source_hidden')]
    nb.metadata.language_info = {'name': 'python'}
    for c in nb.cells: # the table of a notebook is HTML; Markdown shows it as it is, less its styles
        for o in c.get('outputs', []):
            html = ''.join(o.get('data', {}).get('text/html', ''))
            if '<style' in html: o.data['text/html'] = re.sub(r'<style.*?</style>', '', html, flags=re.S)
    text, resources = MarkdownExporter().from_notebook_node(nb)
    if resources['outputs']: raise ValueError('index.ipynb has a picture among its outputs: put it into nbs/images and link to it')
    text = re.sub(r'\]\((?!https?:|#)(.+?)\)', lambda m: f'](nbs/{m[1]})'.replace('nbs/../', ''), text)
    return re.sub(r'\n{3,}', '\n\n', text).strip() + '\n'

def teaching():
    "docs/teaching.md with its table of hours"
    text = (root/'docs'/'teaching.md').read_text(encoding='utf-8')
    return re.sub(r'(?<=<!-- written by tools/sync.py -->\n).*(?=<!-- its end -->)', f'\n{timetable(nbs, exercise_units())}\n\n', text, flags=re.S)

def derived():
    "Each file that is derived, and the text it should have"
    for path in sorted({*nbs.rglob('*.ipynb'), *map(notebook_of, exercise_units())}):
        if '.ipynb_checkpoints' not in path.parts: yield path, tidied(path)
    yield root/'README.md', readme()
    yield root/'docs'/'teaching.md', teaching()

def main(check):
    stale = []
    for path, text in derived():
        if path.exists() and path.read_text(encoding='utf-8') == text: continue
        stale.append(path)
        if not check: write_whole(path, text.encode())
        print(f'{"out of step" if check else "written"}: {path.relative_to(root)}')
    return int(check and bool(stale))

if __name__ == '__main__': sys.exit(main('--check' in sys.argv[1:]))
