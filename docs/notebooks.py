"Notebooks as pages: what is for Jupyter, Colab and nbdev is taken away, and what a reader of the site needs is added"
import json, re

from docutils import nodes
from sphinx.transforms import SphinxTransform

from conf import settings

only_where_it_runs = re.compile(r' In a fresh kernel, run `[^`]+` first\.') # said of an exercise

def as_page_cell(cell):
    "A cell as the site shows it"
    source = ''.join(cell['source'])
    if cell['cell_type'] == 'markdown':
        source = only_where_it_runs.sub('', source)
        source = re.sub(r'^(\*\*How exercises work\.\*\*) ', r'\1 They are worked in the notebook: open it in Colab, or on your own computer, by the links below the title. ', source)
        cell['source'] = re.sub(r'<details><summary>(.+?)</summary>(.*?)</details>', r':::::{admonition} \1\n:collapsible: closed\n\2\n:::::', source, flags=re.S)
        return cell
    source = re.sub(r'^#\| *\w.*\n?', '', source, flags=re.M)
    if source.startswith('%%check'): cell['outputs'] = [] # it says that the exercise is still open
    title = re.match(r'#@title (.+)\n?', source)
    if title: cell['metadata'].setdefault('mystnb', {}).update(code_prompt_show=title[1], code_prompt_hide=title[1])
    cell['source'] = source[title.end():] if title else source
    return cell

def is_for_readers(cell):
    "Not the cell that installs in Colab, nor one that only nbdev reads, nor one to write in?"
    source = ''.join(cell['source'])
    if cell['cell_type'] != 'code': return not source.startswith('*Your answer: double-click here')
    for_nbdev = re.match(r'#\| *(hide|default_exp)\b', source)
    return not for_nbdev and "'google.colab' in sys.modules" not in source

def add_links(cells, docname):
    "Before the title, a chapter's number; below it, the notebook itself, and where it stands on the web"
    title = next(c for c in cells if c['cell_type'] == 'markdown')
    where = f'{settings["git_url"]}/blob/{settings["branch"]}/{docname}.ipynb'
    links = f'\\1 [GitHub]({where}) {{download}}`Notebook <{docname.split("/")[-1]}.ipynb>`'
    chapter = re.search(r'nbs/0?(\d+[ab]?)_', docname)
    if chapter: title['source'] = re.sub(r'^# ', f'# {chapter[1]} · ', ''.join(title['source']))
    if docname == 'nbs/index': title['source'] = re.sub(r'^(> .+)$', rf'\1\n\n{ways_in}', ''.join(title['source']), count=1, flags=re.M)
    title['source'] = re.sub(r'^(\[!\[Open in Colab\].*\))$', '{.links}\n' + links, ''.join(title['source']), flags=re.M)

ways_in = '[Draw a digit](../docs/draw.md), and watch it being read · [All chapters](../docs/course.md) · [For teachers](../docs/teaching.md)'

contents = """```{toctree}
:hidden:

../docs/course
../docs/exercises
../docs/draw
../docs/teaching
../docs/reference
../docs/house
```"""

def as_page(app, docname, source):
    "The text of a notebook as Sphinx is to read it"
    if app.env.doc2path(docname).suffix != '.ipynb': return
    nb = json.loads(source[0])
    nb['cells'] = [as_page_cell(c) for c in nb['cells'] if is_for_readers(c)]
    add_links(nb['cells'], docname)
    if docname == app.config.root_doc: nb['cells'].append(dict(cell_type='markdown', id='contents', metadata={}, source=contents))
    source[0] = json.dumps(nb)

class KeepLinks(SphinxTransform):
    "The links below a title are the same in every language, so no translator gets to see them"
    default_priority = 5
    def apply(self):
        for o in self.document.findall(nodes.paragraph):
            if 'links' in o['classes']: o['translatable'] = False

def without_empty_heads(app, pagename, templatename, context, doctree):
    "The corner of a table is no heading: nothing stands in it"
    if 'body' in context: context['body'] = re.sub(r'<th(?: class="head")?>(?:<p></p>)?</th>', '<td></td>', context['body'])

def setup(app):
    app.add_transform(KeepLinks)
    app.connect('source-read', as_page)
    app.connect('html-page-context', without_empty_heads)
    return {'parallel_read_safe': True}
