"The repository itself: what is derived is in step, and the house keeps its order"
import ast, os, re, shutil, subprocess, sys, zipfile
from configparser import ConfigParser
from pathlib import Path

import pytest
from fastcore.nbio import read_nb

root = Path(__file__).parent.parent
bin = Path(sys.executable).parent
notebooks = sorted((root/'nbs').glob('*.ipynb'))
chapters = [o for o in notebooks if o.name[0].isdigit()]
config = ConfigParser()
config.read(root/'settings.ini', encoding='utf-8')
facts = config['DEFAULT']

def run(*args, cwd=root, **kwargs): return subprocess.run([str(o) for o in args], cwd=cwd, capture_output=True, text=True, **kwargs)
def code_cells(nb): return [c.source for c in read_nb(nb).cells if c.cell_type == 'code']
def parse(source): return ast.parse('\n'.join(o for o in source.splitlines() if o[:1] not in '%!'))
def exported(nb): return re.search(r'#\| default_exp (\w+)', '\n'.join(code_cells(nb)))

@pytest.fixture(scope='module')
def copy(tmp_path_factory):
    "A copy of the repository, less what is not the project's"
    dest = tmp_path_factory.mktemp('copy')/'repo'
    return shutil.copytree(root, dest, ignore=shutil.ignore_patterns('.git', '.venv', '__pycache__', '.pytest_cache', '.hypothesis', '*.egg-info', 'build', 'dist'))

def contents(folder): return {o.relative_to(folder): o.read_bytes() for o in sorted(folder.rglob('*')) if o.is_file() and '__pycache__' not in o.parts and '.egg-info' not in str(o)}

@pytest.mark.parametrize('command', ['nbdev-export', 'nbdev-clean'])
def test_command_changes_nothing(copy, command):
    before = contents(copy)
    out = run(bin/command, cwd=copy, env={**os.environ, 'PYTHONPATH': str(copy)})
    assert out.returncode == 0, out.stderr
    after = contents(copy)
    assert [str(k) for k in before.keys() | after.keys() if before.get(k) != after.get(k)] == []

def test_export_would_notice_a_change(copy):
    module = copy/'mnistlearn'/'net.py'
    module.write_text(module.read_text().replace('x <= 0', 'x < 0'))
    run(bin/'nbdev-export', cwd=copy, env={**os.environ, 'PYTHONPATH': str(copy)})
    assert module.read_text() == (root/'mnistlearn'/'net.py').read_text()

def test_what_is_derived_is_in_step():
    out = run(sys.executable, 'tools/sync.py', '--check')
    assert out.returncode == 0, out.stdout + out.stderr

def test_sync_notices_an_edited_readme_and_a_lost_colab_cell(copy):
    (copy/'README.md').write_text('# other')
    nb = copy/'nbs'/'07_net.ipynb'
    nb.write_text(nb.read_text().replace('google.colab', 'google.other', 1))
    out = run(sys.executable, 'tools/sync.py', '--check', cwd=copy)
    assert out.returncode == 1 and 'README.md' in out.stdout and '07_net' in out.stdout

def test_facts_that_stand_twice_agree():
    assert f'__version__ = "{facts["version"]}"' in (root/'mnistlearn'/'__init__.py').read_text()
    pyproject = (root/'pyproject.toml').read_text()
    assert pyproject.count(f'"{facts["name"]}"') == 2 and '[project]' not in pyproject
    assert f'Python {facts["min_python"]} or later' in (root/'README.md').read_text()
    assert f'"{facts["min_python"]}"' in (root/'.github'/'workflows'/'test.yml').read_text()

def test_address_stands_in_settings_alone():
    allowed = {'settings.ini', 'README.md', *(f'nbs/{o.name}' for o in notebooks)} # the last two are derived
    files = run('git', 'ls-files').stdout.split() or [str(o) for o in contents(root)]
    texts = {o: (root/o).read_bytes() for o in files if (root/o).is_file()}
    assert {o for o, text in texts.items() if facts['git_url'].encode() in text} <= allowed

@pytest.mark.parametrize('nb', chapters, ids=lambda o: o.stem)
def test_chapter_imports_only_from_chapters_before_it(nb):
    modules = [m[1] for o in chapters if (m := exported(o))]
    assert len(modules) == len(set(modules)) == len(chapters)
    before = modules[:chapters.index(nb)]
    for source in code_cells(nb):
        for node in ast.walk(parse(source)):
            names = [node.module or ''] if isinstance(node, ast.ImportFrom) else [o.name for o in node.names] if isinstance(node, ast.Import) else []
            for name in names:
                if name.startswith('mnistlearn.'): assert name.split('.')[1] in before, f'{nb.stem} imports {name}'

@pytest.mark.parametrize('nb', chapters[:-1], ids=lambda o: o.stem)
def test_exported_cells_import_names(nb):
    for source in code_cells(nb):
        if source.startswith('#| export'):
            assert not [o for o in ast.walk(parse(source)) if isinstance(o, ast.ImportFrom) and o.names[0].name == '*']

def test_imports_stay_light():
    code = 'import sys, mnistlearn; assert "torch" not in sys.modules; import mnistlearn.all; print(*[o for o in ("fastai", "torchvision", "mlxtend", "fastprogress", "sklearn", "IPython") if o in sys.modules])'
    assert run(sys.executable, '-c', code).stdout.strip() == ''

