"Panels and pads where they are used: in JupyterLab, in a real browser"
import json, os, socket, subprocess, sys, time
from pathlib import Path
from urllib.request import urlopen

import pytest

pytestmark = pytest.mark.dataless
nbs = Path(__file__).parent.parent/'nbs'

def code(source): return dict(cell_type='code', source=source, metadata={}, outputs=[], execution_count=None, id=f'c{abs(hash(source))}')

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
            f'--ServerApp.root_dir={folder}', '--LabApp.expose_app_in_browser=True', '--LabApp.news_url=None', '--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate']
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

def wait_for(page, file, seconds):
    "Is the file there in time?"
    for _ in range(10*seconds):
        if file.exists(): return True
        page.wait_for_timeout(100)

@pytest.fixture
def run_all(lab, chromium):
    "Opens a notebook in JupyterLab and runs all of it; at the end nothing was asked of another machine"
    address, folder = lab
    asked, contexts = [], []
    def run(name, cells):
        at_end = code(f'open({str(folder/f"{name}.done")!r}, "w").close()')
        nb = dict(cells=[*cells, at_end], metadata=dict(kernelspec=dict(name='python3', display_name='Python 3')), nbformat=4, nbformat_minor=5)
        (folder/f'{name}.ipynb').write_text(json.dumps(nb))
        contexts.append(context := chromium.new_context(viewport=dict(width=1366, height=900), service_workers='block'))
        page = context.new_page()
        page.on('request', lambda o: asked.append(o.url) if not o.url.startswith((address, 'ws://127.0.0.1', 'data:', 'blob:')) and o.url != 'about:srcdoc' else None)
        page.goto(f'{address}/lab/tree/{name}.ipynb?reset')
        page.locator('.jp-Notebook .jp-CodeCell').first.wait_for(timeout=60_000)
        is_idle = "() => jupyterapp.shell.currentWidget?.sessionContext?.session?.kernel?.status === 'idle'"
        for _ in range(600):
            if page.evaluate(is_idle): break
            if page.locator('.jp-Dialog .jp-mod-accept').count(): page.locator('.jp-Dialog .jp-mod-accept').first.click() # which kernel?
            page.wait_for_timeout(200)
        page.evaluate("() => { jupyterapp.commands.execute('notebook:run-all-cells') }")
        assert wait_for(page, folder/f'{name}.done', 300), 'it did not run to its end'
        return page
    yield run
    for context in contexts: context.close()
    assert asked == []

@pytest.mark.parametrize('name, title, label, value, picture', [
    ('02_sgd', 'A point on a curve', 'the point', '1.2', 'svg'), ('07_net', 'ten hidden units at the start', 'picture', '5', 'img')])
def test_a_slider_moved_changes_the_picture(run_all, name, title, label, value, picture):
    page = run_all(name, json.loads((nbs/f'{name}.ipynb').read_text(encoding='utf-8'))['cells'])
    frame = page.locator(f'iframe[title="{title}"]')
    for _ in range(60): # JupyterLab draws what is far away only when it comes near
        if frame.count(): break
        page.locator('.jp-WindowedPanel-outer').first.evaluate('o => o.scrollBy(0, 700)')
        page.wait_for_timeout(150)
    frame.scroll_into_view_if_needed()
    inside = page.frame_locator(f'iframe[title="{title}"]')
    shown = inside.locator(picture).first
    before = shown.screenshot()
    inside.get_by_role('slider', name=label, exact=True).fill(value)
    page.wait_for_timeout(300)
    assert shown.screenshot() != before

def test_what_is_drawn_comes_back_to_python(run_all):
    pytest.importorskip('anywidget')
    show = 'runs = globals().get("runs", 0) + 1\ntry: print("run", runs, "ink", (255 - np.asarray(pad.picture.convert("L"))).sum() > 0, "kept", [len(o) for o in mine.images()])\nexcept ValueError as e: print(e)'
    page = run_all('pad', [code('import numpy as np\nfrom mnistlearn.apps.pad import *\npad = drawing_pad()\npad'), code('mine = collect_digits((3, 7))\nmine'), code(show)])
    page.get_by_text('nothing on the pad').wait_for(timeout=20_000)
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
    page.locator('.jp-CodeCell', has_text='runs = globals').locator('.cm-content').click()
    page.keyboard.press('Control+Enter')
    page.get_by_text('run 2 ink True kept [1, 1]').wait_for(timeout=20_000)
    page.locator('.jp-CodeCell', has_text='mine = collect_digits').locator('.cm-content').click()
    page.keyboard.press('Control+a')
    page.keyboard.type('mine')
    page.keyboard.press('Control+Enter') # shown once more, it still holds what was kept
    page.wait_for_timeout(1500)
    assert page.locator('.thumbs li').count() == 1
    page.locator('.jp-CodeCell', has_text='runs = globals').locator('.cm-content').click()
    page.keyboard.press('Control+Enter')
    page.get_by_text('run 3 ink True kept [1, 1]').wait_for(timeout=20_000)
