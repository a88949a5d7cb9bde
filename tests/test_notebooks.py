"Each notebook, copied alone into an empty folder, runs from a fresh kernel on the small data that there is with no network"
import shutil
from pathlib import Path

import nbformat, pytest
from nbclient import NotebookClient

nbs = Path(__file__).parent.parent/'nbs'

@pytest.mark.parametrize('nb', sorted(nbs.glob('*.ipynb')), ids=lambda o: o.stem)
def test_notebook_alone_on_the_subset(nb, tmp_path, subset_folder, monkeypatch):
    monkeypatch.setenv('MNISTLEARN_DATA', str(subset_folder))
    shutil.copy(nb, tmp_path)
    book = nbformat.read(tmp_path/nb.name, as_version=4)
    NotebookClient(book, timeout=300, kernel_name='python3', resources={'metadata': {'path': str(tmp_path)}}).execute()
    text = ''.join(o.get('text', '') for c in book.cells if c.cell_type == 'code' for o in c.outputs)
    if 'load_digits' in str(book) and nb.stem != '91_cli': assert "from $MNISTLEARN_DATA" in text

def test_colab_cell_installs_the_package_there_and_only_there(monkeypatch):
    import sys, types
    cell = nbformat.read(nbs/'00_data.ipynb', as_version=4).cells[0].source
    calls = []
    shell = types.SimpleNamespace(run_line_magic=lambda *args: calls.append(args))
    exec(cell, {'get_ipython': lambda: shell})
    assert calls == []
    monkeypatch.setitem(sys.modules, 'google.colab', types.ModuleType('google.colab'))
    exec(cell, {'get_ipython': lambda: shell})
    (magic, args), = calls
    assert magic == 'pip' and args.startswith('install') and 'mnistlearn' in args
