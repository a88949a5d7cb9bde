"The course as a site: all its links, what a reader sees and does not see, in a real browser with no network"
import functools, io, json, re, shutil, subprocess, sys, threading, zipfile
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import unquote, urlsplit

import pytest

sphinx = pytest.importorskip('sphinx')
from bs4 import BeautifulSoup
from filelock import FileLock

pytestmark = pytest.mark.dataless
root = Path(__file__).parent.parent
sys.path.append(str(root/'docs'))
import make_site

chapters = sorted(o.stem for o in (root/'nbs').glob('[0-9]*.ipynb'))

@pytest.fixture(scope='session')
def site(tmp_path_factory):
    "The folder of the site, which is made once for all tests; each warning of Sphinx's is an error"
    folder = tmp_path_factory.getbasetemp().parent/'site'
    with FileLock(f'{folder}.lock'):
        if not (folder/'index.html').is_file():
            out = subprocess.run([sys.executable, root/'docs'/'make_site.py', '--out', folder], capture_output=True, text=True)
            assert out.returncode == 0, out.stderr
    return folder

@functools.cache
def page(file): return BeautifulSoup(file.read_text(encoding='utf-8'), 'html.parser')

@functools.cache
def anchors(file): return {o['id'] for o in page(file).find_all(id=True)} | {o['name'] for o in page(file).find_all('a', attrs={'name': True})}

def pages(site): return sorted(o for o in site.rglob('*.html') if '_static' not in o.parts)

def links(file):
    "Each address in a page, with the kind of its tag"
    for tag, attribute in (('a', 'href'), ('img', 'src'), ('script', 'src'), ('link', 'href'), ('iframe', 'src')):
        for o in page(file).find_all(tag, attrs={attribute: True}): yield tag, o[attribute]

def test_every_link_leads_somewhere_and_nothing_is_fetched_from_elsewhere(site):
    lost, fetched, n = [], [], 0
    for file in pages(site):
        for tag, address in links(file):
            url = urlsplit(address)
            if url.scheme in ('http', 'https'):
                if tag != 'a': fetched.append((file.name, address))
            if url.scheme: continue
            n += 1
            goal = (file.parent/unquote(url.path)).resolve() if url.path else file
            if not goal.is_file(): lost.append((file.name, address))
            elif url.fragment and goal.suffix == '.html' and unquote(url.fragment) not in anchors(goal): lost.append((file.name, address))
    assert n > 5000 and (lost, fetched) == ([], [])
    for css in site.rglob('*.css'): assert not re.search(r'(url\(|@import )["\']?(https?:)?//', css.read_text(encoding='utf-8')), css.name

@pytest.mark.parametrize('name', chapters)
def test_a_chapter_shows_what_a_reader_needs_and_no_more(site, name):
    nb, html = json.loads((root/'nbs'/f'{name}.ipynb').read_text(encoding='utf-8')), page(site/'nbs'/f'{name}.html')
    code = [o.get_text() for o in html.select('.cell_input pre')]
    assert not [o for o in code if re.search(r'^#\||google\.colab|#@title', o, re.M)]
    shown = [c for c in nb['cells'] if c['cell_type'] == 'code' and "'google.colab'" not in ''.join(c['source']) and not re.match(r'#\| *(hide|default_exp)\b', ''.join(c['source']))]
    assert len(code) == len(shown)
    assert len(html.select('details.hide')) == sum(c['metadata'].get('tags') == ['hide-input'] for c in shown)
    pictures = sum(any(k.startswith('image/') for k in o.get('data', {})) for c in shown for o in c['outputs'])
    alts = [o.get('alt') for o in html.select('.cell_output img')]
    assert len(alts) == pictures and all(alts)
    assert len(html.select('.cell_output iframe')) == sum('<iframe' in ''.join(o['data'].get('text/html', '')) for c in shown for o in c['outputs'] if 'data' in o)
    links = {o.get_text(' ', strip=True): o['href'] for o in html.select('.links a')}
    assert links[''].startswith('https://colab.research.google.com/') and links[''].endswith(f'/nbs/{name}.ipynb')
    download = (site/'nbs'/links['Notebook']).resolve()
    assert download.read_bytes() == (root/'nbs'/f'{name}.ipynb').read_bytes()
    if name != chapters[-1]: assert html.select_one('a.right-next')['href'] == f'{chapters[chapters.index(name) + 1]}.html'

