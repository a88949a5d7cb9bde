"The repository itself: what is derived is in step, and the house keeps its order"
import ast, json, os, re, shutil, subprocess, sys, zipfile
from configparser import ConfigParser
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest, yaml
from fastcore.nbio import read_nb

from mnistlearn.apps import pad
from mnistlearn.apps.grade import grade
from mnistlearn.base.processes import connect

pytestmark = pytest.mark.dataless
root = Path(__file__).parent.parent
bin = Path(sys.executable).parent
nbs = root/'nbs'
chapters = sorted(nbs.glob('[0-9]*.ipynb')) # the course
base, apps = sorted((nbs/'base').glob('*.ipynb')), sorted((nbs/'apps').glob('*.ipynb'))
sources = [*base, *chapters, *apps] # in the order in which they may import each other
notebooks = sorted(o for o in nbs.rglob('*.ipynb') if '.ipynb_checkpoints' not in o.parts)
config = ConfigParser()
config.read(root/'settings.ini', encoding='utf-8')
facts = config['DEFAULT']

def run(*args, cwd=root, **kwargs): return subprocess.run([str(o) for o in args], cwd=cwd, capture_output=True, text=True, **kwargs)
def code_cells(nb): return [c.source for c in read_nb(nb).cells if c.cell_type == 'code']
def parse(source): return ast.parse('\n'.join(o for o in source.splitlines() if o[:1] not in '%!'))
def exported(nb): return re.search(r'#\| default_exp ([\w.]+)', '\n'.join(code_cells(nb)))[1]
def place(nb): return nb.relative_to(nbs).with_suffix('').as_posix()
def imported(source):
    "The modules of the package that a cell imports"
    for node in ast.walk(parse(source)):
        names = [node.module or ''] if isinstance(node, ast.ImportFrom) else [o.name for o in node.names] if isinstance(node, ast.Import) else []
        yield from (o.removeprefix('mnistlearn.') for o in names if o.startswith('mnistlearn.'))

@pytest.fixture
def copy(tmp_path):
    "A copy of the repository, less what is not the project's: one for each test, since some write into it"
    dest = tmp_path/'copy'/'repo'
    return shutil.copytree(root, dest, ignore=shutil.ignore_patterns('.git', '.venv', '__pycache__', '.pytest_cache', '.hypothesis', '*.egg-info', 'build', 'dist'))

def contents(folder): return {o.relative_to(folder): o.read_bytes() for o in sorted(folder.rglob('*')) if o.is_file() and not {'__pycache__', '.venv', '.git', 'build'} & set(o.relative_to(folder).parts) and '.egg-info' not in str(o)}

@pytest.mark.parametrize('commands', [['nbdev-export'], ['nbdev-clean', 'sync']], ids=lambda o: o[0])
def test_command_changes_nothing(copy, commands):
    before = contents(copy)
    for o in commands:
        args = [sys.executable, 'tools/sync.py'] if o == 'sync' else [bin/o]
        out = run(*args, cwd=copy, env={**os.environ, 'PYTHONPATH': str(copy)})
        assert out.returncode == 0, out.stderr
    after = contents(copy)
    assert [str(k) for k in before.keys() | after.keys() if before.get(k) != after.get(k)] == []

def test_every_link_to_a_file_of_ours_leads_to_one():
    pages = [*root.glob('*.md'), *root.glob('docs/*.md'), *root.glob('benchmarks/*.md')]
    texts = [(o, o.read_text(encoding='utf-8')) for o in pages] + [(o, c.source) for o in notebooks for c in read_nb(o).cells if c.cell_type == 'markdown']
    links = [(o, link) for o, text in texts for link in re.findall(r'\]\((?![a-z]+:|#)([^)#\s]+)', re.sub(r'`[^`]*`', '', text))]
    assert len(links) > 100
    assert [f'{o.relative_to(root)}: {link}' for o, link in links if not (o.parent/link).exists() and not link.startswith('attachment')] == []

@pytest.mark.parametrize('nb', notebooks, ids=place)
def test_jupyterlab_finds_nothing_to_write_into_an_untouched_notebook(nb):
    "It compares these with what the kernel says, and asks to save the notebook if they differ"
    from jupyter_client.kernelspec import KernelSpecManager
    spec, metadata = KernelSpecManager().get_kernel_spec('python3'), read_nb(nb).metadata
    assert metadata.kernelspec == dict(name='python3', language=spec.language, display_name=spec.display_name)
    assert metadata.language_info.name == 'python' and metadata.language_info.version
    assert all('id' in c for c in read_nb(nb).cells)

