"""Writes what is derived: the Colab cells of every notebook from settings.ini, exercises from mnistlearn/bank, and README.md from nbs/index.ipynb

    python tools/sync.py            write what is out of step
    python tools/sync.py --check    name what is out of step, and fail if anything is
"""
import re, sys
from configparser import ConfigParser
from pathlib import Path

import nbformat
from fastcore.nbio import dict2nb, mk_cell, nb2str, read_nb
from nbconvert import MarkdownExporter

root = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(root))
from mnistlearn.exercises import chapter_cells, exercise_notebook, exercise_units

config = ConfigParser()
config.read(root/'settings.ini', encoding='utf-8')
facts = config['DEFAULT']

install = f'''#| hide
# In Colab, install the package. Anywhere else this does nothing.
import sys
if 'google.colab' in sys.modules: get_ipython().run_line_magic('pip', 'install -q git+{facts['git_url']}')'''

def badge(path):
    "The link that opens a notebook in Colab"
    repo = facts['git_url'].removeprefix('https://github.com/')
    return f'[![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/{repo}/blob/{facts["branch"]}/nbs/{path.name})'

def join_streams(cell):
    "What a cell printed in one piece, however many the kernel sent it in"
    outputs = []
    for o in cell.get('outputs', []):
        if outputs and o.output_type == 'stream' == outputs[-1].output_type and o.name == outputs[-1].name: outputs[-1].text += o.text
        else: outputs.append(o)
    if cell.cell_type == 'code': cell.outputs = outputs

def with_exercises(path):
    "The notebook with its exercises as they are in mnistlearn/bank; what a cell showed is kept while its source is the same"
    unit, nb = path.stem, read_nb(path) if path.exists() else dict2nb(exercise_notebook(path.stem))
    if unit not in exercise_units(): return nb
    old = {c.id: c for c in nb.cells}
    def cell(c):
        if c['cell_type'] == 'markdown': return mk_cell(c['source'], 'markdown', id=c['id'])
        same = (was := old.get(c['id'])) is not None and was.source == c['source']
        return mk_cell(c['source'], id=c['id'], execution_count=None, outputs=was.outputs if same else [])
    if not unit[0].isdigit():
        nb.cells = [cell(c) for c in exercise_notebook(unit)['cells']]
        return nb
    nb.cells = [c for c in nb.cells if not re.fullmatch('ex[0-9a-f]{6}', c.get('id', ''))]
    end = next(i for i, c in enumerate(nb.cells) if c.cell_type == 'markdown' and re.search('^## What we have', c.source, re.M))
    nb.cells[end:end] = [cell(c) for c in chapter_cells(unit)]
    return nb

def tidied(path):
    "The notebook's text with its exercises, the hidden install cell first, and the link below its title"
    nb = with_exercises(path)
    for c in nb.cells: join_streams(c)
    cells = [c for c in nb.cells if "'google.colab' in sys.modules" not in c.source]
    title = next(c for c in cells if c.cell_type == 'markdown')
    head, *rest = [o for o in title.source.split('\n') if not o.startswith('[![Open in Colab]')]
    while rest and not rest[0].strip(): rest.pop(0)
    title.source = '\n'.join([head, '', badge(path), '', *rest])
    nb.cells = [mk_cell(install, id='c01ab000', execution_count=None, outputs=[]), *cells]
    return nb2str(nb)

def readme():
    "nbs/index.ipynb as Markdown, its links seen from the top folder"
    nb = nbformat.read(root/'nbs'/'index.ipynb', as_version=4)
    nb.cells = [c for c in nb.cells if '#| hide' not in c.source]
    nb.metadata.language_info = {'name': 'python'}
    for c in nb.cells: # the table of a notebook is HTML; Markdown shows it as it is, less its styles
        for o in c.get('outputs', []):
            html = ''.join(o.get('data', {}).get('text/html', ''))
            if '<style' in html: o.data['text/html'] = re.sub(r'<style.*?</style>', '', html, flags=re.S)
    text, resources = MarkdownExporter().from_notebook_node(nb)
    if resources['outputs']: raise ValueError('index.ipynb has a picture among its outputs: put it into nbs/images and link to it')
    text = re.sub(r'\]\((?!https?:|#)(.+?)\)', lambda m: f'](nbs/{m[1]})'.replace('nbs/../', ''), text)
    return re.sub(r'\n{3,}', '\n\n', text).strip() + '\n'

def derived():
    "Each file that is derived, and the text it should have"
    for path in sorted({*(root/'nbs').glob('*.ipynb'), *(root/'nbs'/f'{o}.ipynb' for o in exercise_units())}): yield path, tidied(path)
    yield root/'README.md', readme()

def main(check):
    stale = []
    for path, text in derived():
        if path.exists() and path.read_text(encoding='utf-8') == text: continue
        stale.append(path)
        if not check: path.write_text(text, encoding='utf-8')
        print(f'{"out of step" if check else "written"}: {path.relative_to(root)}')
    return int(check and bool(stale))

if __name__ == '__main__': sys.exit(main('--check' in sys.argv[1:]))