def test_the_reference_says_what_the_docments_say(site):
    text = page(site/'docs'/'api'/'mnistlearn'/'learner'/'index.html').get_text(' ', strip=True)
    for said in ('dls – DataLoaders : anything with train and valid', 'n_epoch – how many times to go through the training data'):
        assert said in ' '.join(text.split())
    text = page(site/'docs'/'api'/'mnistlearn'/'baseline'/'index.html').get_text(' ', strip=True)
    assert 'images (..., 28, 28): float 0..1, or uint8, which is scaled first' in text
    modules = {o.relative_to(root/'mnistlearn').with_suffix('').as_posix() for o in (root/'mnistlearn').rglob('*.py') if o.stem[0] != '_'} - {'all'}
    assert modules == {o.parent.relative_to(site/'docs'/'api'/'mnistlearn').as_posix() for o in (site/'docs'/'api'/'mnistlearn').rglob('index.html')} - {'.', 'base', 'apps'}

def test_the_page_for_teachers_names_exercises_that_there_are(site):
    from mnistlearn.apps.exercises import exercises
    html = page(site/'docs'/'teaching.html')
    caught = next(o for o in html.select('table') if 'caught by' in o.get_text())
    names = [o.get_text() for row in caught.select('tr') for o in row.select('td:last-child code')]
    assert len(names) > 30 and set(names) <= exercises().keys()
    table = [[o.get_text() for o in row.select('td')] for row in html.select('table')[0].select('tr')[1:]]
    assert len(table) == len(chapters) + 1 and all(o[2] and o[3] for o in table)

def test_exercises_do_not_look_as_if_they_could_be_worked_on_the_page(site):
    for name in (*chapters, 'exercises/questionnaire', 'exercises/clinic'):
        text = page(site/'nbs'/f'{name}.html').select_one('article').get_text(' ', strip=True)
        assert 'double-click here' not in text and 'not answered yet' not in text and 'In a fresh kernel' not in text
    assert 'They are worked in the notebook' in page(site/'nbs'/'00_data.html').get_text()

def test_the_reference_names_the_errors(site):
    def said(module): return ' '.join(page(site/'docs'/'api'/'mnistlearn'/module/'index.html').get_text(' ', strip=True).split())
    assert 'Raises : ValueError – ... is not recorded: expected one of ...' in said('learner')
    assert 'Raises : FileNotFoundError – ... : there is no such folder' in said('apps/grade').replace('...:', '... :')

@pytest.fixture
def served(site):
    "The address of a server on this machine that has the site"
    handler = type('Quiet', (SimpleHTTPRequestHandler,), dict(log_message=lambda *args: None))
    server = ThreadingHTTPServer(('127.0.0.1', 0), functools.partial(handler, directory=site))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f'http://127.0.0.1:{server.server_port}'
    server.shutdown(), server.server_close()

def test_search_finds_it_from_a_folder_and_from_a_server(site, served, open_page):
    for start in (site.as_uri(), served):
        tab = open_page(f'{start}/search.html?q=staircase', own=served)
        tab.locator('ul.search li').first.wait_for(timeout=20_000)
        assert any('3 · A loss for digits' in o for o in tab.locator('ul.search li > a').all_inner_texts())

@pytest.mark.parametrize('width', [1366, 390])
def test_pages_fit_a_screen_and_a_phone(site, open_page, width):
    for scheme in ('light', 'dark'):
        tab = open_page(site/'nbs'/'index.html', width, color_scheme=scheme)
        for name in ['index', *chapters, 'exercises/questionnaire', '../docs/draw', '../docs/api/mnistlearn/learner/index', '../docs/teaching']:
            tab.goto((site/'nbs'/f'{name}.html').resolve().as_uri())
            assert tab.evaluate('document.documentElement.scrollWidth') <= width, name

@pytest.mark.parametrize('name', ['nbs/index', 'nbs/07_net', 'docs/teaching', 'docs/reference', 'docs/api/mnistlearn/learner/index', 'de/nbs/00_data'])
def test_a_page_is_read_by_everybody(site, open_page, name):
    axe = pytest.importorskip('axe_playwright_python.sync_playwright').Axe()
    for scheme, width in (('light', 1366), ('dark', 390)):
        found = axe.run(open_page(site/f'{name}.html', width, color_scheme=scheme), options={'preload': False, 'iframes': False}).response['violations']
        assert [(o['id'], o['nodes'][0]['html']) for o in found] == []

def test_a_folded_cell_opens_and_a_hint_too(site, open_page):
    tab = open_page(site/'nbs'/'01_baseline.html')
    for details in (tab.locator('details.hide').nth(1), tab.locator('details.admonition').first):
        hidden = details.locator('pre, p:not(.admonition-title)').last
        assert not hidden.is_visible()
        details.locator('summary').click()
        assert hidden.is_visible()