def test_export_would_notice_a_change(copy):
    module = copy/'mnistlearn'/'net.py'
    module.write_text(module.read_text(encoding='utf-8').replace('x <= 0', 'x < 0'), encoding='utf-8')
    run(bin/'nbdev-export', cwd=copy, env={**os.environ, 'PYTHONPATH': str(copy)})
    assert module.read_text(encoding='utf-8') == (root/'mnistlearn'/'net.py').read_text(encoding='utf-8')

def test_what_is_derived_is_in_step():
    out = run(sys.executable, 'tools/sync.py', '--check')
    assert out.returncode == 0, out.stdout + out.stderr

def test_sync_notices_an_edited_readme_and_a_lost_colab_cell(copy):
    (copy/'README.md').write_text('# other')
    nb = copy/'nbs'/'07_net.ipynb'
    nb.write_text(nb.read_text(encoding='utf-8').replace('google.colab', 'google.other', 1), encoding='utf-8')
    out = run(sys.executable, 'tools/sync.py', '--check', cwd=copy)
    assert out.returncode == 1 and 'README.md' in out.stdout and '07_net' in out.stdout

def test_notebooks_of_exercises_show_how_many_there_are_today():
    from mnistlearn.apps.exercises import exercises
    shown = [re.search(r'^total +0 +(\d+)', ''.join(o['data']['text/plain']), re.M) for path in (nbs/'exercises').glob('*.ipynb') for c in read_nb(path).cells if c.source == 'progress()' for o in c.outputs]
    assert len(shown) == 4 and {int(o[1]) for o in shown} == {len(exercises())}

def test_facts_that_stand_twice_agree():
    assert f'__version__ = "{facts["version"]}"' in (root/'mnistlearn'/'__init__.py').read_text(encoding='utf-8')
    pyproject = (root/'pyproject.toml').read_text(encoding='utf-8')
    assert pyproject.count(f'"{facts["name"]}"') == 2 and '[project]' not in pyproject
    assert f'Python {facts["min_python"]} or later' in (root/'README.md').read_text(encoding='utf-8')

def test_ci_runs_where_the_course_does():
    "From the oldest Python that settings.ini admits on, and on all three systems"
    jobs = yaml.safe_load((root/'.github'/'workflows'/'test.yml').read_text(encoding='utf-8'))['jobs']
    linux, desktops = (jobs[o]['strategy']['matrix'] for o in ('linux', 'desktops'))
    assert facts['min_python'] == linux['python'][0] == desktops['python'][0] and linux['python'][-1] == desktops['python'][-1]
    assert {o.partition('-')[0] for o in desktops['os']} == {'windows', 'macos'}

extras = {o: facts[f'{o}_requirements'].split() for o in ('widgets', 'scale', 'grade', 'site')}

def test_dev_brings_what_every_extra_brings():
    assert {o for names in extras.values() for o in names} <= set(facts['dev_requirements'].split())

def test_floors_are_those_of_settings():
    out = run(sys.executable, 'tools/floors.py')
    assert out.stdout.split() == [o.replace('>=', '==') for o in [*facts['requirements'].split(), *extras['widgets'], *extras['scale'], *extras['grade']]]

def with_several_processes(folder): connect(1)
def with_a_pad(folder):
    pad._widgets.cache_clear()
    pad.drawing_pad()
def with_a_scheduler(folder):
    (folder/'ada.ipynb').write_text(json.dumps(dict(cells=[dict(cell_type='code', source='%%check corner\n1')])))
    grade(folder, folder/'grades.csv', scheduler='tcp://127.0.0.1:1')

@pytest.mark.parametrize('extra,use', [('scale', with_several_processes), ('widgets', with_a_pad), ('grade', with_a_scheduler)])
def test_what_an_extra_brings_is_asked_for_in_a_sentence(extra, use, tmp_path, monkeypatch):
    for o in extras[extra]: monkeypatch.setitem(sys.modules, o.partition('>=')[0], None)
    with pytest.raises((ImportError, ValueError), match=rf"needs? .*pip install 'mnistlearn\[{extra}\]'"): use(tmp_path)

def test_address_stands_in_settings_alone():
    allowed = {'settings.ini', 'README.md', *(o.relative_to(root).as_posix() for o in notebooks)} # the last two are derived
    files = run('git', 'ls-files').stdout.split() or [str(o) for o in contents(root)]
    texts = {o: (root/o).read_bytes() for o in files if (root/o).is_file()}
    assert {o for o, text in texts.items() if facts['git_url'].encode() in text} <= allowed

