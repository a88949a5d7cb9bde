"Panels and pads where they are used: in JupyterLab, in a real browser"
import json, os, shutil, socket, subprocess, sys, time
from pathlib import Path
from urllib.request import urlopen

import pytest

nbs = Path(__file__).parent.parent/'nbs'

def cells(*sources):
    "A notebook of these cells"
    def cell(source): return dict(cell_type='code', source=source, metadata={}, outputs=[], execution_count=None, id=f'c{abs(hash(source))}')
    return json.dumps(dict(cells=[cell(o) for o in sources], metadata=dict(kernelspec=dict(name='python3', display_name='Python 3')), nbformat=4, nbformat_minor=5))

@pytest.fixture(scope='module')
def lab(chromium, tmp_path_factory, subset_folder):
    "JupyterLab on a folder of its own: its address, and the folder"
    folder = tmp_path_factory.mktemp('lab')
    with socket.socket() as s:
        s.bind(('127.0.0.1', 0))
        port = s.getsockname()[1]
    env = {**os.environ, 'MNISTLEARN_DATA': str(subset_folder), 'JUPYTER_CONFIG_DIR': str(folder/'config'), 'JUPYTERLAB_SETTINGS_DIR': str(folder/'settings'),
           'JUPYTERLAB_WORKSPACES_DIR': str(folder/'workspaces'), 'JUPYTER_RUNTIME_DIR': str(folder/'runtime'), 'IPYTHONDIR': str(folder/'ipython')}
    args = ['--no-browser', f'--port={port}', '--ServerApp.token=', '--ServerApp.password=', '--ServerApp.disable_check_xsrf=True', '--allow-root',
            f'--ServerApp.root_dir={folder}', '--LabApp.news_url=None', '--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate']
    server = subprocess.Popen([Path(sys.executable).parent/'jupyter', 'lab', *args], env=env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    address = f'http://127.0.0.1:{port}'
    try:
        for _ in range(300):
            assert server.poll() is None, server.stderr.read().decode()[-2000:]
            try: urlopen(f'{address}/api').read()
            except OSError: time.sleep(.2)
            else: break
        yield address, folder
    finally:
        server.terminate()
        server.wait(20)

@pytest.fixture
def run_all(lab, chromium):
    "Opens a notebook in JupyterLab and runs all of it; at the end nothing was asked of another machine"
    address, folder = lab
    asked, contexts = [], []
    def run(name):
        contexts.append(context := chromium.new_context(viewport=dict(width=1366, height=900), service_workers='block'))
        page = context.new_page()
        page.on('request', lambda o: asked.append(o.url) if not o.url.startswith((address, 'ws://127.0.0.1', 'data:', 'blob:')) and o.url != 'about:srcdoc' else None)
        page.goto(f'{address}/lab/tree/{name}?reset')
        page.locator('.jp-Notebook .jp-CodeCell').first.wait_for(timeout=60_000)
        page.locator('.jp-Notebook-ExecutionIndicator[data-status=idle]').wait_for(state='attached', timeout=60_000)
        page.get_by_role('menuitem', name='Run', exact=True).click()
        page.get_by_text('Run All Cells', exact=True).click()
        page.wait_for_timeout(1000)
        page.locator('.jp-Notebook-ExecutionIndicator[data-status=idle]').wait_for(state='attached', timeout=300_000)
        assert page.locator('.jp-OutputArea-output[data-mime-type="application/vnd.jupyter.error"], .jp-RenderedText[data-mime-type="application/vnd.jupyter.error"]').count() == 0
        return page
    yield run
    for context in contexts: context.close()
    assert [o for o in asked if not o.endswith('/colab-badge.svg')] == [] # the badge below the title

@pytest.mark.parametrize('name, title, label, value, picture', [
    ('02_sgd', 'A point on a curve', 'the point', '1.2', 'svg'), ('07_net', 'ten hidden units at the start', 'picture', '5', 'img')])
def test_a_slider_moved_changes_the_picture(lab, run_all, name, title, label, value, picture):
    shutil.copy(nbs/f'{name}.ipynb', lab[1])
    page = run_all(f'{name}.ipynb')
    frame = page.locator(f'iframe[title="{title}"]')
    for _ in range(60): # JupyterLab draws what is far away only when it comes near
        if frame.count(): break
        page.locator('.jp-WindowedPanel-outer').first.evaluate('o => o.scrollBy(0, 700)')
        page.wait_for_timeout(150)
    frame.scroll_into_view_if_needed()
    inside = page.frame_locator(f'iframe[title="{title}"]')
    shown = inside.locator(picture).first
    before = shown.screenshot()
    inside.get_by_role('slider', name=label).fill(value)
    page.wait_for_timeout(300)
    assert shown.screenshot() != before

def test_what_is_drawn_comes_back_to_python(lab, run_all):
    pytest.importorskip('anywidget')
    (lab[1]/'pad.ipynb').write_text(cells('from mnistlearn.apps.pad import *\npad = drawing_pad()\npad', 'mine = collect_digits((3, 7))\nmine',
        'try: print("ink", (255 - __import__("numpy").asarray(pad.picture.convert("L"))).sum() > 0, "kept", [len(o) for o in mine.images()])\nexcept ValueError as e: print(e)'))
    page = run_all('pad.ipynb')
    assert 'nothing on the pad' in page.locator('.jp-Notebook').inner_text()
    pads = page.locator('canvas.pad')
    for i in range(2):
        pad = pads.nth(i)
        pad.scroll_into_view_if_needed()
        box = pad.bounding_box()
        page.mouse.move(box['x'] + 80, box['y'] + 60)
        page.mouse.down()
        page.mouse.move(box['x'] + 180, box['y'] + 60, steps=8)
        page.mouse.move(box['x'] + 120, box['y'] + 220, steps=8)
        page.mouse.up()
    page.get_by_role('button', name='keep it').click()
    page.wait_for_timeout(500)
    page.locator('.jp-CodeCell').last.click()
    page.keyboard.press('Control+Enter')
    page.get_by_text('ink True kept [1, 1]').wait_for(timeout=20_000)