@pytest.mark.parametrize('width', [1366, 390])
def test_the_digit_page_gets_the_room_that_it_needs(site, served, open_page, width):
    for start in (site.as_uri(), served):
        tab = open_page(f'{start}/docs/draw.html', width, own=served)
        tab.wait_for_function("document.querySelector('iframe.drawing').clientHeight > 3000")
        tab.frames[1].wait_for_function('document.documentElement.scrollHeight <= innerHeight') # it may grow while it loads

def test_the_digit_page_stands_in_the_site_and_alone(site, open_page):
    tab = open_page(site/'docs'/'draw.html')
    tab.frame_locator('iframe.drawing').get_by_text('Draw a digit, and watch it being read').first.wait_for()
    tab.get_by_role('link', name='Open it alone').click()
    assert tab.title() == 'Draw a digit, and watch it being read'

def test_the_stick_holds_the_site_the_notebooks_and_the_package(site, tmp_path):
    with zipfile.ZipFile(make_site.build_stick(site, tmp_path)) as z: z.extractall(tmp_path/'there')
    top, = (tmp_path/'there').iterdir()
    assert sorted(o.suffix or o.name for o in top.iterdir()) == ['.html', '.whl', 'LICENSE', 'notebooks', 'site']
    start = page(top/'START HERE.html').a['href']
    assert (top/start).is_file()
    notebooks = {o.relative_to(root/'nbs') for o in (root/'nbs').rglob('*.ipynb') if '.ipynb_checkpoints' not in o.parts}
    assert {o.relative_to(top/'notebooks') for o in (top/'notebooks').rglob('*.ipynb')} == notebooks
    with zipfile.ZipFile(next(top.glob('*.whl'))) as z: assert 'mnistlearn/apps/cli.py' in z.namelist()

def test_the_german_texts_are_in_step_and_stand_on_their_pages(site, tmp_path, monkeypatch):
    from babel.messages.pofile import read_po
    before = {o: o.read_bytes() for o in make_site.locale.rglob('*.po')}
    def texts(content): return [o.id for o in read_po(io.BytesIO(content)) if o.id]
    monkeypatch.setattr(make_site, 'build', tmp_path)
    copy = shutil.copytree(make_site.locale, tmp_path/'locale')
    monkeypatch.setattr(make_site, 'locale', copy)
    make_site.update_texts()
    assert len(before) == len(make_site.translated)
    for file, content in before.items(): assert texts(content) == texts((copy/file.relative_to(root/'docs'/'locale')).read_bytes()), file
    for done, n in make_site.completeness().values(): assert n > 0 and done <= n
    html = page(site/'de'/'nbs'/'01_baseline.html')
    assert html.h1.get_text().startswith('1 · Zuerst eine Baseline') and 'Wie weit ist ein Bild' in html.get_text() and html.html['lang'] == 'de'
    english = page(site/'nbs'/'01_baseline.html')
    assert [o.get_text() for o in html.select('.cell_input pre, .cell_output pre')] == [o.get_text() for o in english.select('.cell_input pre, .cell_output pre')]
    assert {o['href'] for o in english.select('a[hreflang=de]')} == {'../de/nbs/01_baseline.html'} and {o['href'] for o in html.select('a[hreflang=en]')} == {'../../nbs/01_baseline.html'}

def test_a_changed_text_counts_as_untranslated(tmp_path, monkeypatch):
    copy = shutil.copytree(make_site.locale, tmp_path/'locale')
    monkeypatch.setattr(make_site, 'locale', copy)
    before = make_site.completeness()['Deutsch', 'nbs/00_data']
    file = copy/'de'/'LC_MESSAGES'/'nbs'/'00_data.po'
    text = file.read_text(encoding='utf-8')
    template = re.sub(r'^msgstr ".+"$', 'msgstr ""', text.split('\n\n', 1)[1], flags=re.M).replace('"One image"', '"A single image"')
    (tmp_path/'texts'/'nbs').mkdir(parents=True)
    (tmp_path/'texts'/'nbs'/'00_data.pot').write_text(text.split('\n\n', 1)[0] + '\n\n' + template, encoding='utf-8')
    subprocess.run([sys.executable, '-m', 'sphinx_intl', 'update', '-p', tmp_path/'texts', '-d', copy, '-lde', '-w', '0', '--no-obsolete'], check=True, capture_output=True)
    assert make_site.completeness()['Deutsch', 'nbs/00_data'] == (before[0] - 1, before[1])