@pytest.mark.parametrize('nb', sources, ids=place)
def test_imports_run_one_way(nb):
    "base < chapters in number order < apps; and of each folder, only from what stands before"
    modules = [exported(o) for o in sources]
    assert len(modules) == len(set(modules))
    before = modules[:sources.index(nb)]
    for source in code_cells(nb):
        for name in imported(source):
            if name in ('_modidx', 'all') and nb not in chapters: continue # the index of names, which imports nothing
            assert name in before, f'{place(nb)} imports {name}'

def test_a_chapter_is_numbered_as_its_place():
    names = [o.stem.partition('_')[0] for o in chapters] # one of them in halves: 09a and 09b
    assert names == sorted(set(names)) and list(dict.fromkeys(int(o[:2]) for o in names)) == [*range(16)]
    halves = {'': '', 'a': ', first half', 'b': ', second half'}
    for o, name in zip(chapters, names): assert f'\n> Chapter {int(name[:2])}{halves[name[2:]]}. ' in read_nb(o).cells[0].source, o.stem

@pytest.mark.parametrize('nb', sources, ids=place)
def test_exported_cells_import_names(nb):
    if exported(nb) == 'all': return
    for source in code_cells(nb):
        if source.startswith('#| export'):
            assert not [o for o in ast.walk(parse(source)) if isinstance(o, ast.ImportFrom) and o.names[0].name == '*']

def test_no_module_reaches_into_anothers_private_names():
    reached = []
    for nb in sources:
        for source in code_cells(nb):
            for node in ast.walk(parse(source)):
                if isinstance(node, ast.ImportFrom) and (node.module or '').startswith('mnistlearn'):
                    reached += [f'{place(nb)}: {node.module}.{o.name}' for o in node.names if o.name.startswith('_')]
    assert reached == []

def test_old_import_paths_go_on_working():
    "What scripts have imported so far is where they look for it, though most of it stands elsewhere now"
    import importlib, json
    old = json.loads((root/'tests'/'old_names.json').read_text(encoding='utf-8'))
    lost = [f'{module}.{name}' for module, names in old.items() for name in names if not hasattr(importlib.import_module(f'mnistlearn.{module}'), name)]
    assert lost == []
    assert importlib.import_module('mnistlearn.events').Callback is importlib.import_module('mnistlearn.learner').Callback

def test_all_has_what_a_reader_uses_and_no_helpers():
    import mnistlearn.all
    names = set(mnistlearn.all.__all__)
    assert {'tensor', 'load_digits', 'mnist_loss', 'DataLoader', 'SGD', 'Learner', 'Callback', 'simple_net', 'torch', 'plt', 'L', 'first', 'PILImage'} <= names
    assert not names & {'share', 'plain', 'whole', 'collate_fn', 'write_whole', 'unzip_rows', 'n_items', 'join_batches', 'random_state', 'levels', 'events', 'to_numbers'}

def test_imports_stay_light():
    code = 'import sys, mnistlearn; assert "torch" not in sys.modules; import mnistlearn.all; print(*[o for o in ("fastai", "torchvision", "mlxtend", "fastprogress", "sklearn", "IPython") if o in sys.modules])'
    assert run(sys.executable, '-c', code).stdout.strip() == ''

@pytest.mark.parametrize('nb', notebooks, ids=place)
def test_saved_outputs_are_there_and_clean(nb):
    cells = [c for c in read_nb(nb).cells if c.cell_type == 'code']
    outputs = [o for c in cells for o in c.outputs]
    assert outputs and not [o for o in outputs if o.output_type == 'error']
    assert not [o for o in outputs if o.get('name') == 'stderr']
    text = str([o for o in outputs if 'image/' not in str(o.get('data', {}).keys()) and 'srcdoc' not in str(o)])
    assert not re.search(r'/(home|root|Users|tmp|work)/|0x[0-9a-f]{8,}|█', text)
    panels = sum(len(str(o)) for o in outputs if 'srcdoc' in str(o)) # which hold a model, or some hundred images
    assert nb.stat().st_size - panels < 600_000 and panels < 350_000

@pytest.mark.parametrize('nb', chapters, ids=place)
def test_chapter_opens_and_ends_as_chapters_do(nb):
    cells = read_nb(nb).cells
    md = [c.source for c in cells if c.cell_type == 'markdown']
    assert cells[0].source.startswith('# ') and "'google.colab' in sys.modules" in cells[1].source
    assert any('## What we have' in o for o in md)
    assert '**In this chapter**' in md[-1] and '**Try next**' in md[-1]
    last = [c for c in cells if c.cell_type == 'code']
    assert any(k.startswith('image/') for c in last[-4:] for o in c.outputs for k in o.get('data', {})), 'no picture at the end'

