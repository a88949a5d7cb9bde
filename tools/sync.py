"""Writes what is derived: the Colab cells of every notebook from settings.ini, and README.md from nbs/index.ipynb

    python tools/sync.py            write what is out of step
    python tools/sync.py --check    name what is out of step, and fail if anything is
"""
import re, sys
from configparser import ConfigParser
from pathlib import Path

import nbformat
from fastcore.nbio import mk_cell, nb2str, read_nb
from nbconvert import MarkdownExporter

root = Path(__file__).resolve().parent.parent
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

def tidied(path):
    "The notebook's text with the hidden install cell first, and the link below its title"
    nb = read_nb(path)
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
    for path in sorted((root/'nbs').glob('*.ipynb')): yield path, tidied(path)
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