@pytest.mark.parametrize('nb', notebooks, ids=lambda o: o.stem)
def test_saved_outputs_are_there_and_clean(nb):
    cells = [c for c in read_nb(nb).cells if c.cell_type == 'code']
    outputs = [o for c in cells for o in c.outputs]
    assert outputs and not [o for o in outputs if o.output_type == 'error']
    assert not [o for o in outputs if o.get('name') == 'stderr']
    text = str(outputs)
    assert not re.search(r'/(home|root|Users|tmp|work)/|0x[0-9a-f]{8,}|█', text)
    assert nb.stat().st_size < 600_000

@pytest.mark.parametrize('nb', [o for o in chapters if o.name < '2'], ids=lambda o: o.stem)
def test_chapter_opens_and_ends_as_chapters_do(nb):
    md = [c.source for c in read_nb(nb).cells if c.cell_type == 'markdown']
    assert md[0].startswith('# ') and '\n> Chapter ' in md[0]
    assert any('## What we have' in o for o in md)
    assert '**In this chapter**' in md[-1] and '**Try next**' in md[-1]
    last = [c for c in read_nb(nb).cells if c.cell_type == 'code']
    assert any('image/png' in o.get('data', {}) for c in last[-3:] for o in c.outputs), 'no picture at the end'

def test_everything_public_is_documented():
    import importlib, inspect
    bare = []
    for nb in chapters[:-1]:
        module = importlib.import_module(f'mnistlearn.{exported(nb)[1]}')
        for name in module.__all__:
            o = getattr(module, name)
            if (inspect.isclass(o) or inspect.isfunction(o)) and not (o.__doc__ or '').strip(): bare.append(f'{module.__name__}.{name}')
    assert bare == []

def test_every_name_that_a_function_uses_is_there():
    "A notebook's own star imports could hide that an exported cell lacks one"
    import builtins, dis, importlib, types
    def names(code):
        yield from (o.argval for o in dis.get_instructions(code) if o.opname == 'LOAD_GLOBAL')
        for o in code.co_consts:
            if isinstance(o, types.CodeType): yield from names(o)
    lost = []
    for nb in chapters[:-1]:
        module = importlib.import_module(f'mnistlearn.{exported(nb)[1]}')
        code = compile(Path(module.__file__).read_text(encoding='utf-8'), module.__file__, 'exec')
        lost += [f'{module.__name__}: {o}' for o in names(code) if not hasattr(module, o) and not hasattr(builtins, o)]
    assert lost == []

def test_wheel_holds_the_package_and_its_command(copy, tmp_path):
    out = run(sys.executable, '-m', 'pip', 'wheel', copy, '--no-deps', '--no-build-isolation', '-q', '-w', tmp_path)
    assert out.returncode == 0, out.stderr
    wheel, = tmp_path.glob('*.whl')
    names = zipfile.ZipFile(wheel).namelist()
    assert {f'mnistlearn/{exported(o)[1]}.py' for o in chapters} <= set(names)
    assert {f'mnistlearn/bank/{o.name}' for o in (root/'mnistlearn'/'bank').glob('*.md')} <= set(names)
    assert not [o for o in names if o.startswith(('tests', 'nbs', 'tools', 'benchmarks'))]
    metadata = next(zipfile.ZipFile(wheel).read(o).decode() for o in names if o.endswith('METADATA'))
    assert f'Version: {facts["version"]}' in metadata and f'Requires-Python: >={facts["min_python"]}' in metadata
    assert [o for o in facts['requirements'].split() if f'Requires-Dist: {o}' not in metadata] == []

def test_merge_driver_is_nbdevs_and_merges_cell_by_cell(tmp_path):
    repo = tmp_path/'repo'
    repo.mkdir()
    (tmp_path/'home').mkdir()
    env = {**os.environ, 'HOME': str(tmp_path/'home'), 'PATH': f'{bin}{os.pathsep}{os.environ["PATH"]}'}
    def git(*args): return run('git', '-c', 'user.name=a', '-c', 'user.email=a@b', *args, cwd=repo, env=env)
    def edit(old, new): (repo/'nbs'/'07_net.ipynb').write_text((repo/'nbs'/'07_net.ipynb').read_text().replace(old, new))
    git('init', '-q', '-b', 'main')
    for o in ('.gitattributes', 'pyproject.toml'): shutil.copy(root/o, repo)
    (repo/'nbs').mkdir()
    shutil.copy(root/'nbs'/'07_net.ipynb', repo/'nbs')
    git('add', '-A')
    git('commit', '-qm', 'start')
    assert run(bin/'nbdev-install-hooks', cwd=repo, env=env).returncode == 0
    assert (repo/'.gitattributes').read_text() == (root/'.gitattributes').read_text()
    git('checkout', '-qb', 'other')
    edit('A neural net', 'A net of neurons')
    git('commit', '-qam', 'title')
    git('checkout', '-q', 'main')
    edit('Forty epochs: steep, then patient', 'Forty epochs')
    git('commit', '-qam', 'plot')
    assert git('merge', '-q', 'other', '-m', 'both').returncode == 0
    text = str(read_nb(repo/'nbs'/'07_net.ipynb'))
    assert 'A net of neurons' in text and 'Forty epochs: steep' not in text and '<<<<' not in text
