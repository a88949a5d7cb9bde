"How Sphinx makes the site of the course: `python docs/make_site.py`, or `sphinx-build -c docs . site`"
import sys
from configparser import ConfigParser
from pathlib import Path

root = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(root), str(root/'docs')]
config = ConfigParser()
config.read(root/'settings.ini', encoding='utf-8')
settings = config['DEFAULT']

project, author, release = settings['name'], settings['author'], settings['version']
copyright = f'{author}. Text and code: Apache License 2.0. Digits: MNIST, CC BY-SA 3.0'
extensions = ['myst_nb', 'sphinx_copybutton', 'autoapi.extension', 'notebooks', 'docments', 'mathml', 'drawing']

# what is a page
root_doc = 'nbs/index'
include_patterns = ['nbs/**.ipynb', 'docs/*.md', 'docs/api/**', 'CONTRIBUTING.md', 'benchmarks/README.md']
exclude_patterns = ['.*', '**/.ipynb_checkpoints', 'build', 'dist']

# languages: English is what the notebooks are written in; of the others, these pages so far
languages = {'en': 'English', 'de': 'Deutsch'}
translated = ['docs/course.md', 'nbs/00_data.ipynb', 'nbs/01_baseline.ipynb']
locale_dirs = [str(root/'docs'/'locale')]
gettext_compact = gettext_uuid = gettext_location = False

# notebooks: what they showed when they were run; nothing runs here
nb_execution_mode = 'off'
nb_ipywidgets_js = {}
nb_code_prompt_show, nb_code_prompt_hide = 'Show the code', 'Hide the code'
copybutton_selector = '.cell_input pre, .highlight-sh pre'
myst_enable_extensions = ['dollarmath', 'colon_fence', 'attrs_block', 'attrs_inline']
myst_heading_anchors = 4
default_role = 'literal'
smartquotes_action = 'D' # no more than a dash for two hyphens: what is said of parameters is often code
html_math_renderer = 'mathml'

# the reference, from the source of the modules
autoapi_dirs = [str(root/'mnistlearn')]
autoapi_ignore = ['*/_modidx.py', '*/all.py', '*/__main__.py']
autoapi_root = 'docs/api'
autoapi_options = ['members', 'show-module-summary', 'special-members']
autoapi_add_toctree_entry = False
autoapi_python_class_content = 'class'
autoapi_member_order = 'bysource'
suppress_warnings = ['autoapi.python_import_resolution']

# what it looks like
html_theme = 'pydata_sphinx_theme'
html_title = html_short_title = project
html_static_path, templates_path = ['_static'], ['_templates']
html_favicon = '_static/digit.svg'
html_css_files, html_js_files = ['site.css'], ['site.js']
html_context = {'default_mode': 'auto', 'languages': languages, 'translated': [o.rpartition('.')[0] for o in translated]}
html_sidebars = {'docs/draw': [], 'docs/teaching': [], 'docs/stick': []}
html_show_sourcelink = html_copy_source = False
html_theme_options = {
    'logo': {'text': project, 'image_light': '_static/digit.svg', 'image_dark': '_static/digit.svg'},
    'github_url': settings['git_url'],
    'navbar_align': 'left',
    'navbar_end': ['languages', 'theme-switcher', 'navbar-icon-links'],
    'navbar_persistent': ['search-button'],
    'show_toc_level': 1,
    'secondary_sidebar_items': ['page-toc'],
    'footer_start': ['copyright'],
    'footer_end': [],
    'pygments_light_style': 'a11y-high-contrast-light',
    'pygments_dark_style': 'a11y-high-contrast-dark',
}