@pytest.mark.parametrize('nb', notebooks, ids=place)
def test_every_picture_is_told_to_who_cannot_see_it(nb):
    "The text lies beside the picture, where a screen reader finds it; a frame has a title"
    silent, frames = [], []
    for c in read_nb(nb).cells:
        for o in c.get('outputs', []):
            pictures = [k for k in o.get('data', {}) if k.startswith('image/')]
            silent += [f'{c.id}: {c.source[:60]}' for k in pictures if len(o.metadata.get(k, {}).get('alt', '')) < 10]
            frames += re.findall('<iframe(?! title="[^"]{5,}")', ''.join(o.get('data', {}).get('text/html', '')))
    assert (silent, frames) == ([], [])

@pytest.mark.parametrize('nb', chapters[:8], ids=place)
def test_chapter_can_be_read(nb):
    "Lines that GitHub does not cut off, checks that are folded"
    wide, open_checks = [], []
    for c in read_nb(nb).cells:
        if c.cell_type != 'code' or c.get('id', '').startswith('ex') or c.source.startswith('%%check'): continue
        wide += [o for o in c.source.splitlines() if len(o) > 130]
        only_checks = all(o.startswith(('test_', 'check_fact', 'with expect_fail')) for o in c.source.splitlines())
        if c.metadata.get('jupyter', {}).get('source_hidden') is None and only_checks: open_checks.append(c.source[:60])
    assert (wide, open_checks) == ([], [])

def hours(words):
    "What a number of hours in words is, such as `five and a half`"
    whole, _, half = words.partition(' and a ')
    return 'zero one two three four five six seven eight nine ten eleven twelve'.split().index(whole) + .5*(half == 'half')

def test_the_index_says_how_long_the_core_path_takes():
    "To read and run: a hundred words, or ten lines of code that is not folded, a minute"
    from mnistlearn.apps.exercises import exercises, written_questions
    words = lines = 0
    for c in (c for nb in chapters[:8] for c in read_nb(nb).cells if not c.id.startswith('ex')):
        if c.cell_type == 'markdown': words += len(c.source.split())
        elif not c.metadata.get('jupyter', {}).get('source_hidden'): lines += len(c.source.splitlines())
    core = [e.minutes for e in (*exercises().values(), *written_questions().values()) if e.unit[:2] < '08' and e.mark == 'core']
    text = ' '.join(c.source for c in read_nb(nbs/'index.ipynb').cells)
    said = re.search(r'core path takes about (.+?) hours: (.+?) to read and run chapters 0 to 7, (.+?) for their (\d+) exercises marked', text)
    needed = (words/100 + lines/10)/60, sum(core)/60
    assert int(said[4]) == len(core)
    for what, n in zip(said.groups(), (sum(needed), *needed)): assert abs(hours(what) - n) < .4, f'{what} hours: now {n:.1f}'

def code_cell(path, text): return next(c for c in read_nb(path).cells if c.cell_type == 'code' and text in c.source)

def test_directives_of_a_writer_move_into_the_metadata(tmp_path, monkeypatch):
    "In a repository of one chapter and the front page, which takes `sync.py` no time"
    for o in ('settings.ini', 'README.md', 'tools/sync.py', 'tools/timetable.py', 'docs/teaching.md', 'nbs/index.ipynb', 'nbs/03_loss.ipynb'):
        (tmp_path/o).parent.mkdir(exist_ok=True)
        shutil.copy(root/o, tmp_path/o)
    monkeypatch.setattr(sys, 'path', [*sys.path])
    sync, nb = module_from_spec(spec := spec_from_file_location('sync', tmp_path/'tools'/'sync.py')), tmp_path/'nbs'/'03_loss.ipynb'
    spec.loader.exec_module(sync)
    sync.exercise_units = lambda: ['03_loss']
    def edited(old, new):
        text = nb.read_text(encoding='utf-8')
        assert old in text
        nb.write_text(text.replace(old, new, 1), encoding='utf-8')
        assert [sync.main(check) for check in (True, False, True)] == [1, 0, 0]
    drawn = next(c for c in read_nb(nb).cells if any('image/png' in o.get('data', {}) for o in c.get('outputs', [])))
    first = drawn.source.split('\n')[0]
    edited(f'"{first}\\n', f'"#| fold: a picture\\n",\n    "#| fig-alt: What is\\n",\n    "#     seen.\\n",\n    "{first}\\n')
    cell = code_cell(nb, first)
    assert cell.source == f'#@title a picture\n{drawn.source}' and cell.metadata['mystnb'] == {'image': {'alt': 'What is seen.'}}
    assert {k: v for k, v in cell.metadata.items() if k != 'mystnb'} == {'cellView': 'form', 'jupyter': {'source_hidden': True}, 'tags': ['hide-input']}
    assert all(o.metadata['image/png']['alt'] == 'What is seen.' for o in cell.outputs if 'image/png' in o.get('data', {}))
    edited('"#@title a picture\\n', '"#| unfold\\n')
    assert code_cell(nb, first).source == drawn.source and set(code_cell(nb, first).metadata) == {'mystnb'}
    assert '#| f' not in ''.join(code_cells(nb)) + ''.join(c for o in chapters for c in code_cells(o))

def test_colab_cell_says_what_to_do_where_the_package_cannot_be_had(tmp_path):
    source = next(c.source for c in read_nb(chapters[0]).cells if "'google.colab' in sys.modules" in c.source)
    code = f'import sys, types, subprocess\nsys.modules["google.colab"] = types.ModuleType("colab")\nsubprocess.run = lambda *args, **kwargs: types.SimpleNamespace(returncode=1)\n{source}'
    out = run(sys.executable, '-c', code, cwd=tmp_path)
    assert out.returncode == 0 and out.stdout.count('\n') == 1 and 'could not be installed' in out.stdout and '%pip install' in out.stdout
    assert run(sys.executable, '-c', source, cwd=tmp_path).stdout == ''

def test_a_notebook_copied_alone_into_an_empty_folder_runs(tmp_path, subset_folder, monkeypatch):
    import nbformat
    from nbclient import NotebookClient
    monkeypatch.setenv('MNISTLEARN_DATA', str(subset_folder))
    shutil.copy(nbs/'01_baseline.ipynb', tmp_path)
    book = nbformat.read(tmp_path/'01_baseline.ipynb', as_version=4)
    NotebookClient(book, timeout=300, kernel_name='python3', resources={'metadata': {'path': str(tmp_path)}}).execute()
    assert 'needs the full sample' in str(book.cells)

def test_everything_public_is_documented():
    import importlib, inspect
    bare = []
    for nb in sources[:-1]:
        module = importlib.import_module(f'mnistlearn.{exported(nb)}')
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
    for nb in sources[:-1]:
        module = importlib.import_module(f'mnistlearn.{exported(nb)}')
        code = compile(Path(module.__file__).read_text(encoding='utf-8'), module.__file__, 'exec')
        lost += [f'{module.__name__}: {o}' for o in names(code) if not hasattr(module, o) and not hasattr(builtins, o)]
    assert lost == []

def test_wheel_holds_the_package_and_its_command(copy, tmp_path):
    out = run(sys.executable, '-m', 'pip', 'wheel', copy, '--no-deps', '--no-build-isolation', '-q', '-w', tmp_path)
    assert out.returncode == 0, out.stderr
    wheel, = tmp_path.glob('*.whl')
    names = zipfile.ZipFile(wheel).namelist()
    assert {f'mnistlearn/{exported(o).replace(".", "/")}.py' for o in sources} <= set(names)
    for kept in ('bank/*.md', 'records/*.csv'): assert {str(o.relative_to(root)) for o in (root/'mnistlearn').glob(kept)} <= set(names)
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
    def edit(old, new): (repo/'nbs'/'07_net.ipynb').write_text((repo/'nbs'/'07_net.ipynb').read_text(encoding='utf-8').replace(old, new), encoding='utf-8')
    git('init', '-q', '-b', 'main')
    for o in ('.gitattributes', 'pyproject.toml'): shutil.copy(root/o, repo)
    (repo/'nbs').mkdir()
    shutil.copy(root/'nbs'/'07_net.ipynb', repo/'nbs')
    git('add', '-A')
    git('commit', '-qm', 'start')
    assert run(bin/'nbdev-install-hooks', cwd=repo, env=env).returncode == 0
    assert (repo/'.gitattributes').read_text(encoding='utf-8') == (root/'.gitattributes').read_text(encoding='utf-8')
    git('checkout', '-qb', 'other')
    edit('# A neural net', '# A net of neurons')
    git('commit', '-qam', 'title')
    git('checkout', '-q', 'main')
    edit('What it still gets wrong', 'Mistakes')
    git('commit', '-qam', 'plot')
    assert git('merge', '-q', 'other', '-m', 'both').returncode == 0
    text = str(read_nb(repo/'nbs'/'07_net.ipynb'))
    assert 'A net of neurons' in text and 'What it still gets wrong' not in text and '<<<<' not in text
